"""Ticks -> seconds, with the very roundings of pretty_midi.

Tempo is read from the first track only; a later tempo on tick 0 replaces an earlier one, and a
tempo equal to the one before it is no change.
"""

import numba
import numpy as np

from features.midi.events import TEMPO, Events

TEMPO_CHANGE = np.dtype([("tick", np.int64), ("time_s", np.float64), ("seconds_per_tick", np.float64)])

DEFAULT_TEMPO_US = 500_000


def read_tempos(events: Events) -> np.ndarray:
    """Returns the tempo map of a file.

    Args:
        events: What `read_events` returned.

    Returns:
        Structured array of dtype `TEMPO_CHANGE`; the first is at tick 0.

    Example:

    >>> from features.midi import notes_to_midi, read_events
    >>> tempos = read_tempos(read_events(notes_to_midi([], tempo_us=[(0, 480_000), (960, 960_000)])))
    >>> tempos[["tick", "time_s", "seconds_per_tick"]].tolist()
    [(0, 0.0, 0.001), (960, 0.96, 0.002)]
    """
    found, payloads = events.conductor(TEMPO, 3)
    microseconds = payloads @ np.array([65536, 256, 1])
    found, microseconds = found[microseconds > 0], microseconds[microseconds > 0]
    ticks = np.append(0, found["tick"])
    scales = 60.0 / ((6e7 / np.append(DEFAULT_TEMPO_US, microseconds)) * events.ticks_per_beat)

    first = np.count_nonzero(ticks == 0) - 1
    ticks, scales = ticks[first:], scales[first:]
    is_change = np.append(True, scales[1:] != scales[:-1])
    tempos = np.empty(np.count_nonzero(is_change), TEMPO_CHANGE)
    tempos["tick"], tempos["seconds_per_tick"] = ticks[is_change], scales[is_change]
    # Added up one by one, from the left: pretty_midi's roundings depend on it.
    tempos["time_s"] = np.cumsum(np.append(0.0, tempos["seconds_per_tick"][:-1] * np.diff(tempos["tick"])))
    return tempos


def seconds_of(tempos: np.ndarray, ticks: np.ndarray) -> np.ndarray:
    """Returns when ticks sound.

    Args:
        tempos: What `read_tempos` returned.
        ticks: int64 `(events,)`; fastest where they ascend, as within a track.

    Returns:
        float64 `(events,)`.
    """
    seconds = np.empty(len(ticks))
    columns = [np.ascontiguousarray(tempos[name]) for name in TEMPO_CHANGE.names]
    _seconds(*columns, np.ascontiguousarray(ticks), seconds)
    return seconds


def ticks_of(tempos: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Returns on which ticks seconds fall, the way back from `seconds_of`.

    Args:
        tempos: What `read_tempos` returned.
        seconds: float64 `(events,)`; fastest where they ascend.

    Returns:
        int64 `(events,)`, the nearest ticks.

    Example:

    >>> from features.midi.events import read_events
    >>> from features.midi.writing import notes_to_midi
    >>> tempos = read_tempos(read_events(notes_to_midi([], tempo_us=[(0, 480_000), (960, 960_000)])))
    >>> ticks_of(tempos, seconds_of(tempos, np.array([0, 480, 960, 1000]))).tolist()
    [0, 480, 960, 1000]
    """
    ticks = np.empty(len(seconds), np.int64)
    columns = [np.ascontiguousarray(tempos[name]) for name in TEMPO_CHANGE.names]
    _ticks(*columns, np.ascontiguousarray(seconds), ticks)
    return ticks


@numba.njit(cache=True)
def _seconds(tempo_tick, tempo_s, seconds_per_tick, ticks, seconds):
    current, last = 0, len(tempo_tick) - 1
    for index in range(len(ticks)):
        tick = ticks[index]
        if tick < tempo_tick[current] or (current < last and tick >= tempo_tick[current + 1]):
            # Not by steps: many tracks that leap over many tempos would take for ever.
            current = np.searchsorted(tempo_tick, tick, side="right") - 1
        seconds[index] = tempo_s[current] + seconds_per_tick[current] * (tick - tempo_tick[current])


@numba.njit(cache=True)
def _ticks(tempo_tick, tempo_s, seconds_per_tick, seconds, ticks):
    current, last = 0, len(tempo_tick) - 1
    for index in range(len(seconds)):
        time_s = seconds[index]
        if time_s < tempo_s[current] or (current < last and time_s >= tempo_s[current + 1]):
            current = np.searchsorted(tempo_s, time_s, side="right") - 1
        ticks[index] = round(tempo_tick[current] + (time_s - tempo_s[current]) / seconds_per_tick[current])
