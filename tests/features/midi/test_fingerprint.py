"""The fingerprint knows the maker of a file and nothing of its music."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.midi import (
    FINGERPRINT_NAMES,
    fingerprint,
    notes_to_midi,
    read_events,
    write_tracks,
)
from features.midi.writing import control_change, meta, note_off, note_on, pitch_bend


def named(data: bytes) -> dict[str, float]:
    return dict(zip(FINGERPRINT_NAMES, fingerprint(read_events(data)).tolist(), strict=True))


@given(st.data())
def test_finite_for_every_file(midi_files, data):
    numbers = fingerprint(read_events(data.draw(midi_files)))
    assert numbers.shape == (len(FINGERPRINT_NAMES),)
    assert np.isfinite(numbers).all()


@given(st.data(), st.integers(-20, 20), st.integers(1, 5))
def test_blind_to_pitch_rhythm_and_length(note_lists, data, semitones, slower):
    notes = data.draw(note_lists)
    other = [
        (start * slower, end * slower, pitch + semitones, velocity) for start, end, pitch, velocity in notes
    ]
    np.testing.assert_array_equal(
        fingerprint(read_events(notes_to_midi(notes))), fingerprint(read_events(notes_to_midi(other)))
    )


def test_counts():
    track = [
        (0, meta(0x03, b"Piano")),
        (0, control_change(64, 127)),
        (0, control_change(7, 100)),
        (0, pitch_bend(5)),
        (0, note_on(60, 40)),
        (0, note_on(64, 80)),
        (9, note_off(60)),
        (9, note_on(64, 0)),
    ]
    numbers = named(write_tracks([track], ticks_per_beat=96, file_format=0))
    expected = {
        "file_format": 0,
        "ticks_per_beat": 96,
        "num_tracks": 1,
        "num_channels": 1,
        "velocity_mean": 60,
        "velocity_std": 20,
        "num_velocities": 2,
        "commonest_velocity_share": 0.5,
        "note_off_share": 0.5,
        "controllers_per_note": 1,
        "pedals_per_note": 0.5,
        "bends_per_note": 0.5,
        "num_track_names": 1,
    }
    assert {name: numbers[name] for name in expected} == expected
