"""Models compared on the same pieces: differences and means of macro-F1, drawn together by work.

Of answers about composers who were held out, all that somebody wrote is drawn together (`Predictions.units`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.engine.evaluation import combined_macro_f1, macro_f1, score_over_draws
from experiments.engine.predictions import Predictions


def combine(parts: Sequence[Predictions], weights: Sequence[float]) -> dict[str, float | None]:
    """Returns a weighted sum of the macro-F1 of several models, with its 95 % interval over draws of works.

    Args:
        parts: Answers of the models for the same pieces, in any order.
        weights: `(1, -1)` for a difference, `(1/3, 1/3, 1/3)` for a mean; see `combined_macro_f1`.

    Returns:
        `macro_f1`, `macro_f1_low` and `macro_f1_high`; the last two are None where there are too few works.
    """
    first = parts[0]
    answers = np.stack([_answers_for(first.pieces, part) for part in parts])
    score, low, high = combined_macro_f1(
        first.labels, answers, weights=weights, works=first.units, num_classes=len(first.classes)
    )
    return {"macro_f1": score, "macro_f1_low": low, "macro_f1_high": high}


@dataclass(frozen=True)
class Combined:
    """A weighted sum of the scores of several models.

    Attributes:
        value: The sum.
        low: Lower end of its 95 % interval over draws of works; None where there are too few for one.
        high: Upper end.
        num_pieces: How many pieces all of the models answered for, which alone count.
        drawn: What the interval draws; see `Predictions.drawn`.
    """

    value: float
    low: float | None
    high: float | None
    num_pieces: int
    drawn: str


def combine_on_common_pieces(
    parts: Sequence[Predictions],
    weights: Sequence[float],
    score: Callable[[np.ndarray], np.ndarray] = macro_f1,
) -> Combined | None:
    """Returns a weighted sum of a score of several models, on the pieces that all of them answered for.

    The models may have answered for different chunks of these pieces, as under the protocol `chunk`. Every draw
    of works (of composers, if these were held out from any of the models) is scored for all alike.

    Args:
        parts: Answers of the models by piece, or all of them by chunk, over the same classes.
        weights: `(1, -1)` for a difference, `(1,)` for a score with its interval.
        score: From confusions, shape `(..., classes, classes)`, to a number each.

    Returns:
        The sum; None if no piece is common to all.
    """
    if len({part.classes for part in parts}) > 1:
        raise ValueError("Models can only be compared on the same classes.")
    common = set.intersection(*(set(part.pieces) for part in parts))
    if not common:
        return None
    widest = max(parts, key=lambda part: bool(part.writers))
    unit_of = dict(zip(widest.pieces, widest.units, strict=True))
    numbers = {unit: number for number, unit in enumerate(sorted({unit_of[piece] for piece in common}))}
    kept = [np.flatnonzero([piece in common for piece in part.pieces]) for part in parts]
    value, low, high = score_over_draws(
        [part.labels[keep] for part, keep in zip(parts, kept, strict=True)],
        [part.probabilities.argmax(axis=1)[keep] for part, keep in zip(parts, kept, strict=True)],
        [
            np.array([numbers[unit_of[part.pieces[index]]] for index in keep])
            for part, keep in zip(parts, kept, strict=True)
        ],
        score=lambda confusions: score(confusions) @ np.asarray(weights, dtype=float),
        num_classes=len(parts[0].classes),
    )
    return Combined(value, low, high, len(common), widest.drawn)


def differences(
    network: Sequence[Predictions], stacked: Sequence[Predictions], fingerprint: Sequence[Predictions]
) -> dict[str, dict[str, float | None]]:
    """Returns by how much the network, and network and fingerprint stacked, are better than the fingerprint.

    Args:
        network: Answers by piece, one set for each training seed.
        stacked: The same of both stacked; may be empty.
        fingerprint: The same of the fingerprint, on the same splits.

    Returns:
        `network_minus_fingerprint` and `stacked_minus_fingerprint`, each as `combine` returns it.
    """
    share = 1 / len(fingerprint)
    weights = [share] * len(fingerprint) + [-share] * len(fingerprint)
    better = {"network": network} | ({"stacked": stacked} if stacked else {})
    return {
        f"{name}_minus_fingerprint": combine([*parts, *fingerprint], weights)
        for name, parts in better.items()
    }


def _answers_for(pieces: Sequence[str], part: Predictions) -> np.ndarray:
    """The class answered for each of these pieces, shape `(pieces,)`."""
    if part.pieces == tuple(pieces):
        return part.probabilities.argmax(axis=1)
    places = {piece: place for place, piece in enumerate(part.pieces)}
    if sorted(places) != sorted(pieces):
        raise ValueError("Models can only be compared on the same pieces.")
    return part.probabilities.argmax(axis=1)[[places[piece] for piece in pieces]]
