"""A trial ends early only when it is clearly behind, and what ended early never comes out best."""

from statistics import fmean

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from experiments.engine.search.losing import comparable_score, is_losing

SCORES = st.lists(st.floats(0, 1), min_size=3, max_size=3)
FINISHED = st.lists(SCORES, min_size=2, max_size=6)


@given(FINISHED, st.lists(st.floats(0, 1), min_size=1, max_size=2))
def test_what_ends_early_stays_behind_the_best(finished, scores):
    assume(is_losing(scores, finished))
    assert comparable_score(scores, finished) < max(map(fmean, finished)) + 1e-12


@given(FINISHED, st.integers(1, 2))
def test_the_best_itself_would_never_end_early(finished, num_folds):
    best = max(finished, key=fmean)
    assert not is_losing(best[:num_folds], finished)


@given(FINISHED, st.lists(st.floats(0, 1), min_size=1, max_size=2), st.floats(-1, 1))
def test_folds_that_are_harder_for_all_change_nothing(finished, scores, harder):
    shifted = [[score + harder for score in other] for other in finished]
    distance = fmean(max(finished, key=fmean)[: len(scores)]) - fmean(scores)
    assume(abs(distance) > 1e-6)  # rounding may decide a draw either way
    assert comparable_score([s + harder for s in scores], shifted) == pytest.approx(
        comparable_score(scores, finished) + harder, abs=1e-9
    )


def test_nobody_loses_before_it_is_known_how_much_folds_disagree():
    assert not is_losing([0.0], [])
    assert not is_losing([0.0], [[0.9, 0.9, 0.9]])
    assert is_losing([0.0], [[0.9, 0.9, 0.9], [0.8, 0.9, 0.7]])


def test_one_fold_is_a_whole_trial_where_there_is_only_one():
    assert not is_losing([0.1], [[0.9], [0.8]])


def test_a_trial_that_has_done_every_fold_has_nothing_to_end():
    assert not is_losing([0.1, 0.1, 0.1], [[0.9, 0.9, 0.9], [0.8, 0.9, 0.7]])


def test_the_more_folds_disagree_the_more_is_forgiven():
    agreeing, disagreeing = [[0.8, 0.8, 0.8], [0.7, 0.7, 0.69]], [[0.8, 0.8, 0.8], [0.5, 0.9, 0.7]]
    assert is_losing([0.75], agreeing)
    assert not is_losing([0.75], disagreeing)
