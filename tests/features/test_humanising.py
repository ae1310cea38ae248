"""A rendering has the notes of its piece, each at about its place, and can be had again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import humanising
from features.encoders.humanised import Humanised
from features.encoders.piano_roll import PianoRoll
from features.errors import InputError
from features.humanising import distance, humanise
from features.midi import CHANGE, Notes, read_events, read_notes
from features.midi.writing import control_change, note_off, note_on, notes_to_midi, write_tracks


def notes_of(data: bytes) -> Notes:
    return read_notes(read_events(data))


@pytest.fixture(scope="module")
def chords():
    """Two minutes of chords of three, one a beat; each begins when the one before ends."""
    return notes_of(
        notes_to_midi(
            [
                (480 * beat, 480 * beat + 480, pitch + beat % 5)
                for beat in range(240)
                for pitch in (40, 55, 64)
            ]
        )
    )


def same(one: Notes, other: Notes) -> bool:
    return all(np.array_equal(array, getattr(other, name)) for name, array in vars(one).items())


@settings(max_examples=30)
@given(st.data(), st.floats(0.1, 4), st.integers(0, 3))
def test_a_rendering_of_anything_has_its_notes_and_can_be_encoded(midi_files, data, strength, rendering):
    file = data.draw(midi_files)
    notes, before = notes_of(file), notes_of(file)
    rendered = humanise(notes, strength, rendering=rendering)
    assert same(notes, before)
    assert same(rendered, humanise(before, strength, rendering=rendering))
    for name, array in vars(rendered).items():
        assert array.dtype == getattr(before, name).dtype, name
    keys = ("instrument", "pitch", "program", "channel", "is_drum")
    assert sorted(rendered.notes[list(keys)].tolist()) == sorted(before.notes[list(keys)].tolist())
    assert (rendered.notes["start_s"] >= 0).all()
    assert (rendered.notes["end_s"] > rendered.notes["start_s"]).all()
    assert (rendered.notes["end_s"] <= rendered.instruments["end_s"][rendered.notes["instrument"]]).all()
    for stream in np.unique(rendered.pedals["stream"]):
        own = rendered.pedals[rendered.pedals["stream"] == stream]
        assert (np.diff(own["time_s"]) >= 0).all()
    PianoRoll().encode(rendered)
    assert all(np.isfinite(value) for value in vars(distance(notes, strength)).values())


def test_renderings_differ_and_strength_zero_does_nothing(chords):
    assert same(humanise(chords, 0.0), chords)
    ones = [humanise(chords, 1.0, rendering=number) for number in range(3)]
    assert not same(ones[0], ones[1]) and not same(ones[1], ones[2])


def test_notes_of_one_key_do_not_meet_unless_they_did(chords):
    rendered = humanise(chords, 3.0).notes
    for pitch in np.unique(rendered["pitch"]):
        own = np.sort(rendered[rendered["pitch"] == pitch], order="start_s")
        assert (own["end_s"][:-1] <= own["start_s"][1:]).all()


def test_chords_are_nearly_together_and_the_melody_leads(chords):
    rendered = humanise(chords, 1.0).notes
    starts = np.stack(
        [
            np.sort(rendered["start_s"][(rendered["pitch"] >= low) & (rendered["pitch"] < low + 5)])
            for low in (40, 55, 64)
        ]
    )
    assert np.ptp(starts, axis=0).max() < 0.15
    leads = starts[0] - starts[2]
    assert 0.01 < leads.mean() < 0.03


def test_the_distance_grows_with_the_strength(chords):
    assert max(vars(distance(chords, 0.0)).values()) < 1e-9
    half, one, two = (distance(chords, strength) for strength in (0.5, 1.0, 2.0))
    for name in ("onset_frames", "chord_frames", "tempo_percent", "velocities"):
        assert 0 < getattr(half, name) < getattr(one, name) < getattr(two, name), name
    assert one.onset_frames > 1 and 10 < one.tempo_percent < 25 and one.pedal_share > 0.3


@pytest.mark.parametrize("together_s", [0.0, 0.012, 0.1])
def test_a_tempo_is_measured_apart_from_how_exactly_chords_are_played(chords, monkeypatch, together_s):
    """A minute a fifth faster, and one a fifth slower."""
    times = np.array([0.0, 60.0, 200.0])
    after = np.append(0.0, np.cumsum(np.diff(times) * np.exp([-0.2, 0.2])))
    monkeypatch.setattr(humanising, "_tempo_curve", lambda *_: (times, after))
    monkeypatch.setattr(humanising, "TOGETHER_S", together_s)
    found = distance(chords)
    assert found.tempo_percent == pytest.approx(20, abs=0.01)
    assert found.chord_frames > 5 * together_s


def test_a_pedal_of_its_own_stays():
    messages = [
        (0, note_on(60)),
        (0, control_change(64, 127)),
        (900, note_off(60)),
        (950, control_change(64, 0)),
    ]
    messages += [(1000, note_on(50)), (5000, note_off(50))]
    rendered = humanise(notes_of(write_tracks([messages])))
    assert rendered.pedals["value"].tolist() == [127, 0]


def test_an_encoder_of_renderings_encodes_them(chords):
    encoder = Humanised(PianoRoll(channels=("binary",)), 1.0, 2)
    rows = encoder.encode(chords)
    expected = PianoRoll(channels=("binary",)).encode(humanise(chords, 1.0, rendering=2))
    np.testing.assert_array_equal(rows.columns, expected.columns)
    others = [
        Humanised(PianoRoll(), 1.0, 2),
        Humanised(PianoRoll(pedal=False), 1.0),
        Humanised(PianoRoll(), 2.0, 2),
    ]
    assert len({str(other.row_settings()) for other in others}) == 3


def test_messages_of_a_file_are_not_played():
    from features.encoders.messages import Messages

    with pytest.raises(InputError, match="Messages reads the messages of a file"):
        Humanised(Messages(), 1.0)


def test_changes_have_the_type_of_changes(chords):
    assert humanise(chords).pedals.dtype == CHANGE
