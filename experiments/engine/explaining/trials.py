"""Can weights be believed? A piece without the notes that decided, and asked of a model that has learnt nothing."""

import dataclasses
from typing import Any

import keras
import numpy as np

from experiments.engine.explaining.attribution import (
    METHODS,
    compare_weights,
    gradient_weights,
    top_notes,
)
from experiments.engine.explaining.chunks import ReadPiece, joined
from experiments.engine.explaining.deletion import deletion_weights
from experiments.engine.explaining.gradients import IntegratedGradients, log_odds
from features.midi import Notes
from models.saving import in_float32

NUM_DRAWS = 10
"""Random tenths of the notes that are taken away in turn; their mean stands beside the notes that decided."""

NUM_LENGTHS = 10
"""Into so many classes of length notes fall, when random ones are to last as long as those that decided."""


def shuffled(model: keras.Model, seed: int) -> keras.Model:
    """Returns a network like another, but each of its arrays of weights in random order: it has learnt nothing."""
    copy, chance = in_float32(model), np.random.default_rng(seed)
    copy.set_weights([chance.permuted(array.ravel()).reshape(array.shape) for array in copy.get_weights()])
    return copy


def beginning(notes: Notes, seconds: float) -> Notes:
    """Returns what begins in the first seconds of a piece, which ends there; so do its pedals and bends."""
    cut = {"notes": notes.notes[notes.notes["start_s"] < seconds]}
    cut |= {name: getattr(notes, name) for name in ("instruments", "pedals", "bends")}
    for name, table in cut.items():
        cut[name] = table = table.copy()
        time = "time_s" if "time_s" in table.dtype.names else "end_s"
        table[time] = np.minimum(table[time], seconds)
    return dataclasses.replace(notes, **cut)


def try_piece(
    piece: ReadPiece, ignorant: IntegratedGradients, *, seed: int
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Tries the weights of the notes of a piece.

    Args:
        piece: The piece as the model reads it.
        ignorant: Integrated gradients of a model whose weights are shuffled.
        seed: Of the random notes.

    Returns:
        What was found, and the weights by method. By how much the probability of the answer falls (`fall_...`) and its
        log-odds (`odds_...`), and how often another composer is answered (`changed_...`), without the tenth of the
        notes that has the greatest weights by each method, without a random tenth (`..._random`), and without a random
        tenth of notes that last as long (`..._similar`, as those of the first method); how alike the two methods are;
        how alike gradients are to those of the ignorant model.
    """
    heard = np.flatnonzero(piece.is_heard)
    wanted = int(piece.answer.argmax())
    weights = {
        method: found[heard]
        for method, found in zip(
            METHODS,
            (gradient_weights(piece, wanted), deletion_weights(piece, wanted)),
            strict=True,
        )
    }
    row = {"notes": len(heard), "chunks": len(piece.starts), "answer": piece.saved.classes[wanted]}
    row["probability"] = float(piece.answer[wanted])
    top = {method: top_notes(found) for method, found in weights.items()}
    chance, first = np.random.default_rng(seed), top[METHODS[0]]
    lengths = (piece.notes.notes["end_s"] - piece.notes.notes["start_s"])[heard]
    taken = {method: [notes] for method, notes in top.items()}
    taken["random"] = [chance.choice(len(heard), len(first), replace=False) for _ in range(NUM_DRAWS)]
    taken["similar"] = [as_long(first, lengths, chance) for _ in range(NUM_DRAWS)]
    for name, draws in taken.items():
        after = piece.answers_without(*(heard[notes] for notes in draws))
        losses = [_loss(piece.probabilities, answers, wanted) for answers in after]
        row |= {f"{key}_{name}": float(np.mean([loss[key] for loss in losses])) for key in losses[0]}
    agreement = compare_weights(*weights.values())
    unlearnt = gradient_weights(piece, wanted, attribute=ignorant)[heard]
    row |= {
        "rank_correlation": agreement.rank_correlation,
        "top_overlap": agreement.top_overlap,
        "unlearnt": compare_weights(weights[METHODS[0]], unlearnt).rank_correlation,
        "unlearnt_sizes": compare_weights(np.abs(weights[METHODS[0]]), np.abs(unlearnt)).rank_correlation,
        "unlearnt_top_overlap": compare_weights(weights[METHODS[0]], unlearnt).top_overlap,
    }
    return row, weights


def as_long(chosen: np.ndarray, lengths: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Returns random notes, as many of each class of length as there are among the chosen ones.

    Args:
        chosen: Indices of notes.
        lengths: Of all notes, in seconds.
        chance: Where randomness comes from.

    Example:
        >>> drawn = as_long(np.array([0]), np.array([4.0, 1.0, 1.0, 4.0]), np.random.default_rng(0))
        >>> bool(drawn[0] in (0, 3))
        True
    """
    bounds = np.unique(np.quantile(lengths, np.linspace(0, 1, NUM_LENGTHS + 1)[1:-1]))
    classes = np.searchsorted(bounds, lengths, side="right")
    return np.concatenate(
        [
            chance.choice(np.flatnonzero(classes == found), count, replace=False)
            for found, count in zip(*np.unique(classes[chosen], return_counts=True), strict=True)
        ]
    )


def _loss(before: np.ndarray, after: np.ndarray, wanted: int) -> dict[str, float]:
    return {
        "fall": float(joined(before)[wanted] - joined(after)[wanted]),
        "odds": float((log_odds(before, wanted) - log_odds(after, wanted)).mean()),
        "changed": float(joined(after).argmax() != wanted),
    }
