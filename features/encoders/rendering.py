"""Notes -> a dense roll, compiled, with the arithmetic of pretty_midi's `get_piano_roll`."""

from collections.abc import Sequence

import numba
import numpy as np

from features.midi import Notes

NUM_PITCHES = 128
PEDAL_THRESHOLD = 64
BEND_SEMITONES = 2.0

# What can be rendered, in the order of the columns; "roll" always is.
PLANES = ("roll", "onset", "instrumentation", "timing")


def render(
    notes: Notes,
    frames_per_second: float,
    *,
    pedal: bool = True,
    bends: bool = True,
    planes: Sequence[str] = ("roll",),
) -> np.ndarray:
    """Renders a piece, one row a frame.

    A note fills the frames `int(start * frames_per_second)` to `int(end * frames_per_second)`, the last one
    excluded: one that is shorter than a frame can vanish. Drums are silent, but the piece lasts as long as they do.

    Args:
        notes: What `read_notes` returned.
        frames_per_second: Frames in a second.
        pedal: Whether the sustain pedal prolongs notes: while it is down, each pitch of an instrument
            keeps the greatest velocity so far. A pedal that is never released does nothing.
        bends: Whether pitch bends, of two semitones at most, are spread over the two nearest pitches.
        planes: Which of `PLANES`, in this order, the first being the roll:
            `"roll"`, velocities summed over notes and instruments;
            `"onset"`, 1 where a note begins, drums excluded;
            `"instrumentation"`, the number of instruments that sound;
            `"timing"`, 1 where a note is held, without pedal and bends, drums included.

    Returns:
        float64 `(frames, len(planes) * 128)`.
    """
    num_frames = int(frames_per_second * notes.instruments["end_s"].max(initial=0.0))
    cells = np.zeros((num_frames, len(planes) * NUM_PITCHES))
    first = {plane: index * NUM_PITCHES for index, plane in enumerate(planes)}
    pedals = notes.pedals if pedal else notes.pedals[:0]
    bend_changes = notes.bends if bends else notes.bends[:0]
    is_plain = not len(pedals) and not len(bend_changes) and "instrumentation" not in first
    _render_roll(
        cells,
        np.zeros((0 if is_plain else num_frames, NUM_PITCHES)),
        notes.notes,
        notes.instruments,
        pedals,
        bend_changes,
        float(frames_per_second),
        first.get("instrumentation", -1),
    )
    if "onset" in first or "timing" in first:
        _render_notes(
            cells, notes.notes, float(frames_per_second), first.get("onset", -1), first.get("timing", -1)
        )
    return cells


@numba.njit(cache=True)
def _render_roll(cells, scratch, notes, instruments, pedals, bends, frames_per_second, instrumentation):
    """Adds up the rolls of all instruments; those that need it are made in `scratch`, which is left empty."""
    note, num_notes = 0, len(notes)
    for index in range(len(instruments)):
        instrument = instruments[index]
        num_frames = int(frames_per_second * instrument["end_s"])
        first_pedal, last_pedal = _find_stream(pedals, instrument["stream"])
        first_bend, last_bend = _find_stream(bends, instrument["stream"])
        is_plain = first_pedal == last_pedal and first_bend == last_bend and instrumentation < 0
        target = cells if is_plain else scratch

        while note < num_notes and notes[note]["instrument"] == index:
            if not instrument["is_drum"]:
                start = int(notes[note]["start_s"] * frames_per_second)
                end = int(notes[note]["end_s"] * frames_per_second)
                for frame in range(start, end):
                    target[frame, notes[note]["pitch"]] += notes[note]["velocity"]
            note += 1
        if is_plain or instrument["is_drum"]:
            continue

        _hold_pedal(scratch, pedals[first_pedal:last_pedal], frames_per_second)
        _bend(scratch[:num_frames], bends[first_bend:last_bend], frames_per_second)
        for frame in range(num_frames):
            for pitch in range(NUM_PITCHES):
                value = scratch[frame, pitch]
                if value != 0:
                    cells[frame, pitch] += value
                    scratch[frame, pitch] = 0
                    if instrumentation >= 0:
                        cells[frame, instrumentation + pitch] += 1


@numba.njit(cache=True)
def _find_stream(changes, stream):
    """Returns the bounds of one stream in changes sorted by stream."""
    first = np.searchsorted(changes["stream"], stream, side="left")
    return first, np.searchsorted(changes["stream"], stream, side="right")


@numba.njit(cache=True)
def _hold_pedal(roll, pedals, frames_per_second):
    is_down, down_since = False, 0
    for index in range(len(pedals)):
        now = int(pedals[index]["time_s"] * frames_per_second)
        if pedals[index]["value"] >= PEDAL_THRESHOLD:
            if not is_down:
                is_down, down_since = True, now
        elif is_down:
            is_down = False
            for frame in range(down_since + 1, now):
                for pitch in range(NUM_PITCHES):
                    roll[frame, pitch] = max(roll[frame, pitch], roll[frame - 1, pitch])


@numba.njit(cache=True)
def _bend(roll, bends, frames_per_second):
    """Moves each bent frame by whole semitones, then a part of each cell by one semitone more."""
    moved = np.empty(NUM_PITCHES)
    for index in range(len(bends)):
        semitones = BEND_SEMITONES * bends[index]["value"] / 8192.0
        if semitones == 0:
            continue
        direction = 1 if semitones > 0 else -1
        whole = int(np.floor(abs(semitones)))
        part = abs(semitones) - whole
        start = int(bends[index]["time_s"] * frames_per_second)
        end = roll.shape[0]
        if index + 1 < len(bends):
            end = int(bends[index + 1]["time_s"] * frames_per_second)
        for frame in range(start, end):
            for pitch in range(NUM_PITCHES):
                source = pitch - direction * whole
                moved[pitch] = roll[frame, source] if 0 <= source < NUM_PITCHES else 0.0
            for pitch in range(NUM_PITCHES):
                source = pitch - direction
                # At the edge pretty_midi leaves the cell whole.
                is_inside = 0 <= source < NUM_PITCHES
                roll[frame, pitch] = (
                    (1 - part) * moved[pitch] + part * moved[source] if is_inside else moved[pitch]
                )


@numba.njit(cache=True)
def _render_notes(cells, notes, frames_per_second, onset, timing):
    for index in range(len(notes)):
        note = notes[index]
        start, end = int(note["start_s"] * frames_per_second), int(note["end_s"] * frames_per_second)
        if onset >= 0 and start < cells.shape[0] and not note["is_drum"]:
            cells[start, onset + note["pitch"]] = 1
        if timing >= 0:
            for frame in range(start, end):
                cells[frame, timing + note["pitch"]] = 1
