"""Ways of training: what is changed in the network, and what the table says."""

import keras_tuner
import pytest

from experiments.engine.speed.ways import Turn, rows, ways, with_other_layers
from models import frame_cnn


@pytest.fixture(scope="module")
def model():
    hp = keras_tuner.HyperParameters()
    hp.values.update(width=16, num_blocks=3, normalization="layer")
    return frame_cnn.build(hp, (128, 20, 2), 3)


@pytest.mark.parametrize(
    ("way", "features", "frames"),
    [("plain", 188, 10), ("128 pitches", 256, 10), ("88 pitches", 176, 10), ("strided", 188, 10)],
)
def test_a_way_changes_layers_that_are_there(model, way, features, frames):
    changed = with_other_layers(model, ways([])[way].layers)
    assert changed.get_layer("frame_vectors").output.shape == (None, 20, features)
    assert changed.get_layer("block_1_conv").output.shape[1] == (10 if way == "strided" else 20)
    assert changed.get_layer("pool_1").output.shape[1] == frames
    assert changed.output_shape == model.output_shape
    assert (changed.count_params() == model.count_params()) == (features == 188)
    assert changed.optimizer.get_config() == model.optimizer.get_config()


def test_ratios_are_within_a_round_and_the_first_round_counts_for_its_first_batch_only():
    turns = {
        "plain": [Turn(1, 9), Turn(100, 1), Turn(200, 1), Turn(400, 1)],
        "XLA": [Turn(1, 25), Turn(200, 1), Turn(100, 1), Turn(1200, 1)],
    }
    plain, other = rows(turns)
    assert plain == ("plain", "200", "1.00", "1.00-1.00", "9.0")
    assert other == ("XLA", "200", "2.00", "0.50-3.00", "25.0")
