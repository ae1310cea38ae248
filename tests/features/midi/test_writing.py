"""What is written is read back, by us and by pretty_midi."""

import io

import numpy as np
import pretty_midi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.midi import notes_to_midi, read_events, read_notes, write_tracks
from features.midi.writing import NOTE_FIELDS, note_on, time_signature, variable_length


@given(st.data())
def test_every_note_is_read_back(note_lists, data):
    notes = data.draw(note_lists)
    expected = sorted((start / 512, end / 512, pitch, velocity) for start, end, pitch, velocity in notes)
    file = notes_to_midi(notes, ticks_per_beat=512, tempo_us=1_000_000)  # seconds without rounding
    ours = read_notes(read_events(file)).notes
    theirs = [note for track in pretty_midi.PrettyMIDI(io.BytesIO(file)).instruments for note in track.notes]
    assert sorted(ours[["start_s", "end_s", "pitch", "velocity"]].tolist()) == expected
    assert sorted((note.start, note.end, note.pitch, note.velocity) for note in theirs) == expected


def test_programs_channels_and_tracks_are_kept():
    rows = [
        (0, 480, 60, 80, 5, 0, 0),
        (240, 960, 64, 81, 6, 0, 0),
        (0, 480, 60, 90, 7, 1, 0),
        (0, 480, 60, 90, 7, 1, 4),
    ]
    notes = np.array(rows, [(name, np.int64) for name in NOTE_FIELDS])
    read = read_notes(read_events(notes_to_midi(notes)))
    assert sorted(read.notes[["pitch", "program", "channel"]].tolist()) == [
        (60, 5, 0),
        (60, 7, 1),
        (60, 7, 1),
        (64, 6, 0),
    ]
    assert len(read.instruments) == 4


def test_tempi_and_signatures_are_kept():
    file = notes_to_midi(
        [(0, 960, 60)], tempo_us=[(0, 500_000), (480, 1_000_000)], conductor=[(0, time_signature(3, 8))]
    )
    read = read_notes(read_events(file))
    assert read.notes["end_s"].tolist() == [1.5]
    assert read.time_signatures.tolist() == [(0.0, 3, 8)]


@given(st.integers(0, 2**28 - 1))
def test_variable_length_is_the_shortest_of_seven_bits_each(number):
    groups = variable_length(number)
    assert sum((byte & 0x7F) << 7 * power for power, byte in enumerate(reversed(groups))) == number
    assert [byte >= 0x80 for byte in groups] == [True] * (len(groups) - 1) + [False]
    assert len(groups) == max(1, -(-number.bit_length() // 7))


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda: notes_to_midi([(480, 480, 60)]), "end after it begins"),
        (lambda: notes_to_midi([(-1, 480, 60)]), "begin at tick 0"),
        (lambda: note_on(128), "data in 0..127"),
        (lambda: note_on(60, channel=16), "channel must lie in 0..15"),
        (lambda: write_tracks([], ticks_per_beat=0), "Ticks per beat"),
    ],
)
def test_what_midi_cannot_hold_is_refused(write, message):
    with pytest.raises(ValueError, match=message):
        write()
