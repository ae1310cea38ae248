"""Answers of several readings: each piece's are its own, and a chunk's are of nothing but the chunk."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from experiments.engine.answering import answer, answer_chunks, bags_of, places_between
from experiments.engine.config import AnswerConfig
from experiments.engine.evaluation import vote
from experiments.engine.imbalance import adjusted
from features.errors import InputError

NUM_CHUNKS = (1, 4, 2, 5)


@dataclass(frozen=True)
class Sketch:
    chunk_frames: int = 8


@dataclass(frozen=True)
class Music:
    """Chunks that tell which they are and how they were read: `(1, 1, 3)` of number, semitones and frames later."""

    encoder: Sketch = Sketch()
    pieces: tuple[str, ...] = ("a", "b", "c", "d")
    works: tuple[str, ...] = ("a", "b", "c", "d")
    composers: tuple[str, ...] = ("Ada", "Bela", "Ada", "Bela")
    classes: tuple[str, ...] = ("Ada", "Bela")
    label: str = "composer"
    holds_out_writers: bool = False
    chunk_pieces: np.ndarray = field(default_factory=lambda: np.repeat(np.arange(4), NUM_CHUNKS))

    def chunks(self, indices, *, semitones=None, later=None):
        read = [indices, *(np.zeros_like(indices) if how is None else how for how in (semitones, later))]
        return np.stack(read, axis=1)[:, None, None].astype(float)


class Listener:
    """A network whose answers depend on all that it reads."""

    def __init__(self, *, reads_bags=False):
        self.input_shape, self.heard = (None,) * (5 if reads_bags else 4), []

    def predict_on_batch(self, examples):
        self.heard.append(examples)
        read = examples.reshape(len(examples), -1, 3).mean(axis=1)
        first = 1 / (1 + np.exp(-np.sin(read @ [1.0, 10.0, 0.1])))
        return np.stack([first, 1 - first], axis=1)


def answers_of(chunks):
    return Listener().predict_on_batch(chunks)


MUSIC, ALL = Music(), np.arange(sum(NUM_CHUNKS))


def test_asked_once_a_piece_is_the_vote_of_its_chunks():
    found = answer(Listener(), MUSIC, ALL)
    chunks = answers_of(MUSIC.chunks(ALL))
    np.testing.assert_array_equal(found["chunk"].probabilities, chunks)
    np.testing.assert_array_equal(found["piece"].probabilities, vote(chunks, MUSIC.chunk_pieces)[1])
    assert found["piece"].pieces == MUSIC.pieces


def test_what_is_read_between_chunks_counts_for_the_piece_alone():
    once, often = (answer(Listener(), MUSIC, ALL, AnswerConfig(answer_overlap=n)) for n in (1, 2))
    np.testing.assert_array_equal(often["chunk"].probabilities, once["chunk"].probabilities)
    between = np.array([1, 2, 3, 5, 7, 8, 9, 10])
    read = np.concatenate([MUSIC.chunks(ALL), MUSIC.chunks(between, later=np.full(8, 4))])
    pieces = MUSIC.chunk_pieces[np.concatenate([ALL, between])]
    np.testing.assert_allclose(often["piece"].probabilities, vote(answers_of(read), pieces)[1])
    np.testing.assert_array_equal(often["piece"].probabilities[0], once["piece"].probabilities[0])


def test_nothing_is_read_of_chunks_that_are_not_asked_for():
    places, later = places_between(MUSIC, np.array([1, 2, 4, 7, 8, 9]), AnswerConfig(answer_overlap=4))
    assert places.tolist() == [1] * 3 + [7] * 3 + [8] * 3
    assert later.tolist() == [2, 4, 6] * 3


def test_in_several_keys_the_answer_is_their_mean():
    found = answer_chunks(Listener(), MUSIC, ALL, AnswerConfig(answer_transpose=2))
    keys = [answers_of(MUSIC.chunks(ALL, semitones=np.full(len(ALL), by))) for by in range(-2, 3)]
    expected = np.exp(np.mean(np.log(keys), axis=0))
    np.testing.assert_allclose(found, expected / expected.sum(axis=1, keepdims=True))


def test_an_adjustment_is_made_to_chunks_before_they_vote():
    offsets = np.log([0.8, 0.2])
    found = answer(Listener(), MUSIC, ALL, offsets=offsets)
    chunks = adjusted(answers_of(MUSIC.chunks(ALL)), offsets)
    np.testing.assert_array_equal(found["chunk"].probabilities, chunks)
    np.testing.assert_array_equal(found["piece"].probabilities, vote(chunks, MUSIC.chunk_pieces)[1])


def test_bags_hold_all_of_a_piece_and_nothing_else():
    bags = bags_of(MUSIC, ALL, np.zeros_like(ALL), size=3)
    assert bags.shape == (1 + 2 + 1 + 2, 3, 2)
    pieces = MUSIC.chunk_pieces[bags[..., 0]]
    assert (pieces == pieces[:, :1]).all()
    assert set(bags[..., 0].ravel()) == set(ALL)
    assert bags[1:3, :, 0].tolist() == [[1, 3, 1], [2, 4, 2]]  # each spread over the piece


def test_a_network_that_reads_bags_hears_a_chunk_alone_and_a_piece_whole():
    model = Listener(reads_bags=True)
    found = answer(model, MUSIC, ALL, AnswerConfig(answer_overlap=2, bag=4))
    assert model.heard[0].shape == (12, 1, 1, 1, 3)
    assert model.heard[1].shape == (1 + 2 + 1 + 3, 4, 1, 1, 3)
    assert set(model.heard[1][..., 2].ravel()) == {0, 4}
    np.testing.assert_array_equal(found["chunk"].probabilities, answers_of(MUSIC.chunks(ALL)))
    assert len(found["piece"].probabilities) == 4


@pytest.mark.parametrize("wrong", [{"answer_overlap": 0}, {"answer_transpose": -1}, {"bag": 0}])
def test_refuses_what_cannot_be_asked(wrong):
    with pytest.raises(InputError, match=f"Expected {next(iter(wrong))} to be from"):
        AnswerConfig(**wrong)
