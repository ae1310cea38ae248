"""The roll is pretty_midi's; chunks tile it."""

import io
import json
import warnings

import numpy as np
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.encoders import ENCODERS
from features.encoders.piano_roll import CHANNELS, PianoRoll
from features.encoders.rows import Rows
from features.errors import InputError
from features.midi import notes_to_midi, read_events, read_notes, write_tracks
from features.midi.writing import control_change, note_off, note_on, pitch_bend

SHORT = {"chunk_frames": 7, "clip": False}


def notes_of(data: bytes):
    return read_notes(read_events(data))


def dense(rows: Rows, planes: int = 1) -> np.ndarray:
    roll = np.zeros((rows.num_frames, planes * 128), np.float32)
    frames = np.repeat(np.arange(rows.num_frames), np.diff(rows.offsets))
    roll[frames, rows.columns] = rows.values
    return roll.T


def chunks_of(encoder: PianoRoll, rows: Rows, **kwargs) -> np.ndarray:
    starts = encoder.chunk_starts(rows.num_frames)
    return encoder.decode(rows, starts, np.full(len(starts), rows.num_frames), **kwargs)


def oracle(data: bytes) -> pretty_midi.PrettyMIDI:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Tempo, Key or Time", RuntimeWarning)
        return pretty_midi.PrettyMIDI(io.BytesIO(data))


def check_roll(data: bytes, frames_per_second: int) -> None:
    """Cell for cell, in float64: what a bend leaves are multiples of 1/4096, which float32 holds as well."""
    expected = oracle(data).get_piano_roll(fs=frames_per_second)
    encoder = PianoRoll(frames_per_second=frames_per_second)
    np.testing.assert_array_equal(dense(encoder.encode(notes_of(data))), expected)


@settings(max_examples=200)
@given(st.data(), st.integers(4, 50))
def test_roll_equals_pretty_midi(midi_files, data, frames_per_second):
    check_roll(data.draw(midi_files), frames_per_second)


@pytest.mark.slow
@pytest.mark.parametrize(
    "part", range(8)
)  # hypothesis remembers its examples: all at once would fill the memory
@settings(max_examples=2_500)
@given(st.data(), st.integers(4, 50))
def test_roll_equals_pretty_midi_on_many_files(midi_files, part, data, frames_per_second):
    check_roll(data.draw(midi_files), frames_per_second)


@given(st.data())
def test_roll_of_a_wrapped_file_equals_pretty_midis_of_what_is_in_it(midi_files, data):
    file = data.draw(midi_files)
    size = (len(file) + 12).to_bytes(4, "little")
    wrapped = b"RIFF" + size + b"RMIDdata" + len(file).to_bytes(4, "little") + file
    expected = oracle(file).get_piano_roll(fs=10)
    np.testing.assert_array_equal(dense(PianoRoll().encode(notes_of(wrapped))), expected)


@given(st.data())
def test_without_pedal_and_bends_the_roll_equals_pretty_midi_without_them(midi_files, data):
    file = data.draw(midi_files)
    theirs = oracle(file)
    end_s = max((instrument.get_end_time() for instrument in theirs.instruments), default=0)
    for instrument in theirs.instruments:
        instrument.pitch_bends = []
    expected = np.zeros((128, int(10 * end_s)), np.float32)
    roll = theirs.get_piano_roll(fs=10, pedal_threshold=None)
    expected[:, : roll.shape[1]] = roll
    np.testing.assert_array_equal(dense(PianoRoll(pedal=False, bends=False).encode(notes_of(file))), expected)


@given(st.data())
def test_other_planes_follow_pretty_midis_instruments(midi_files, data):
    file = data.draw(midi_files)
    encoder = PianoRoll(channels=("onset", "instrumentation", "timing"))
    roll, onset, instrumentation, timing = np.split(dense(encoder.encode(notes_of(file)), 4), 4)
    expected = {name: np.zeros_like(roll) for name in ("onset", "instrumentation", "timing")}
    for instrument in oracle(file).instruments:
        own = instrument.get_piano_roll(fs=10)
        expected["instrumentation"][:, : own.shape[1]] += own > 0
        for note in instrument.notes:
            start, end = int(note.start * 10), int(note.end * 10)
            expected["timing"][note.pitch, start:end] = 1
            expected["onset"][note.pitch, start : start + (not instrument.is_drum)] = 1
    np.testing.assert_array_equal(onset, expected["onset"])
    np.testing.assert_array_equal(instrumentation, expected["instrumentation"])
    np.testing.assert_array_equal(timing, expected["timing"])


@given(st.data())
def test_chunks_tile_the_piece(midi_files, data):
    encoder = PianoRoll(**SHORT)
    rows = encoder.encode(notes_of(data.draw(midi_files)))
    chunks = chunks_of(encoder, rows)
    tiled = np.concatenate([np.zeros((128, 0)), *chunks[..., 1]], axis=1) * 127
    np.testing.assert_allclose(tiled[:, : rows.num_frames], dense(rows), rtol=1e-6)
    assert not tiled[:, rows.num_frames :].any()
    np.testing.assert_array_equal(chunks[..., 0], chunks[..., 1] > 0)


@given(st.integers(0, 2000), st.integers(1, 200), st.integers(1, 200))
def test_chunks_cover_every_frame_and_none_is_useless(num_frames, chunk_frames, hop):
    hop = min(hop, chunk_frames)
    starts = PianoRoll(chunk_frames=chunk_frames, hop=hop).chunk_starts(num_frames)
    assert (len(starts) == 0) == (num_frames == 0)
    assert (np.diff(starts) == hop).all()
    if num_frames:
        assert starts[0] == 0
        assert starts[-1] < num_frames <= starts[-1] + chunk_frames
        assert len(starts) == 1 or starts[-2] + chunk_frames < num_frames


@given(st.data(), st.integers(-30, 30))
def test_transposing_a_piece_shifts_the_roll(note_lists, data, semitones):
    notes = data.draw(note_lists)
    higher = [(start, end, pitch + semitones, velocity) for start, end, pitch, velocity in notes]
    roll, shifted = (dense(PianoRoll().encode(notes_of(notes_to_midi(piece)))) for piece in (notes, higher))
    np.testing.assert_array_equal(np.roll(roll, semitones, axis=0), shifted)


@given(st.data(), st.integers(-40, 40))
def test_decoding_with_a_shift_equals_decoding_shifted_rows(midi_files, data, semitones):
    encoder = PianoRoll(**SHORT)
    rows = encoder.encode(notes_of(data.draw(midi_files)))
    plain = chunks_of(encoder, rows)
    expected = np.zeros_like(plain)
    low, high = max(semitones, 0), 128 + min(semitones, 0)
    expected[:, low:high] = plain[:, low - semitones : high - semitones]
    np.testing.assert_array_equal(chunks_of(encoder, rows, shift=np.full(len(plain), semitones)), expected)


@given(st.data(), st.floats(0.25, 4))
def test_what_is_played_at_another_rate_keeps_its_values(midi_files, data, rate):
    encoder = PianoRoll(channels=("binary", "velocity", "onset"), chunk_frames=7, clip=False)
    rows = encoder.encode(notes_of(data.draw(midi_files)))
    plain = chunks_of(encoder, rows)
    rates = np.full(len(plain), rate)
    played = chunks_of(encoder, rows, rate=rates)
    assert set(np.unique(played)) <= set(np.unique(plain)) | {0}
    np.testing.assert_array_equal(played[..., 0], played[..., 1] > 0)
    np.testing.assert_array_equal(played[:, :, 0], plain[:, :, 0])  # the first frame stays the first
    assert (encoder.rows_read(rates) == np.floor(6 * rate + 0.5) + 1).all()


def test_at_twice_the_tempo_every_other_frame_is_shown():
    encoder = PianoRoll(chunk_frames=10)
    rows = encoder.encode(notes_of(notes_to_midi([(960 * i, 960 * (i + 1), 60 + i) for i in range(3)])))
    (chunk,) = encoder.decode(rows, [0], [30], rate=[2.0])
    assert chunk[..., 0].argmax(axis=0).tolist() == [60] * 5 + [61] * 5
    (chunk,) = encoder.decode(rows, [20], [30], rate=[2.0])
    assert chunk[62, :, 0].tolist() == [1] * 5 + [0] * 5  # the piece is over
    (chunk,) = encoder.decode(rows, [5], [30], rate=[0.5])
    assert chunk[..., 0].argmax(axis=0).tolist() == [60] * 9 + [61]


def test_a_chunk_never_runs_into_the_next_piece():
    encoder = PianoRoll(chunk_frames=20)
    one = encoder.encode(notes_of(notes_to_midi([(0, 960, 60)])))
    assert one.num_frames == 10
    both = Rows(
        np.concatenate([one.offsets, one.offsets[1:] + one.offsets[-1]]),
        np.tile(one.columns, 2),
        np.tile(one.values, 2),
    )
    chunks = encoder.decode(both, [0, 10], [10, 20])
    assert chunks[:, 60, :10, 0].all()
    assert chunks[..., 0].sum() == 20


def test_velocity_is_clipped_when_asked():
    rows = PianoRoll().encode(
        notes_of(notes_to_midi([(0, 4800, 60, 127, 0, 0, 0), (0, 4800, 60, 127, 0, 0, 1)]))
    )
    assert chunks_of(PianoRoll(), rows).max() == 1
    assert chunks_of(PianoRoll(clip=False), rows).max() == 2


def test_pedal_and_bends_can_be_switched_off():
    track = [
        (0, control_change(64, 127)),
        (0, pitch_bend(4096)),
        (0, note_on(60)),
        (480, note_off(60)),
        (960, control_change(64, 0)),
    ]
    notes = notes_of(write_tracks([track]))

    def sounding(**settings) -> list[int]:
        return np.count_nonzero(dense(PianoRoll(**settings).encode(notes)), axis=1)[59:63].tolist()

    assert sounding() == [0, 0, 10, 0]
    assert sounding(bends=False) == [0, 10, 0, 0]
    assert sounding(pedal=False) == [0, 0, 5, 0]
    assert sounding(pedal=False, bends=False) == [0, 5, 0, 0]


def test_onset_instrumentation_and_timing():
    encoder = PianoRoll(channels=("onset", "instrumentation", "timing", "binary"))
    drum = (0, 960, 35, 64, 0, 9, 0)
    data = notes_to_midi([(0, 960, 60), (480, 960, 60, 64, 0, 0, 1), drum])
    onset, instrumentation, timing, binary = np.moveaxis(
        chunks_of(encoder, encoder.encode(notes_of(data)))[0], 2, 0
    )
    assert np.argwhere(onset).tolist() == [[60, 0], [60, 5]]
    assert instrumentation[60, :11].tolist() == [1] * 5 + [2] * 5 + [0]
    assert np.unique(np.argwhere(timing)[:, 0]).tolist() == [35, 60]
    assert np.unique(np.argwhere(binary)[:, 0]).tolist() == [60]


@given(
    st.builds(
        PianoRoll,
        frames_per_second=st.sampled_from([4.0, 10.0]),
        chunk_frames=st.integers(1, 300),
        hop=st.none() | st.integers(1, 300),
        channels=st.lists(st.sampled_from(sorted(CHANNELS)), min_size=1, max_size=3),
        pedal=st.booleans(),
        bends=st.booleans(),
        clip=st.booleans(),
    )
)
def test_settings_round_trip_through_json(encoder):
    again = PianoRoll(**json.loads(json.dumps(encoder.settings())))
    assert again == encoder
    assert again.row_settings() == encoder.row_settings()
    assert again.chunk_shape == (128, encoder.chunk_frames, len(encoder.channels))


def test_what_only_cuts_chunks_leaves_the_stored_rows_alone():
    for options in ({"hop": 75}, {"chunk_frames": 50}, {"channels": ("binary",)}, {"clip": False}):
        assert PianoRoll(**options).row_settings() == PianoRoll().row_settings()
    for options in (
        {"pedal": False},
        {"bends": False},
        {"channels": ("onset",)},
        {"frames_per_second": 4.0},
    ):
        assert PianoRoll(**options).row_settings() != PianoRoll().row_settings()


def test_piece_without_notes_has_no_frames():
    rows = PianoRoll().encode(notes_of(notes_to_midi([])))
    assert rows.num_frames == 0
    assert chunks_of(PianoRoll(), rows).shape == (0, 128, 150, 2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"channels": ("loudness",)}, "Channels are binary, .*; got loudness"),
        ({"channels": ()}, "got none"),
        ({"frames_per_second": 0}, "frames_per_second must be above 0"),
        ({"chunk_frames": -1}, "chunk_frames must be above 0"),
        ({"hop": 0}, "hop must be above 0"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        PianoRoll(**settings)


def test_chunks_outside_the_rows_are_refused():
    rows = PianoRoll().encode(notes_of(notes_to_midi([(0, 960, 60)])))
    with pytest.raises(ValueError, match="do not lie in 10 rows"):
        PianoRoll().decode(rows, [0], [11])
    with pytest.raises(ValueError, match="expected as many of each"):
        PianoRoll().decode(rows, [0, 1], [10])
    with pytest.raises(ValueError, match="expected as many of each"):
        PianoRoll().decode(rows, [0], [10], rate=[1.0, 1.0])


@pytest.mark.parametrize("rate", [0.0, -1.0, np.nan, np.inf])
def test_rates_at_which_nothing_can_be_played_are_refused(rate):
    rows = PianoRoll().encode(notes_of(notes_to_midi([(0, 960, 60)])))
    with pytest.raises(ValueError, match="at rates above 0"):
        PianoRoll().decode(rows, [0], [10], rate=[rate])


def test_the_table_knows_the_encoder():
    assert ENCODERS["piano_roll"] == PianoRoll.__module__
