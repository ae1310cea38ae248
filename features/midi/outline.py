"""The outline of a piece, the same in every key, at every tempo and over other inner voices: by it copies are known."""

import numba
import numpy as np

from features.midi.notes import Notes
from features.midi.tempo import ticks_of

HELD = (3, 5)
"""A note belongs also to a later moment if it lasts for three fifths of the time until the next one.

Less would take a note that is held a little too long, legato, for one that goes on; more would end a note that is
typed a little too short. No note value lies at three fifths, so roundings decide nothing.
"""


def outer_voices(notes: Notes) -> np.ndarray:
    """Returns the highest and the lowest pitch that sounds at each moment at which something begins, drums left out.

    Notes belong to one moment when they begin on the same tick, and what sounds is told in ticks too, so the voices
    do not depend on the tempo.

    Args:
        notes: What `read_notes` returned.

    Returns:
        Integer array `(2, moments)`, highest first, in time.

    Example: a held note over two that move, and one after it.

    >>> from features.midi import notes_to_midi, read_events, read_notes
    >>> chorale = [(0, 960, 72), (0, 480, 60), (480, 960, 62), (960, 1440, 71)]
    >>> outer_voices(read_notes(read_events(notes_to_midi(chorale)))).tolist()
    [[72, 72, 71], [60, 62, 71]]
    """
    pitched = notes.notes[~notes.notes["is_drum"]]
    starts, ends = (ticks_of(notes.tempos, pitched[time_s]) for time_s in ("start_s", "end_s"))
    return _outermost(starts, ends, pitched["pitch"], np.argsort(starts), *HELD)


def outline(notes: Notes) -> np.ndarray:
    """Returns the moves of the outer voices in semitones: equal for identical music in any key at any tempo.

    A pitch that is held or struck again is no move, so that a tune has one outline whatever is set below it. The
    voice that moves less often is filled up with zeros at its end.

    Args:
        notes: What `read_notes` returned.

    Returns:
        int8 array `(2, steps)`, the highest voice first.

    Example:

    >>> from features.midi import notes_to_midi, read_events, read_notes
    >>> def steps(key, length):
    ...     scale = [(i * length, (i + 1) * length, key + i) for i in range(4)]
    ...     return outline(read_notes(read_events(notes_to_midi(scale)))).tolist()
    >>> steps(60, 480) == steps(65, 240) == [[1, 1, 1], [1, 1, 1]]
    True
    """
    steps = np.diff(outer_voices(notes), axis=1)
    voices = [of_voice[of_voice != 0] for of_voice in steps]
    filled = np.zeros((2, max(map(len, voices))), np.int8)
    for row, of_voice in zip(filled, voices, strict=True):
        row[: len(of_voice)] = of_voice
    return filled


def melody(outline: np.ndarray) -> np.ndarray:
    """Returns the steps of the highest voice, `(steps,)`, without the zeros after its end."""
    return without_end(outline[0])


def without_end(voice: np.ndarray) -> np.ndarray:
    """Returns the steps of one voice of an outline, `(steps,)`, without the zeros after its end."""
    return np.trim_zeros(voice, "b")


@numba.njit(cache=True)
def _outermost(starts, ends, pitches, order, enough, of):
    """Returns the outermost pitches of each moment, from the notes in this order, that of their starts.

    Takes at most 128 steps a moment, however many notes are held.
    """
    moments, num_moments = np.empty(len(order) + 1, np.int64), 0
    for note in order:
        if num_moments == 0 or starts[note] > moments[num_moments - 1]:
            moments[num_moments] = starts[note]
            num_moments += 1
    if num_moments == 0:
        return np.zeros((2, 0), np.int64)
    moments[num_moments] = max(ends.max(), moments[num_moments - 1])  # the last one lasts to the end

    voices = np.empty((2, num_moments), np.int64)
    until = np.zeros(128, np.int64)  # up to which moment each pitch sounds, that one excluded
    index, highest, lowest = 0, 0, 127
    for moment in range(num_moments):
        while index < len(order) and starts[order[index]] == moments[moment]:
            note = order[index]
            last = _last_not_after(moments, moment, num_moments, ends[note])
            if last < num_moments:  # it ends between this moment and the next
                length = moments[last + 1] - moments[last]
                last += of * (ends[note] - moments[last]) >= enough * length and ends[note] > moments[last]
            pitch = pitches[note]
            until[pitch] = max(until[pitch], last, moment + 1)
            highest, lowest = max(highest, pitch), min(lowest, pitch)
            index += 1
        while until[highest] <= moment:
            highest -= 1
        while until[lowest] <= moment:
            lowest += 1
        voices[0, moment], voices[1, moment] = highest, lowest
    return voices


@numba.njit(cache=True)
def _last_not_after(moments, first, last, tick):
    """Returns the last moment from the first to the last, both included, that does not lie after a tick.

    Takes strides that double, as most notes end soon, and then halves the last of them.
    """
    stride = 1
    while first + stride <= last and moments[first + stride] <= tick:
        first += stride
        stride *= 2
    return first + np.searchsorted(moments[first + 1 : min(first + stride, last + 1)], tick, side="right")
