"""Notes -> the bytes of a MIDI file.

`notes_to_midi` is what corpora use; under it lies `write_tracks`, which takes any messages,
and one small function for each kind of message.
"""

import struct
from collections.abc import Iterable, Sequence

import numpy as np

NOTE_FIELDS = ("start_tick", "end_tick", "pitch", "velocity", "program", "channel", "track")
DEFAULT_NOTE = (0, 0, 0, 64, 0, 0, 0)
OFF, ON = 0, 1  # in this order on one tick

Message = tuple[int, bytes]


def notes_to_midi(
    notes: np.ndarray | Iterable[Sequence[int]],
    *,
    ticks_per_beat: int = 480,
    tempo_us: int | Sequence[tuple[int, int]] = 500_000,
    conductor: Sequence[Message] = (),
) -> bytes:
    """Writes notes as a MIDI file of format 1: a conductor track, then one track for each `track`.

    On one tick note-offs stand before note-ons, and the program of a note is set again
    before its note-off where it has changed, so that every note is read back as it was given.
    Only notes of one pitch, channel and track that overlap cannot be told apart in a MIDI file:
    the first note-off closes both. Give voices that may meet on a unison tracks of their own.

    Args:
        notes: Structured array with fields among `start_tick`, `end_tick`, `pitch`, `velocity`,
            `program`, `channel` and `track`, or tuples in this order. The first three are needed;
            the others default to velocity 64, program 0, channel 0 and track 0.
        ticks_per_beat: Ticks per quarter note.
        tempo_us: Microseconds per quarter note, or a sequence of `(tick, microseconds)`.
        conductor: Further `(tick, message)` for the first track: signatures, texts.

    Returns:
        The bytes of the file.

    Example:

    >>> from features.midi import read_events, read_notes
    >>> data = notes_to_midi([(0, 480, 60), (480, 960, 62)])
    >>> read_notes(read_events(data)).notes["end_s"]
    array([0.5, 1. ])
    """
    tempos = [(0, tempo_us)] if isinstance(tempo_us, int) else tempo_us
    tracks = [[*((tick, tempo(microseconds)) for tick, microseconds in tempos), *conductor]]
    rows = _as_rows(notes)
    for track in sorted({row[6] for row in rows}):
        tracks.append(_note_messages([row for row in rows if row[6] == track]))
    return write_tracks(tracks, ticks_per_beat=ticks_per_beat)


def write_tracks(
    tracks: Iterable[Iterable[Message]], *, ticks_per_beat: int = 480, file_format: int = 1
) -> bytes:
    """Writes any messages as a MIDI file.

    Args:
        tracks: For each track its `(tick, message)` pairs, ticks counted from the start of the piece.
            Messages on one tick keep their order; the end of the track is added.
        ticks_per_beat: Ticks per quarter note, 1 to 32,767.
        file_format: 0 (one track), 1 (tracks sound together) or 2.

    Returns:
        The bytes of the file.
    """
    chunks = [_write_track(track) for track in tracks]
    if not 1 <= ticks_per_beat <= 0x7FFF:
        raise ValueError(f"Ticks per beat must lie in 1..32767, got {ticks_per_beat}.")
    return b"".join([b"MThd", struct.pack(">IHHH", 6, file_format, len(chunks), ticks_per_beat), *chunks])


def note_on(pitch: int, velocity: int = 64, *, channel: int = 0) -> bytes:
    """Returns the message that begins a note; with velocity 0 it ends one."""
    return _channel_message(0x90, channel, pitch, velocity)


def note_off(pitch: int, velocity: int = 0, *, channel: int = 0) -> bytes:
    """Returns the message that ends a note."""
    return _channel_message(0x80, channel, pitch, velocity)


def control_change(number: int, value: int, *, channel: int = 0) -> bytes:
    """Returns the message that moves a controller; number 64 is the sustain pedal."""
    return _channel_message(0xB0, channel, number, value)


def program_change(program: int, *, channel: int = 0) -> bytes:
    """Returns the message that chooses an instrument for a channel."""
    return _channel_message(0xC0, channel, program)


def pitch_bend(bend: int, *, channel: int = 0) -> bytes:
    """Returns the message that bends a channel; -8192..8191 are two semitones down and up."""
    return _channel_message(0xE0, channel, (bend + 8192) & 0x7F, (bend + 8192) >> 7)


def meta(kind: int, data: bytes) -> bytes:
    """Returns a meta message; kinds 1 to 7 are texts (3: track name, 5: lyric, 6: marker)."""
    return bytes((0xFF, kind)) + variable_length(len(data)) + data


def tempo(microseconds: int) -> bytes:
    """Returns the message that sets the tempo, in microseconds per quarter note."""
    return meta(0x51, microseconds.to_bytes(3, "big"))


def time_signature(numerator: int, denominator: int) -> bytes:
    """Returns a time signature; the denominator is a power of two."""
    return meta(0x58, bytes((numerator, denominator.bit_length() - 1, 24, 8)))


def key_signature(sharps: int, *, minor: bool = False) -> bytes:
    """Returns a key signature: -7 (seven flats) to 7 (seven sharps)."""
    return meta(0x59, bytes((sharps & 0xFF, minor)))


def variable_length(number: int) -> bytes:
    """Returns a number in groups of seven bits, the high bit set in all bytes but the last.

    Example:

    >>> variable_length(480).hex()
    '8360'
    """
    if number < 0:
        raise ValueError(f"A length or a time must not be negative, got {number}.")
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(0x80 | number & 0x7F)
    return bytes(reversed(groups))


def _as_rows(notes: np.ndarray | Iterable[Sequence[int]]) -> list[tuple[int, ...]]:
    if isinstance(notes, np.ndarray) and notes.dtype.names:
        columns = [
            notes[name].tolist() if name in notes.dtype.names else [default] * len(notes)
            for name, default in zip(NOTE_FIELDS, DEFAULT_NOTE, strict=True)
        ]
        rows = list(zip(*columns, strict=True))
    else:
        rows = [(*map(int, note), *DEFAULT_NOTE[len(note) :]) for note in notes]
    for row in rows:
        if not 0 <= row[0] < row[1]:
            raise ValueError(
                f"A note must begin at tick 0 or later and end after it begins, got {row[0]} to {row[1]}."
            )
    return rows


def _note_messages(rows: Sequence[tuple[int, ...]]) -> list[Message]:
    moments = [(row[0], ON, row) for row in rows]
    moments += [(row[1], OFF, row) for row in rows]
    current_program: dict[int, int] = {}
    messages = []
    for tick, kind, (_, _, pitch, velocity, program, channel, _) in sorted(moments):
        if current_program.get(channel, 0) != program:
            current_program[channel] = program
            messages.append((tick, program_change(program, channel=channel)))
        message = (
            note_on(pitch, velocity, channel=channel) if kind == ON else note_off(pitch, channel=channel)
        )
        messages.append((tick, message))
    return messages


def _write_track(messages: Iterable[Message]) -> bytes:
    data, now = bytearray(), 0
    for tick, message in sorted(messages, key=lambda pair: pair[0]):
        data += variable_length(tick - now) + message
        now = tick
    data += variable_length(0) + meta(0x2F, b"")
    return b"MTrk" + struct.pack(">I", len(data)) + data


def _channel_message(status: int, channel: int, *data: int) -> bytes:
    if not (0 <= channel <= 15 and all(0 <= byte <= 127 for byte in data)):
        raise ValueError(
            f"A channel must lie in 0..15 and data in 0..127, got channel {channel} and data {data}."
        )
    return bytes((status | channel, *data))
