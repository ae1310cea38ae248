"""A forest grown in groups is the forest grown at once, in less memory."""

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier

from models import passing_forest
from models.passing_forest import PassingForest, trees_at_once


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(1)
    labels = rng.choice([2, 5, 9], 90, p=[0.6, 0.3, 0.1])
    return rng.normal(size=(90, 5)) + labels[:, None] / 3, labels


@pytest.mark.parametrize("at_once", [1, 7, 20, 100])
def test_it_answers_as_the_whole_forest_would(table, monkeypatch, at_once):
    monkeypatch.setattr(passing_forest, "trees_at_once", lambda *counts: at_once)
    features, labels = table
    whole = ExtraTreesClassifier(20, class_weight="balanced", random_state=3).fit(features[::2], labels[::2])
    passing = PassingForest(num_trees=20, seed=3, num_jobs=2).fit(features[::2], labels[::2])
    np.testing.assert_allclose(passing.predict_proba(features), whole.predict_proba(features), atol=1e-12)
    assert passing.classes_.tolist() == whole.classes_.tolist()


def test_it_answers_the_same_when_asked_again(table):
    features, labels = table
    forest = PassingForest(num_trees=5).fit(features, labels)
    np.testing.assert_array_equal(forest.predict_proba(features), forest.predict_proba(features))


def test_groups_fit_into_memory_and_have_a_tree():
    assert trees_at_once(10**9, 1000) == 1
    for num_examples, num_classes in ((1, 2), (2_000, 4), (50_000, 150)):
        count = trees_at_once(num_examples, num_classes)
        assert count * num_examples * 1.5 * (64 + 8 * num_classes) <= passing_forest.MAX_BYTES


def test_a_node_takes_no_more_than_is_reckoned(table):
    forest = ExtraTreesClassifier(1, random_state=0).fit(*table)
    state = forest.estimators_[0].tree_.__getstate__()
    assert state["nodes"].itemsize <= passing_forest.NODE_BYTES
    assert state["values"].itemsize <= passing_forest.COUNT_BYTES
