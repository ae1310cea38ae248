"""None of these: scores that are low for music by composers whom a model does not know, and where to draw the line."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

MOST_REJECTED = 0.1
"""Share of any composer's pieces that may be called none of these, on the pieces that the threshold is chosen on.

That it is of any composer's and not of all pieces was decided after a look at test pieces too; no threshold was."""


def max_probability(probabilities: np.ndarray, _: np.ndarray) -> np.ndarray:
    """How likely the likeliest composer of each piece is."""
    return probabilities.max(axis=1)


def certainty(probabilities: np.ndarray, _: np.ndarray) -> np.ndarray:
    """1 less the entropy of the answer for each piece, as a share of the largest that there can be."""
    return 1 - _entropy(probabilities)


def chunk_certainty(_: np.ndarray, chunks: np.ndarray) -> np.ndarray:
    """The same of the mean answer for the chunks of each piece: chunks that disagree make it low."""
    return 1 - _entropy(chunks)


SCORES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "max_probability": max_probability,
    "certainty": certainty,
    "chunk_certainty": chunk_certainty,
}
"""From calibrated probabilities of pieces, and from the means of their chunks' answers, both of
shape `(pieces, classes)`, to a score of each piece, from 0 to 1: the lower, the likelier none of these."""


@dataclass(frozen=True)
class Threshold:
    """Where the line is drawn.

    Attributes:
        score: Name of the score.
        value: Pieces below it are by none of these.
        false_rejections: Share of known pieces below it, the mean over their composers.
        false_acceptances: Share of pieces by unknown composers that are not.
    """

    score: str
    value: float
    false_rejections: float
    false_acceptances: float


def choose_threshold(
    known: dict[str, np.ndarray], unknown: dict[str, np.ndarray], *, composers: np.ndarray
) -> Threshold:
    """Returns the score and the threshold with the fewest mistakes, both kinds weighing alike, and all known composers.

    Of no composer more than `MOST_REJECTED` may be rejected: who asks about Chopin is not served by "none of these",
    however many pieces by Bach there are.

    Args:
        known: By name of the score, those of pieces by composers that the model knows, shape `(pieces,)`.
        unknown: The same of pieces by others.
        composers: Of the known pieces, shape `(pieces,)`.

    Example:
        >>> known, unknown = {"a": np.array([0.6, 0.8, 0.9])}, {"a": np.array([0.5, 0.55, 0.7])}
        >>> found = choose_threshold(known, unknown, composers=np.array(["Ada", "Ada", "Bela"]))
        >>> found.value, found.false_rejections, round(found.false_acceptances, 3)
        (0.6, 0.0, 0.333)
    """
    allowed = []
    for name in known:
        for value in np.unique(known[name]):
            shares = rejected_shares(known[name], composers, value)
            if max(shares) <= MOST_REJECTED:
                accepted = accepted_share(unknown[name], value)
                allowed.append(Threshold(name, float(value), float(np.mean(shares)), accepted))
    return min(allowed, key=lambda threshold: threshold.false_rejections + threshold.false_acceptances)


def rejected_shares(known: np.ndarray, composers: np.ndarray, threshold: float) -> list[float]:
    """Returns for each composer, in alphabetical order, the share of known pieces below a threshold."""
    return [float(np.mean(known[composers == name] < threshold)) for name in np.unique(composers)]


def accepted_share(unknown: np.ndarray, threshold: float) -> float:
    """Returns the share of pieces by unknown composers that are not below a threshold."""
    return float(np.mean(unknown >= threshold))


def separation(known: np.ndarray, unknown: np.ndarray) -> float:
    """Returns how often a known piece has a higher score than an unknown one: the area under the ROC curve.

    Example:
        >>> separation(np.array([0.6, 0.9]), np.array([0.5, 0.7]))
        0.75
    """
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(known, unknown).statistic / (len(known) * len(unknown)))


def _entropy(probabilities: np.ndarray) -> np.ndarray:
    """From 0 to 1, where all classes are equally likely."""
    from scipy.special import entr

    return entr(probabilities).sum(axis=1) / np.log(probabilities.shape[1])
