"""Bytes -> Events: everything a MIDI file says, as one table.

The scanner is compiled with numba: it goes over the bytes once and checks every read.
It forgives what players forgive (a RIFF wrapper, a wrong number of tracks, data bytes above
127, nonsense in signatures and texts) and refuses, with a reason, what has no sense left.
"""

from dataclasses import dataclass
from functools import cached_property

import numba
import numpy as np

from features.errors import InputError

EVENT = np.dtype(
    [
        ("tick", np.int64),
        ("track", np.int32),
        ("status", np.uint8),
        ("channel", np.uint8),
        ("data1", np.uint8),
        ("data2", np.uint8),
        ("payload_start", np.int32),
        ("payload_length", np.int32),
    ]
)

NOTE_OFF, NOTE_ON, CONTROL, PROGRAM, BEND, SYSEX, META = 0x80, 0x90, 0xB0, 0xC0, 0xE0, 0xF0, 0xFF
TEXT, COPYRIGHT, TRACK_NAME, LYRIC, MARKER = 0x01, 0x02, 0x03, 0x05, 0x06
END_OF_TRACK, TEMPO, TIME_SIGNATURE, KEY_SIGNATURE = 0x2F, 0x51, 0x58, 0x59

# The largest of 3,971 files of classical music, a symphony, has 0.5 MB. All memory and time that reading and
# encoding can take follow from this limit, and from those in notes.py and rendering.py.
MAX_FILE_BYTES = 4 * 2**20
# The header follows at once, or after a RIFF wrapper (20 bytes) or a MacBinary one (128 bytes).
MAX_WRAPPER_BYTES = 256

_FINE, _TRUNCATED, _OVERRUN, _NO_STATUS, _LONG_NUMBER = range(5)
_REASONS = {
    _TRUNCATED: "it ends in the middle of a track",
    _OVERRUN: "an event runs past the end of its track",
    _NO_STATUS: "an event has no status byte",
    _LONG_NUMBER: "a time or a length is absurdly large",
}


class MidiError(InputError):
    """A file that cannot be read as MIDI; the message is one clause that gives the reason."""


@dataclass(frozen=True)
class Events:
    """What a MIDI file says, in its own order: track by track, each in time.

    Attributes:
        table: Structured array `(events,)` of dtype `EVENT`. `status` comes without its channel;
            for meta events `data1` is their kind and the payload lies in `data`.
        file_format: 0, 1 or 2, as the header says.
        ticks_per_beat: Ticks per quarter note.
        num_tracks: Tracks that were read.
        data: The bytes of the file.
    """

    table: np.ndarray
    file_format: int
    ticks_per_beat: int
    num_tracks: int
    data: bytes

    @cached_property
    def _metas(self) -> np.ndarray:
        return self.table[self.table["status"] == META]

    def meta(self, kind: int) -> np.ndarray:
        """Returns the meta events of one kind, in the order of the table."""
        return self._metas[self._metas["data1"] == kind]

    def conductor(self, kind: int, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns the meta events of one kind in the first track, which sets tempo and signatures for all.

        Args:
            kind: Such as `TEMPO`.
            length: Bytes of payload to return; events with fewer are left out.

        Returns:
            The events, and the first bytes of their payloads as int64 `(events, length)`.
        """
        found = self.meta(kind)
        found = found[(found["track"] == 0) & (found["payload_length"] >= length)]
        places = found["payload_start"][:, None] + np.arange(length)
        return found, np.frombuffer(self.data, np.uint8)[places].astype(np.int64)

    def payload(self, event: np.void) -> bytes:
        """Returns the bytes that a meta event or a sysex carries."""
        start = int(event["payload_start"])
        return self.data[start : start + int(event["payload_length"])]


def read_events(data: bytes) -> Events:
    """Reads the bytes of a MIDI file.

    Args:
        data: The whole file.

    Returns:
        Its events.

    Raises:
        MidiError: The bytes are no MIDI file, or one that has no sense left.

    Example:

    >>> from features.midi import notes_to_midi
    >>> events = read_events(notes_to_midi([(0, 480, 60), (480, 960, 62)]))
    >>> events.ticks_per_beat, events.num_tracks, len(events.table)
    (480, 2, 7)
    """
    start, file_format, num_tracks, ticks_per_beat = _read_header(data)
    # The shortest event is a time and one data byte under running status.
    table = np.empty(len(data) // 2 + 1, EVENT)
    count, num_tracks, problem = _scan(np.frombuffer(data, np.uint8), start, num_tracks, table)
    if problem != _FINE:
        raise MidiError(f"{_REASONS[problem]} (track {num_tracks})")
    if num_tracks == 0:
        raise MidiError("it has no tracks")
    return Events(table[:count], file_format, ticks_per_beat, num_tracks, data)


def _read_header(data: bytes) -> tuple[int, int, int, int]:
    """Returns where the first chunk after the header starts, and what the header says."""
    if not data:
        raise MidiError("it is empty")
    if len(data) > MAX_FILE_BYTES:
        raise MidiError(f"it is larger than {MAX_FILE_BYTES // 2**20} MiB")
    start = data.find(b"MThd", 0, MAX_WRAPPER_BYTES)
    if start < 0:
        raise MidiError("it has no MIDI header (MThd)")
    if len(data) < start + 14:
        raise MidiError("it ends within its header")
    length, file_format, num_tracks, division = (
        int.from_bytes(data[start + first : start + last], "big")
        for first, last in ((4, 8), (8, 10), (10, 12), (12, 14))
    )
    if division & 0x8000:
        raise MidiError("it counts time in film frames (SMPTE), not in beats")
    if division == 0:
        raise MidiError("it has 0 ticks per beat")
    if num_tracks & 0x8000:
        raise MidiError(f"its header announces {num_tracks} tracks")
    return start + 8 + max(length, 6), file_format, num_tracks, division


@numba.njit(cache=True)
def _scan(data, at, max_tracks, table):
    """Fills the table; returns the number of events, of tracks, and what went wrong.

    Tracks beyond those that the header announces are not read, as in mido; other chunks are skipped.
    """
    count, track = 0, 0
    while at + 8 <= data.size and track < max_tracks:
        is_track = data[at] == 0x4D and data[at + 1] == 0x54 and data[at + 2] == 0x72 and data[at + 3] == 0x6B
        length = 0
        for byte in data[at + 4 : at + 8]:
            length = length * 256 + int(byte)
        end = at + 8 + length
        if is_track:
            count, problem = _scan_track(data, at + 8, end, track, table, count)
            track += 1
            if problem != _FINE:
                return count, track, problem
        at = end
    return count, track, _FINE


@numba.njit(cache=True)
def _scan_track(data, at, end, track, table, count):
    """Reads one track; returns the number of events in the table, and what went wrong.

    Events after the end-of-track event are read as long as they make sense, as in mido.
    A track that should go on where the file stops is fine if it came to its end-of-track event.
    """
    is_cut = end > data.size
    end = min(end, data.size)
    tick, running_status, count_at_end = 0, 0, -1
    problem = _FINE
    while at < end:
        delta, at = _read_number(data, at, end)
        if at >= end:
            problem = _LONG_NUMBER if at > end else _OVERRUN
            break
        status = int(data[at])
        if status >= 0x80:
            at += 1
            # Of what does not belong into a file, some is repeated under running status too, as in mido.
            if status < 0xF0 or 0xF1 <= status <= 0xF3:
                running_status = status
        elif running_status:
            status = running_status
        else:
            problem = _NO_STATUS
            break

        kind, size = 0, 0
        if status < 0xC0 or 0xE0 <= status < 0xF0 or status == 0xF2:
            size = 2
        elif status < 0xE0 or status == 0xF1 or status == 0xF3:
            size = 1
        elif status == 0xFF or status == 0xF0 or status == 0xF7:
            if status == 0xFF and at < end:
                kind = int(data[at])
                at += 1
            size, at = _read_number(data, at, end)
        if at + size > end:
            problem = _OVERRUN
            break

        # mido forgets the time before a meta event it does not know; so does pretty_midi, whose rolls we equal.
        if status != 0xFF or is_known_meta(kind):
            tick += delta
        event = table[count]
        event["tick"] = tick
        event["track"] = track
        event["status"] = status & 0xF0 if status < 0xF0 else status
        event["channel"] = status & 0x0F if status < 0xF0 else 0
        event["data1"] = kind
        event["data2"] = 0
        if status < 0xF0:
            event["data1"] = min(int(data[at]), 127)
            if size == 2:
                event["data2"] = min(int(data[at + 1]), 127)
        event["payload_start"] = at
        event["payload_length"] = size
        count += 1
        at += size
        if status == 0xFF and kind == 0x2F:
            count_at_end = count

    if count_at_end >= 0 and problem != _FINE:
        return count_at_end, _FINE
    if count_at_end < 0 and is_cut:
        problem = _TRUNCATED
    return count, problem


@numba.njit(cache=True)
def _read_number(data, at, end):
    """Reads a number of groups of seven bits; returns it and where it ends: past `end` if it is too large."""
    number = 0
    while at < end:
        byte = int(data[at])
        at += 1
        number = number * 128 + (byte & 0x7F)
        if number > 0x0FFFFFFF:
            return 0, end + 1
        if byte < 0x80:
            break
    return number, at


@numba.njit(cache=True)
def is_known_meta(kind):
    """Whether mido knows this kind of meta event, and so counts the time before it."""
    return kind <= 0x07 or kind in (0x09, 0x20, 0x21, 0x2F, 0x51, 0x54, 0x58, 0x59, 0x7F)
