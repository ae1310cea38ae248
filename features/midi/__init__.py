"""The only door to MIDI files: bytes -> events -> notes, and notes -> bytes."""

from features.midi.events import EVENT, Events, MidiError, read_events
from features.midi.fingerprint import FINGERPRINT_NAMES, fingerprint
from features.midi.notes import CHANGE, NOTE, Notes, read_notes
from features.midi.outline import outer_voices, outline
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
    "notes_to_midi",
    "outer_voices",
    "outline",
    "read_events",
    "read_notes",
    "write_tracks",
]
