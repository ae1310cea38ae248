"""Epochs that draw a part of the training chunks, and a learning rate that falls where the loss does not."""

from types import SimpleNamespace

import numpy as np
import pytest

from experiments.engine.batches import TrainingChunks
from experiments.engine.config import TrainingConfig
from experiments.engine.telling import report_drawing
from experiments.engine.training import PLATEAU_EPOCHS, learning_rate, num_plateaus
from features.errors import InputError

LABELS = np.repeat([0, 1, 2], [900, 90, 10])


class Numbers(SimpleNamespace):
    """A data set whose chunks are their own numbers."""

    chunk_labels = LABELS
    chunk_pieces = np.arange(len(LABELS)) // 10
    classes = ("a", "b", "c")
    num_auxiliary = 0
    encoder = SimpleNamespace(chunk_frames=1, channels=())

    def chunks(self, indices, **changes):
        return np.asarray(indices, float)


def epoch(number, **how):
    config = TrainingConfig(batch_size=10, class_weights=False, transpose=0, move=False, **how)
    batches = TrainingChunks(Numbers(), np.arange(len(LABELS)), config, first_epoch=number)
    return np.concatenate([batches[step][0] for step in range(batches.steps_per_epoch)]).astype(int)


def test_an_epoch_draws_so_many_and_the_next_one_others():
    first, second = (epoch(number, chunks_per_epoch=100) for number in (0, 1))
    assert len(first) == len(set(first)) == len(second) == 100
    assert len(set(first) & set(second)) < 50
    np.testing.assert_array_equal(epoch(1, chunks_per_epoch=100), second)


def test_each_class_is_drawn_as_often():
    counts = np.bincount(LABELS[epoch(0, chunks_per_epoch=300, sampling=("composer",))])
    assert counts.tolist() == pytest.approx([100, 100, 100], abs=2)


def test_more_than_there_are_is_all_of_them():
    assert sorted(epoch(0, chunks_per_epoch=5000)) == list(range(1000))


def test_it_is_said_how_many_are_drawn(capsys):
    report_drawing(1000, TrainingConfig(chunks_per_epoch=100, sampling=("composer",)), label="era")
    assert "An epoch draws 100 of 1,000 training chunks anew, evenly by era." in capsys.readouterr().err
    report_drawing(1000, TrainingConfig(), label="era")
    report_drawing(100, TrainingConfig(chunks_per_epoch=100), label="era")
    assert not capsys.readouterr().err
    with pytest.raises(InputError, match="chunks_per_epoch to be 1 or more"):
        TrainingConfig(chunks_per_epoch=0)


def test_the_rate_falls_where_the_loss_does_not():
    config = TrainingConfig(schedule="plateau", epochs=40)
    falling = [{"val_loss": 1 / (1 + number)} for number in range(30)]
    assert learning_rate(0.01, 30, config, falling) == 0.01
    still = falling[:1] * (PLATEAU_EPOCHS + 2)
    assert learning_rate(0.01, len(still), config, still) == pytest.approx(0.001)


def test_a_loss_that_falls_by_a_hair_does_not_fall():
    assert num_plateaus([1 - 1e-6 * number for number in range(PLATEAU_EPOCHS + 2)]) == 1


def test_plateaus_are_those_of_keras():
    """Keras' callback counts as PyTorch's does, but for one epoch less of patience."""
    import keras

    losses = np.random.default_rng(0).normal(1, 0.1, 80).tolist()
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1.0))
    callback = keras.callbacks.ReduceLROnPlateau(
        "val_loss", factor=0.1, patience=PLATEAU_EPOCHS + 1, min_delta=0, min_lr=0
    )
    callback.set_model(model)
    callback.on_train_begin()
    for number, loss in enumerate(losses):
        callback.on_epoch_end(number, {"val_loss": loss})
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1 ** num_plateaus(losses), rel=1e-3)
