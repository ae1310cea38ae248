"""Several corpora as one."""

from types import SimpleNamespace

import pytest

from features.corpora import synthetic
from features.corpora.catalogue import Piece, Request, check_list, select_composers
from features.corpora.joined import load_together
from features.errors import InputError


def corpus(*pieces, lists=("reference",)):
    def load(request):
        check_list(request, "made up", lists)
        return select_composers([Piece(name, name[0], bytes) for name in pieces], request.composers)

    return SimpleNamespace(load=load, LISTS=lists)


def names(pieces):
    return [piece.piece for piece in pieces]


def test_all_pieces_are_there_and_have_different_names():
    joined = load_together({"one": corpus("A1", "B1"), "two": corpus("A1", "C1")}, Request())
    assert names(joined) == ["A1", "B1", "C1", "two/A1"]


def test_composers_may_be_in_any_of_them():
    joined = load_together({"one": corpus("A1"), "two": corpus("C1")}, Request(composers=("C",)))
    assert names(joined) == ["C1"]
    with pytest.raises(InputError, match="No pieces by D"):
        load_together({"one": corpus("A1"), "two": corpus("C1")}, Request(composers=("D",)))


def test_a_list_that_one_has_is_enough():
    corpora = {"one": corpus("A1", lists=("reference", "clean")), "synthetic": synthetic}
    assert len(load_together(corpora, Request(pieces="clean"))) == 81
    with pytest.raises(InputError, match="one and synthetic has no pieces 'raw'"):
        load_together(corpora, Request(pieces="raw"))
