"""A network whose logits are adjusted answers as if that had been done to its probabilities, also from a file."""

import importlib

import keras
import keras_tuner
import numpy as np
import pytest

from models import BUILDERS, saving
from models.adjusting import adjust_logits

OFFSETS = np.log([0.6, 0.3, 0.08, 0.02])


@pytest.mark.parametrize("name", BUILDERS)
def test_every_builder_can_be_adjusted_and_remembers_it(name, examples, tmp_path):
    read = examples(name)[:3]
    model = importlib.import_module(BUILDERS[name]).build(keras_tuner.HyperParameters(), read.shape[1:], 4)
    before = model.predict(read, verbose=0)
    adjust_logits(model, OFFSETS)
    expected = before * np.exp(-OFFSETS)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict(read, verbose=0), expected, rtol=1e-4)
    saving.save(model, tmp_path / "model.h5", description={})
    loaded, _ = saving.load(tmp_path / "model.h5")
    np.testing.assert_allclose(loaded.predict(read, verbose=0), expected, rtol=1e-4)


def test_what_has_no_such_head_is_refused():
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(4, name="probabilities")(inputs))
    with pytest.raises(ValueError, match=r"for \(2,\) classes, but .* has \(4,\)"):
        adjust_logits(model, np.zeros(2))
    with pytest.raises(ValueError, match="has None; end the network in"):
        adjust_logits(keras.Model(inputs, keras.layers.Dense(4, name="other")(inputs)), OFFSETS)
