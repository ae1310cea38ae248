"""The same music in another key or at another tempo, as a MIDI file: all other events stay as they are.

Training does not need such files: it transposes chunks and changes their tempo on the fly, and only those that are
trained on. Files are for listening, and for other programs.
"""

import math
from typing import Literal

import numpy as np

from features.midi.editing import write_edited
from features.midi.events import KEY_SIGNATURE, NOTE_OFF, NOTE_ON, TEMPO, MidiError, read_events
from features.midi.pairing import DRUM_CHANNEL
from features.midi.tempo import DEFAULT_TEMPO_US
from features.midi.writing import tempo

KEY_PRESSURE = 0xA0

NUM_PITCHES, OCTAVE, FIFTH = 128, 12, 7

MAX_TEMPO_US = 0xFFFFFF
"""Microseconds a beat that three bytes hold: 3.6 beats a minute."""


def transpose(
    data: bytes,
    semitones: int,
    *,
    edges: Literal["fold", "drop"] = "fold",
    keys: Literal["follow", "leave"] = "follow",
) -> bytes:
    """Transposes a MIDI file.

    Drums, which are on channel 10 as pretty_midi has it, stay; so does everything that is neither a note, the pressure
    on its key, nor a key signature.

    Args:
        data: The bytes of a MIDI file.
        semitones: How far up; down if negative.
        edges: What becomes of notes that leave the 128 pitches: `"fold"`, they are brought back by octaves, and may
            meet others there; `"drop"`, they are left out.
        keys: What becomes of key signatures: `"follow"`, they are transposed to the key with the fewest signs;
            `"leave"`, they stay, and are wrong. Those that make no sense always stay.

    Returns:
        The bytes of a MIDI file.

    Raises:
        MidiError: The bytes are no MIDI file that `read_events` reads.

    Example:

    >>> from features.midi import notes_to_midi, read_events, read_notes
    >>> higher = transpose(notes_to_midi([(0, 480, 60), (480, 960, 126)]), 2)
    >>> read_notes(read_events(higher)).notes["pitch"].tolist()
    [62, 116]
    """
    events = read_events(data)
    table, changed = events.table, bytearray(data)
    moved = np.isin(table["status"], (NOTE_OFF, NOTE_ON, KEY_PRESSURE)) & (table["channel"] != DRUM_CHANNEL)
    pitches = table["data1"].astype(np.int64) + semitones
    is_outside = moved & ((pitches < 0) | (pitches >= NUM_PITCHES))
    _put(changed, table["payload_start"][moved], _folded(pitches[moved]))
    if keys == "follow":
        for event in events.meta(KEY_SIGNATURE):
            _transpose_key(changed, event, semitones)
    return write_edited(events, bytes(changed), dropped=is_outside if edges == "drop" else None)


def change_tempo(data: bytes, factor: float) -> bytes:
    """Makes a MIDI file faster or slower: every tempo changes, no tick does.

    Where a piece begins without a tempo, and so at 120 beats a minute, it gets one. Tempos are whole microseconds a
    beat, so that seconds may be off by a millionth or so.

    Args:
        data: The bytes of a MIDI file.
        factor: 2 for twice as fast, 0.5 for half as fast.

    Returns:
        The bytes of a MIDI file.

    Raises:
        MidiError: The bytes are no MIDI file that `read_events` reads, or a tempo would be so slow, or so fast, that
            MIDI has no number for it.
        ValueError: The factor is not above 0.

    Example:

    >>> from features.midi import notes_to_midi, read_events, read_notes
    >>> faster = change_tempo(notes_to_midi([(0, 480, 60), (480, 960, 62)]), 2)
    >>> read_notes(read_events(faster)).notes["end_s"].tolist()
    [0.25, 0.5]
    """
    if not 0 < factor < math.inf:
        raise ValueError(f"A tempo changes by a factor above 0, not by {factor}.")
    events = read_events(data)
    changed, has_tempo = bytearray(data), set()
    for event in events.meta(TEMPO):
        microseconds = int.from_bytes(events.payload(event)[:3], "big")
        if event["payload_length"] >= 3 and microseconds > 0:  # what has no sense stays
            start = int(event["payload_start"])
            changed[start : start + 3] = _scaled(microseconds, factor).to_bytes(3, "big")
            if event["tick"] == 0:
                has_tempo.add(int(event["track"]))
    # In format 2 each track is a piece of its own.
    beginnings = set(range(events.num_tracks)) if events.file_format == 2 else {0}
    first = {track: tempo(_scaled(DEFAULT_TEMPO_US, factor)) for track in beginnings - has_tempo}
    return write_edited(events, bytes(changed), first=first)


def _scaled(microseconds: int, factor: float) -> int:
    """Returns the microseconds of a beat at so many times the tempo."""
    scaled = math.floor(microseconds / factor + 0.5)
    if not 1 <= scaled <= MAX_TEMPO_US:
        raise MidiError(
            f"{factor:g} times as fast, a beat of it would last {scaled:,} microseconds, and MIDI has numbers for 1 to "
            f"{MAX_TEMPO_US:,} only"
        )
    return scaled


def _folded(pitches: np.ndarray) -> np.ndarray:
    """Brings pitches back by octaves, to the nearest place within the 128."""
    octaves_down = -(np.minimum(NUM_PITCHES - 1 - pitches, 0) // OCTAVE)
    octaves_up = -(np.minimum(pitches, 0) // OCTAVE)
    return pitches + OCTAVE * (octaves_up - octaves_down)


def _put(data: bytearray, places: np.ndarray, values: np.ndarray) -> None:
    np.frombuffer(data, np.uint8)[places] = values


def _transpose_key(data: bytearray, event: np.void, semitones: int) -> None:
    """Transposes a key signature in its place, if it makes sense."""
    start = int(event["payload_start"])
    if event["payload_length"] < 2 or data[start + 1] > 1:
        return
    sharps = (data[start] + 128) % 256 - 128  # a signed byte
    if abs(sharps) <= 7 and semitones % OCTAVE:
        data[start] = transposed_key(sharps, semitones) & 0xFF


def transposed_key(sharps: int, semitones: int) -> int:
    """Returns how many sharps (flats, if negative) a key signature has after it was transposed.

    Of two names of a key it is the one with fewer signs; with six, sharps if it had sharps before.

    Example:

    >>> [transposed_key(sharps, 2) for sharps in (0, 5, -3, 4)]
    [2, -5, -1, 6]
    """
    signs = (sharps + FIFTH * semitones) % OCTAVE
    is_flat = signs > 6 or (signs == 6 and sharps <= 0)
    return signs - OCTAVE if is_flat else signs
