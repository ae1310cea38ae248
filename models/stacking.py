"""Models joined: one weight says how far each is believed, learnt from answers to which the truth is known.

The joint answer is a logarithmic pool: softmax over the classes of `sum_m weight_m * log p_m`. A weight a
model, and none a class, can be learnt from a few dozen examples, also where a class is not among them.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

SMALLEST_SHARE = 1e-3
"""Half a tree of the 500 of a forest, which has nothing between that and 0; no logarithm may outweigh all else."""


def pool(probabilities: Sequence[np.ndarray], weights: Sequence[float]) -> np.ndarray:
    """Returns the joint answers of several models, shape `(examples, classes)`.

    Args:
        probabilities: For each model, shape `(examples, classes)`.
        weights: How far each model is believed, shape `(models,)`.

    Example:
        >>> pool([np.array([[0.9, 0.1]]), np.array([[0.2, 0.8]])], [1, 0]).round(3).tolist()
        [[0.9, 0.1]]
    """
    return softmax(np.tensordot(np.asarray(weights, dtype=float), _logarithms(probabilities), axes=1), axis=1)


def pool_weights(probabilities: Sequence[np.ndarray], labels: np.ndarray) -> np.ndarray:
    """Returns how far to believe each of several models, shape `(models,)`.

    The weights are not negative and have the least log-loss, in which every class that occurs counts as
    much, plus `1/2 sum_m (weight_m - 1/models)^2`: without examples all models are believed alike.

    Args:
        probabilities: For each model, shape `(examples, classes)`.
        labels: True class of each example, shape `(examples,)`.

    Example:
        >>> knows, guesses = np.eye(2)[[0, 1] * 20] * 0.8 + 0.1, np.full((40, 2), 0.5)
        >>> weights = pool_weights([knows, guesses], np.array([0, 1] * 20))
        >>> bool(weights[0] > 1 > weights[1])
        True
    """
    logarithms, examples = _logarithms(probabilities), np.arange(len(labels))
    alike = 1 / len(logarithms)
    counts = np.bincount(labels, minlength=1)
    shares = len(labels) / (np.count_nonzero(counts) * counts[labels])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        """The penalised loss and its gradient."""
        joint = log_softmax(np.tensordot(weights, logarithms, axes=1), axis=1)
        expected = (np.exp(joint) * logarithms).sum(axis=2)
        surprise = expected - logarithms[:, examples, labels]
        from_alike = weights - alike
        value = -(shares * joint[examples, labels]).sum() + (from_alike**2).sum() / 2
        return value, surprise @ shares + from_alike

    start = np.full(len(logarithms), alike)
    return minimize(loss, start, jac=True, bounds=[(0, None)] * len(start), method="L-BFGS-B").x


def _logarithms(probabilities: Sequence[np.ndarray]) -> np.ndarray:
    """Log-probabilities, shape `(models, examples, classes)`."""
    return np.log(np.maximum(np.stack([np.asarray(p, dtype=float) for p in probabilities]), SMALLEST_SHARE))
