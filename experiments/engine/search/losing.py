"""Which trials end before their last fold: those that lie clearly behind the best one.

All trials are validated on the same folds, so that they can be compared fold by fold. What is clear is told by how
much folds disagree on which of two settings is better: a trial ends when its mean distance from the best one, over the
folds it has done, is more than the standard error of such a mean. (The idea of racing, as in irace, López-Ibáñez et
al., 2016, without its tests, for which three folds are too few.)
"""

import math
from collections.abc import Sequence
from statistics import fmean, variance

LEAST_FINISHED = 2
"""With fewer trials that have done every fold it is not known how much folds disagree."""


def is_losing(scores: Sequence[float], finished: Sequence[Sequence[float]]) -> bool:
    """Whether a trial should end after the folds it has done.

    Args:
        scores: Of its folds so far, in their order.
        finished: For each trial that has done every fold, the scores of its folds.

    Example:
        >>> is_losing([0.60], [[0.70, 0.60, 0.65], [0.71, 0.63, 0.65]])
        True
        >>> is_losing([0.70], [[0.70, 0.60, 0.65], [0.71, 0.63, 0.65]])
        False
    """
    if len(finished) < LEAST_FINISHED or len(finished[0]) < 2 or len(scores) >= len(finished[0]):
        return False
    best = max(finished, key=fmean)
    standard_error = math.sqrt(_disagreement(finished, best) / len(scores))
    return _mean_distance(scores, best) > standard_error


def comparable_score(scores: Sequence[float], finished: Sequence[Sequence[float]]) -> float:
    """Returns the score of a trial that ended early, as if it had done every fold.

    Folds differ in how hard they are, so the score is that of the best trial less the distance on the folds that both
    have done: whatever ended early stays behind it.

    Example:
        >>> round(comparable_score([0.60], [[0.70, 0.60, 0.65], [0.71, 0.63, 0.65]]), 4)
        0.5533
    """
    best = max(finished, key=fmean)
    return fmean(best) - _mean_distance(scores, best)


def _disagreement(finished: Sequence[Sequence[float]], best: Sequence[float]) -> float:
    """The variance over folds of the distance of two trials, the mean over all trials but the best."""
    distances = [
        [b - s for s, b in zip(scores, best, strict=True)] for scores in finished if scores is not best
    ]
    return fmean(variance(distance) for distance in distances)


def _mean_distance(scores: Sequence[float], best: Sequence[float]) -> float:
    return fmean(b - s for s, b in zip(scores, best, strict=False))
