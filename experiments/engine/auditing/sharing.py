"""Which pieces of another corpus a model has heard before, in whatever file: they tell nothing of what carries over."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from experiments.engine.heard import REASONS, SAME_FILE, SAME_MUSIC, SAME_WORK, Heard
from features.corpora.catalogue import Piece
from features.datasets import Dataset
from features.splits.near_duplicates import assign_near_duplicates
from features.splits.works import assign_works


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
        SAME_FILE: contents,
        SAME_MUSIC: assign_near_duplicates(names, contents, outlines),
        SAME_WORK: assign_works(pieces, outlines),
    }
    reasons, surest = by_name.reasons(external), list(REASONS).index
    for reason, values in keys.items():
        ours = {values[index] for index in np.flatnonzero(heard)}
        for index, value in enumerate(values[len(known.pieces) :]):
            if value in ours:
                reasons[index] = min(filter(None, (reasons[index], reason)), key=surest)
    return reasons


def _by_name(pieces: Sequence[Piece]) -> dict[str, Piece]:
    return {piece.piece: piece for piece in pieces}
