"""Confusions in order and in words: who is confused stands side by side, and everything wrong is counted once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.engine.composers.confusions import (
    COLUMNS,
    by_similarity,
    confusion_rows,
    era_sentences,
    write_confusions,
)
from experiments.engine.predictions import Predictions
from experiments.engine.records import read_csv

CLASSES = ("Bach", "Handel", "Chopin", "Liszt", "Nobody")


def answers_for(pairs):
    """Predictions for pairs of a true and an answered composer."""
    truths, named = zip(*pairs, strict=True)
    pieces = tuple(f"piece {number}" for number in range(len(pairs)))
    return Predictions(pieces, pieces, truths, np.eye(5)[[CLASSES.index(name) for name in named]], CLASSES)


@given(st.integers(2, 30), st.integers(0, 1000))
def test_every_class_that_occurs_stands_somewhere_once_and_the_tested_ones_first(num_classes, seed):
    rng = np.random.default_rng(seed)
    confusions = rng.integers(0, 9, (num_classes, num_classes)) * (
        rng.random((num_classes, num_classes)) < 0.3
    )
    order = by_similarity(confusions)
    support, answered = confusions.sum(axis=1), confusions.sum(axis=0)
    assert sorted(order) == np.flatnonzero(support + answered).tolist()
    is_tested = (support[order] > 0).tolist()
    assert is_tested == sorted(is_tested, reverse=True)


def test_who_are_taken_for_each_other_stand_side_by_side():
    pairs = [(0, 5), (1, 4), (2, 3)]
    confusions = 10 * np.eye(6, dtype=int)
    for one, other in pairs:
        confusions[one, other] = confusions[other, one] = 6
    places = np.argsort(by_similarity(confusions))
    assert all(abs(places[one] - places[other]) == 1 for one, other in pairs)


def test_the_table_has_every_wrong_answer_and_the_years_of_both():
    pieces = answers_for([("Bach", "Handel"), ("Bach", "Handel"), ("Bach", "Bach"), ("Chopin", "Nobody")])
    chunks = answers_for([("Bach", "Handel"), ("Liszt", "Chopin"), ("Liszt", "Liszt")])
    rows = confusion_rows({"piece": pieces, "chunk": chunks})
    assert [(row["composer"], row["taken_for"], row["pieces"], row["chunks"]) for row in rows] == [
        ("Bach", "Handel", 2, 1),
        ("Chopin", "Nobody", 1, 0),
        ("Liszt", "Chopin", 0, 1),
    ]
    assert rows[0]["share_of_pieces"] == pytest.approx(2 / 3, abs=1e-4)
    assert (rows[0]["lived"], rows[0]["taken_for_lived"]) == ("1685-1750", "1685-1759")
    assert (rows[1]["era"], rows[1]["taken_for_era"]) == ("Romantic", "")


def test_eras_are_compared_with_chance():
    pieces = answers_for([("Bach", "Handel")] * 3 + [("Chopin", "Liszt")] * 3)
    (sentence,) = era_sentences(confusion_rows({"piece": pieces, "chunk": pieces}))
    assert sentence == (
        "Of 6 pieces with a wrong answer 100 % were taken for somebody of the same era; by chance it would be 50 %."
    )
    nobody = answers_for([("Chopin", "Nobody"), ("Bach", "Bach")])
    assert era_sentences(confusion_rows({"piece": nobody, "chunk": nobody})) == []


def test_read_back_it_says_the_same(tmp_path):
    pieces = answers_for([("Bach", "Handel"), ("Chopin", "Bach"), ("Liszt", "Chopin")])
    test = {"piece": pieces, "chunk": pieces}
    write_confusions(tmp_path / "confusions.csv", test)
    rows = read_csv(tmp_path / "confusions.csv")
    assert tuple(rows[0]) == COLUMNS
    assert era_sentences(rows) == era_sentences(confusion_rows(test)) != []
