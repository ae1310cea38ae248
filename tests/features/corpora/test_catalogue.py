import importlib

import pytest

from features.corpora import CORPORA
from features.corpora.catalogue import Piece, Request, select_composers
from features.errors import InputError


@pytest.mark.parametrize("name", sorted(CORPORA.keys() - {"midi_classics"}))
def test_a_corpus_with_one_list_of_pieces_refuses_another(name):
    corpus = importlib.import_module(CORPORA[name])
    with pytest.raises(InputError, match=f"{name} has no pieces 'clean', only 'reference'; use --pieces ref"):
        corpus.load(Request(pieces="clean"))


def test_composers_are_selected_and_pieces_left_out_do_not_count():
    pieces = [
        Piece("b", "Bach", bytes),
        Piece("a", "Bach", bytes, left_out="a copy"),
        Piece("v", "Verdi", bytes, left_out="a selection"),
    ]
    assert [piece.piece for piece in select_composers(pieces, ["Bach"])] == ["a", "b"]
    assert len(select_composers(pieces, [])) == 3
    sentence = (
        r"No pieces by Verdi, Wagner in this corpus; all by Verdi are left out, the first v: a selection; "
        r"it has Bach \(1\); choose among these with --composers\.$"
    )
    with pytest.raises(InputError, match=sentence):
        select_composers(pieces, ["Verdi", "Wagner", "Bach"])


def test_a_mistyped_composer_is_told_the_nearest_and_another_those_with_most_pieces():
    pieces = [Piece(f"{name}{number}", name * 3, bytes) for name in "abcdefghijkl" for number in range(2)]
    pieces += [Piece(f"{number}", "Beethoven", bytes) for number in range(3)]
    with pytest.raises(
        InputError, match=r"No pieces by betoven in this corpus; nearest are Beethoven; choose"
    ):
        select_composers(pieces, ["betoven"])
    with pytest.raises(
        InputError, match=r"it has Beethoven \(3\), aaa \(2\), .* iii \(2\) and 3 more; choose"
    ):
        select_composers(pieces, ["Verdi"])
    with pytest.raises(InputError, match="it has no pieces at all"):
        select_composers([], ["Verdi"])
