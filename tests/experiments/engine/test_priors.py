"""A prior can be exchanged, and the one that holds is found from answers alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from experiments.engine.priors import estimate_prior, flat_prior, with_prior


def priors(size=3):
    return st.lists(st.floats(0.05, 1), min_size=size, max_size=size).map(
        lambda values: np.array(values) / sum(values)
    )


def answers(seed, prior, count=4000, spread=1.2):
    """Calibrated answers for examples of three classes, which come as often as a prior says, and their classes."""
    generator = np.random.default_rng(seed)
    labels = generator.choice(len(prior), count, p=prior)
    heard = generator.normal(np.eye(len(prior))[labels] * 2, spread)
    likelihoods = np.exp(heard * 2 / spread**2)
    return likelihoods, labels


@given(st.integers(0, 50), priors(), priors())
def test_there_and_back_is_where_it_was(seed, old, new):
    likelihoods, _ = answers(seed, old, count=50)
    found = likelihoods / likelihoods.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(with_prior(with_prior(found, old, new), new, old), found, rtol=1e-6)
    np.testing.assert_allclose(with_prior(found, old, old), found)


@given(st.integers(0, 50), priors(), priors())
def test_it_becomes_what_bayes_would_have_said(seed, old, new):
    likelihoods, _ = answers(seed, old, count=50)
    posterior = {
        name: likelihoods * prior / (likelihoods * prior).sum(axis=1, keepdims=True)
        for name, prior in (("old", old), ("new", new))
    }
    np.testing.assert_allclose(with_prior(posterior["old"], old, new), posterior["new"], rtol=1e-6)


@given(st.integers(0, 20), priors(), priors())
def test_the_prior_that_holds_is_estimated_from_answers_alone(seed, trained, holds):
    likelihoods, labels = answers(seed, holds)
    found = likelihoods * trained
    estimated = estimate_prior(found / found.sum(axis=1, keepdims=True), trained)
    np.testing.assert_allclose(estimated, np.bincount(labels, minlength=3) / len(labels), atol=0.06)


def test_a_class_that_was_not_trained_on_stays_unsaid():
    prior = np.array([0.5, 0.5, 0.0])
    found = np.array([[0.6, 0.4, 0.0]] * 3)
    assert flat_prior(prior).tolist() == [0.5, 0.5, 0.0]
    for other in (with_prior(found, prior, np.full(3, 1 / 3)), estimate_prior(found, prior)[None]):
        assert np.isfinite(other).all() and other[0, 2] == 0
