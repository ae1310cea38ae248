"""Which pieces of another corpus a model has heard before, in whatever file: they tell nothing of what carries over."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from experiments.engine.saved_models import Heard
from features.corpora.catalogue import Piece
from features.datasets import Dataset
from features.splits.near_duplicates import assign_near_duplicates
from features.splits.works import assign_works

UNHEARD = ""

REASONS = {
    "same file": "byte by byte a file that was heard",
    "same music": "the same music as in a file that was heard, in any key, at any tempo",
    "same work": "another movement or arrangement of a work that was heard",
}
"""Why a piece counts as heard, the surest first."""


def find_heard(
    known: Dataset,
    known_pieces: Sequence[Piece],
    heard: np.ndarray,
    *,
    external: Dataset,
    external_pieces: Sequence[Piece],
    by_name: Heard,
) -> list[str]:
    """Returns for each piece of another corpus why it counts as heard, one of `REASONS`; empty if it does not.

    What is one work is told from both corpora together, by the evidence by which works are told within one.

    Args:
        known: The corpus of the model.
        known_pieces: What it was read from.
        heard: `(pieces,)`, whether the model was trained or validated on a piece of it.
        external: The other corpus, its composers called as in the first.
        external_pieces: What that was read from.
        by_name: What the model says it has heard, for pieces that are not in `known` any more.
    """
    names = [*known.pieces, *(f"external/{piece}" for piece in external.pieces)]
    contents, outlines = (*known.contents, *external.contents), (*known.outlines, *external.outlines)
    here, there = (_by_name(pieces) for pieces in (known_pieces, external_pieces))
    pieces = [
        *(here[piece] for piece in known.pieces),
        # Under their own names within the title, since that tells of the work; two pieces may have one name.
        *(
            replace(there[piece], piece=name, title=there[piece].title or piece)
            for piece, name in zip(external.pieces, names[len(known.pieces) :], strict=True)
        ),
    ]
    keys = {
        "same file": contents,
        "same music": assign_near_duplicates(names, contents, outlines),
        "same work": assign_works(pieces, outlines),
    }
    known_as = {"same file": by_name.contents, "same work": by_name.works}
    reasons = [UNHEARD] * len(external.pieces)
    for reason, values in reversed(keys.items()):
        ours = {values[index] for index in np.flatnonzero(heard)}
        named = external.contents if reason == "same file" else external.works
        for index, value in enumerate(values[len(known.pieces) :]):
            if value in ours or named[index] in known_as.get(reason, ()):
                reasons[index] = reason
    return reasons


def _by_name(pieces: Sequence[Piece]) -> dict[str, Piece]:
    return {piece.piece: piece for piece in pieces}
