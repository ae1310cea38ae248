"""None of these: where the lines are drawn, and what the scores measure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.engine.predicting.asked import Asked
from experiments.engine.predicting.calibrating import deal
from experiments.engine.predicting.unknown import (
    MOST_REJECTED,
    NUM_STATISTICS,
    UNKNOWN,
    choose_thresholds,
    draw_lines,
    mistakes,
    rejected_shares,
    statistics_of,
)

PIECES = st.lists(st.tuples(st.floats(-9, 9), st.integers(0, 2), st.integers(-1, 2)), max_size=30).map(
    lambda pieces: [(0.0, 0, 0), (0.5, 0, UNKNOWN), *pieces]
)


def asked(statistics, *, works, answers=None):
    num_pieces = len(statistics)
    answers = np.tile([0.9, 0.1], (num_pieces, 1)) if answers is None else answers
    works = np.arange(num_pieces) % works
    return Asked(answers, statistics, np.ones(num_pieces), np.full(num_pieces, "Ada"), works)


def total(scores, answered, truths, thresholds):
    return sum(mistakes(scores < thresholds[answered], truths).values())


@given(PIECES)
def test_of_no_composer_many_pieces_are_rejected_and_no_other_place_of_a_line_does_better(pieces):
    scores, answered, truths = map(np.array, zip(*pieces, strict=True))
    found = choose_thresholds(scores, answered, truths, num_classes=3)
    assert rejected_shares(scores < found[answered], truths).max() <= MOST_REJECTED
    for value in scores[(answered == 2) & (truths != UNKNOWN)]:  # the last line was moved last
        moved = np.array([*found[:2], value])
        if rejected_shares(scores < moved[answered], truths).max() <= MOST_REJECTED:
            assert total(scores, answered, truths, found) <= total(scores, answered, truths, moved)


@given(PIECES)
def test_lines_do_no_worse_than_none(pieces):
    scores, answered, truths = map(np.array, zip(*pieces, strict=True))
    found = choose_thresholds(scores, answered, truths, num_classes=3)
    assert total(scores, answered, truths, found) <= 1


def test_a_composer_with_few_pieces_is_not_turned_away_for_one_with_many():
    truths = np.repeat([0, 1, UNKNOWN], [90, 10, 50])
    scores = np.concatenate([np.linspace(0.5, 1, 90), np.linspace(0, 0.5, 10), np.full(50, 0.4)])
    found = choose_thresholds(scores, np.zeros(150, int), truths, num_classes=2)
    # A line at 0.44 turns away 8 of 100, but 8 of 10 by the second.
    assert rejected_shares(scores < found[0], truths)[1] <= MOST_REJECTED


def test_whom_strangers_are_taken_for_has_a_line_of_their_own():
    scores = np.array([0.2, 0.3, 0.8, 0.9, 0.6])
    answered, truths = np.array([0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, UNKNOWN])
    found = choose_thresholds(scores, answered, truths, num_classes=2)
    assert mistakes(scores < found[answered], truths) == {"false_rejections": 0, "false_acceptances": 0}


@given(st.integers(0, 2**32 - 1))
def test_the_units_of_what_is_learnt_from_do_not_matter(seed):
    chance = np.random.default_rng(seed)
    known, unknown = chance.normal(1, 1, (30, NUM_STATISTICS)), chance.normal(0, 1, (20, NUM_STATISTICS))
    labels = np.zeros(30, int)
    weights, thresholds, _ = draw_lines(asked(known, works=30), asked(unknown, works=20), labels=labels)
    scaled, moved, _ = draw_lines(
        asked(5 * known + 3, works=30), asked(5 * unknown + 3, works=20), labels=labels
    )
    margins = known @ weights - thresholds[0]
    np.testing.assert_allclose((5 * known + 3) @ scaled - moved[0], margins, atol=1e-3)


def test_what_tells_strangers_is_learnt_and_tells_those_of_other_works_too():
    chance = np.random.default_rng(0)
    draw = {mean: chance.normal(mean, 1, (400, NUM_STATISTICS)) for mean in (0, 1)}
    weights, thresholds, found = draw_lines(
        asked(draw[1][:200], works=50), asked(draw[0][:200], works=50), labels=np.zeros(200, int)
    )
    rejected = {mean: np.mean(rows[200:] @ weights < thresholds[0]) for mean, rows in draw.items()}
    assert rejected[0] > 0.75 and rejected[1] < 0.15
    assert 1 - found["false_acceptances"] == pytest.approx(rejected[0], abs=0.1)
    assert found["false_rejections"] == pytest.approx(rejected[1], abs=0.1)


def test_statistics_rise_with_certainty_and_agreement():
    answers = np.array([[0.25] * 4, [0.4, 0.3, 0.2, 0.1], [0.97, 0.01, 0.01, 0.01]])
    low, middle, high = (statistics_of(answer, answer[None])[:4] for answer in answers)
    assert np.all((low < middle) & (middle < high)) and low.min() >= 0 and high.max() <= 1
    one, torn = (statistics_of(answers[2], np.eye(4)[chunks]) for chunks in ([0] * 4, [0, 1, 2, 3]))
    assert np.all(torn[[2, 4, 5]] < one[[2, 4, 5]])


@given(st.lists(st.sampled_from("abcdefg")))
def test_halves_share_no_composer_and_lack_none(composers):
    first, second = deal(composers)
    assert sorted(first + second) == sorted(set(composers))
    assert abs(len(first) - len(second)) <= 1
