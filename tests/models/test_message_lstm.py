"""The reference's network has the reference's size, and so has its larger sibling."""

import keras_tuner
import numpy as np
import pytest

from models.message_lstm import NUM_TYPES, build

CLASSES = 6
"""Renaissance, Baroque, Classical, Romantic, Modern, Other."""


def network(**values):
    hp = keras_tuner.HyperParameters()
    hp.values.update(values)
    return build(hp, (24, 8), CLASSES)


def test_it_has_four_and_three_quarter_million_parameters():
    assert network().count_params() == 4_763_270  # the model card says 4.76 M


def test_a_type_is_a_name_and_no_number():
    windows = np.zeros((2, 24, 8), np.float32)
    windows[:, :, 0] = [[1], [NUM_TYPES - 1]]
    one, other = network(units=128).predict(windows, verbose=0)
    assert np.isfinite(other).all() and not np.allclose(one, other)


@pytest.mark.slow
def test_its_larger_sibling_trains_a_step():
    model = network(units=2048)
    assert model.count_params() == 134_455_430  # the model card says 134 M
    windows = np.random.default_rng(0).normal(size=(2, 24, 8)).astype(np.float32)
    windows[..., 0] = 2
    loss, _ = model.train_on_batch(windows, np.array([0, 5]))
    assert np.isfinite(loss)
