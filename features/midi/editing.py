"""Events -> the bytes of their file again, some of them changed: all else stays as it was written.

Nothing is decoded and encoded anew, so nothing is lost that we do not understand: odd meta events, sysex, running
status. What was damaged comes out whole: a wrapper around the file is taken off, and a track that was cut off behind
its end says how long it is.
"""

from collections.abc import Mapping

import numpy as np

from features.midi.events import MAX_WRAPPER_BYTES, META, Events, MidiError, is_known_meta
from features.midi.writing import variable_length

HEADER, TRACK = b"MThd", b"MTrk"

MAX_NUMBER = 0x0FFFFFFF
"""What a time of four groups of seven bits can say."""


def write_edited(
    events: Events,
    changed: bytes,
    *,
    dropped: np.ndarray | None = None,
    first: Mapping[int, bytes] | None = None,
) -> bytes:
    """Writes the file of some events with a few changes.

    Args:
        events: What `read_events` returned.
        changed: The bytes of the file, as many as before, some with other values within payloads.
        dropped: bool `(events,)`; events to leave out. The time before them is kept.
        first: By track, a message that is to come before all others, at tick 0.

    Returns:
        The bytes of a MIDI file.

    Raises:
        MidiError: The time before an event became absurdly large, because so much was dropped.
    """
    ends = events.table["payload_start"].astype(np.int64) + events.table["payload_length"]
    borders = np.searchsorted(events.table["track"], np.arange(events.num_tracks + 1))
    start = changed.find(HEADER, 0, MAX_WRAPPER_BYTES)
    at = start + 8 + max(int.from_bytes(changed[start + 4 : start + 8], "big"), 6)
    written, track = [changed[start:at]], 0
    while track < events.num_tracks:
        length = int.from_bytes(changed[at + 4 : at + 8], "big")
        if changed[at : at + 4] == TRACK:
            rows = slice(borders[track], borders[track + 1])
            body = _body(events.table[rows], ends[rows], changed, at + 8, dropped, rows)
            message = (first or {}).get(track)
            body = body if message is None else variable_length(0) + message + body
            written += [TRACK, len(body).to_bytes(4, "big"), body]
            track += 1
        else:
            written.append(changed[at : at + 8 + length])
        at += 8 + length
    # What follows the last track belongs to the file, or to the wrapper that was taken off.
    return b"".join([*written, changed[at:] if start == 0 else b""])


def _body(
    table: np.ndarray, ends: np.ndarray, changed: bytes, start: int, dropped: np.ndarray | None, rows: slice
) -> bytes:
    """Returns the events of one track, whose first begins at `start`."""
    if dropped is None or not dropped[rows].any():
        return changed[start : ends[-1] if len(ends) else start]
    body, waiting = bytearray(), 0
    for event, end, is_dropped in zip(table, ends.tolist(), dropped[rows].tolist(), strict=True):
        delta, at = _read_number(changed, start)
        start = end
        if is_dropped:
            waiting += delta
            continue
        if event["status"] != META or is_known_meta(
            event["data1"]
        ):  # elsewhere our door would forget the time
            delta, waiting = delta + waiting, 0
        if delta > MAX_NUMBER:
            raise MidiError("without its dropped notes, a rest would be absurdly long")
        body += variable_length(delta)
        if changed[at] < 0x80:  # running status; what it began with may have been dropped
            status = int(event["status"])
            body.append(status | int(event["channel"]) if status < 0xF0 else status)
        body += changed[at:end]
    return bytes(body)


def _read_number(data: bytes, at: int) -> tuple[int, int]:
    """Reads a number of groups of seven bits, which `read_events` has already read; returns it and where it ends."""
    number = 0
    while True:
        byte = data[at]
        at += 1
        number = number * 128 + (byte & 0x7F)
        if byte < 0x80:
            return number, at
