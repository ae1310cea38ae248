"""A network in a run: built as configured, trained on one part of a split, asked, saved."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import keras_tuner
import numpy as np
from keras_tuner.engine.hyperparameters import HyperParameter

from experiments.engine.answering import answer, answer_chunks
from experiments.engine.columns import HISTORY_COLUMNS
from experiments.engine.config import AnswerConfig, Config
from experiments.engine.device import computing_in
from experiments.engine.distillation import load_teachers, teach
from experiments.engine.heard import pieces_heard
from experiments.engine.imbalance import logit_offsets
from experiments.engine.predictions import Predictions
from experiments.engine.sampling import heard_shares
from experiments.engine.saved_models import LOGIT_OFFSETS, SavedModel
from experiments.engine.tables import module_of, readers_of
from experiments.engine.teachers import teacher_name
from experiments.engine.telling import encoder_name
from experiments.engine.training import train
from features.auxiliary import by_others, training_part
from features.datasets import Dataset, can_change_tempo
from features.errors import InputError
from features.splits.protocols import TRAIN, VALIDATION, Split
from features.variations import PRESENCE_CHANNELS
from models import BUILDERS, saving
from models.adjusting import adjust_logits
from models.narrowing import follow, narrow
from models.soft_targets import expect_distributions


@dataclass(frozen=True)
class Network:
    """A trained network.

    Attributes:
        model: In float32, as it is saved; its logits are adjusted, if that was asked for.
        hyperparameters: All of them, with the values used.
        history: A row of `training.HISTORY_COLUMNS` an epoch.
        precision: Keras' dtype policy in training.
        dataset: What it was trained on a part of.
        answering: How it is asked.
        logit_offsets: What was taken off the logit of each class, shape `(classes,)`.
        teachers: From whom it learnt.
        others: The pieces by composers whom it is not asked about, as `model.json` tells them.
        device: What it was trained on; empty if on this machine.
    """

    model: keras.Model
    hyperparameters: dict[str, Any]
    history: list[dict[str, float]]
    precision: str
    dataset: Dataset
    answering: AnswerConfig = AnswerConfig()
    logit_offsets: np.ndarray = field(default_factory=lambda: np.zeros(0))
    teachers: tuple[SavedModel, ...] = ()
    others: Sequence[dict[str, str]] = ()
    device: str = ""

    @property
    def num_parameters(self) -> int:
        """Number of weights, those that are not trained included."""
        return self.model.count_params()

    def predict(self, indices: np.ndarray) -> np.ndarray:
        """Returns the probabilities of chunks, shape `(indices, classes)`."""
        return answer_chunks(self.model, self.dataset, indices, self.answering)

    def answer(self, indices: np.ndarray) -> dict[str, Predictions]:
        """Returns answers for chunks by `"chunk"` and by `"piece"`."""
        return answer(self.model, self.dataset, indices, self.answering)

    def save(self, path: Path, split: Split, config: Config) -> None:
        """Saves the model with all that is needed to use it, and to know what it has heard.

        Args:
            path: The `.h5` file.
            split: Which chunks it was trained on, and which chose the epoch.
            config: The run's configuration.
        """
        dataset = self.dataset
        description = {
            "run_id": path.parent.name,
            "encoder": {"name": config.encoder.encoder, "settings": dataset.encoder.settings()},
            "study": config.experiment,
            "label": dataset.label,
            "classes": list(dataset.classes),
            "builder": config.model.model,
            "answering": dataclasses.asdict(self.answering),
            "hyperparameters": self.hyperparameters,
            LOGIT_OFFSETS: self.logit_offsets.tolist(),
            "teachers": [teacher_name(str(teacher.path)) for teacher in self.teachers],
            "trained_on": self._trained_on(split),
            "validated_on": self._pieces_of(split, VALIDATION),
            "num_auxiliary": self._num_auxiliary(),
        }
        saving.save(self.model, path, description=description)

    def _trained_on(self, split: Split) -> list[dict[str, str]]:
        """The training pieces, and what was heard beside them, by teachers too: none of it is unheard any more."""
        pieces, chose = (self._pieces_of(split, side) for side in (TRAIN, VALIDATION))
        known = {piece["content"] for piece in (*pieces, *chose)}
        more = {
            piece["content"]: piece
            for teacher in self.teachers
            for part in ("trained_on", "validated_on")
            for piece in teacher.description.get(part, ())
            if piece["content"] not in known
        }
        return [*pieces, *self.others, *more.values()]

    def _num_auxiliary(self) -> int:
        """How many of the training pieces are by composers whom it does not name; teachers of a study share theirs."""
        return max(
            len(self.others), *(teacher.description.get("num_auxiliary", 0) for teacher in self.teachers), 0
        )

    def _pieces_of(self, split: Split, side: str) -> list[dict[str, str]]:
        return pieces_heard(self.dataset, np.unique(self.dataset.chunk_pieces[split.indices(side)]))


def check_network(config: Config, dataset: Dataset) -> None:
    """Builds the configured network and forgets it.

    Raises:
        InputError: It cannot be built, see `build`; it reads something else than the encoder makes; or it should be
            trained in a way that the encoder does not offer.
    """
    name, readers = config.model.model, readers_of(config.encoder.encoder)
    if name not in readers:
        raise InputError(
            f"The model {name} cannot read what the encoder {config.encoder.encoder} makes; take --model "
            f"{' or '.join(readers)}."
        )
    training, channels = config.training, getattr(dataset.encoder, "channels", ())
    held = not set(PRESENCE_CHANNELS).isdisjoint(channels)
    possible = {
        "tempo": can_change_tempo(dataset.encoder),
        "mixup": not hasattr(dataset.encoder, "encode_events"),  # a type between two types is a third one
        "velocity_dropout": "velocity" in channels,
        "note_dropout": held,
        "jitter": held,
    }
    for name, is_possible in possible.items():
        if getattr(training, name) and not is_possible:
            raise InputError(
                f"The encoder {encoder_name(config.encoder, dataset.encoder)} has nothing that could be changed by "
                f"--{name.replace('_', '-')}; leave it out."
            )
    builder = module_of(BUILDERS, config.model.model, kind="model")
    build(builder, config.model.hyperparameters, dataset, bag=config.answering.bag)


def check_teachers(config: Config, dataset: Dataset, split: Split, teachers: Sequence[str]) -> None:
    """Makes sure that the teachers of a run are fit for it; see `distillation.load_teachers`.

    Raises:
        InputError: One is not.
        ModelFileError: One cannot be read.
    """
    if teachers:
        load_teachers(config, dataset.fitted(split.indices(TRAIN)), split, teachers)


def train_network(
    config: Config, dataset: Dataset, split: Split, *, folder: Path, teachers: Sequence[str] = (), **how: Any
) -> Network:
    """Builds the configured network and trains it, from the folder's checkpoint if there is one.

    Args:
        config: Of the run.
        dataset: The chunks.
        split: Which of them to train on, and which to validate on.
        folder: Gets checkpoint and history.
        teachers: Where those lie that the configuration names.
        **how: What else to tell `training.train`.
    """
    builder = module_of(BUILDERS, config.model.model, kind="model")
    dataset, reads_bags = dataset.fitted(split.indices(TRAIN)), builder.RANK == "bag"
    heard, places = dataset, split.indices(TRAIN)
    labels, bag = dataset.chunk_labels[places], config.answering.bag
    if config.training.auxiliary:
        heard = with_others(config, dataset, split)
        places = np.arange(len(heard.chunk_pieces))
    once = AnswerConfig(bag=bag)  # asked in several ways after every epoch, it would take many times as long
    in_bags = {"bag": bag if reads_bags else None}
    shares = heard_shares(dataset, split.indices(TRAIN), config.training, **in_bags)
    offsets = logit_offsets(labels, len(dataset.classes), config.training, shares=shares)
    taught_by = load_teachers(config, dataset, split, teachers)
    targets = teach(taught_by, config, dataset, split.indices(TRAIN), whole_pieces=reads_bags)
    with computing_in(config.training.precision):
        keras.utils.set_random_seed(config.training.seed)
        model, hyperparameters = build(builder, config.model.hyperparameters, heard, bag=bag)
        asked = narrow(model, len(dataset.classes)) if heard.num_auxiliary else model
        if config.training.mixup or targets is not None:
            expect_distributions(model)
        history = train(
            model,
            heard,
            places,
            config.training,
            validate=lambda trained: validation_scores(
                _asked(asked, trained), dataset, split.indices(VALIDATION), offsets, once
            ),
            folder=folder,
            targets=targets,
            **in_bags,
            **how,
        )
    kept = saving.in_float32(_asked(asked, model))
    if offsets.any():
        adjust_logits(kept, offsets)
    precision = model.dtype_policy.name
    others = pieces_heard(heard, np.flatnonzero(by_others(heard, heard.labels)))
    return Network(
        kept, hyperparameters, history, precision, dataset, config.answering, offsets, taught_by, others
    )


def with_others(config: Config, dataset: Dataset, split: Split) -> Dataset:
    """Returns the training pieces of a fold beside those by composers who are not asked about."""
    pieces = np.unique(dataset.chunk_pieces[split.indices(TRAIN)])
    held_out = set(dataset.sources) - {dataset.sources[piece] for piece in pieces}
    without = held_out if config.split.protocol == "source" else ()
    return training_part(dataset, pieces, without_sources=without)


def _asked(asked: keras.Model, trained: keras.Model) -> keras.Model:
    """The network as it is asked, which follows the one that is trained if that tells others apart, too."""
    if asked is not trained:
        follow(asked, trained)
    return asked


def build(
    builder: ModuleType,
    wanted: Mapping[str, int | float | str],
    dataset: Dataset,
    *,
    bag: int = AnswerConfig.bag,
) -> tuple[keras.Model, dict[str, Any]]:
    """Builds a network for a dataset, with the builder's defaults where nothing else is wanted.

    A value need not be one that a search would draw.

    Args:
        builder: A module of `BUILDERS`.
        wanted: Hyper-parameters.
        dataset: What it is to read.
        bag: How many chunks a bag has, for a builder that reads bags.

    Returns:
        The compiled model and all hyper-parameters that have an effect, with their values.

    Raises:
        InputError: The builder has no such hyper-parameter, one has no effect with the others, or nothing can be
            built of these.
    """
    shape, num_classes = dataset.encoder.chunk_shape, len(dataset.classes)
    shape = (bag, *shape) if getattr(builder, "RANK", "chunk") == "bag" else shape
    hp = keras_tuner.HyperParameters()
    try:
        if wanted:
            defaults = keras_tuner.HyperParameters()
            builder.build(defaults, shape, num_classes)
            _check_hyperparameters(wanted, defaults.space)
            _check_all_have_an_effect(wanted, defaults.space)
        hp.values.update(wanted)  # keras-tuner asks for the defaults of those that are missing only
        return builder.build(hp, shape, num_classes), dict(hp.values)
    except InputError:
        raise
    except ValueError as error:  # what a builder raises for shapes and numbers that it cannot use
        raise InputError(
            f"{builder.__name__} cannot be built for chunks of shape {shape} with these hyper-parameters: "
            f"{str(error).strip().splitlines()[0]}"
        ) from error


def _check_hyperparameters(wanted: Mapping[str, Any], space: Sequence[HyperParameter]) -> None:
    """Refuses names that a builder does not have, and words where it wants numbers."""
    defaults = {parameter.name: parameter.default for parameter in space}
    known = ", ".join(map(_describe, space))
    unknown = sorted(set(wanted) - set(defaults))
    if unknown:
        raise InputError(f"The model has no hyper-parameter {', '.join(unknown)}; it has {known}.")
    for name, value in wanted.items():
        kind = (int, float) if isinstance(defaults[name], float) else type(defaults[name])
        if not isinstance(value, kind):
            raise InputError(f"The hyper-parameter {name} cannot be {value!r}; the defaults are {known}.")


def _check_all_have_an_effect(wanted: Mapping[str, Any], space: Sequence[HyperParameter]) -> None:
    """Refuses what the builder would not look at, given the other values."""
    hp = keras_tuner.HyperParameters()
    hp.values.update(wanted)
    hp.merge(space, overwrite=False)
    for parameter in space:
        if parameter.name in wanted and not hp.is_active(parameter):
            found = " and ".join(f"{need.name}={hp.values.get(need.name)}" for need in parameter.conditions)
            raise InputError(
                f"The hyper-parameter {parameter.name} has no effect with {found}; leave it out, or choose "
                f"{_needs(parameter)}."
            )


def _describe(parameter: HyperParameter) -> str:
    """A hyper-parameter's name, its default, and where it matters."""
    condition = f" (with {_needs(parameter)})" if parameter.conditions else ""
    return f"{parameter.name}={parameter.default}{condition}"


def _needs(parameter: HyperParameter) -> str:
    """With which values of others a hyper-parameter has an effect."""
    return " and ".join(f"{need.name}={' or '.join(map(str, need.values))}" for need in parameter.conditions)


def validation_scores(
    model: keras.Model,
    dataset: Dataset,
    indices: np.ndarray,
    offsets: np.ndarray,
    answering: AnswerConfig,
) -> dict[str, float]:
    """Returns the `val_...` columns of the history, of the answers that the network will give when it is kept.

    They are no numbers where nothing was kept for validation.
    """
    if not len(indices):
        return {name: float("nan") for name in HISTORY_COLUMNS if name.startswith("val_")}
    answers = answer(model, dataset, indices, answering, offsets=offsets)
    chunk, piece = (answers[level].point_scores() for level in ("chunk", "piece"))
    return {
        "val_loss": chunk["log_loss"],
        "val_accuracy": chunk["accuracy"],
        "val_macro_f1": chunk["macro_f1"],
        "val_piece_macro_f1": piece["macro_f1"],
    }
