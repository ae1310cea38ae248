"""All chunks of a piece are drawn, and their padding is what they lack."""

import numpy as np
import pytest

from experiments.engine.exploring.chunks import save_chunks
from experiments.engine.exploring.reading import padding_of
from features.encoders.piano_roll import PianoRoll


@pytest.mark.parametrize("hop", [None, 50])
@pytest.mark.parametrize("num_frames", [1, 149, 150, 151, 449, 1000])
def test_padding_is_what_a_chunk_lacks(hop, num_frames):
    encoder = PianoRoll(hop=hop, channels=("binary",))
    padding = padding_of(encoder, num_frames)
    starts = encoder.chunk_starts(num_frames)
    assert padding.tolist() == [max(int(start) + 150 - num_frames, 0) for start in starts]
    assert np.count_nonzero(padding) <= 1


def test_all_chunks_are_drawn_in_as_many_pictures_as_it_takes(tmp_path):
    encoder = PianoRoll(channels=("binary", "instrumentation"), chunk_frames=20)
    chunks = np.zeros((31, *encoder.chunk_shape), np.float32)
    chunks[:, 60] = 1
    padding = np.zeros(31, int)
    padding[-1] = 5
    paths = save_chunks(chunks, padding, tmp_path, encoder=encoder)
    assert [path.name for path in paths["binary"]] == ["chunks-binary-1.png", "chunks-binary-2.png"]
    assert len(paths["instrumentation"]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for files in paths.values() for path in files
    )
    silent = save_chunks(chunks[:1] * 0, padding[:1], tmp_path / "silent", encoder=encoder)
    assert all(path.stat().st_size > 0 for files in silent.values() for path in files)


def test_sequences_of_numbers_around_zero_are_drawn_too(tmp_path):
    chunks = np.random.default_rng(0).normal(size=(4, 12, 16)).astype(np.float32)
    paths = save_chunks(chunks, np.zeros(4, int), tmp_path, encoder=object())
    assert list(paths) == ["features"] and paths["features"][0].exists()
