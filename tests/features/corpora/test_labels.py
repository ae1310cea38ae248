"""What is asked of a piece: labels keep the composer, and the rare ones become one class."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.corpora.catalogue import Piece
from features.corpora.composers import ERAS
from features.corpora.labels import LABELS, OTHER, era_of_piece, in_order, label_pieces, writer_of
from features.errors import InputError


def piece(composer, **facts):
    return Piece(f"{composer}/{len(facts)}", composer, bytes, facts=facts)


def test_the_corpus_knows_better_than_the_year_and_the_year_than_the_life():
    assert era_of_piece(piece("Bach", era="Modern", year="1700")) == "Modern"
    assert era_of_piece(piece("Bach", year="1830")) == "Romantic"
    assert era_of_piece(piece("Bach")) == "Baroque"
    assert era_of_piece(piece("Viennese", writer="Mozart")) == "Classical"
    assert era_of_piece(piece("Nobody")) == ""


@given(
    st.lists(st.sampled_from(["Bach", "Handel", "Mozart", "Chopin", "Nobody"]), min_size=1), st.integers(1, 5)
)
def test_rare_labels_become_other_and_composers_stay(composers, min_pieces):
    labelled = label_pieces([piece(name) for name in composers], "era", min_pieces=min_pieces)
    assert [piece.composer for piece in labelled] == composers
    labels = [piece.label for piece in labelled]
    assert all(labels.count(name) >= min_pieces for name in set(labels) - {OTHER})
    assert set(labels) <= {*ERAS, OTHER}
    assert [bool(piece.left_out) for piece in labelled] == [name == "Nobody" for name in composers]


def test_a_composer_is_one_however_the_name_is_spelled():
    assert writer_of(piece("Haendel")) == writer_of(piece("Handel")) == "Handel"
    assert (
        writer_of(piece("Viennese", writer="Mozart")) == "Mozart" and writer_of(piece("Nobody")) == "Nobody"
    )


def test_the_classes_of_a_model_stand_instead():
    pieces = [piece("Bach"), piece("Mozart")]
    assert [p.label for p in label_pieces(pieces, "era", classes=("Baroque",))] == ["Baroque", OTHER]


def test_pieces_that_are_left_out_do_not_count():
    out = Piece("Bach/2", "Bach", bytes, left_out="in doubt")
    assert [p.label for p in label_pieces([piece("Bach"), out], "era", min_pieces=2)] == [OTHER, OTHER]


def test_composers_need_no_label():
    assert [p.label for p in label_pieces([piece("Bach")], "composer", min_pieces=9)] == [""]
    assert "composer" in LABELS


def test_eras_are_shown_in_the_order_of_time():
    assert in_order([OTHER, *ERAS[::-1]]) == [*ERAS, OTHER]


def test_an_unknown_question_is_refused():
    with pytest.raises(InputError, match="what can be asked is composer, era"):
        label_pieces([], "mood")
