"""Events -> Notes: which notes sound, for how long, on which instrument, as pretty_midi has it.

Its rules are followed to the letter, the odd ones too, because the reference rolls come from it. Which events
make a note is told in `pairing.py`; here they get their times. Tempo is read from the first track only, a later
tempo on tick 0 replaces an earlier one, and seconds add up with the very roundings of pretty_midi.
"""

from dataclasses import dataclass

import numpy as np

from features.midi.events import (
    BEND,
    KEY_SIGNATURE,
    TEMPO,
    TIME_SIGNATURE,
    Events,
    MidiError,
)
from features.midi.pairing import pair

NOTE = np.dtype(
    [
        ("start_s", np.float64),
        ("end_s", np.float64),
        ("pitch", np.uint8),
        ("velocity", np.uint8),
        ("program", np.uint8),
        ("channel", np.uint8),
        ("instrument", np.int32),
        ("is_drum", np.bool_),
    ]
)
CHANGE = np.dtype([("stream", np.int32), ("time_s", np.float64), ("value", np.int32)])
TEMPO_CHANGE = np.dtype([("tick", np.int64), ("time_s", np.float64), ("seconds_per_tick", np.float64)])
TIME_SIGNATURE_CHANGE = np.dtype([("time_s", np.float64), ("numerator", np.int32), ("denominator", np.int32)])
KEY_SIGNATURE_CHANGE = np.dtype([("time_s", np.float64), ("sharps", np.int32), ("is_minor", np.bool_)])

SUSTAIN_PEDAL = 64
DEFAULT_TEMPO_US = 500_000
MAX_LENGTH_S = 24 * 3600


@dataclass(frozen=True)
class Notes:
    """What sounds in a piece.

    Attributes:
        notes: Structured array `(notes,)` of dtype `NOTE`, instrument by instrument, each in order of its note-offs.
        instruments: Structured array `(instruments,)` of dtype `INSTRUMENT`; `end_s` is the end of
            its last note, bend or controller, and `stream` says which pedals and bends are its own.
        pedals: Structured array of dtype `CHANGE`: values 0..127 of the sustain pedal, sorted by stream and time.
        bends: Structured array of dtype `CHANGE`: bends -8192..8191, sorted by stream and time.
        tempos: Structured array of dtype `TEMPO_CHANGE`; the first is at tick 0.
        time_signatures: Structured array of dtype `TIME_SIGNATURE_CHANGE`, from the first track.
        key_signatures: Structured array of dtype `KEY_SIGNATURE_CHANGE`, from the first track.
    """

    notes: np.ndarray
    instruments: np.ndarray
    pedals: np.ndarray
    bends: np.ndarray
    tempos: np.ndarray
    time_signatures: np.ndarray
    key_signatures: np.ndarray


def read_notes(events: Events) -> Notes:
    """Finds the notes among the events of a file.

    Args:
        events: What `read_events` returned.

    Returns:
        Its notes; none if it has none.

    Raises:
        MidiError: The piece is longer than a day.

    Example:

    >>> from features.midi import notes_to_midi, read_events
    >>> notes = read_notes(read_events(notes_to_midi([(0, 480, 60), (480, 960, 62)])))
    >>> notes.notes["pitch"].tolist(), notes.notes["start_s"].tolist()
    ([60, 62], [0.0, 0.5])
    """
    table = events.table
    tempos = _tempos(events)
    raw, instruments, streams = pair(table)
    raw = raw[np.argsort(raw["instrument"], kind="stable")]

    notes = np.empty(len(raw), NOTE)
    notes["start_s"] = _seconds(tempos, table["tick"][raw["on"]])
    notes["end_s"] = _seconds(tempos, table["tick"][raw["off"]])
    notes["pitch"] = table["data1"][raw["on"]]
    notes["velocity"] = table["data2"][raw["on"]]
    notes["instrument"] = raw["instrument"]
    for name in ("program", "channel", "is_drum"):
        notes[name] = instruments[name][raw["instrument"]]

    pedals, bends = _changes(table, streams, tempos, instruments)
    # The notes of an instrument are in order of their ends: the last one written is the one that stays.
    last_note_s = np.zeros(len(instruments))
    last_note_s[notes["instrument"]] = notes["end_s"]
    instruments["end_s"] = np.maximum(instruments["end_s"], last_note_s)
    if len(instruments) and instruments["end_s"].max() > MAX_LENGTH_S:
        raise MidiError(f"it lasts longer than {MAX_LENGTH_S // 3600} hours")
    return Notes(
        notes,
        instruments,
        pedals,
        bends,
        tempos,
        _time_signatures(events, tempos),
        _key_signatures(events, tempos),
    )


def _tempos(events: Events) -> np.ndarray:
    """Returns the tempo map; equal successors are left out."""
    changes = [(0, 60.0 / ((6e7 / DEFAULT_TEMPO_US) * events.ticks_per_beat))]
    for event in _first_track(events, TEMPO, 3):
        microseconds = int.from_bytes(events.payload(event)[:3], "big")
        if microseconds == 0:
            continue
        tick, seconds_per_tick = int(event["tick"]), 60.0 / ((6e7 / microseconds) * events.ticks_per_beat)
        if tick == 0:
            changes = [(0, seconds_per_tick)]
        elif seconds_per_tick != changes[-1][1]:
            changes.append((tick, seconds_per_tick))

    tempos, time_s = np.empty(len(changes), TEMPO_CHANGE), 0.0
    for index, (tick, seconds_per_tick) in enumerate(changes):
        if index:
            last_tick, last_seconds_per_tick = changes[index - 1]
            time_s += last_seconds_per_tick * (tick - last_tick)
        tempos[index] = tick, time_s, seconds_per_tick
    return tempos


def _seconds(tempos: np.ndarray, ticks: np.ndarray) -> np.ndarray:
    """Returns when ticks sound, with the very roundings of pretty_midi."""
    tempo = tempos[np.searchsorted(tempos["tick"], ticks, side="right") - 1]
    return tempo["time_s"] + tempo["seconds_per_tick"] * (ticks - tempo["tick"])


def _first_track(events: Events, kind: int, min_length: int) -> np.ndarray:
    found = events.meta(kind)
    return found[(found["track"] == 0) & (found["payload_length"] >= min_length)]


def _time_signatures(events: Events, tempos: np.ndarray) -> np.ndarray:
    found = _first_track(events, TIME_SIGNATURE, 2)
    times = _seconds(tempos, found["tick"])
    values = [tuple(events.payload(event)[:2]) for event in found]
    rows = [
        (time, numerator, 2**power)
        for time, (numerator, power) in zip(times, values, strict=True)
        if numerator > 0 and power < 8
    ]
    return np.array(rows, TIME_SIGNATURE_CHANGE)


def _key_signatures(events: Events, tempos: np.ndarray) -> np.ndarray:
    found = _first_track(events, KEY_SIGNATURE, 2)
    times = _seconds(tempos, found["tick"])
    values = [tuple(events.payload(event)[:2]) for event in found]
    rows = [
        (time, (sharps + 128) % 256 - 128, minor)
        for time, (sharps, minor) in zip(times, values, strict=True)
        if (sharps <= 7 or sharps >= 249) and minor <= 1
    ]
    return np.array(rows, KEY_SIGNATURE_CHANGE)


def _changes(
    table: np.ndarray, streams: np.ndarray, tempos: np.ndarray, instruments: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Returns pedals and bends, and lets instruments last until the last event of their stream."""
    rows = np.flatnonzero(streams >= 0)
    rows = rows[np.argsort(streams[rows], kind="stable")]
    changes = np.empty(len(rows), CHANGE)
    changes["stream"] = streams[rows]
    changes["time_s"] = _seconds(tempos, table["tick"][rows])
    last_s = np.zeros(max(changes["stream"].max(initial=0), instruments["stream"].max(initial=0)) + 1)
    last_s[changes["stream"]] = changes["time_s"]
    instruments["end_s"] = last_s[instruments["stream"]]

    low, high = table["data1"][rows].astype(np.int32), table["data2"][rows].astype(np.int32)
    is_bend = table["status"][rows] == BEND
    changes["value"] = np.where(is_bend, (high << 7 | low) - 8192, high)
    return changes[~is_bend & (low == SUSTAIN_PEDAL)], changes[is_bend]
