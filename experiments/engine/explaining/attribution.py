"""Which notes of a piece speak for a composer, told in two ways that may or may not agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from experiments.engine.explaining.chunks import ReadPiece, read_with
from experiments.engine.explaining.deletion import deletion_weights
from experiments.engine.explaining.sharing import share_cells
from experiments.engine.saved_models import SavedModel
from features.errors import InputError
from features.midi import Notes

if TYPE_CHECKING:
    from experiments.engine.explaining.gradients import IntegratedGradients

GRADIENTS, DELETION = "gradients", "deletion"
METHODS = (GRADIENTS, DELETION)

TOP = 0.1
"""The share of the notes that are said to decide."""

AGREE = 0.5
"""From this rank correlation on, two ways of weighing notes are said to agree."""


@dataclass(frozen=True)
class Agreement:
    """How alike two sets of weights are.

    Attributes:
        rank_correlation: Spearman's, over the notes.
        top_overlap: Share of the notes with the greatest weights of the one that have those of the other too; of two
            random sets, about `TOP`.
    """

    rank_correlation: float
    top_overlap: float

    @property
    def agrees(self) -> bool:
        """Whether they may be said to agree."""
        return self.rank_correlation >= AGREE


@dataclass(frozen=True)
class Explanation:
    """Why a model answers what it answers.

    Attributes:
        piece: The piece as the model reads it.
        composer: For whom the weights speak.
        weights: By method, float64 `(notes,)`: how much each of `piece.notes.notes` adds to the log-odds of the
            composer, summed over chunks. Above 0 it speaks for the composer, below 0 against.
    """

    piece: ReadPiece
    composer: str
    weights: dict[str, np.ndarray]

    @property
    def answer(self) -> dict[str, float]:
        """The probability of each composer for the whole piece."""
        return dict(zip(self.piece.saved.classes, self.piece.answer.tolist(), strict=True))

    def top(self, method: str = GRADIENTS, *, sign: int = 1) -> np.ndarray:
        """Returns the indices of the notes that decided, or with sign -1 of those that speak most against."""
        heard = np.flatnonzero(self.piece.is_heard)
        return heard[top_notes(sign * self.weights[method][heard])]

    @property
    def agreement(self) -> Agreement | None:
        """How alike the methods are; None if there is only one."""
        if len(self.weights) < 2:
            return None
        heard = self.piece.is_heard
        return compare_weights(*(self.weights[name][heard] for name in METHODS))


def note_attributions(
    saved: SavedModel, notes: Notes, *, composer: str | None = None, methods: Sequence[str] = METHODS
) -> Explanation:
    """Says which notes of a piece speak for a composer.

    Args:
        saved: A model of piano rolls.
        notes: What `read_notes` returned.
        composer: One of those that the model knows; None for the one it answers.
        methods: `"gradients"`, which takes a tenth of a second a chunk, `"deletion"`, several times as long, or both.

    Returns:
        The weights of the notes. Those of `explanation.piece.notes.notes` are the same notes in the same order, unless
        the model's encoder takes something away from them.

    Raises:
        InputError: The model reads no piano rolls or does not know the composer, or nothing can be heard in the piece.
    """
    piece = read_with(saved, notes)
    if composer is not None and composer not in saved.classes:
        raise InputError(
            f"Expected a composer whom the model knows ({', '.join(saved.classes)}), but received {composer!r}."
        )
    wanted = int(piece.answer.argmax()) if composer is None else saved.classes.index(composer)
    ways = {GRADIENTS: gradient_weights, DELETION: deletion_weights}
    return Explanation(piece, saved.classes[wanted], {name: ways[name](piece, wanted) for name in methods})


def gradient_weights(
    piece: ReadPiece, wanted: int, *, attribute: "IntegratedGradients | None" = None
) -> np.ndarray:
    """Returns the weight of each note by integrated gradients, float64 `(notes,)`.

    Args:
        piece: The piece.
        wanted: The class.
        attribute: Of another model, to ask that; None for the piece's own.
    """
    from experiments.engine.explaining.gradients import of_model

    attribute = attribute or of_model(piece.saved.model)
    length = piece.encoder.chunk_frames
    cells = np.zeros((piece.chunks.shape[1], piece.rows.num_frames + length))
    for start, chunk in zip(piece.starts, piece.chunks, strict=True):
        cells[:, start : start + length] += attribute(chunk, wanted).sum(axis=-1)
    heard, weights = piece.is_heard, np.zeros(len(piece.notes.notes))
    weights[heard] = share_cells(piece.notes.notes[heard], cells, piece.encoder.frames_per_second)
    return weights


def compare_weights(one: np.ndarray, other: np.ndarray) -> Agreement:
    """Returns how alike two sets of weights of the same notes are; weights that are all the same are like none."""
    from scipy.stats import rankdata

    ranks = np.stack([rankdata(one), rankdata(other)])
    ranks = ranks - ranks.mean(axis=1, keepdims=True)
    spread = np.sqrt((ranks**2).sum(axis=1)).prod()
    top = [set(top_notes(weights).tolist()) for weights in (one, other)]
    return Agreement(
        float((ranks[0] * ranks[1]).sum() / spread) if spread else 0.0, len(top[0] & top[1]) / len(top[0])
    )


def top_notes(weights: np.ndarray, share: float = TOP) -> np.ndarray:
    """Returns the indices of the notes with the greatest weights, the greatest first; one at least.

    Example:
        >>> top_notes(np.array([0.1, 3.0, -4.0, 2.0]), 0.5).tolist()
        [1, 3]
    """
    return np.argsort(-weights, kind="stable")[: max(round(share * len(weights)), 1)]
