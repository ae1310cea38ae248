"""Notes -> the steps of their roll: at which frame which cell goes up or down, and by how much.

A roll changes only where a note begins or ends, a pedal is released, or a bend moves. Its steps are as many
as there are such moments, however long the piece; rows are made from them.

The arithmetic is that of pretty_midi's `get_piano_roll`. All values are whole multiples of 1/4096, because a bend
moves a note by 4096ths of a semitone, so float64 adds them up without rounding, in whatever order they come.
"""

import numba
import numpy as np

from features.encoders.spans import bent_spans, held_spans
from features.encoders.walking import walk_instruments
from features.midi import Notes
from features.ordering import stable_order

STEP = np.dtype([("by", np.float64), ("frame", np.int32), ("column", np.uint16)], align=True)


def find_steps(
    notes: Notes,
    frames_per_second: float,
    *,
    pedals: np.ndarray,
    bends: np.ndarray,
    first_columns: dict[str, int],
    max_steps: int,
) -> np.ndarray | None:
    """Finds the steps of a roll.

    Args:
        notes: What `read_notes` returned.
        frames_per_second: Frames in a second.
        pedals: The pedals to follow, such as `notes.pedals`.
        bends: The bends to follow, such as `notes.bends`.
        first_columns: The first of the 128 columns of each plane that is wanted; see `rendering.PLANES`.
            The roll itself begins at column 0.
        max_steps: How many steps there may be, and how many moments may be looked at to find them.

    Returns:
        Structured array `(steps,)` of dtype `STEP`, in no order, or None if there would be too many. In the planes
        `"onset"` and `"timing"` steps count notes.
    """
    num_frames = int(frames_per_second * notes.instruments["end_s"].max(initial=0.0))
    onset, instrumentation, timing = (
        first_columns.get(plane, -1) for plane in ("onset", "instrumentation", "timing")
    )
    starts, ends = np.empty((2, len(notes.notes)), np.int32)
    _find_frames(notes.notes, float(frames_per_second), num_frames, starts, ends)
    held = held_spans(pedals, frames_per_second)
    bent = bent_spans(bends, frames_per_second, num_frames=num_frames)

    # A copy that is aligned: for a column within records numba would look for compiled code far longer.
    streams = notes.instruments["stream"].copy()
    num_spans = np.bincount(np.append(held["stream"], bent["stream"]), minlength=streams.max(initial=-1) + 1)
    is_walked = ~notes.instruments["is_drum"] & ((num_spans[streams] > 0) | (instrumentation >= 0))
    if 2 * (len(starts) + num_spans[streams[is_walked]].sum()) > max_steps:
        return None
    steps = np.empty((2 + 2 * (onset >= 0) + 2 * (timing >= 0)) * len(starts), STEP)
    count = _step_notes(notes.notes, starts, ends, num_frames, is_walked, onset, timing, steps)
    if is_walked.any():
        by_start = stable_order(starts, num_frames + 1)
        by_start = by_start[stable_order(notes.notes["instrument"][by_start], len(streams))]
        steps, count = walk_instruments(
            notes.notes,
            starts,
            ends,
            by_start,
            streams,
            is_walked,
            held,
            bent,
            instrumentation,
            steps,
            count,
            max_steps,
        )
    return steps[:count] if count <= max_steps else None


@numba.njit(cache=True)
def _find_frames(notes, frames_per_second, num_frames, starts, ends):
    for index in range(len(notes)):
        starts[index] = min(int(notes[index]["start_s"] * frames_per_second), num_frames)
        ends[index] = min(int(notes[index]["end_s"] * frames_per_second), num_frames)


@numba.njit(cache=True)
def _step_notes(notes, starts, ends, num_frames, is_walked, onset, timing, steps):
    """Steps what depends on single notes alone; returns how many steps these are."""
    count = 0
    for index in range(len(notes)):
        note, start, end = notes[index], np.int64(starts[index]), np.int64(ends[index])
        pitch, velocity = np.int64(note["pitch"]), float(note["velocity"])
        if timing >= 0 and start < end:
            count = _step(steps, count, start, timing + pitch, 1.0)
            count = _step(steps, count, end, timing + pitch, -1.0)
        if onset >= 0 and start < num_frames and not note["is_drum"]:
            count = _step(steps, count, start, onset + pitch, 1.0)
            count = _step(steps, count, start + 1, onset + pitch, -1.0)
        if start < end and not note["is_drum"] and not is_walked[note["instrument"]]:
            count = _step(steps, count, start, pitch, velocity)
            count = _step(steps, count, end, pitch, -velocity)
    return count


@numba.njit(cache=True)
def _step(steps, count, frame, column, by):
    steps[count]["frame"], steps[count]["column"], steps[count]["by"] = frame, column, by
    return count + 1
