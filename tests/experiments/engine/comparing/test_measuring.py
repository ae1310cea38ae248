"""Scores equal those of a run; differences are paired, signed, and corrected for being many."""

import dataclasses

import numpy as np
import pytest

from experiments.engine.comparing.gathering import restrict
from experiments.engine.comparing.measuring import METRICS, Pair, compare_pairs, holm, measure
from experiments.engine.predictions import Predictions

CLASSES = ("Ada", "Bela", "Cleo")


def make_answers(seed, num_pieces=60, right=0.7):
    """Answers of which some are right: two pieces a work, each sure to another degree."""
    rng = np.random.default_rng(seed)
    labels = np.arange(num_pieces) % len(CLASSES)
    chosen = np.where(rng.random(num_pieces) < right, labels, (labels + 1) % len(CLASSES))
    probabilities = rng.dirichlet(np.ones(len(CLASSES)), num_pieces) + 2 * np.eye(len(CLASSES))[chosen]
    return Predictions(
        pieces=tuple(f"piece {index}" for index in range(num_pieces)),
        works=tuple(f"work {index // 2}" for index in range(num_pieces)),
        composers=tuple(CLASSES[label] for label in labels),
        probabilities=probabilities / probabilities.sum(axis=1, keepdims=True),
        classes=CLASSES,
    )


@pytest.mark.parametrize("metric", METRICS)
def test_a_score_is_that_of_a_run_within_its_interval(metric):
    part = make_answers(0)
    found = measure([part], (1,), metric)
    assert found.value == pytest.approx(part.scores()[metric])
    assert found.low < found.value < found.high or metric == "calibration_error"  # of few pieces it is biased
    assert found.low < found.high


@pytest.mark.parametrize("metric", METRICS)
def test_a_model_does_not_differ_from_itself(metric):
    part = make_answers(0)
    found = measure([part, part], (1, -1), metric)
    assert (found.value, found.low, found.high) == pytest.approx((0, 0, 0))


@pytest.mark.parametrize("metric", METRICS)
def test_a_difference_is_that_of_the_scores_and_turns_with_the_models(metric):
    one, other = make_answers(0), make_answers(1, right=0.5)
    there, back = measure([one, other], (1, -1), metric), measure([other, one], (1, -1), metric)
    assert there.value == pytest.approx(
        measure([one], (1,), metric).value - measure([other], (1,), metric).value
    )
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


def test_the_better_model_is_named_first_and_every_work_is_counted():
    one, other = make_answers(0, right=0.4), make_answers(1, right=0.95)
    (pair,) = compare_pairs("AB", [one, other])
    assert (pair.better, pair.worse) == ("B", "A")
    assert pair.differences["accuracy"].value > 0
    assert sum(pair.works) == 30
    assert pair.is_sure
    assert pair.sentence.startswith(
        f"B is better than A on {pair.works[0]} works, worse on {pair.works[1]}; difference"
    )
    assert "more than chance" in pair.sentence


@pytest.mark.parametrize(("num_works", "has_interval"), [(1, False), (4, False), (5, True)])
def test_of_too_few_works_there_is_no_interval_and_no_verdict(num_works, has_interval):
    one, other = (make_answers(0, num_pieces=2 * num_works, right=right) for right in (1.0, 0.0))
    (pair,) = compare_pairs("AB", [one, other])
    assert all((found.low is not None) == has_interval for found in pair.differences.values())
    assert ("too few works for an interval: too few works to tell" in pair.sentence) != has_interval
    assert not pair.is_sure


def test_pieces_of_one_work_count_once_in_the_test_by_work():
    one = make_answers(0, num_pieces=24, right=1.0)
    other = dataclasses.replace(one, probabilities=np.roll(one.probabilities, 1, axis=1))
    (pair,) = compare_pairs("AB", [one, other])
    assert (pair.works, pair.pieces) == ((12, 0, 0), (24, 0))
    assert pair.p_works == pytest.approx(2 * 0.5**12)
    assert pair.p_pieces < pair.p_works


def test_equal_models_are_called_equal():
    (pair,) = compare_pairs("AB", [make_answers(0)] * 2)
    assert "A and B are right equally often" in pair.sentence
    assert pair.verdict == "may be chance"


def test_many_pairs_are_corrected():
    parts = [make_answers(seed, right=right) for seed, right in enumerate((0.9, 0.6, 0.6))]
    pairs = compare_pairs("ABC", parts)
    assert [pair.num_pairs for pair in pairs] == [3, 3, 3]
    alone = {
        frozenset(pair): compare_pairs("AB", [parts["ABC".index(of)] for of in pair])[0]
        for pair in ("AB", "AC")
    }
    for pair in pairs[:2]:
        assert pair.p_works >= alone[frozenset((pair.better, pair.worse))].p_works
    assert all("Holm's correction for 3 comparisons" in pair.sentence for pair in pairs)


def test_holm_never_lowers_and_keeps_the_order():
    p_values = np.random.default_rng(0).random(20).tolist()
    corrected = holm(p_values)
    assert all(after >= before for before, after in zip(p_values, corrected, strict=True))
    assert np.argsort(p_values).tolist() == np.lexsort((p_values, corrected)).tolist()
    assert max(corrected) <= 1


def test_what_the_interval_and_the_test_disagree_on_is_not_settled():
    (pair,) = compare_pairs("AB", [make_answers(0, right=0.9), make_answers(1, right=0.5)])
    assert isinstance(pair, Pair)
    assert "not settled" in dataclasses.replace(pair, p_works=0.2).verdict


def test_among_fewer_classes_probabilities_are_divided_anew_and_other_pieces_left_out():
    part = make_answers(0)
    names = [piece for piece, composer in zip(part.pieces, part.composers, strict=True) if composer != "Bela"]
    works = dict(zip(part.pieces, part.works, strict=True))
    found = restrict(part, names[::-1], ("Ada", "Cleo"), works)
    assert found.pieces == tuple(names[::-1])
    assert set(found.composers) == {"Ada", "Cleo"}
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1)
    ratio = part.probabilities[0, 0] / part.probabilities[0, 2]
    last = found.probabilities[found.pieces.index("piece 0")]
    assert last[0] / last[1] == pytest.approx(ratio)
