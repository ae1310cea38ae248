"""How often each composer is expected: taken out of answers, and estimated anew from unlabelled music.

A model's answers hold the prior of its training. Where composers come as often as they please, answers are better
divided by it and multiplied by the prior that holds there: a flat one, if nothing is known, or one estimated from the
answers themselves (Saerens, Latinne & Decaestecker, Adjusting the outputs of a classifier to new a priori
probabilities, 2002).
"""

import numpy as np

from experiments.engine.config import TrainingConfig
from experiments.engine.imbalance import training_prior

MOST_STEPS = 1000
LEAST_CHANGE = 1e-6


def with_prior(probabilities: np.ndarray, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Returns answers as they are under another prior: `p * new / old`, normalised.

    Args:
        probabilities: Shape `(answers, classes)`.
        old: The prior in them, shape `(classes,)`; what has none is never answered.
        new: The prior to put in its place, shape `(classes,)`.

    Example:
        >>> with_prior(np.array([[0.75, 0.25]]), np.array([0.75, 0.25]), np.array([0.5, 0.5])).tolist()
        [[0.5, 0.5]]
    """
    factors = np.divide(new, old, out=np.zeros(len(old)), where=np.asarray(old) > 0)
    scaled = np.maximum(probabilities, np.finfo(float).tiny) * factors
    return scaled / scaled.sum(axis=1, keepdims=True)


def prior_in_answers(
    labels: np.ndarray, num_classes: int, config: TrainingConfig, *, shares: np.ndarray | None = None
) -> np.ndarray:
    """Returns the prior that a network's answers hold: that of its training, less what was taken off its logits.

    Args:
        labels: Class of each chunk in training, shape `(chunks,)`.
        num_classes: Number of classes; one without a chunk has no prior.
        config: How the network was trained.
        shares: See `training_prior`.

    Example:
        >>> config = TrainingConfig(class_weights=False, logit_adjustment=1)
        >>> prior_in_answers(np.array([0, 0, 0, 1]), 2, config).tolist()
        [0.5, 0.5]
    """
    prior = training_prior(labels, num_classes, config, shares=shares)
    tiny = np.finfo(float).tiny
    left = np.where(prior > 0, np.maximum(prior, tiny) ** (1 - config.logit_adjustment), 0)
    return left / left.sum()


def flat_prior(prior: np.ndarray) -> np.ndarray:
    """Returns the prior in which all classes that were trained on are equally likely.

    Example:
        >>> flat_prior(np.array([0.7, 0.3, 0.0])).tolist()
        [0.5, 0.5, 0.0]
    """
    return (np.asarray(prior) > 0) / np.count_nonzero(prior)


def estimate_prior(probabilities: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Returns the prior that makes unlabelled music likeliest, found by expectation and maximisation.

    Each step puts the prior so far into the answers, and takes their mean for the next.

    Args:
        probabilities: Answers for independent pieces, shape `(answers, classes)`.
        prior: The one in them, shape `(classes,)`.

    Example:
        >>> answers = np.array([[0.9, 0.1]] * 9 + [[0.1, 0.9]])
        >>> estimate_prior(answers, np.array([0.5, 0.5])).round(2).tolist()
        [1.0, 0.0]
    """
    estimated = np.asarray(prior, dtype=float)
    for _ in range(MOST_STEPS):
        before = estimated
        estimated = with_prior(probabilities, prior, before).mean(axis=0)
        if abs(estimated - before).max() < LEAST_CHANGE:
            break
    return estimated
