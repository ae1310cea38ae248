"""Our notes are those of pretty_midi."""

import io
import warnings

import numpy as np
import pretty_midi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.midi import (
    MidiError,
    notes_to_midi,
    read_events,
    read_notes,
    write_tracks,
)
from features.midi.writing import (
    control_change,
    key_signature,
    meta,
    note_off,
    note_on,
    program_change,
    tempo,
)


def notes_of(data: bytes):
    return read_notes(read_events(data))


def oracle(data: bytes) -> pretty_midi.PrettyMIDI:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Tempo, Key or Time", RuntimeWarning)
        return pretty_midi.PrettyMIDI(io.BytesIO(data))


@given(st.data())
def test_notes_equal_pretty_midi(midi_files, data):
    file = data.draw(midi_files)
    ours, theirs = notes_of(file), oracle(file)
    assert [
        (instrument["program"], instrument["is_drum"], instrument["end_s"]) for instrument in ours.instruments
    ] == [
        (instrument.program, instrument.is_drum, instrument.get_end_time())
        for instrument in theirs.instruments
    ]
    for index, instrument in enumerate(theirs.instruments):
        mine = ours.notes[ours.notes["instrument"] == index]
        assert mine[["start_s", "end_s", "pitch", "velocity"]].tolist() == [
            (note.start, note.end, note.pitch, note.velocity) for note in instrument.notes
        ]


@given(st.data())
def test_tempi_and_signatures_equal_pretty_midi(midi_files, data):
    file = data.draw(midi_files)
    ours, theirs = notes_of(file), oracle(file)
    times, beats_per_minute = theirs.get_tempo_changes()
    np.testing.assert_array_equal(ours.tempos["time_s"], times)
    np.testing.assert_allclose(60 / (ours.tempos["seconds_per_tick"] * theirs.resolution), beats_per_minute)
    assert ours.time_signatures.tolist() == [
        (change.time, change.numerator, change.denominator) for change in theirs.time_signature_changes
    ]
    assert ours.key_signatures["time_s"].tolist() == [change.time for change in theirs.key_signature_changes]


def test_one_note_off_closes_all_notes_but_those_of_its_tick():
    track = [
        (0, note_on(60)),
        (240, note_on(60)),
        (480, note_on(60)),
        (480, note_off(60)),
        (960, note_off(60)),
    ]
    assert notes_of(write_tracks([track])).notes[["start_s", "end_s"]].tolist() == [
        (0, 0.5),
        (0.25, 0.5),
        (0.5, 1),
    ]


def test_program_at_the_note_off_decides():
    track = [(0, note_on(60)), (240, program_change(40)), (480, note_off(60))]
    assert notes_of(write_tracks([track])).notes["program"].tolist() == [40]


def test_early_controllers_are_shared_by_later_instruments():
    track = [(0, control_change(64, 127))]
    for program, tick in ((1, 0), (2, 480)):
        track += [(tick, program_change(program)), (tick, note_on(60)), (tick + 480, note_off(60))]
    assert notes_of(write_tracks([track])).instruments["stream"].tolist() == [0, 0]


def test_impossible_signatures_and_tempi_are_left_out():
    conductor = [
        (0, key_signature(3, minor=True)),
        (0, meta(0x59, bytes((100, 9)))),
        (0, meta(0x58, bytes((0, 2, 24, 8)))),
        (0, meta(0x51, bytes(3))),
        (0, meta(0x51, b"")),
    ]
    notes = notes_of(write_tracks([conductor]))
    assert notes.key_signatures.tolist() == [(0.0, 3, True)]
    assert len(notes.time_signatures) == 0
    assert len(notes.tempos) == 1


def test_file_without_notes_has_none():
    notes = notes_of(write_tracks([[(0, tempo(400_000)), (9, control_change(64, 127))]]))
    assert len(notes.notes) == len(notes.instruments) == 0


def test_piece_of_more_than_six_hours_is_refused():
    six_hours = 6 * 3600 * 2 * 480
    assert len(notes_of(notes_to_midi([(0, six_hours, 60)])).notes) == 1
    with pytest.raises(MidiError, match="longer than 6 hours"):
        notes_of(notes_to_midi([(0, six_hours + 480, 60)]))
