"""From which frame to which a pedal is held, or notes are bent."""

import numba
import numpy as np

SPAN = np.dtype([("semitones", np.float64), ("stream", np.int32), ("start", np.int32), ("end", np.int32)])

PEDAL_THRESHOLD = 64
BEND_SEMITONES = 2.0


def held_spans(pedals: np.ndarray, frames_per_second: float) -> np.ndarray:
    """Returns the spans of frames through which a sustain pedal holds notes.

    A pedal is down from 64 upwards; one that is never released holds nothing.

    Args:
        pedals: Structured array of dtype `features.midi.CHANGE`, sorted by stream and time.
        frames_per_second: Frames in a second.

    Returns:
        Structured array of dtype `SPAN`, sorted by stream and time; `end` is excluded, no span is empty.

    Example:

    >>> from features.midi import CHANGE
    >>> pedals = np.array([(0, 1.0, 127), (0, 2.5, 0), (0, 3.0, 127)], CHANGE)
    >>> held_spans(pedals, 10.0)[["start", "end"]].tolist()
    [(10, 25)]
    """
    spans = np.zeros(len(pedals), SPAN)
    return spans[: _find_held(pedals, float(frames_per_second), spans)]


def bent_spans(bends: np.ndarray, frames_per_second: float, *, num_frames: int) -> np.ndarray:
    """Returns the spans of frames through which notes are bent, and by how many semitones.

    A bend lasts until the next one of its stream, the last one until the end.

    Args:
        bends: Structured array of dtype `features.midi.CHANGE`, sorted by stream and time.
        frames_per_second: Frames in a second.
        num_frames: Frames of the piece.

    Returns:
        Structured array of dtype `SPAN`, sorted by stream and time; `end` is excluded, no span is empty.

    Example:

    >>> from features.midi import CHANGE
    >>> bends = np.array([(0, 1.0, 4096), (0, 2.0, 0), (1, 4.0, -8192)], CHANGE)
    >>> bent_spans(bends, 10.0, num_frames=60).tolist()
    [(1.0, 0, 10, 20), (-2.0, 1, 40, 60)]
    """
    spans = np.zeros(len(bends), SPAN)
    return spans[: _find_bent(bends, float(frames_per_second), num_frames, spans)]


@numba.njit(cache=True)
def _find_held(pedals, frames_per_second, spans):
    count, stream, is_down, down_since = 0, -1, False, 0
    for pedal in pedals:
        if pedal["stream"] != stream:
            stream, is_down = pedal["stream"], False
        now = int(pedal["time_s"] * frames_per_second)
        if pedal["value"] >= PEDAL_THRESHOLD:
            if not is_down:
                is_down, down_since = True, now
        elif is_down:
            is_down = False
            if down_since < now:
                spans[count]["stream"], spans[count]["start"], spans[count]["end"] = stream, down_since, now
                count += 1
    return count


@numba.njit(cache=True)
def _find_bent(bends, frames_per_second, num_frames, spans):
    count = 0
    for index in range(len(bends)):
        bend = bends[index]
        start, end = int(bend["time_s"] * frames_per_second), num_frames
        if index + 1 < len(bends) and bends[index + 1]["stream"] == bend["stream"]:
            end = int(bends[index + 1]["time_s"] * frames_per_second)
        if bend["value"] != 0 and start < end:
            spans[count]["semitones"] = BEND_SEMITONES * bend["value"] / 8192.0
            spans[count]["stream"], spans[count]["start"], spans[count]["end"] = bend["stream"], start, end
            count += 1
    return count
