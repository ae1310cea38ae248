"""The numbers of a piece are true, above all its seconds: pretty_midi, and counting by hand, agree."""

import io
import warnings

import numpy as np
import pretty_midi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.midi import notes_to_midi, read_events, read_notes, write_tracks
from features.midi.descriptors import MAJOR_KEYS, MINOR_KEYS, describe, sounding
from features.midi.writing import key_signature, note_off, note_on, tempo, time_signature

ALTERED = {"": 0, "#": 1, "b": -1}


def describe_file(data: bytes):
    events = read_events(data)
    return describe(read_notes(events), ticks_per_beat=events.ticks_per_beat)


def oracle(data: bytes) -> pretty_midi.PrettyMIDI:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Tempo, Key or Time", RuntimeWarning)
        return pretty_midi.PrettyMIDI(io.BytesIO(data))


def sounding_at(notes, time_s: float) -> int:
    return sum(note.start <= time_s < note.end for note in notes)


def spans(found):
    return [(span.start_s, span.end_s, span.value) for span in found]


@given(st.data())
def test_lengths_notes_velocities_and_tempi_are_those_of_pretty_midi(midi_files, data):
    file = data.draw(midi_files)
    ours, theirs = describe_file(file), oracle(file)
    notes = [note for instrument in theirs.instruments for note in instrument.notes]
    pitched = [
        note for instrument in theirs.instruments if not instrument.is_drum for note in instrument.notes
    ]
    assert ours.length_s == max((note.end for note in notes), default=0.0)
    assert (ours.num_notes, ours.num_drum_notes) == (len(notes), len(notes) - len(pitched))
    if notes:
        velocities = [note.velocity for note in notes]
        assert ours.velocity_mean == pytest.approx(np.mean(velocities))
        assert ours.velocity_std == pytest.approx(np.std(velocities))
        assert ours.num_velocities == len(set(velocities))
    if pitched:
        pitches = [note.pitch for note in pitched]
        assert ours.pitch_range == (min(pitches), max(pitches))
        assert ours.pitch_mean == pytest.approx(np.mean(pitches))
        assert ours.pitch_std == pytest.approx(np.std(pitches))
    times, beats_per_minute = theirs.get_tempo_changes()
    for span in ours.tempos:
        middle = (span.start_s + span.end_s) / 2
        expected = beats_per_minute[np.searchsorted(times, middle, side="right") - 1]
        assert span.value == pytest.approx(expected, rel=1e-6)


@given(st.data())
def test_polyphony_and_tempi_last_as_long_as_the_piece(midi_files, data):
    piece = describe_file(data.draw(midi_files))
    assert sum(piece.polyphony_s) == pytest.approx(piece.length_s)
    assert sum(span.seconds for span in piece.tempos) == pytest.approx(piece.length_s)
    for found in (piece.tempos, piece.time_signatures, piece.key_signatures):
        assert all(span.seconds > 0 for span in found)
        assert all(
            one.end_s == other.start_s and one.value != other.value
            for one, other in zip(found, found[1:], strict=False)
        )


@given(st.data())
def test_as_many_notes_sound_as_pretty_midi_has_at_that_time(note_lists, data):
    file = notes_to_midi(data.draw(note_lists))
    notes = [note for instrument in oracle(file).instruments for note in instrument.notes]
    times, counts = sounding(read_notes(read_events(file)).notes)
    for start, end, count in zip(times, times[1:], counts, strict=False):
        if start < end:
            assert count == sounding_at(notes, (start + end) / 2)


def test_seconds_follow_many_tempo_changes():
    """At 120 beats a minute this piece would last 125 s, at its last tempo 58 s."""
    tempos = [(240 * beat, 60_000_000 // (60 + beat)) for beat in range(200)]
    file = notes_to_midi([(0, 240 * 250, 60)], ticks_per_beat=240, tempo_us=tempos)
    piece = describe_file(file)
    assert piece.length_s == oracle(file).get_end_time()
    assert piece.length_s == pytest.approx(
        sum(60 / (60 + beat) for beat in range(200)) + 50 * 60 / 259, rel=1e-5
    )
    assert piece.num_tempo_changes == 199
    assert piece.tempo_mean == pytest.approx(250 / (piece.length_s / 60), rel=1e-5)
    assert [round(span.value) for span in piece.tempos] == list(range(60, 260))


def test_tempi_on_other_tracks_count_no_more_than_for_pretty_midi():
    track = [(0, note_on(60)), (480, tempo(1_000_000)), (960, note_off(60))]
    assert describe_file(write_tracks([[(0, tempo(500_000))], track])).length_s == 1.0


def test_what_changes_twice_at_once_or_after_the_end_is_not_told():
    conductor = [
        (0, time_signature(3, 4)),
        (0, time_signature(6, 8)),
        (480, time_signature(6, 8)),
        (960, time_signature(2, 2)),
        (9600, time_signature(4, 4)),
        (480, key_signature(-3)),
        (960, key_signature(3, minor=True)),
    ]
    piece = describe_file(
        notes_to_midi([(0, 1920, 60)], tempo_us=[(0, 500_000), (9600, 250_000)], conductor=conductor)
    )
    assert spans(piece.time_signatures) == [(0.0, 1.0, "6/8"), (1.0, 2.0, "2/2")]
    assert spans(piece.key_signatures) == [(0.5, 1.0, "Eb major"), (1.0, 2.0, "F# minor")]
    assert spans(piece.tempos) == [(0.0, 2.0, 120.0)]


@pytest.mark.parametrize(("minor", "keys"), [(False, MAJOR_KEYS), (True, MINOR_KEYS)])
def test_keys_are_those_of_pretty_midi(minor, keys):
    for sharps, name in zip(range(-7, 8), keys, strict=True):
        number = pretty_midi.mode_accidentals_to_key_number(int(minor), sharps)
        natural = pretty_midi.note_name_to_number(f"{name[0]}4")
        assert (natural + ALTERED[name[1:]]) % 12 == number % 12


def test_drums_have_no_pitch_and_make_nothing_thicker():
    piece = describe_file(notes_to_midi([(0, 960, 60), (0, 1920, 36, 100, 0, 9)]))
    assert (piece.num_notes, piece.num_drum_notes, piece.length_s) == (2, 1, 2.0)
    assert piece.polyphony_s == (1.0, 1.0) and piece.silence_share == 0.5
    assert piece.pitch_range == (60, 60) and piece.programs == (0,)


def test_voices_on_a_unison_are_two_notes():
    notes = [(0, 480, 60, 64, 40, 0, 0), (0, 960, 60, 64, 41, 1, 1)]
    piece = describe_file(notes_to_midi(notes))
    assert piece.polyphony_s == (0.0, 0.5, 0.5)
    assert (piece.polyphony_mean, piece.polyphony_max, piece.programs) == (1.5, 2, (40, 41))


def test_a_file_without_notes_has_numbers_too():
    piece = describe_file(write_tracks([[(0, tempo(400_000)), (0, key_signature(2))]]))
    assert (piece.length_s, piece.num_notes, piece.pitch_range) == (0.0, 0, None)
    assert piece.tempos == piece.key_signatures == ()
    assert piece.polyphony_s == (0.0,)
    for name in (
        "notes_per_second",
        "velocity_mean",
        "velocity_std",
        "pitch_mean",
        "pitch_std",
        "polyphony_mean",
        "polyphony_max",
        "silence_share",
        "tempo_mean",
        "num_tempo_changes",
    ):
        assert getattr(piece, name) == 0
