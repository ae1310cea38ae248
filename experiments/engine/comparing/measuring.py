"""Scores of several models on the same pieces with their intervals, and their differences, drawn together by work."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.stats import binomtest

from experiments.engine.comparison import Combined, combine_on_common_pieces
from experiments.engine.evaluation import (
    accuracy,
    addends,
    calibration_error,
    log_loss,
    macro_f1,
    over_draws,
)
from experiments.engine.predictions import Predictions
from features.words import counted

OF_CONFUSIONS = {"accuracy": accuracy, "macro_f1": macro_f1}

OF_ADDENDS = {"log_loss": log_loss, "calibration_error": calibration_error}

METRICS = (*OF_CONFUSIONS, *OF_ADDENDS)
"""What is measured by piece; by chunk, only what needs no more than the answers."""

SURE = 0.05
"""A corrected p below this is more than chance."""

VERDICTS = {
    (True, True): "more than chance",
    (True, False): "not settled, the interval leaves 0 out but the count of works could be a coin's",
    (False, True): "not settled, the count of works is no coin's but the interval holds 0",
    (False, False): "may be chance",
}
"""What to call a difference, by whether its interval leaves 0 out, and whether its p is below `SURE`."""


def measure(parts: Sequence[Predictions], weights: Sequence[float], metric: str) -> Combined:
    """Returns a weighted sum of a score of several models over draws of works, of too few without interval.

    Args:
        parts: Answers of the models; by piece they are for the same pieces in the same order.
        weights: `(1,)` for a score, `(1, -1)` for a difference.
        metric: One of `METRICS`.
    """
    if metric in OF_CONFUSIONS:
        return combine_on_common_pieces(parts, weights, OF_CONFUSIONS[metric])
    _, works = np.unique(parts[0].units, return_inverse=True)
    values = np.concatenate([addends(part.labels, part.probabilities) for part in parts], axis=1)
    by_work = csr_array((np.ones(len(works)), (works, np.arange(len(works))))) @ csr_array(values)
    shape = (len(parts), values.shape[1] // len(parts))
    found = over_draws(
        by_work, shape, score=lambda sums: OF_ADDENDS[metric](sums) @ np.asarray(weights, dtype=float)
    )
    return Combined(*found, num_pieces=len(works), drawn=parts[0].drawn)


def is_right(part: Predictions) -> np.ndarray:
    """Returns whether each answer is right, shape `(answers,)`."""
    return part.probabilities.argmax(axis=1) == part.labels


@dataclass(frozen=True)
class Pair:
    """Two models on the same pieces, the one with more right answers first.

    Attributes:
        better: Letter of the first.
        worse: Letter of the second.
        differences: First minus second, by metric.
        works: How many works the first is better on, the second is, and neither is.
        pieces: How many pieces only the first answers rightly, and only the second.
        p_works: Of McNemar's exact test by work.
        p_pieces: Of McNemar's exact test by piece, as if the pieces of a work were independent.
        num_pairs: How many pairs are compared at once, for which both are corrected (Holm, 1979).
        memories: Why either may be right from memory, in clauses.
    """

    better: str
    worse: str
    differences: dict[str, Combined]
    works: tuple[int, int, int]
    pieces: tuple[int, int]
    p_works: float
    p_pieces: float
    num_pairs: int
    memories: tuple[str, ...] = ()

    @property
    def drawn(self) -> str:
        """What the intervals draw: works, or composers that were held out."""
        return self.differences["accuracy"].drawn

    @property
    def is_sure(self) -> bool:
        """Whether the difference in accuracy is more than chance, by interval and corrected test, and no memory."""
        return self.verdict == VERDICTS[True, True] and not self.memories

    @property
    def verdict(self) -> str:
        """Whether the difference in accuracy may be chance, in words."""
        low = self.differences["accuracy"].low
        return f"too few {self.drawn} to tell" if low is None else VERDICTS[low > 0, self.p_works < SURE]

    @property
    def sentence(self) -> str:
        """Says who is better, by how much, and whether that is sure."""
        found, (more, fewer, _) = self.differences["accuracy"], self.works
        even = f"{self.better} and {self.worse} are right equally often; {self.better} is better on"
        verdict = even if found.value == 0 else f"{self.better} is better than {self.worse} on"
        interval = f"too few {self.drawn} for an interval"
        if found.low is not None:
            interval = f"95 % interval {100 * found.low:.1f} to {100 * found.high:.1f}"
        corrected = f" after Holm's correction for {self.num_pairs} comparisons" if self.num_pairs > 1 else ""
        doubt = f" But {' and '.join(self.memories)}." if self.memories else ""
        return (
            f"{verdict} {counted(more, 'work')}, worse on {fewer}; difference {100 * found.value:.1f} points, "
            f"{interval}: {self.verdict} "
            f"(p = {self.p_works:.2g} by work{corrected}).{doubt}"
        )


def compare_pairs(letters: Sequence[str], parts: Sequence[Predictions]) -> list[Pair]:
    """Returns every pair of models, compared on the same pieces.

    Args:
        letters: What the models are called.
        parts: Their answers by piece, for the same pieces in the same order.
    """
    numbers = [(one, other) for one in range(len(parts)) for other in range(one + 1, len(parts))]
    tallies = [_count(parts[one], parts[other]) for one, other in numbers]
    p_works = holm([mcnemar(*works[:2]) for works, _ in tallies])
    p_pieces = holm([mcnemar(*pieces) for _, pieces in tallies])
    pairs = []
    for (one, other), (works, pieces), by_work, by_piece in zip(
        numbers, tallies, p_works, p_pieces, strict=True
    ):
        if pieces[0] < pieces[1]:
            one, other, works, pieces = other, one, (works[1], works[0], works[2]), pieces[::-1]
        found = {metric: measure((parts[one], parts[other]), (1, -1), metric) for metric in METRICS}
        pairs.append(
            Pair(
                *(letters[one], letters[other], found, works, pieces, by_work, by_piece, len(numbers)),
            )
        )
    return pairs


def _count(one: Predictions, other: Predictions) -> tuple[tuple[int, int, int], tuple[int, int]]:
    """Counts works on which each is better, and pieces that only one answers rightly."""
    difference = is_right(one).astype(int) - is_right(other)
    _, works = np.unique(one.works, return_inverse=True)
    by_work = np.sign(np.bincount(works, weights=difference))
    of_works = tuple(int((by_work == sign).sum()) for sign in (1, -1, 0))
    return of_works, (int((difference > 0).sum()), int((difference < 0).sum()))


def mcnemar(more: int, fewer: int) -> float:
    """Returns the p of McNemar's exact test: could a coin have decided who is better on each?

    Args:
        more: On how many the one is better.
        fewer: On how many the other is.

    Example:
        >>> mcnemar(5, 0), mcnemar(3, 3), mcnemar(0, 0)
        (0.0625, 1.0, 1.0)
    """
    return float(binomtest(more, more + fewer).pvalue) if more + fewer else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Returns p values corrected for many comparisons, so that one false alarm among all stays rare (Holm, 1979).

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    corrected = np.minimum(np.maximum.accumulate(np.asarray(p_values)[order] * factors), 1)
    return corrected[np.argsort(order, kind="stable")].tolist()
