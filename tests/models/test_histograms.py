"""Laws of the features that sum up a chunk, and a chunk small enough to count by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import histograms
from models.histograms import chunk_histograms, describe

SHARES = ("pitch_class", "register", "co_occurrence", "interval_class", "polyphony", "top_line", "duration")


@st.composite
def rolls(draw, lowest: int = 24, highest: int = 103) -> np.ndarray:
    """One chunk `(1, 128, 20, 1)` of up to twenty notes between two pitches."""
    chunk = np.zeros((1, 128, 20, 1), np.float32)
    note = st.tuples(st.integers(lowest, highest), st.integers(0, 19), st.integers(1, 20))
    for pitch, start, length in draw(st.lists(note, max_size=20)):
        chunk[0, pitch, start : start + length] = 1
    return chunk


@given(rolls())
def test_shares_sum_to_one_or_are_all_zero(chunk):
    blocks = describe(chunk)
    for name in SHARES:
        assert blocks[name].sum() == pytest.approx(1) or not blocks[name].any(), name


@given(rolls(), st.sampled_from([-24, -12, 12, 24]))
def test_an_octave_changes_only_register_and_mean_pitch(chunk, semitones):
    here, there = describe(chunk), describe(np.roll(chunk, semitones, axis=1))
    for name in set(here) - {"register", "pitch_spread"}:
        np.testing.assert_array_equal(here[name], there[name], err_msg=name)
    octaves = semitones // 12
    np.testing.assert_array_equal(np.roll(here["register"], octaves, axis=1), there["register"])
    np.testing.assert_allclose(there["pitch_spread"][:, 1:], here["pitch_spread"][:, 1:], atol=1e-6)


@given(rolls(), st.integers(-12, 12))
def test_any_transposition_keeps_rhythm_and_intervals(chunk, semitones):
    here, there = describe(chunk), describe(np.roll(chunk, semitones, axis=1))
    for name in ("interval_class", "polyphony", "polyphony_moments", "onset_density", "top_line", "duration"):
        np.testing.assert_array_equal(here[name], there[name], err_msg=name)
    np.testing.assert_allclose(np.roll(here["pitch_class"], semitones, axis=1), there["pitch_class"])


def test_batches_change_nothing(chunks, monkeypatch):
    whole = chunk_histograms(chunks, velocity_channel=1)
    monkeypatch.setattr(histograms, "BATCH_SIZE", 3)
    np.testing.assert_array_equal(chunk_histograms(chunks, velocity_channel=1), whole)
    one_by_one = [chunk_histograms(chunk[None], velocity_channel=1) for chunk in chunks]
    np.testing.assert_array_equal(np.concatenate(one_by_one), whole)


def test_three_notes_counted_by_hand():
    chunk = np.zeros((1, 128, 10, 2), np.float32)
    chunk[0, 60, 0:4] = 1, 64 / 127  # C for four frames
    chunk[0, 67, 2:4] = 1, 64 / 127  # G above it for two
    chunk[0, 60, 4:10] = 0
    chunk[0, 62, 4:5] = 1, 127 / 127  # D for one, then silence
    blocks = {name: block[0] for name, block in describe(chunk, velocity_channel=1).items()}

    np.testing.assert_allclose(blocks["pitch_class"][[0, 2, 7]], [4 / 7, 1 / 7, 2 / 7])
    assert blocks["register"][5] == 1
    assert blocks["pitch_spread"][2] == 7 / 12
    assert blocks["co_occurrence"].max() == 1  # C and G, the only pair
    np.testing.assert_array_equal(blocks["interval_class"], [0, 0, 0, 0, 1, 0])
    np.testing.assert_allclose(blocks["polyphony"][:3], [5 / 10, 3 / 10, 2 / 10])
    np.testing.assert_allclose(blocks["polyphony_moments"][0], 7 / 5)
    np.testing.assert_allclose(blocks["onset_density"][[0, 2, 3]], [3 / 10, 3 / 10, 1])
    np.testing.assert_allclose(blocks["top_line"][[12 - 5, 12 + 7 - 1]], [1 / 2, 1 / 2])
    np.testing.assert_allclose(blocks["duration"][[0, 1, 3]], [1 / 3, 1 / 3, 1 / 3])
    np.testing.assert_allclose(blocks["velocity"][[0, 2]], [(6 * 64 + 127) / 7 / 127, 2 / 127], rtol=1e-6)


def test_silence_is_finite():
    silence = np.zeros((2, 128, 10, 2), np.float32)
    blocks = describe(silence, velocity_channel=1)
    assert blocks.pop("polyphony")[:, 0].tolist() == [1, 1]
    assert not any(block.any() for block in blocks.values())


def test_no_chunks_give_no_rows():
    assert chunk_histograms(np.zeros((0, 128, 150, 1), np.float32)).shape == (0, 147)


def test_refuses_other_shapes():
    with pytest.raises(ValueError, match=r"shape \(chunk, pitch, frame, channel\).*\(128, 150, 1\)"):
        chunk_histograms(np.zeros((128, 150, 1)))


def test_refuses_a_velocity_channel_that_is_not_there():
    with pytest.raises(ValueError, match="velocities in channel 1, but the chunks have 1 channels"):
        chunk_histograms(np.zeros((1, 128, 150, 1)), velocity_channel=1)
