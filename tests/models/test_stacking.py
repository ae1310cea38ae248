"""Joined models: what one weight a model promises, also where there is little to learn it from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from models.stacking import SMALLEST_SHARE, pool, pool_weights


def answers(seed, count=60, certainty=1.0, labels=None):
    """Labels of four classes, and probabilities that lean towards them."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, count) if labels is None else labels
    raw = rng.dirichlet(np.ones(4), len(labels)) + certainty * np.eye(4)[labels]
    return labels, raw / raw.sum(axis=1, keepdims=True)


@given(st.integers(0, 1000))
def test_a_model_believed_alone_answers_for_itself(seed):
    _, one = answers(seed)
    _, other = answers(seed + 1)
    expected = np.maximum(one, SMALLEST_SHARE)
    np.testing.assert_allclose(pool([one, other], [1, 0]), expected / expected.sum(axis=1, keepdims=True))


@given(st.integers(0, 1000))
def test_the_order_of_the_models_does_not_matter(seed):
    labels, one = answers(seed)
    _, other = answers(seed + 1, labels=labels, certainty=0.3)
    weights = pool_weights([one, other], labels)
    np.testing.assert_allclose(pool_weights([other, one], labels), weights[::-1], atol=1e-3)
    np.testing.assert_allclose(pool([one, other], weights), pool([other, one], weights[::-1]))


def penalised_loss(weights, models, labels):
    """The loss as the docstring of `pool_weights` says it, in its own words."""
    logarithms = [np.log(np.maximum(p, SMALLEST_SHARE)) for p in models]
    joint = log_softmax(sum(w * log for w, log in zip(weights, logarithms, strict=True)), axis=1)
    losses = -joint[np.arange(len(labels)), labels]
    by_class = [losses[labels == label].mean() for label in np.unique(labels)]
    return len(labels) * np.mean(by_class) + 0.5 * sum((w - 1 / len(models)) ** 2 for w in weights)


@given(st.integers(0, 1000))
def test_no_other_weights_are_better(seed):
    labels, one = answers(seed, certainty=0.4)
    _, other = answers(seed + 1, certainty=0.2, labels=labels)
    weights = pool_weights([one, other], labels)
    assert (weights >= 0).all()
    least = penalised_loss(weights, [one, other], labels)
    for step in ([0.05, 0], [-0.05, 0], [0, 0.05], [0, -0.05]):
        elsewhere = np.maximum(weights + step, 0)
        assert penalised_loss(elsewhere, [one, other], labels) >= least - 1e-6


def test_who_knows_is_believed_and_who_guesses_is_not():
    labels, knows = answers(0, count=200)
    _, guesses = answers(1, count=200)
    weights = pool_weights([knows, guesses], labels)
    assert weights[0] > 1 > 5 * weights[1]


def test_a_rare_class_counts_as_much():
    labels = np.repeat([0, 1], [90, 10])
    knows_the_many = np.where(labels[:, None] == 0, [[0.9, 0.1]], [[0.5, 0.5]])
    knows_the_few = np.where(labels[:, None] == 1, [[0.1, 0.9]], [[0.5, 0.5]])
    weights = pool_weights([knows_the_many, knows_the_few], labels)
    assert weights[1] == pytest.approx(weights[0], rel=0.05)


def test_without_examples_all_are_believed_alike():
    nothing = np.empty((0, 4))
    weights = pool_weights([nothing, nothing], np.empty(0, int))
    np.testing.assert_allclose(weights, [0.5, 0.5])


@pytest.mark.parametrize("labels", [[2], [0, 0, 1]])
def test_few_examples_and_missing_classes_leave_sensible_weights(labels):
    labels, one = answers(0, labels=np.array(labels))
    _, other = answers(1, labels=labels, certainty=0)
    weights = pool_weights([one, other], labels)
    assert np.isfinite(weights).all() and (0 <= weights).all() and (weights < 3).all()
    joint = pool([one, other], weights)
    assert joint.shape == (len(labels), 4)
    np.testing.assert_allclose(joint.sum(axis=1), 1)


def test_who_is_certain_and_wrong_once_does_not_weigh_without_end():
    labels, certain = np.arange(40) % 4, np.eye(4)[np.arange(40) % 4]
    certain[0] = np.eye(4)[3]
    weights = pool_weights([certain, np.full((40, 4), 0.25)], labels)
    assert np.isfinite(pool([certain, certain], weights)).all()
    assert 0.3 < weights[0] < 2
