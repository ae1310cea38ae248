"""A list of cells is a chunk: the layer that a network begins with makes the same of it as the encoder."""

import keras
import numpy as np
import pytest

from experiments.engine.speed.cells import RollsOfCells, as_cells, reading_cells
from features.corpora.synthetic import compose
from features.encoders.piano_roll import PianoRoll
from features.in_memory import dataset_of_file

HOW = {"semitones": np.array([0, 40, -40]), "later": np.array([0, 30, -400])}


def music(**settings):
    return dataset_of_file("", compose("Ada", 1, movement=1), PianoRoll(**settings))


@pytest.mark.parametrize("settings", [{}, {"channels": ("velocity",), "clip": False, "chunk_frames": 40}])
def test_rolls_of_cells_are_those_of_the_encoder(settings):
    dataset, indices = music(**settings), np.array([1, 0, 1])
    sparse = as_cells(dataset)
    cells = sparse.chunks(indices, **HOW)
    assert cells.shape == (3, sparse.encoder.most, 2)
    rolls = keras.ops.convert_to_numpy(RollsOfCells(sparse.encoder)(cells))
    np.testing.assert_allclose(rolls, dataset.chunks(indices, **HOW), rtol=1e-6)
    assert rolls.any()


def test_a_network_of_cells_answers_and_learns_as_the_one_in_it():
    dataset = music(channels=("binary",), chunk_frames=20)
    sparse, indices = as_cells(dataset), np.arange(2)
    inputs = keras.Input(dataset.encoder.chunk_shape)
    outputs = keras.layers.Dense(2, activation="softmax")(keras.layers.GlobalMaxPooling2D()(inputs))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "sparse_categorical_crossentropy")
    whole, answers = reading_cells(model, sparse.encoder), model.predict(dataset.chunks(indices), verbose=0)
    np.testing.assert_allclose(whole.predict(sparse.chunks(indices), verbose=0), answers, rtol=1e-5)
    losses = [whole.train_on_batch(sparse.chunks(indices), np.zeros(2)) for _ in range(2)]
    assert losses[1] < losses[0]


def test_cells_do_not_tell_of_onsets():
    assert as_cells(music(channels=("binary", "onset"))) is None
