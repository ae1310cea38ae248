"""What rare classes weigh, and what is taken off the answers: both undo the same imbalance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.engine.config import TrainingConfig
from experiments.engine.imbalance import adjusted, class_weights, logit_offsets, training_prior

LABELS = st.lists(st.integers(0, 5), min_size=1, max_size=60).map(np.array)
STRENGTHS = st.sampled_from([0.0, 0.25, 0.5, 1.0])


def test_every_class_weighs_the_same_in_all():
    labels = np.array([0] * 7 + [1] * 2 + [2] * 90)
    weights = class_weights(labels)
    totals = weights * np.bincount(labels)
    np.testing.assert_allclose(totals, len(labels) / 3, rtol=1e-6)


@given(LABELS, STRENGTHS)
def test_chunks_weigh_one_on_average_whatever_the_balance(labels, balance):
    weights = class_weights(labels, 7, balance=balance)
    assert len(weights) == 7
    assert weights[labels].mean() == pytest.approx(1, rel=1e-5)
    assert set(np.flatnonzero(weights)) == set(labels)


def test_half_the_balance_is_the_square_root():
    labels = np.repeat([0, 1], [100, 4])
    one, other = class_weights(labels, balance=0.5)
    assert other / one == pytest.approx(np.sqrt(100 / 4), rel=1e-6)
    assert class_weights(labels, balance=0).tolist() == [1, 1]


@given(LABELS, STRENGTHS)
def test_the_prior_is_what_weights_leave_of_the_counts(labels, balance):
    prior = training_prior(labels, 6, TrainingConfig(balance=balance))
    assert prior.sum() == pytest.approx(1)
    counts = np.bincount(labels, minlength=6)
    expected = np.where(counts > 0, np.maximum(counts, 1.0) ** (1 - balance), 0)
    np.testing.assert_allclose(prior, expected / expected.sum(), rtol=1e-5)


def test_where_all_weigh_alike_there_is_nothing_to_adjust():
    offsets = logit_offsets(np.repeat([0, 1], [9, 3]), 2, TrainingConfig(balance=1, logit_adjustment=1))
    assert offsets[0] == pytest.approx(offsets[1], rel=1e-5)
    none = logit_offsets(np.repeat([0, 1], [9, 3]), 2, TrainingConfig(balance=0))
    assert not none.any()


@given(LABELS)
def test_adjusting_by_the_whole_prior_makes_it_even_and_a_class_never_heard_is_not_favoured(labels):
    config = TrainingConfig(class_weights=False, logit_adjustment=1)
    offsets, prior = logit_offsets(labels, 7, config), training_prior(labels, 7, config)
    answers = adjusted(prior[None], offsets)[0]
    np.testing.assert_allclose(answers[prior > 0], 1 / (prior > 0).sum(), rtol=1e-5)
    assert offsets[6] == offsets.max() == offsets[prior.argmax()]


def test_without_adjustment_answers_stay_what_they_are():
    probabilities = np.random.default_rng(0).dirichlet(np.ones(3), 5).astype(np.float32)
    assert adjusted(probabilities, np.zeros(3)) is probabilities
