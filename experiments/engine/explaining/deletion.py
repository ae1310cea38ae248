"""What a model answers without each note: the plain way to ask what a note does."""

import numpy as np

from experiments.engine.explaining.chunks import ReadPiece
from experiments.engine.explaining.gradients import log_odds

MOST_DELETIONS = 3000
"""A piece with more notes is asked without two of them at once, or more, so that it takes no more than a minute."""

AT_ONCE = 256
"""Changed chunks that are kept in memory: 40 MB."""


def deletion_weights(piece: ReadPiece, wanted: int, *, most: int = MOST_DELETIONS) -> np.ndarray:
    """Returns the weight of each note, float64 `(notes,)`: by how much the log-odds of a class fall without it.

    Changes of several chunks add up. Of more than `most` notes, neighbours in time are taken away together and share
    their weight equally.

    Args:
        piece: The piece.
        wanted: The class.
        most: How often to ask at most.
    """
    notes = piece.notes.notes
    weights, before = np.zeros(len(notes)), log_odds(piece.probabilities, wanted)
    changed, places, owners = [], [], []

    def ask() -> None:
        after = log_odds(piece.ask(np.concatenate(changed)), wanted)
        for place, group, odds in zip(places, owners, after, strict=True):
            weights[group] += (before[place] - odds) / len(group)
        for waiting in (changed, places, owners):
            waiting.clear()

    for group in groups_of(piece, most):
        rows = piece.without(group)
        near = _reached(piece, notes[group])
        chunks = piece.chunks_of(rows, near)
        differs = (chunks != piece.chunks[near]).any(axis=(1, 2, 3))
        changed.append(chunks[differs])
        places.extend(near[differs])
        owners.extend([group] * int(differs.sum()))
        if len(places) >= AT_ONCE:
            ask()
    if places:
        ask()
    return weights


def groups_of(piece: ReadPiece, most: int) -> list[np.ndarray]:
    """Returns which notes to take away together: indices, as few at once as `most` groups allow."""
    heard = np.flatnonzero(piece.is_heard)
    order = heard[np.argsort(piece.notes.notes["start_s"][heard], kind="stable")]
    size = max(-(-len(order) // most), 1)
    return [order[first : first + size] for first in range(0, len(order), size)]


def _reached(piece: ReadPiece, notes: np.ndarray) -> np.ndarray:
    """Returns the chunks that notes may sound in: a pedal may hold them for as long as a chunk after their ends."""
    rate, length = piece.encoder.frames_per_second, piece.encoder.chunk_frames
    first, last = int(notes["start_s"].min() * rate), int(notes["end_s"].max() * rate)
    return np.flatnonzero((piece.starts + length > first) & (piece.starts <= last + length))
