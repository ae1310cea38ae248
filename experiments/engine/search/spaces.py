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
from experiments.engine.search.choices import OWN_OF_THE_TUNER
from experiments.engine.search.config import Search
from experiments.engine.tables import module_of
from models import BUILDERS

TRAINING = {field.name for field in dataclasses.fields(TrainingConfig)}

VARIATIONS = {"average": (0.0, 0.99, 0.999), "mixup": (0.0, 0.1, 0.2, 0.4)}
"""Settings of the training that any encoder can have, and what of them is tried."""

OF_ROLLS = {
    "velocity_dropout": (0.0, 0.25, 0.5, 0.75),
    "note_dropout": (0.0, 0.05, 0.1),
    "jitter": (0.0, 0.1, 0.3),
}
"""Those for piano rolls."""


def declare(search: Search, input_shape: tuple[int, ...], num_classes: int) -> keras_tuner.HyperParameters:
    """Returns the space of a search.

    What the study sets, of the builder or of the training, is not searched: it has one value. Only of the epochs the
    reference space has two, those of the study and half of them: the notebook's 20 and 10 unless the study has others.

    Args:
        search: What to search.
        input_shape: Of a chunk, such as `(pitch, frame, channel)`, without the batch axis.
        num_classes: How many composers there are.
    """
    hp = keras_tuner.HyperParameters()
    fixed = given(search.config)
    if search.settings.space == "reference":
        _declare_reference(hp)
        fixed.pop("epochs", None)
        if search.settings.tuner != "hyperband":  # which deals out epochs itself
            longest = search.config.training.epochs
            hp.Choice("epochs", sorted({max(1, longest // 2), longest}))
    else:
        _declare_training(hp, search.config.training)
        if search.config.encoder.encoder == "piano_roll":
            _declare_of_rolls(hp, search.config)
    searched = {entry.name for entry in hp.space}
    builder = module_of(BUILDERS, search.config.model.model, kind="model")
    shape = (search.config.answering.bag, *input_shape) if builder.RANK == "bag" else input_shape
    builder.build(hp, shape, num_classes)
    if search.settings.space == "wide":
        searched = {entry.name for entry in hp.space}
    return _narrowed(hp, searched, fixed)


def given(config: Config) -> dict[str, Any]:
    """Returns the hyper-parameters that a study sets: those of its builder, and of its training what is not default.

    Example:
        >>> given(Config("example").replace(training={"batch_size": 32}, model={"hyperparameters": {"width": 128}}))
        {'batch_size': 32, 'width': 128}
    """
    usual = TrainingConfig()
    training = {name: value for name, value in vars(config.training).items() if value != getattr(usual, name)}
    return training | dict(config.model.hyperparameters)


def configured(config: Config, values: Mapping[str, Any]) -> Config:
    """Returns the configuration of a trial.

    Args:
        config: Of the study.
        values: The active hyper-parameters of the trial, those that the study sets among them.

    Example:
        >>> found = configured(Config("example"), {"batch_size": 32, "width": 128, "tuner/epochs": 3})
        >>> found.training.batch_size, found.model.hyperparameters
        (32, {'width': 128})
    """
    training = {name: value for name, value in values.items() if name in TRAINING}
    model = {
        name: value
        for name, value in values.items()
        if name not in TRAINING and not name.startswith(OWN_OF_THE_TUNER)
    }
    return config.replace(training=training, model={"hyperparameters": model})


def _declare_reference(hp: keras_tuner.HyperParameters) -> None:
    """The space of the composer classification notebook, but for its epochs."""
    hp.Choice("optimizer", ["adam", "sgd"])
    hp.Choice("init", ["glorot_uniform", "he_normal"])
    hp.Choice("dropout", [0.4, 0.5])
    hp.Choice("batch_size", [20, 30])


def _declare_training(hp: keras_tuner.HyperParameters, training: TrainingConfig) -> None:
    """What of the training is worth a search; for how long to train is left to patience."""
    hp.Choice("batch_size", sorted({32, 64, 128, training.batch_size}), default=training.batch_size)
    hp.Int("transpose", 0, max(6, training.transpose), default=training.transpose)
    if training.move:  # under the protocol chunk it may not be
        hp.Boolean("move", default=True)
    schedules = dict.fromkeys(("cosine", "constant", training.schedule))
    hp.Choice("schedule", list(schedules), default=training.schedule)
    hp.Boolean("class_weights", default=training.class_weights)
    _declare_values(hp, VARIATIONS, training)


def _declare_of_rolls(hp: keras_tuner.HyperParameters, config: Config) -> None:
    """What varies notes, and velocities where there are any."""
    has_velocity = "velocity" in (config.encoder.channels or ("velocity",))
    wanted = {name: of for name, of in OF_ROLLS.items() if has_velocity or name != "velocity_dropout"}
    _declare_values(hp, wanted, config.training)


def _declare_values(
    hp: keras_tuner.HyperParameters, wanted: Mapping[str, tuple[float, ...]], training: TrainingConfig
) -> None:
    for name, values in wanted.items():
        value = getattr(training, name)
        hp.Choice(name, sorted({*values, value}), default=value)


def _narrowed(
    hp: keras_tuner.HyperParameters, searched: set[str], fixed: Mapping[str, Any]
) -> keras_tuner.HyperParameters:
    """Returns a space with the entries that are searched, and with those that are set, which have one value.

    What these depend on stays too, at its default: keras-tuner takes an entry without its parent for inactive.
    """
    entries = [entry for entry in hp.space if entry.name in searched or entry.name in fixed]
    parents = {condition.name for entry in entries for condition in entry.conditions}
    narrowed = keras_tuner.HyperParameters()
    for entry in hp.space:
        if entry.name in fixed:
            narrowed.merge([Fixed(entry.name, fixed[entry.name], conditions=entry.conditions)])
        elif entry.name in searched:
            narrowed.merge([entry])
        elif entry.name in parents:
            narrowed.merge([Fixed(entry.name, entry.default, conditions=entry.conditions)])
    return narrowed
