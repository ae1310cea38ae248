"""Which settings are tried: the spaces, and how the values of a trial become a configuration.

A builder declares its own hyper-parameters, with the widest ranges that make sense; those of the training are
declared here. Hyper-parameters that are fields of `TrainingConfig` go to the training, the others to the builder.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras_tuner
from keras_tuner.engine.hyperparameters import Fixed

from experiments.engine.config import Config, TrainingConfig
from experiments.engine.search.config import Search
from experiments.engine.tables import module_of
from models import BUILDERS

TRAINING = {field.name for field in dataclasses.fields(TrainingConfig)}

OWN_OF_THE_TUNER = "tuner/"
"""How the names begin by which Hyperband says how long to train, and from which trial to go on."""


def declare(search: Search, input_shape: tuple[int, ...], num_classes: int) -> keras_tuner.HyperParameters:
    """Returns the space of a search, with the defaults of the study.

    Hyper-parameters that the study itself sets are fixed.

    Args:
        search: What to search.
        input_shape: `(pitch, frame, channel)`, without the batch axis.
        num_classes: How many composers there are.
    """
    hp = keras_tuner.HyperParameters()
    if search.settings.space == "reference":
        _declare_reference(
            hp, with_epochs=search.settings.tuner != "hyperband"
        )  # which deals out epochs itself
    else:
        _declare_training(hp, search.config.training)
        module_of(BUILDERS, search.config.model.model, kind="model").build(hp, input_shape, num_classes)
    return _with_fixed(hp, search.config.model.hyperparameters)


def configured(search: Search, values: Mapping[str, Any]) -> Config:
    """Returns the configuration of a trial.

    Args:
        search: What is searched.
        values: The active hyper-parameters of the trial, those that the study sets among them.

    Example:
        >>> found = configured(Search(Config("example")), {"batch_size": 32, "width": 128, "tuner/epochs": 3})
        >>> found.training.batch_size, found.model.hyperparameters
        (32, {'width': 128})
    """
    training = {name: value for name, value in values.items() if name in TRAINING}
    model = {
        name: value
        for name, value in values.items()
        if name not in TRAINING and not name.startswith(OWN_OF_THE_TUNER)
    }
    if (
        search.settings.space == "reference"
    ):  # which knows a few of the builder's only; the wide one knows all
        model = {**search.config.model.hyperparameters, **model}
    return search.config.replace(training=training, model={"hyperparameters": model})


def _declare_reference(hp: keras_tuner.HyperParameters, *, with_epochs: bool) -> None:
    """The space of the composer classification notebook."""
    hp.Choice("optimizer", ["adam", "sgd"])
    hp.Choice("init", ["glorot_uniform", "he_normal"])
    hp.Choice("dropout", [0.4, 0.5])
    if with_epochs:
        hp.Choice("epochs", [10, 20])
    hp.Choice("batch_size", [20, 30])


def _declare_training(hp: keras_tuner.HyperParameters, training: TrainingConfig) -> None:
    """What of the training is worth a search; for how long to train is left to patience."""
    hp.Choice("batch_size", sorted({32, 64, 128, training.batch_size}), default=training.batch_size)
    hp.Int("transpose", 0, max(6, training.transpose), default=training.transpose)
    if training.move:  # under the protocol chunk it may not be
        hp.Boolean("move", default=True)
    hp.Choice("schedule", ["cosine", "constant"], default=training.schedule)
    hp.Boolean("class_weights", default=training.class_weights)


def _with_fixed(
    hp: keras_tuner.HyperParameters, fixed: Mapping[str, int | float | str]
) -> keras_tuner.HyperParameters:
    """The space in which what the study sets is not searched; conditions on it still hold."""
    result = keras_tuner.HyperParameters()
    result.merge(
        [
            Fixed(entry.name, fixed[entry.name], conditions=entry.conditions)
            if entry.name in fixed
            else entry
            for entry in hp.space
        ]
    )
    return result
