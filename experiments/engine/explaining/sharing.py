"""Weights of the cells of a roll, shared among the notes that fill them."""

import numpy as np


def share_cells(notes: np.ndarray, cells: np.ndarray, frames_per_second: float) -> np.ndarray:
    """Returns the weight of each note, float64 `(notes,)`: the sum of its cells.

    Notes that sound in the same cell get equal parts of it. A cell in which none does, because the pedal prolongs a
    note, belongs to the last note of its pitch before; what a bend moves to a pitch that was never struck is lost.

    Args:
        notes: Structured array `(notes,)` of dtype `NOTE`.
        cells: Weights `(pitches, frames)`.
        frames_per_second: Frames in a second.

    Example:

    >>> from features.midi import NOTE
    >>> notes = np.zeros(3, NOTE)
    >>> notes["start_s"], notes["end_s"], notes["pitch"] = (0, 0.2, 0), (0.4, 0.4, 0.1), (60, 60, 62)
    >>> cells = np.zeros((128, 5))
    >>> cells[60, :4], cells[62, :3] = 1, 1
    >>> share_cells(notes, cells, 10).tolist()
    [3.0, 1.0, 3.0]
    """
    num_pitches, num_frames = cells.shape
    first, end, pitch = frames_of(notes, num_frames, frames_per_second)
    changes = np.zeros((num_pitches, num_frames + 1))
    np.add.at(changes, (pitch, first), 1)
    np.add.at(changes, (pitch, end), -1)
    sounding = changes.cumsum(axis=1)[:, :num_frames]
    sums = np.zeros((num_pitches, num_frames + 1))
    np.cumsum(cells / np.maximum(sounding, 1) * (sounding > 0), axis=1, out=sums[:, 1:])
    weights = sums[pitch, end] - sums[pitch, first]

    order = np.argsort(first, kind="stable")
    rank = np.full((num_pitches, num_frames + 1), -1)
    np.maximum.at(rank, (pitch[order], first[order]), np.arange(len(order)))
    latest = np.maximum.accumulate(rank, axis=1)[:, :num_frames]
    is_held = (sounding == 0) & (latest >= 0) & (cells != 0)
    np.add.at(weights, order[latest[is_held]], cells[is_held])
    return weights


def frames_of(
    notes: np.ndarray, num_frames: int, frames_per_second: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the first frame of each note, the one after its last, and its pitch, each int64 `(notes,)`."""
    first, end = (
        np.clip((notes[name] * frames_per_second).astype(np.int64), 0, num_frames)
        for name in ("start_s", "end_s")
    )
    return first, end, notes["pitch"].astype(np.int64)
