"""A forest that is grown while it is asked, and of which only a few trees are in memory at any time.

A tree that is grown to the end holds the count of every class in every node: on 47,000 chunks of 151
composers it takes 100 MB, and a forest of 300 would take 30 GB.
"""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import ExtraTreesClassifier

MAX_BYTES = 2**30
"""Of the trees in memory at a time, as far as it can be told before they are grown."""

NODES_PER_EXAMPLE, NODE_BYTES, COUNT_BYTES = 1.5, 64, 8
"""A full binary tree has two nodes for each leaf; measured, leaves are some two thirds of the examples."""


class PassingForest(ClassifierMixin, BaseEstimator):
    """Extremely randomised trees, as one large `ExtraTreesClassifier` with the same seed would have them.

    Args:
        num_trees: Trees in all.
        seed: Of the trees.
        num_jobs: How many are grown at the same time.

    Example:
        >>> features, labels = np.arange(20.0)[:, None], np.arange(20) // 10
        >>> PassingForest(num_trees=10).fit(features, labels).predict([[2.0], [17.0]]).tolist()
        [0, 1]
    """

    def __init__(self, num_trees: int = 300, seed: int = 0, num_jobs: int = 1):
        self.num_trees, self.seed, self.num_jobs = num_trees, seed, num_jobs

    def fit(self, x: np.ndarray, y: np.ndarray) -> "PassingForest":
        """Remembers the examples `(example, feature)` and their labels."""
        self.x_, self.y_, self.classes_ = np.asarray(x), np.asarray(y), np.unique(y)
        return self

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Grows every tree and returns the mean of their answers, shape `(example, class)`."""
        at_once = trees_at_once(len(self.y_), len(self.classes_))
        random = np.random.RandomState(self.seed)  # drawn from by one group of trees after another
        total = np.zeros((len(x), len(self.classes_)))
        for first in range(0, self.num_trees, at_once):
            count = min(at_once, self.num_trees - first)
            group = ExtraTreesClassifier(
                count, class_weight="balanced", n_jobs=self.num_jobs, random_state=random
            )
            total += count * group.fit(self.x_, self.y_).predict_proba(x)
        return total / self.num_trees

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Returns the likeliest label of each example."""
        return self.classes_[self.predict_proba(x).argmax(axis=1)]


def trees_at_once(num_examples: int, num_classes: int) -> int:
    """Returns how many trees fit into `MAX_BYTES`, and at least one.

    Example:
        >>> trees_at_once(20_000, 4), trees_at_once(47_000, 151)
        (372, 11)
    """
    bytes_per_tree = num_examples * NODES_PER_EXAMPLE * (NODE_BYTES + COUNT_BYTES * num_classes)
    return max(1, int(MAX_BYTES / bytes_per_tree))
