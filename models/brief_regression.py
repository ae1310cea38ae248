"""Logistic regression that takes fewer steps the more classes there are, so that a baseline stays one."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

MAX_STEPS, MAX_CLASS_STEPS = 1000, 12_000
"""Steps, and steps times classes: a step costs as much as there are classes, a second for 38,000 chunks of 68."""


class BriefRegression(LogisticRegression):
    """Multinomial logistic regression, with classes weighing alike, that ends before it has settled if there are many.

    Up to twelve classes it is what scikit-learn makes of the same settings.

    Example:
        >>> features, labels = np.arange(20.0)[:, None], np.arange(20) // 10
        >>> BriefRegression().fit(features, labels).predict([[2.0], [17.0]]).tolist()
        [0, 1]
    """

    def __init__(self):
        super().__init__(class_weight="balanced", max_iter=MAX_STEPS)

    def fit(self, x: np.ndarray, y: np.ndarray) -> "BriefRegression":
        """Fits examples `(example, feature)` to their labels."""
        self.max_iter = most_steps(len(np.unique(y)))
        with warnings.catch_warnings():
            if self.max_iter < MAX_STEPS:
                warnings.simplefilter("ignore", ConvergenceWarning)
            return super().fit(x, y)


def most_steps(num_classes: int) -> int:
    """Returns how many steps are taken at most.

    Example:
        >>> most_steps(4), most_steps(68), most_steps(145)
        (1000, 176, 82)
    """
    return max(1, min(MAX_STEPS, MAX_CLASS_STEPS // num_classes))
