"""A narrowed network answers as the whole one does of what it is still asked about, also after more training."""

import importlib

import keras_tuner
import numpy as np
import pytest

from models import BUILDERS, saving
from models.narrowing import follow, narrow


@pytest.mark.parametrize("name", BUILDERS)
def test_every_builder_can_be_narrowed_follows_and_is_saved(name, examples, tmp_path):
    read = examples(name)[:3]
    model = importlib.import_module(BUILDERS[name]).build(keras_tuner.HyperParameters(), read.shape[1:], 5)
    narrowed = narrow(model, 2)

    def assert_same():
        expected = model.predict(read, verbose=0)[:, :2]
        expected /= expected.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(narrowed.predict(read, verbose=0), expected, rtol=1e-4)

    assert_same()
    model.set_weights([weight * 1.1 for weight in model.get_weights()])
    follow(narrowed, model)
    assert_same()
    saving.save(narrowed, tmp_path / "model.h5", description={})
    loaded, _ = saving.load(tmp_path / "model.h5")
    np.testing.assert_allclose(
        loaded.predict(read, verbose=0), narrowed.predict(read, verbose=0), rtol=1e-4, atol=1e-6
    )
