"""Predictions come back from disk as they were, whatever a piece is called."""

import csv
import dataclasses
import gzip

import numpy as np
import pytest

from experiments.engine import evaluation
from experiments.engine.predictions import (
    Predictions,
    join,
    of_chunks,
    of_pieces,
    read_predictions,
    voted,
    write_predictions,
)
from features.errors import InputError

PREDICTIONS = Predictions(
    pieces=("Dvořák/Largo.mid", 'Bach/"Air", in D.mid', "武満/雨の樹.mid"),
    works=("dvořák op. 95", "bach bwv 1068", "武満 1"),
    composers=("Dvořák", "Bach", "Bach, C. P. E."),
    probabilities=np.array([[0.25, 0.5, 0.25], [1e-7, 0.999, 0.00099], [1 / 3, 1 / 3, 1 / 3]]),
    classes=("Bach", "Bach, C. P. E.", "Dvořák"),
)


@pytest.mark.parametrize("keep", [0, 20, -9])
@pytest.mark.parametrize("name", ["predictions.csv", "predictions.csv.gz"])
def test_a_damaged_file_is_named(tmp_path, name, keep):
    write_predictions(tmp_path / name, PREDICTIONS)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match=rf"{name}, but the file is damaged"):
        read_predictions(path)


class Music:
    """As much of a data set as predictions read: three pieces of one, three and two chunks."""

    pieces, works = ("a", "b", "c"), ("w", "w", "v")
    classes, composers, label = ("Ada", "Bela"), ["Ada", "Ada", "Bela"], "composer"
    chunk_pieces = np.array([0, 1, 1, 1, 2, 2])
    holds_out_writers = False


def test_what_is_asked_is_what_the_column_is_called(tmp_path):
    asked = dataclasses.replace(PREDICTIONS, label="era")
    write_predictions(tmp_path / "predictions.csv", asked)
    assert (tmp_path / "predictions.csv").read_text(encoding="utf-8").startswith("piece,work,era,p_Bach,")
    again = read_predictions(tmp_path / "predictions.csv")
    assert (again.label, again.composers) == ("era", PREDICTIONS.composers)
    assert join([again, again]).label == "era"


def test_where_composers_were_held_out_intervals_draw_these(tmp_path):
    """Eight composers of 25 works each are eight samples, not two hundred."""
    labels, writers = np.repeat([0, 1] * 4, 25), np.repeat([f"composer {number}" for number in range(8)], 25)
    named = np.repeat([0, 1, 1, 0] * 2, 25)  # half of them are always taken for the other age
    by_work = Predictions(
        pieces=tuple(f"piece {number}" for number in range(200)),
        works=tuple(f"work {number}" for number in range(200)),
        composers=tuple(np.array(["Baroque", "Romantic"])[labels]),
        probabilities=np.eye(2)[named],
        classes=("Baroque", "Romantic"),
        label="era",
    )
    by_composer = dataclasses.replace(by_work, writers=tuple(writers.tolist()))
    write_predictions(tmp_path / "predictions.csv", by_composer)
    again = read_predictions(tmp_path / "predictions.csv")
    assert again.units == by_composer.writers == join([again]).writers and again.classes == by_work.classes
    found, narrow = again.scores(), by_work.scores()
    assert found["macro_f1"] == narrow["macro_f1"] == 0.5
    assert found["macro_f1_high"] - found["macro_f1_low"] > 3 * (
        narrow["macro_f1_high"] - narrow["macro_f1_low"]
    )


def test_scores_without_interval_are_the_same_scores(monkeypatch):
    asked = dataclasses.replace(PREDICTIONS, writers=("Antonín", "Sebastian", "Emanuel"))
    expected = asked.scores()
    monkeypatch.setattr(evaluation, "over_draws", lambda *_, **__: pytest.fail("Works were drawn."))
    assert asked.point_scores() | dict.fromkeys(("macro_f1_low", "macro_f1_high")) == expected
    assert asked.point_scores()["per_class"]["Bach"]["writers"] == 1


@pytest.mark.parametrize("name", ["predictions.csv", "predictions.csv.gz"])
def test_what_is_written_is_read(tmp_path, name):
    write_predictions(tmp_path / name, PREDICTIONS)
    again = read_predictions(tmp_path / name)
    for attribute in ("pieces", "works", "composers", "classes"):
        assert getattr(again, attribute) == getattr(PREDICTIONS, attribute)
    np.testing.assert_allclose(again.probabilities, PREDICTIONS.probabilities, rtol=1e-5)
    assert again.labels.tolist() == [2, 0, 1]


def test_is_a_plain_table(tmp_path):
    write_predictions(tmp_path / "predictions.csv", PREDICTIONS)
    with open(tmp_path / "predictions.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["piece", "work", "composer", "p_Bach", "p_Bach, C. P. E.", "p_Dvořák"]
    assert rows[0]["p_Bach"] == "0.25"


def test_the_same_answers_are_the_same_compressed_bytes(tmp_path):
    for name in ("one.csv.gz", "other.csv.gz"):
        write_predictions(tmp_path / name, PREDICTIONS)
    assert (tmp_path / "one.csv.gz").read_bytes() == (tmp_path / "other.csv.gz").read_bytes()
    write_predictions(tmp_path / "plain.csv", PREDICTIONS)
    assert gzip.decompress((tmp_path / "one.csv.gz").read_bytes()) == (tmp_path / "plain.csv").read_bytes()


def test_reading_answers_back_keeps_their_scores(tmp_path):
    write_predictions(tmp_path / "predictions.csv", PREDICTIONS)
    before, after = (
        part.point_scores() for part in (PREDICTIONS, read_predictions(tmp_path / "predictions.csv"))
    )
    assert after.pop("per_class") == before.pop("per_class")
    assert after == pytest.approx(before, rel=1e-4)


def test_where_composers_were_held_out_each_class_says_of_how_many_it_is():
    answers = Predictions(tuple("abcd"), tuple("abcd"), tuple("XXXY"), np.full((4, 3), 1 / 3), tuple("XYZ"))
    assert all("writers" not in of for of in answers.scores()["per_class"].values())
    of_three = dataclasses.replace(answers, writers=("Ada", "Bela", "Ada", "Cleo"))
    found = {name: of["writers"] for name, of in of_three.scores()["per_class"].items()}
    assert found == {"X": 2, "Y": 1, "Z": 0}


def test_joins_folds():
    both = join([PREDICTIONS, PREDICTIONS])
    assert both.pieces == PREDICTIONS.pieces * 2
    assert both.classes == PREDICTIONS.classes
    np.testing.assert_array_equal(both.probabilities[3:], PREDICTIONS.probabilities)
    assert both.labels.tolist() == PREDICTIONS.labels.tolist() * 2


def test_chunks_carry_the_names_of_their_pieces():
    answers = of_chunks(Music, np.array([5, 1]), np.eye(2))
    assert (answers.pieces, answers.works, answers.composers) == (("c", "b"), ("v", "w"), ("Bela", "Ada"))


def test_a_piece_is_the_vote_of_its_chunks():
    probabilities = np.array([[0.5, 0.5], [0.9, 0.1], [0.9, 0.1], [0.2, 0.8]])
    answers = voted(Music, np.array([0, 1, 2, 5]), probabilities)
    assert answers.pieces == ("a", "b", "c")
    np.testing.assert_allclose(answers.probabilities, [[0.5, 0.5], [0.9, 0.1], [0.2, 0.8]])


def test_pieces_may_be_asked_for_in_any_order():
    assert of_pieces(Music, np.array([2, 0]), np.eye(2)).pieces == ("c", "a")
