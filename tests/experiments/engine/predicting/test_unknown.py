"""None of these: where the line is drawn, and what the scores measure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.engine.predicting.calibrating import deal
from experiments.engine.predicting.unknown import (
    MOST_REJECTED,
    SCORES,
    accepted_share,
    choose_threshold,
    rejected_shares,
)

VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30).map(np.array)


@given(VALUES, VALUES, st.integers(1, 3))
def test_of_no_composer_many_pieces_are_rejected_and_no_other_line_does_better(known, unknown, num_composers):
    composers = np.arange(len(known)) % num_composers
    found = choose_threshold({"score": known}, {"score": unknown}, composers=composers)
    assert max(rejected_shares(known, composers, found.value)) <= MOST_REJECTED
    assert found.false_rejections == np.mean(rejected_shares(known, composers, found.value))
    assert found.false_acceptances == accepted_share(unknown, found.value)
    for value in known:
        rejected, accepted = rejected_shares(known, composers, value), accepted_share(unknown, value)
        if max(rejected) <= MOST_REJECTED:
            assert found.false_rejections + found.false_acceptances <= np.mean(rejected) + accepted


def test_a_composer_with_few_pieces_is_not_turned_away_for_one_with_many():
    composers = np.array(["Bach"] * 90 + ["Chopin"] * 10)
    known = np.concatenate([np.linspace(0.5, 1, 90), np.linspace(0, 0.5, 10)])
    found = choose_threshold({"score": known}, {"score": np.full(50, 0.4)}, composers=composers)
    # A line at 0.44 turns away 8 of 100, but 8 of 10 by Chopin.
    assert rejected_shares(known, composers, found.value)[1] <= MOST_REJECTED


def test_the_score_that_tells_more_is_chosen():
    known = {"blind": np.array([0.5, 0.5]), "good": np.array([0.8, 0.9])}
    unknown = {"blind": np.array([0.5, 0.5]), "good": np.array([0.1, 0.7])}
    found = choose_threshold(known, unknown, composers=np.array(["Ada", "Ada"]))
    assert (found.score, found.value, found.false_acceptances) == ("good", 0.8, 0.0)


@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
def test_scores_are_lowest_where_nothing_is_known_and_highest_where_all_is(score):
    answers = np.array([[0.25] * 4, [0.4, 0.3, 0.2, 0.1], [0.97, 0.01, 0.01, 0.01]])
    low, middle, high = score(answers, answers)
    assert 0 <= low < middle < high <= 1


@given(st.lists(st.sampled_from("abcdefg")))
def test_halves_share_no_composer_and_lack_none(composers):
    first, second = deal(composers)
    assert sorted(first + second) == sorted(set(composers))
    assert abs(len(first) - len(second)) <= 1
