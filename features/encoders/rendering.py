"""Notes -> the rows of a roll, within bounds."""

from collections.abc import Sequence

import numpy as np

from features.encoders.rows import Rows, dense_rows, rows_of_steps
from features.encoders.steps import find_steps
from features.midi import MidiError, Notes

NUM_PITCHES = 128

# What can be rendered, in the order of the columns; "roll" always is.
PLANES = ("roll", "onset", "instrumentation", "timing")
# In these planes it does not matter how many notes meet in a cell.
_FLAGS = ("onset", "timing")

# What no music comes near, and what still takes little memory. Of 3,971 files of classical music, at 10 frames a
# second, the longest has 51,681 frames, the fullest 145,940 cells that are not zero and 97,021 steps; all four planes
# at 100 frames a second have 4.3 million cells and 0.5 million steps.
MAX_FRAMES = 2**22
MAX_CELLS = 2**24
MAX_STEPS = 2**22
# A dense roll of this many cells takes 256 MiB.
MAX_DENSE_CELLS = 2**26


def render_rows(
    notes: Notes,
    frames_per_second: float,
    *,
    pedal: bool = True,
    bends: bool = True,
    planes: Sequence[str] = ("roll",),
) -> Rows:
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
        Its rows, of `len(planes) * 128` columns.

    Raises:
        MidiError: The roll would be absurdly large.
    """
    num_frames = int(frames_per_second * notes.instruments["end_s"].max(initial=0.0))
    if num_frames > MAX_FRAMES:
        raise MidiError(f"its roll would have {num_frames:,} frames, more than {MAX_FRAMES:,}")
    steps = find_steps(
        notes,
        frames_per_second,
        pedals=notes.pedals if pedal else notes.pedals[:0],
        bends=notes.bends if bends else notes.bends[:0],
        first_columns={plane: index * NUM_PITCHES for index, plane in enumerate(planes)},
        max_steps=MAX_STEPS,
    )
    if steps is None:
        raise MidiError(f"its roll would change more than {MAX_STEPS:,} times")
    is_flag = np.repeat([plane in _FLAGS for plane in planes], NUM_PITCHES)
    rows = rows_of_steps(steps, num_frames, is_flag=is_flag, max_cells=MAX_CELLS)
    if rows is None:
        raise MidiError(f"its roll would have more than {MAX_CELLS:,} cells that are not zero")
    return rows


def render(notes: Notes, frames_per_second: float, **settings) -> np.ndarray:
    """Renders a piece as a dense roll.

    Args:
        notes: What `read_notes` returned.
        frames_per_second: Frames in a second.
        **settings: Those of `render_rows`, which takes less memory.

    Returns:
        float32 `(frames, len(planes) * 128)`. With the default settings it is, transposed, the roll of pretty_midi:
        cells below 4096 are whole multiples of 1/4096 and need no rounding.

    Raises:
        MidiError: The roll would be absurdly large.
    """
    rows = render_rows(notes, frames_per_second, **settings)
    shape = rows.num_frames, len(settings.get("planes", ("roll",))) * NUM_PITCHES
    if shape[0] * shape[1] > MAX_DENSE_CELLS:
        raise MidiError(f"its roll would have {shape[0]:,} frames of {shape[1]} cells, too many for memory")
    return dense_rows(rows, shape[1])
