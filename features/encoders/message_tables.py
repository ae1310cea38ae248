"""Events -> a table of messages: their types and attributes, by the names that mido has for them."""

import numpy as np

from features.midi import Events
from features.midi.events import BEND, CONTROL, META, NOTE_OFF, NOTE_ON, PROGRAM, TEMPO, TIME_SIGNATURE

# The seven that the reference found to be the most frequent come first.
ATTRIBUTES = (
    *("channel", "control", "note", "tempo", "time", "value", "velocity"),
    *("program", "pitch", "numerator", "denominator"),
)

POLYTOUCH, AFTERTOUCH = 0xA0, 0xD0

OF_CHANNEL = {
    NOTE_OFF: (1, ("channel", "note", "velocity")),
    NOTE_ON: (2, ("channel", "note", "velocity")),
    POLYTOUCH: (3, ("channel", "note", "value")),
    CONTROL: (4, ("channel", "control", "value")),
    PROGRAM: (5, ("channel", "program")),
    AFTERTOUCH: (6, ("channel", "value")),
    BEND: (7, ("channel", "pitch")),
}
"""The type of each channel message, and what its channel and its data bytes are called."""

OF_SYSTEM, FIRST_META = 8, 9
"""The type of system messages, and that of the first kind of meta event."""

OF_META = {TEMPO: ("tempo",), TIME_SIGNATURE: ("numerator", "denominator")}
"""What meta events carry, where that is numbers."""

META_TYPES = (
    TEMPO,
    TIME_SIGNATURE,
    0x59,
    0x2F,
    0x01,
    0x02,
    0x03,
    0x04,
    0x05,
    0x06,
    0x07,
    0x09,
    0x20,
    0x21,
    0x54,
    0x7F,
)
"""Kinds of meta events, in the order of their types; all others are one type more."""

MAX_TYPES = FIRST_META + len(META_TYPES) + 1
"""Types of messages, with that of the padding, 0."""

TYPE = 0
"""The column of the type."""

LONGEST_BEATS = 16.0
"""Four bars of four: a longer wait says no more."""


def _attributes_by_type() -> np.ndarray:
    has = np.zeros((MAX_TYPES, len(ATTRIBUTES)), bool)
    has[1:, ATTRIBUTES.index("time")] = True
    by_meta = {FIRST_META + META_TYPES.index(kind): names for kind, names in OF_META.items()}
    for number, names in (*OF_CHANNEL.values(), *by_meta.items()):
        has[number, [ATTRIBUTES.index(name) for name in names]] = True
    return has


HAS = _attributes_by_type()
"""Which attributes the messages of a type have, bool `(types, attributes)`."""


def read_messages(events: Events, *, beats: bool = False, merge_tracks: bool = False) -> np.ndarray:
    """Returns the messages of a file.

    Args:
        events: What `read_events` returned.
        beats: Whether time is in beats, up to `LONGEST_BEATS`, instead of ticks.
        merge_tracks: Whether the tracks are merged in order of time; otherwise they come one after the other.

    Returns:
        float64 `(messages, 1 + attributes)`: the type, and the attributes; 0 for those that a type does not have. No
        messages at all if no note is struck.

    Example:

    >>> from features.midi import notes_to_midi, read_events
    >>> table = read_messages(read_events(notes_to_midi([(0, 480, 60, 90)])))
    >>> table[:, TYPE].astype(int).tolist(), table[3, 1 + ATTRIBUTES.index("time")].item()
    ([9, 12, 2, 1, 12], 480.0)
    """
    table = in_reading_order(events, merge_tracks=merge_tracks)
    if not ((table["status"] == NOTE_ON) & (table["data2"] > 0)).any():
        return np.zeros((0, 1 + len(ATTRIBUTES)))
    before = np.zeros(len(table), np.int64)
    before[1:] = table["tick"][:-1]
    if not merge_tracks:
        before[np.diff(table["track"], prepend=-1) != 0] = 0
    time = (table["tick"] - before).astype(float)
    messages = np.zeros((len(table), 1 + len(ATTRIBUTES)))
    messages[:, TYPE] = _types(table)
    by_name = dict(zip(ATTRIBUTES, messages.T[1:], strict=True))
    by_name["time"][:] = np.minimum(time / events.ticks_per_beat, LONGEST_BEATS) if beats else time
    for status, (_, (channel, *names)) in OF_CHANNEL.items():
        found = table["status"] == status
        by_name[channel][found] = table["channel"][found]
        for name, column in zip(names, ("data1", "data2"), strict=False):
            by_name[name][found] = table[column][found]
    bends = table["status"] == BEND
    by_name["pitch"][bends] = (table["data2"][bends].astype(int) << 7 | table["data1"][bends]) - 8192
    _read_metas(events, table, by_name)
    return messages


def in_reading_order(events: Events, *, merge_tracks: bool) -> np.ndarray:
    """Returns the events in the order in which they are read: track by track, or all by their time."""
    table = events.table
    return table[np.argsort(table["tick"], kind="stable")] if merge_tracks else table


def _types(table: np.ndarray) -> np.ndarray:
    """Returns the type of each event, `(events,)`."""
    of_status, of_meta = np.full(256, OF_SYSTEM), np.full(256, MAX_TYPES - 1)
    of_status[list(OF_CHANNEL)] = [number for number, _ in OF_CHANNEL.values()]
    of_meta[list(META_TYPES)] = FIRST_META + np.arange(len(META_TYPES))
    is_meta = table["status"] == META
    return np.where(is_meta, of_meta[table["data1"]], of_status[table["status"]])


def _read_metas(events: Events, table: np.ndarray, by_name: dict[str, np.ndarray]) -> None:
    """Fills in tempos and time signatures."""
    data, is_meta = np.frombuffer(events.data, np.uint8), table["status"] == META
    for kind, length in ((TEMPO, 3), (TIME_SIGNATURE, 2)):
        found = np.flatnonzero(is_meta & (table["data1"] == kind) & (table["payload_length"] >= length))
        payload = data[table["payload_start"][found][:, None] + np.arange(length)].astype(np.int64)
        if kind == TEMPO:
            by_name["tempo"][found] = payload @ (65_536, 256, 1)
        else:
            by_name["numerator"][found] = payload[:, 0]
            by_name["denominator"][found] = 2.0 ** np.minimum(payload[:, 1], 8)
