"""Whom a study does not test, by what the splits say, and in words."""

import numpy as np
import pytest

from experiments.engine.composers.untested import MOST_NAMED, untested, untested_sentences
from features.splits.protocols import TEST, TRAIN, Split


class Music:
    """As much of a data set as is read: Ada has three pieces, Bela two, Cleo one, of two chunks each."""

    classes = ("Ada", "Bela", "Cleo")
    labels = np.array([0, 0, 0, 1, 1, 2])
    works = ("a", "b", "b", "c", "d", "e")
    pieces = tuple("123456")
    chunk_pieces = np.repeat(np.arange(6), 2)


def split(*tested_chunks):
    sides = np.full(12, TRAIN, dtype="U10")
    sides[list(tested_chunks)] = TEST
    return Split(sides)


def test_who_is_tested_in_no_fold_and_who_in_another_one():
    first, second = split(0, 1, 6, 7), split(2, 3)
    found = untested(Music(), first, [first, second])
    assert found["never_tested"] == [
        {"composer": "Ada", "pieces": 1, "works": 1, "of_pieces": 3},
        {"composer": "Bela", "pieces": 1, "works": 1, "of_pieces": 2},
        {"composer": "Cleo", "pieces": 1, "works": 1, "of_pieces": 1},
    ]
    assert found["not_in_this_fold"] == []
    assert untested(Music(), second, [first, second])["not_in_this_fold"] == ["Bela"]


def test_where_pieces_are_divided_composers_count_not_pieces():
    divided = split(0, 6)
    assert [row["composer"] for row in untested(Music(), divided, [divided])["never_tested"]] == ["Cleo"]


def test_where_every_fold_tests_everybody_there_is_nothing_to_say():
    whole = split(0, 1)
    assert untested(Music(), whole, [whole]) == {"never_tested": [], "not_in_this_fold": []}
    assert untested_sentences({"never_tested": [], "not_in_this_fold": []}) == []
    assert untested_sentences({}) == []  # an older run


def test_pieces_of_composers_who_are_tested_otherwise_are_told_apart():
    rows = [
        {"composer": "Ada", "pieces": 1, "works": 1, "of_pieces": 3},
        {"composer": "Cleo", "pieces": 2, "works": 1, "of_pieces": 2},
    ]
    assert untested_sentences({"never_tested": rows, "not_in_this_fold": []}) == [
        "Never tested, but trained on: Cleo (2 pieces, 1 work).",
        "Pieces that are never tested: 1 of 3 by Ada.",
    ]


@pytest.mark.parametrize("count", [MOST_NAMED, MOST_NAMED + 3])
def test_a_long_list_is_cut(count):
    (sentence,) = untested_sentences({"not_in_this_fold": [f"N{number}" for number in range(count)]})
    assert ("and 3 more" in sentence) == (count > MOST_NAMED)
