"""A network is built as wanted, by the builder's defaults where nothing is, or one sentence says why not."""

from types import ModuleType

import keras
import keras_tuner
import numpy as np
import pytest

from experiments.engine import evaluation, networks
from experiments.engine.config import AnswerConfig
from experiments.engine.networks import build, validation_scores
from experiments.engine.predictions import Predictions
from features.errors import InputError


@pytest.fixture
def builder() -> ModuleType:
    """A builder with a hyper-parameter that matters always, and one for each of two optimizers."""

    def build(hp, input_shape, num_classes):
        width = hp.Choice("width", [4, 8], default=4)
        optimizer = hp.Choice("optimizer", ["adam", "sgd"], default="adam")
        with hp.conditional_scope("optimizer", ["adam"]):
            learning_rate = hp.Float("learning_rate", 1e-4, 1e-2, default=1e-3)
        with hp.conditional_scope("optimizer", ["sgd"]):
            momentum = hp.Float("momentum", 0.0, 0.9, default=0.5)
        inputs = keras.Input(input_shape)
        x = keras.layers.Dense(width, name="hidden")(keras.layers.Flatten()(inputs))
        model = keras.Model(inputs, keras.layers.Dense(num_classes, activation="softmax")(x))
        chosen = {
            "adam": lambda: keras.optimizers.Adam(learning_rate),
            "sgd": lambda: keras.optimizers.SGD(momentum=momentum),
        }
        if optimizer not in chosen:
            raise ValueError(f"Expected adam or sgd, but received {optimizer}.")
        model.compile(chosen[optimizer](), loss="sparse_categorical_crossentropy")
        return model

    module = ModuleType("sketched")
    module.build = build
    return module


def test_with_nothing_wanted_it_is_the_documented_model(builder, music):
    model, hyperparameters = build(builder, {}, music)
    assert hyperparameters == {"width": 4, "optimizer": "adam", "learning_rate": 1e-3}
    assert model.input_shape[1:] == music.encoder.chunk_shape
    assert model.output_shape[1:] == (len(music.classes),)


def test_wanting_the_defaults_changes_nothing(builder, music):
    _, defaults = build(builder, {}, music)
    assert build(builder, defaults, music)[1] == defaults


def test_the_same_wishes_give_the_same_weights(builder, music):
    def weights():
        keras.utils.set_random_seed(1)
        return build(builder, {"width": 8}, music)[0].get_weights()

    for one, other in zip(weights(), weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("width", [8, 5])
def test_a_number_need_not_be_one_that_is_searched(builder, music, width):
    model, hyperparameters = build(builder, {"width": width}, music)
    assert hyperparameters["width"] == width
    assert model.get_layer("hidden").units == width


def test_what_matters_with_other_values_only_can_be_wanted_with_them(builder, music):
    model, hyperparameters = build(builder, {"momentum": 0.25, "optimizer": "sgd"}, music)
    assert hyperparameters == {"width": 4, "optimizer": "sgd", "momentum": 0.25}
    assert model.optimizer.momentum == 0.25


def test_what_matters_with_other_values_only_has_its_default_with_them(builder, music):
    assert build(builder, {"optimizer": "sgd"}, music)[1]["momentum"] == 0.5


def test_every_setting_that_keras_tuner_draws_is_built_as_drawn(builder, music):
    hp = keras_tuner.HyperParameters()
    builder.build(hp, music.encoder.chunk_shape, 2)
    oracle = keras_tuner.oracles.RandomSearchOracle("val_loss", max_trials=8, seed=0, hyperparameters=hp)
    for _ in range(8):
        drawn = oracle._random_values()
        assert build(builder, drawn, music)[1] == drawn


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (
            {"depth": 3},
            r"has no hyper-parameter depth; it has width=4, optimizer=adam, "
            r"learning_rate=0\.001 \(with optimizer=adam\), momentum=0\.5 \(with optimizer=sgd\)\.$",
        ),
        (
            {"momentum": 0.5},
            "The hyper-parameter momentum has no effect with optimizer=adam; leave it out, or choose optimizer=sgd.$",
        ),
        ({"learning_rate": 1e-3, "optimizer": "sgd"}, "learning_rate has no effect with optimizer=sgd"),
        ({"width": "wide"}, "The hyper-parameter width cannot be 'wide'"),
        ({"momentum": "much", "optimizer": "sgd"}, "The hyper-parameter momentum cannot be 'much'"),
        (
            {"optimizer": "lion"},
            r"sketched cannot be built .* \(12, 8, 1\) .*: Expected adam or sgd, but received lion",
        ),
    ],
)
def test_what_cannot_be_built_is_one_sentence(builder, music, wanted, sentence):
    with pytest.raises(InputError, match=sentence):
        build(builder, wanted, music)


def test_an_epoch_is_validated_without_drawing_works(monkeypatch):
    """It keeps four scores and no interval, which would take seconds an epoch where there are many composers."""
    names = tuple(f"name {number}" for number in range(8))
    sure = {"chunk": 0.6, "piece": 0.9}
    answers = {
        level: Predictions(names, names, ("a", "b") * 4, np.array([[p, 1 - p]] * 8), ("a", "b"))
        for level, p in sure.items()
    }
    expected = {level: part.scores() for level, part in answers.items()}
    monkeypatch.setattr(networks, "answer", lambda *_, **__: answers)
    monkeypatch.setattr(evaluation, "over_draws", lambda *_, **__: pytest.fail("Works were drawn."))
    assert validation_scores(None, None, np.arange(8), np.zeros(2), AnswerConfig()) == {
        "val_loss": expected["chunk"]["log_loss"],
        "val_accuracy": 0.5,
        "val_macro_f1": expected["chunk"]["macro_f1"],
        "val_piece_macro_f1": expected["piece"]["macro_f1"],
    }
