"""What an ablation takes away is gone, and nothing else is."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from features.ablations import ABLATIONS, INTERVAL_S, VELOCITY, ablate, interval_of, stretch
from features.encoders.piano_roll import PianoRoll
from features.errors import InputError
from features.midi import NOTE, Notes, read_events, read_notes, write_tracks
from features.midi.writing import control_change, note_off, note_on, notes_to_midi, pitch_bend

PLAIN = {"pedal": False, "bends": False}


def notes_of(data: bytes) -> Notes:
    return read_notes(read_events(data))


def sounding(notes: Notes, **settings) -> set[tuple[int, int]]:
    """Returns frames and columns in which anything sounds."""
    rows = PianoRoll(**settings).encode(notes)
    frames = np.repeat(np.arange(rows.num_frames), np.diff(rows.offsets))
    return set(zip(frames.tolist(), rows.columns.tolist(), strict=True))


def same(one: Notes, other: Notes) -> None:
    for name, array in vars(one).items():
        np.testing.assert_array_equal(array, getattr(other, name), err_msg=name)


@given(st.data(), st.sampled_from(sorted(ABLATIONS)))
def test_a_piece_is_not_changed_in_place_and_keeps_the_types_of_its_arrays(midi_files, data, name):
    file = data.draw(midi_files)
    notes, before = notes_of(file), notes_of(file)
    ablated = ablate(notes, name)
    same(notes, before)
    for part, array in vars(ablated).items():
        assert array.dtype == getattr(before, part).dtype, part
    has_pitch = (~before.notes["is_drum"]).any()
    assert (~ablated.notes["is_drum"]).any() == has_pitch
    encoder = PianoRoll(ablation=name)
    rows, expected = encoder.encode(notes), PianoRoll().encode(ablated)
    np.testing.assert_array_equal(rows.columns, expected.columns)
    np.testing.assert_array_equal(rows.values, expected.values)


@given(st.data(), st.sampled_from(["constant_velocity", "one_instrument"]))
def test_taken_away_twice_is_taken_away(midi_files, data, name):
    once = ablate(notes_of(data.draw(midi_files)), name)
    same(ablate(once, name), once)


@given(st.data())
def test_with_constant_velocity_the_same_notes_sound(midi_files, data):
    notes = notes_of(data.draw(midi_files))
    ablated = ablate(notes, "constant_velocity")
    assert set(ablated.notes["velocity"].tolist()) <= {VELOCITY}
    assert sounding(ablated) == sounding(notes)


@given(st.data(), st.integers(4, 50))
def test_on_one_instrument_the_same_keys_sound_at_the_same_time(midi_files, data, frames_per_second):
    notes = notes_of(data.draw(midi_files))
    ablated = ablate(notes, "one_instrument")
    plain = PLAIN | {"frames_per_second": frames_per_second}
    assert sounding(ablated, **plain) == sounding(notes, **plain)
    assert PianoRoll().encode(ablated).num_frames == PianoRoll().encode(notes).num_frames
    onsets = PianoRoll(channels=("onset",), **PLAIN)
    columns = [rows.columns[rows.columns >= 128] for rows in map(onsets.encode, (notes, ablated))]
    np.testing.assert_array_equal(*columns)


@given(st.data())
def test_on_one_instrument_there_is_one_and_no_key_sounds_twice(midi_files, data):
    ablated = ablate(notes_of(data.draw(midi_files)), "one_instrument")
    assert len(ablated.instruments) <= 1 and len(ablated.bends) == 0
    assert set(ablated.pedals["stream"].tolist()) <= {0}
    for name in ("program", "channel", "instrument", "is_drum"):
        assert not ablated.notes[name].any()
    assert (np.diff(ablated.notes["end_s"]) >= 0).all()  # the order that renderers rely on
    for pitch in np.unique(ablated.notes["pitch"]):
        own = np.sort(ablated.notes[ablated.notes["pitch"] == pitch], order="start_s")
        assert (own["end_s"][:-1] <= own["start_s"][1:]).all()


@given(st.data())
def test_a_piece_of_one_instrument_is_its_own_piece_on_one_instrument(note_lists, data):
    """Also its pedal, if it has one."""
    messages = [
        message
        for start, end, pitch, velocity in data.draw(note_lists)
        for message in ((end, 0, note_off(pitch)), (start, 1, note_on(pitch, velocity)))
    ]
    moments = st.tuples(st.integers(0, 24), st.sampled_from([0, 63, 64, 127]))
    pedals = data.draw(st.lists(moments, max_size=6))
    messages += [(tick * 240, 2, control_change(64, value)) for tick, value in pedals]
    in_order = sorted(messages, key=lambda message: message[:2])
    notes = notes_of(write_tracks([[], [(tick, message) for tick, _, message in in_order]]))
    rows, expected = PianoRoll(ablation="one_instrument").encode(notes), PianoRoll().encode(notes)
    for name in ("offsets", "columns", "values"):
        np.testing.assert_array_equal(getattr(rows, name), getattr(expected, name), err_msg=name)


def test_one_pedal_is_down_while_any_is_and_one_that_is_never_released_does_nothing():
    def hand(channel, pedals):
        held = [(tick, control_change(64, value, channel=channel)) for tick, value in pedals]
        note = [(0, note_on(60 + channel, channel=channel)), (96, note_off(60 + channel, channel=channel))]
        return sorted([*note, *held], key=lambda message: message[0])

    tracks = [hand(0, [(96, 127), (960, 0)]), hand(1, [(480, 127), (1920, 0)]), hand(2, [(2400, 127)])]
    ablated = ablate(notes_of(write_tracks(tracks)), "one_instrument")
    assert ablated.pedals[["time_s", "value"]].tolist() == [(0.1, 127), (2.0, 0)]


def test_on_one_instrument_drums_and_bends_are_silent_but_the_piece_lasts_as_long():
    drum = [(0, note_on(40, channel=9)), (9600, note_off(40, channel=9))]
    bent = [(0, pitch_bend(4096)), (0, note_on(60)), (480, note_off(60))]
    notes = notes_of(write_tracks([bent, drum]))
    ablated = ablate(notes, "one_instrument")
    assert ablated.notes["pitch"].tolist() == [60]
    assert ablated.instruments["end_s"].tolist() == [10.0]
    assert sounding(ablated) == {(frame, 60) for frame in range(5)}


@given(st.data(), st.floats(0.5, 2))
@settings(max_examples=50)
def test_at_constant_speed_it_does_not_matter_how_fast_a_piece_was_played(note_lists, data, times):
    notes = notes_of(notes_to_midi(data.draw(note_lists)))
    assume(
        INTERVAL_S / 4 < interval_of(notes) < 4 * INTERVAL_S
    )  # far from what is too slow or too fast to change
    one, other = (ablate(piece, "constant_speed") for piece in (notes, stretch(notes, times)))
    for column in ("start_s", "end_s"):
        np.testing.assert_allclose(one.notes[column], other.notes[column], rtol=1e-9)
    assert interval_of(one) == pytest.approx(INTERVAL_S)
    np.testing.assert_array_equal(one.notes["pitch"], notes.notes["pitch"])


@given(st.data())
def test_at_constant_speed_all_that_is_timed_moves_together(midi_files, data):
    notes = notes_of(data.draw(midi_files))
    ablated = ablate(notes, "constant_speed")
    ends = ablated.instruments["end_s"].max(initial=0), notes.instruments["end_s"].max(initial=0)
    assume(ends[1] > 0)
    times = ends[0] / ends[1]
    assert 1 / 8 <= times * (1 + 1e-9) and times <= 8 * (1 + 1e-9)
    for name in ("pedals", "bends", "tempos", "time_signatures", "key_signatures"):
        np.testing.assert_allclose(
            getattr(ablated, name)["time_s"], getattr(notes, name)["time_s"] * times, rtol=1e-9
        )


def test_speed_is_heard_not_read_off_the_tempo_map():
    beats = [(480 * beat, 480 * beat + 400, 60 + beat % 5) for beat in range(20)]
    twice = [(960 * beat, 960 * beat + 800, 60 + beat % 5) for beat in range(20)]
    slow, fake = notes_of(notes_to_midi(beats, tempo_us=1_000_000)), notes_of(notes_to_midi(twice))
    one, other = (ablate(piece, "constant_speed") for piece in (slow, fake))
    np.testing.assert_allclose(one.notes["start_s"], other.notes["start_s"])


@given(st.data())
def test_in_a_random_key_all_pitches_move_by_one_interval_and_none_is_lost(midi_files, data):
    notes = notes_of(data.draw(midi_files))
    ablated = ablate(notes, "random_key")
    is_drum = notes.notes["is_drum"]
    before, after = (piece.notes["pitch"].astype(int) for piece in (notes, ablated))
    np.testing.assert_array_equal(after[is_drum], before[is_drum])
    assert len(set(((after - before)[~is_drum] % 12).tolist())) <= 1
    assert (abs(after - before) <= 18).all() and (after < 128).all()
    others = [name for name in NOTE.names if name != "pitch"]
    np.testing.assert_array_equal(ablated.notes[others], notes.notes[others])


def test_all_twelve_keys_are_drawn_and_the_same_piece_draws_the_same():
    melodies = np.random.default_rng(0).integers(40, 80, (600, 20))
    files = [
        notes_to_midi([(480 * i, 480 * i + 480, int(p)) for i, p in enumerate(melody)]) for melody in melodies
    ]
    shifts = [
        int(ablate(notes_of(file), "random_key").notes["pitch"][0]) - int(melody[0])
        for file, melody in zip(files, melodies, strict=True)
    ]
    counts = np.bincount(np.array(shifts) + 6, minlength=12)
    assert set(shifts) == set(range(-6, 6)) and counts.min() > 25  # 50 expected of each


def test_an_unknown_ablation_is_refused():
    with pytest.raises(
        InputError, match="no ablation 'rests'; choose one of constant_velocity, one_instrument"
    ):
        PianoRoll(ablation="rests")


def test_stores_and_models_from_before_ablations_stay_valid():
    encoder = PianoRoll()
    assert encoder.row_settings().keys() == {"frames_per_second", "pedal", "bends", "planes"}
    old = {name: value for name, value in encoder.settings().items() if name != "ablation"}
    assert PianoRoll(**old) == encoder
    settings = [PianoRoll(ablation=name).row_settings() for name in (None, *ABLATIONS)]
    assert len({str(found) for found in settings}) == len(settings)
