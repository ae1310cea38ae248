"""Rare composers against frequent ones: weights in the loss, and what is taken off the answers afterwards.

Bach has hundreds of times as many chunks as the rarest composers. Left alone, a network learns above all that it is
always Bach. There are two remedies, and they can be mixed: a chunk by a rare composer weighs more in training, or the
logarithm of how frequent each composer was in training is taken off the logits afterwards (Menon et al., Long-tail
learning via logit adjustment, 2021), so that the frequent ones have to be more likely before they are named.
"""

import numpy as np

from experiments.engine.config import TrainingConfig

SMALLEST_PROBABILITY = 1e-30
"""Its logarithm is finite in float32."""


def class_weights(
    labels: np.ndarray,
    num_classes: int | None = None,
    *,
    balance: float = 1.0,
    shares: np.ndarray | None = None,
) -> np.ndarray:
    """Returns a weight for each class, inverse to a power of its count, 1 on average over `labels`.

    Args:
        labels: Class of each chunk in training, shape `(chunks,)`.
        num_classes: Number of classes; those without a chunk weigh nothing. None for those that occur.
        balance: The power: 1 gives every class the same weight in all, 0.5 the root of its count, 0 its count.
        shares: Which share of an epoch each chunk has, shape `(chunks,)`; None if all have the same.

    Example:
        >>> [round(float(weight), 3) for weight in class_weights(np.array([0, 0, 0, 1]))]
        [0.667, 2.0]
        >>> [round(float(weight), 3) for weight in class_weights(np.array([0, 0, 0, 1]), balance=0.5)]
        [0.845, 1.464]
    """
    counts = _counts(labels, num_classes or 0, shares)
    somewhat = np.where(counts > 0, counts, 1.0)
    together = np.where(counts > 0, somewhat ** (1 - balance), 0)  # of each class, up to a factor
    return (len(labels) * together / (together.sum() * somewhat)).astype(np.float32)


def _counts(labels: np.ndarray, num_classes: int, shares: np.ndarray | None) -> np.ndarray:
    """Returns how many chunks of each class an epoch has."""
    return np.bincount(labels, None if shares is None else shares * len(labels), num_classes)


def training_prior(
    labels: np.ndarray, num_classes: int, config: TrainingConfig, *, shares: np.ndarray | None = None
) -> np.ndarray:
    """Returns how likely each class is before anything is heard, as training has it: its share of the weights.

    Args:
        labels: Class of each chunk in training, shape `(chunks,)`.
        num_classes: Number of classes.
        config: Whether, and how strongly, rare classes weigh more.
        shares: See `experiments.engine.sampling.heard_shares`.

    Example:
        >>> labels = np.array([0, 0, 0, 1])
        >>> training_prior(labels, 2, TrainingConfig(class_weights=False)).tolist()
        [0.75, 0.25]
        >>> training_prior(labels, 2, TrainingConfig(balance=1)).round(6).tolist()
        [0.5, 0.5]
    """
    counts = _counts(labels, num_classes, shares).astype(float)
    if config.class_weights:
        counts *= class_weights(labels, num_classes, balance=config.balance, shares=shares)
    return counts / counts.sum()


def logit_offsets(
    labels: np.ndarray, num_classes: int, config: TrainingConfig, *, shares: np.ndarray | None = None
) -> np.ndarray:
    """Returns what is to be taken off the logit of each class, shape `(classes,)`; zeros without adjustment.

    It is `strength * log(prior)`. A class that training does not have is treated as the most frequent one: it is not
    to be named because nothing is known of it.

    Args:
        labels: Class of each chunk in training, shape `(chunks,)`.
        num_classes: Number of classes.
        config: The strength, and the weights that make the prior.
        shares: See `training_prior`.

    Example:
        >>> config = TrainingConfig(class_weights=False, logit_adjustment=1)
        >>> logit_offsets(np.array([0, 0, 0, 1]), 2, config).round(3).tolist()
        [-0.288, -1.386]
    """
    prior = training_prior(labels, num_classes, config, shares=shares)
    return config.logit_adjustment * np.log(np.where(prior > 0, prior, prior.max()))


def adjusted(probabilities: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Returns probabilities as they are when something is taken off the logits behind them.

    Args:
        probabilities: Shape `(answers, classes)`.
        offsets: Shape `(classes,)`.

    Example:
        >>> adjusted(np.array([[0.9, 0.1]]), np.log([0.9, 0.1])).round(3).tolist()
        [[0.5, 0.5]]
    """
    if not offsets.any():
        return probabilities
    scaled = np.maximum(probabilities, SMALLEST_PROBABILITY) * np.exp(offsets.min() - offsets)
    return scaled / scaled.sum(axis=1, keepdims=True)
