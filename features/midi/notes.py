"""Events -> Notes: which notes sound, for how long, on which instrument, as pretty_midi has it.

Its rules are followed to the letter, the odd ones too, because the reference rolls come from it. Which events
make a note is told in `pairing.py`, when they sound in `tempo.py`; here notes are put together.
"""

from dataclasses import dataclass

import numba
import numpy as np

from features.midi.events import (
    BEND,
    KEY_SIGNATURE,
    TIME_SIGNATURE,
    Events,
    MidiError,
)
from features.midi.pairing import pair
from features.midi.tempo import read_tempos, seconds_of
from features.ordering import stable_order

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
TIME_SIGNATURE_CHANGE = np.dtype([("time_s", np.float64), ("numerator", np.int32), ("denominator", np.int32)])
KEY_SIGNATURE_CHANGE = np.dtype([("time_s", np.float64), ("sharps", np.int32), ("is_minor", np.bool_)])

SUSTAIN_PEDAL = 64
# The longest operas take five and a half hours; the longest of 3,971 files takes one and a half.
MAX_LENGTH_S = 6 * 3600


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
        MidiError: The piece is longer than six hours.

    Example:

    >>> from features.midi import notes_to_midi, read_events
    >>> notes = read_notes(read_events(notes_to_midi([(0, 480, 60), (480, 960, 62)])))
    >>> notes.notes["pitch"].tolist(), notes.notes["start_s"].tolist()
    ([60, 62], [0.0, 0.5])
    """
    table = events.table
    tempos = read_tempos(events)
    seconds = seconds_of(tempos, table["tick"])
    raw, instruments, streams = pair(table)
    notes = np.empty(len(raw), NOTE)
    by_instrument = stable_order(raw["instrument"], len(instruments))
    _fill_notes(table, seconds, raw, by_instrument, instruments, notes)
    pedals, bends = _changes(table, seconds, streams, instruments)
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


@numba.njit(cache=True)
def _fill_notes(table, seconds, raw, order, instruments, notes):
    """Writes down the notes in this order, and lets instruments last until their last note."""
    for index in range(len(order)):
        found = raw[order[index]]
        note, on, instrument = notes[index], table[found["on"]], instruments[found["instrument"]]
        note["start_s"] = seconds[found["on"]]
        note["end_s"] = seconds[found["off"]]
        note["pitch"] = on["data1"]
        note["velocity"] = on["data2"]
        note["program"] = instrument["program"]
        note["channel"] = instrument["channel"]
        note["instrument"] = found["instrument"]
        note["is_drum"] = instrument["is_drum"]
        instrument["end_s"] = max(instrument["end_s"], note["end_s"])


def _changes(
    table: np.ndarray, seconds: np.ndarray, streams: np.ndarray, instruments: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Returns pedals and bends, and lets instruments last until the last event of their stream."""
    rows = np.flatnonzero(streams >= 0)
    num_streams = max(streams.max(initial=-1), instruments["stream"].max(initial=-1)) + 1
    rows = rows[stable_order(streams[rows], num_streams)]
    last_s = np.zeros(num_streams)
    last_s[streams[rows]] = seconds[rows]
    instruments["end_s"] = np.maximum(instruments["end_s"], last_s[instruments["stream"]])

    low, high, is_bend = table["data1"][rows], table["data2"][rows], table["status"][rows] == BEND
    is_pedal = ~is_bend & (low == SUSTAIN_PEDAL)
    pedals, bends = (_as_changes(streams, seconds, rows[kept]) for kept in (is_pedal, is_bend))
    pedals["value"] = high[is_pedal]
    bends["value"] = (high[is_bend].astype(np.int32) << 7 | low[is_bend]) - 8192
    return pedals, bends


def _as_changes(streams: np.ndarray, seconds: np.ndarray, rows: np.ndarray) -> np.ndarray:
    changes = np.empty(len(rows), CHANGE)
    changes["stream"], changes["time_s"] = streams[rows], seconds[rows]
    return changes


def _time_signatures(events: Events, tempos: np.ndarray) -> np.ndarray:
    found, payloads = events.conductor(TIME_SIGNATURE, 2)
    numerators, powers = payloads.T
    has_sense = (numerators > 0) & (powers < 8)
    signatures = np.empty(np.count_nonzero(has_sense), TIME_SIGNATURE_CHANGE)
    signatures["time_s"] = seconds_of(tempos, found["tick"][has_sense])
    signatures["numerator"], signatures["denominator"] = numerators[has_sense], 2 ** powers[has_sense]
    return signatures


def _key_signatures(events: Events, tempos: np.ndarray) -> np.ndarray:
    found, payloads = events.conductor(KEY_SIGNATURE, 2)
    sharps, is_minor = payloads.T
    sharps = (sharps + 128) % 256 - 128  # a signed byte
    has_sense = (abs(sharps) <= 7) & (is_minor <= 1)
    signatures = np.empty(np.count_nonzero(has_sense), KEY_SIGNATURE_CHANGE)
    signatures["time_s"] = seconds_of(tempos, found["tick"][has_sense])
    signatures["sharps"], signatures["is_minor"] = sharps[has_sense], is_minor[has_sense]
    return signatures
