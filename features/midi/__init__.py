"""The only door to MIDI files: bytes -> events -> notes, and notes -> bytes."""

from features.midi.events import EVENT, Events, MidiError, read_events
from features.midi.fingerprint import FINGERPRINT_NAMES, fingerprint
from features.midi.melody import melody_steps, top_line
from features.midi.notes import CHANGE, NOTE, Notes, read_notes
from features.midi.pairing import INSTRUMENT
from features.midi.writing import notes_to_midi, write_tracks

__all__ = [
    "CHANGE",
    "EVENT",
    "FINGERPRINT_NAMES",
    "INSTRUMENT",
    "NOTE",
    "Events",
    "MidiError",
    "Notes",
    "fingerprint",
    "melody_steps",
    "notes_to_midi",
    "read_events",
    "read_notes",
    "top_line",
    "write_tracks",
]
