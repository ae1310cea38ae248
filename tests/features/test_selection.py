"""A part of a data set has the very chunks of the whole, whatever order its pieces come in."""

from functools import partial

import numpy as np
import pytest

from features.corpora.catalogue import Piece
from features.datasets import load_dataset
from features.encoders.piano_roll import PianoRoll
from features.midi import notes_to_midi
from features.selection import sample_works

NUM_TICKS_A_CHUNK = 20 * 96  # 480 ticks a beat, half a second a beat, ten frames a second


def melody(seed, num_chunks):
    """A MIDI file of so many chunks of 20 frames, four notes each."""
    length = NUM_TICKS_A_CHUNK // 4
    pitches = np.random.default_rng(seed).integers(50, 70, 4 * num_chunks).tolist()
    return notes_to_midi([(n * length, (n + 1) * length, pitch) for n, pitch in enumerate(pitches)])


@pytest.fixture
def load(tmp_path):
    """Returns a function that loads works of one piece, given their composers and numbers of chunks."""

    def read(music):
        pieces = [
            Piece(f"{work}.mid", work.split("/")[0], partial(melody, seed, num_chunks), work)
            for seed, (work, num_chunks) in enumerate(music.items())
        ]
        encoder = PianoRoll(chunk_frames=20)
        return load_dataset(pieces, encoder, cache_dir=tmp_path, progress=False)

    return read


def assert_same_chunks(part, whole):
    """Every piece of the part has its label, its content and its chunks of the whole."""
    for number, name in enumerate(part.pieces):
        original = whole.pieces.index(name)
        here, there = (
            np.flatnonzero(part.chunk_pieces == number),
            np.flatnonzero(whole.chunk_pieces == original),
        )
        np.testing.assert_array_equal(part.chunks(here), whole.chunks(there))
        assert part.contents[number] == whole.contents[original]
        assert part.composers[number] == whole.composers[original]


def test_a_sample_has_a_share_of_each_composers_works_and_their_very_chunks(load):
    whole = load(
        {f"{composer}/{number}": 1 + number % 3 for composer in ("Ada", "Bela") for number in range(8)}
    )
    small, half = (sample_works(whole, share) for share in (0.25, 0.5))
    assert [small.composers.count(name) for name in ("Ada", "Bela")] == [2, 2]
    assert set(small.works) < set(half.works)
    assert sample_works(whole, 1).pieces == whole.pieces
    assert len(sample_works(whole, 0.01, least=3).pieces) == 6
    assert_same_chunks(small, whole)


def test_a_sample_does_not_depend_on_the_order_or_on_other_works(load):
    music = {f"Ada/{number}": 3 for number in range(8)}
    taken = sample_works(load(music | {"Bela/1": 5}), 0.5).works
    turned = {"Bela/1": 5} | dict(reversed(music.items()))
    assert set(sample_works(load(turned), 0.5).works) == set(taken)
