"""Every baseline in the table learns, gives probabilities, and repeats itself."""

import numpy as np
import pytest

from models.baselines import BASELINES


@pytest.fixture(scope="module")
def table():
    """Sixty examples of three classes; only the first two of six features tell them apart."""
    rng = np.random.default_rng(3)
    labels = np.repeat([0, 1, 2], [30, 20, 10])
    features = rng.normal(size=(60, 6))
    features[:, 0] += 4 * (labels == 1)
    features[:, 1] += 4 * (labels == 2)
    return features, labels


@pytest.mark.parametrize("name", BASELINES)
def test_reads_one_of_the_three_tables(name):
    assert BASELINES[name].reads in {"fingerprint", "histograms", "piece_histograms"}


@pytest.mark.parametrize("name", BASELINES)
def test_gives_probabilities(name, table):
    features, labels = table
    model = BASELINES[name].build(seed=1, num_jobs=1)
    probabilities = model.fit(features, labels).predict_proba(features)
    assert probabilities.shape == (60, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


@pytest.mark.parametrize("name", BASELINES)
def test_the_same_seed_gives_the_same_model_on_any_number_of_cores(name, table):
    features, labels = table
    one, two = (
        BASELINES[name].build(seed=1, num_jobs=num_jobs).fit(features, labels).predict_proba(features)
        for num_jobs in (1, 2)
    )
    np.testing.assert_allclose(one, two)


@pytest.mark.parametrize("name", sorted(set(BASELINES) - {"majority"}))
def test_learns_what_there_is_to_learn(name, table):
    features, labels = table
    model = BASELINES[name].build().fit(features[::2], labels[::2])
    assert model.score(features[1::2], labels[1::2]) > 0.8


def test_the_majority_says_how_often_each_class_occurs(table):
    features, labels = table
    probabilities = BASELINES["majority"].build().fit(features, labels).predict_proba(features[:1])
    np.testing.assert_allclose(probabilities, [[30 / 60, 20 / 60, 10 / 60]])
