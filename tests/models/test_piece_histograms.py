"""Laws of the numbers that sum up a piece."""

import numpy as np
import pytest

from models.histograms import chunk_histograms, describe
from models.piece_histograms import BOUND_TO_A_KEY, columns_of_blocks, piece_histograms


@pytest.fixture
def histograms(chunks):
    inner = np.zeros_like(chunks)
    inner[:, 24:103] = chunks[:, 24:103]  # so that a transposition loses no note
    return inner, chunk_histograms(inner)


def kept_columns():
    """Where the blocks of a chunk stand in the row of a piece."""
    kept, start = {}, 0
    for name, columns in columns_of_blocks().items():
        if name not in BOUND_TO_A_KEY:
            kept[name] = slice(start, start + columns.stop - columns.start)
            start = kept[name].stop
    return kept | {"spectrum": slice(start, start + 6)}


def test_the_blocks_stand_where_they_are_said_to(histograms):
    chunks, table = histograms
    for name, block in describe(chunks).items():
        np.testing.assert_allclose(table[:, columns_of_blocks()[name]], block, rtol=1e-6)


@pytest.mark.parametrize("semitones", [-7, 1, 12])
def test_a_transposition_changes_only_how_high_a_piece_lies(histograms, semitones):
    chunks, table = histograms
    pieces = np.array([0, 0, 0, 1, 1, 2, 2, 2])
    here = piece_histograms(table, pieces)
    there = piece_histograms(chunk_histograms(np.roll(chunks, semitones, axis=1)), pieces)
    for name, columns in kept_columns().items():
        if name not in ("register", "pitch_spread"):
            np.testing.assert_allclose(here[:, columns], there[:, columns], atol=1e-5, err_msg=name)


def test_a_piece_is_the_mean_of_its_chunks_in_whatever_order(histograms):
    _, table = histograms
    pieces = np.array([5, 2, 5, 2, 5, 5, 2, 9])
    rows = piece_histograms(table, pieces)
    order = np.random.default_rng(0).permutation(8)
    np.testing.assert_allclose(rows, piece_histograms(table[order], pieces[order]))
    duration = kept_columns()["duration"]
    expected = table[pieces == 2][:, columns_of_blocks()["duration"]].mean(axis=0)
    np.testing.assert_allclose(rows[0, duration], expected, rtol=1e-5)
    np.testing.assert_allclose(rows[2], piece_histograms(table[-1:], pieces[-1:])[0])


def test_a_column_of_velocities_is_kept(chunks):
    table = chunk_histograms(chunks, velocity_channel=1)
    assert piece_histograms(table, np.arange(8)).shape == (8, 78)
