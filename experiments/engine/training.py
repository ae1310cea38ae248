"""Training that can be killed at any moment: every epoch ends in a checkpoint that holds all it takes to go on.

A batch is a pure function of the seed, the epoch and its number, and the state of dropout is a
variable of the model. So a training that goes on from a checkpoint sees the same batches and draws
the same numbers as one that was never interrupted.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from experiments.engine.columns import HISTORY_COLUMNS, WATCHED
from experiments.engine.config import TrainingConfig
from experiments.engine.imbalance import class_weights
from experiments.engine.records import write_csv
from experiments.engine.whole import appears_whole
from features.datasets import Dataset
from features.errors import InputError


class TrainingChunks(keras.utils.PyDataset):
    """Shuffled, varied training batches, epoch after epoch without end.

    It is asked for one batch after another through all epochs (`num_batches` is None), because
    prefetching crosses the border between epochs before any callback could reshuffle.
    """

    def __init__(self, dataset: Dataset, indices: np.ndarray, config: TrainingConfig, *, first_epoch: int):
        super().__init__()
        self.dataset, self.indices, self.config = dataset, indices, config
        self.batch_size = min(config.batch_size, len(indices))
        self.steps_per_epoch = len(indices) // self.batch_size
        self.first_step = first_epoch * self.steps_per_epoch
        self.weights = None
        if config.class_weights:
            labels, num_classes = dataset.chunk_labels[indices], len(dataset.classes)
            self.weights = class_weights(labels, num_classes, balance=config.balance)
        self._plan = lru_cache(maxsize=2)(self._plan_epoch)

    @property
    def num_batches(self) -> None:
        return None

    def __getitem__(self, step: int) -> tuple[np.ndarray, ...]:
        epoch, batch = divmod(self.first_step + step, self.steps_per_epoch)
        order, changes = self._plan(epoch)
        places = slice(batch * self.batch_size, (batch + 1) * self.batch_size)
        labels = self.dataset.chunk_labels[order[places]]
        chunks = self.dataset.chunks(
            order[places], **{name: values[places] for name, values in changes.items()}
        )
        return (chunks, labels) if self.weights is None else (chunks, labels, self.weights[labels])

    def _plan_epoch(self, epoch: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Returns the order of the chunks, and how each is changed: what to tell `Dataset.chunks`."""
        rng = np.random.default_rng([self.config.seed, epoch])
        num_chunks, furthest = len(self.indices), self.config.transpose
        half = self.dataset.encoder.chunk_frames // 2 if self.config.move else 0
        order = rng.permutation(self.indices)
        changes = {
            "semitones": rng.integers(-furthest, furthest + 1, num_chunks),
            "later": rng.integers(-half, half + 1, num_chunks),
        }
        if self.config.tempo:  # drawn last, so that all else is drawn as it is without
            most = np.log1p(self.config.tempo)
            changes["rates"] = np.exp(rng.uniform(-most, most, num_chunks))
        return order, changes


class ChunksInOrder(keras.utils.PyDataset):
    """Batches of chunks as they stand, for prediction."""

    def __init__(self, dataset: Dataset, indices: np.ndarray, *, batch_size: int = 64):
        super().__init__()
        self.dataset, self.indices, self.batch_size = dataset, indices, batch_size

    @property
    def num_batches(self) -> int:
        return -(-len(self.indices) // self.batch_size)

    def __getitem__(self, batch: int) -> tuple[np.ndarray]:
        return (self.dataset.chunks(self.indices[batch * self.batch_size :][: self.batch_size]),)


def predict(model: keras.Model, dataset: Dataset, indices: np.ndarray) -> np.ndarray:
    """Returns the probabilities of the chunks named, shape `(chunks, classes)`.

    Raises:
        InputError: Some are no numbers, because training has diverged.
    """
    probabilities = model.predict(ChunksInOrder(dataset, indices), verbose=0)
    if not np.isfinite(probabilities).all():
        raise InputError(
            "The network's answers are no numbers: its training has diverged; take a lower learning rate."
        )
    return probabilities


@dataclass
class Progress:
    """How far a training has come: all that a checkpoint holds beside the variables.

    Attributes:
        history: A row of `HISTORY_COLUMNS` for each finished epoch.
        best: Weights of the best epoch so far, in the order of `model.weights`.
    """

    history: list[dict[str, float]] = field(default_factory=list)
    best: list[np.ndarray] = field(default_factory=list)

    @property
    def best_epoch(self) -> int:
        """The first epoch, from 0, that no other surpasses."""
        return int(np.argmax([row[WATCHED] for row in self.history]))

    def is_over(self, config: TrainingConfig, until: int) -> bool:
        """Whether the epochs up to `until` are used up, or patience is."""
        if not self.history:
            return False
        waited = len(self.history) - 1 - self.best_epoch
        return len(self.history) >= until or (config.patience is not None and waited >= config.patience)


def train(
    model: keras.Model,
    dataset: Dataset,
    indices: np.ndarray,
    config: TrainingConfig,
    *,
    validate: Callable[[keras.Model], dict[str, float]],
    folder: Path,
    until: int | None = None,
    show: bool = True,
    before_saving: Callable[[], None] | None = None,
    on_epoch: Callable[[dict[str, float]], None] | None = None,
) -> list[dict[str, float]]:
    """Trains a compiled model, from the checkpoint in the folder if there is one.

    On return the model has the weights of the best epoch (of the last one without patience).

    Args:
        model: As its builder returned it.
        dataset: What the chunks are taken from.
        indices: The training chunks.
        config: How to train.
        validate: Returns the `val_...` columns of the history for a model.
        folder: The run folder; gets `checkpoint.npz` and `history.csv`.
        until: Stop after so many epochs in all, with the learning rates of a training of `config.epochs`; None for
            all of them. Called again with more, it goes on.
        show: Whether to show progress and time left.
        before_saving: Called when an epoch is over, before anything is written; what it raises ends the training.
        on_epoch: Called with the row of the history after each epoch, once its checkpoint is written.

    Returns:
        The history, a row of `HISTORY_COLUMNS` an epoch.
    """
    checkpoint = folder / "checkpoint.npz"
    start = float(model.optimizer.learning_rate)
    model.optimizer.build(model.trainable_variables)
    progress = restore(model, checkpoint) if checkpoint.exists() else Progress()
    first_epoch, until = len(progress.history), min(until or config.epochs, config.epochs)
    if not progress.is_over(config, until):
        batches = TrainingChunks(dataset, indices, config, first_epoch=first_epoch)
        with tqdm(
            desc="Training",
            unit="batch",
            disable=not show,
            total=batches.steps_per_epoch * until,
            initial=batches.first_step,
        ) as bar:
            model.fit(
                batches,
                steps_per_epoch=batches.steps_per_epoch,
                initial_epoch=first_epoch,
                epochs=until,
                shuffle=False,  # the batches are shuffled already
                verbose=0,
                callbacks=[
                    keras.callbacks.LearningRateScheduler(lambda epoch: learning_rate(start, epoch, config)),
                    EpochEnd(
                        progress,
                        config,
                        until=until,
                        validate=validate,
                        folder=folder,
                        before_saving=before_saving,
                        on_epoch=on_epoch,
                    ),
                    ProgressBar(bar),
                ],
            )
    if config.patience is not None:
        model.set_weights(progress.best)
    return progress.history


def learning_rate(start: float, epoch: int, config: TrainingConfig) -> float:
    """Returns the learning rate of an epoch, counted from 0, from its number alone: it needs no memory.

    Example:
        >>> learning_rate(0.001, 7, TrainingConfig(epochs=14, schedule="cosine"))
        0.0005
    """
    if config.schedule == "constant":
        return start
    return start * 0.5 * (1 + float(np.cos(np.pi * epoch / config.epochs)))


class EpochEnd(keras.callbacks.Callback):
    """Validates, notes the history, keeps the best weights, writes the checkpoint, stops when over."""

    def __init__(
        self,
        progress: Progress,
        config: TrainingConfig,
        *,
        until: int,
        validate: Callable,
        folder: Path,
        before_saving: Callable | None,
        on_epoch: Callable | None,
    ):
        super().__init__()
        self.progress, self.config, self.until = progress, config, until
        self.validate, self.folder = validate, folder
        self.before_saving, self.on_epoch_noted = before_saving, on_epoch

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        seconds = time.perf_counter() - self.started
        row = {"epoch": epoch, "seconds": seconds, "learning_rate": float(self.model.optimizer.learning_rate)}
        row |= {name: float(logs[name]) for name in ("loss", "accuracy")} | self.validate(self.model)
        self.progress.history.append(row)
        if self.progress.best_epoch == epoch and self.config.patience is not None:
            self.progress.best = self.model.get_weights()
        if self.before_saving is not None:
            self.before_saving()
        # In this order: killed between the two, a run repeats an epoch, but never lacks a row of the history.
        write_csv(self.folder / "history.csv", HISTORY_COLUMNS, self.progress.history)
        save_checkpoint(self.model, self.progress, self.folder / "checkpoint.npz")
        self.model.stop_training = self.progress.is_over(self.config, self.until)
        if self.on_epoch_noted is not None:
            self.on_epoch_noted(row)


class ProgressBar(keras.callbacks.Callback):
    """Moves a bar over all epochs, with the time left and the last loss."""

    def __init__(self, bar: tqdm):
        super().__init__()
        self.bar = bar

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.bar.update()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.bar.set_postfix(epoch=epoch + 1, loss=f"{logs['loss']:.3f}")


def _variables(model: keras.Model) -> list[keras.Variable]:
    """All that changes in training: weights, dropout states, and what the optimizer remembers."""
    return [*model.variables, *model.optimizer.variables]


def save_checkpoint(model: keras.Model, progress: Progress, path: Path) -> None:
    """Writes the state of a training, atomically."""
    arrays = {f"variable_{number}": np.array(value) for number, value in enumerate(_variables(model))}
    arrays |= {f"best_{number}": value for number, value in enumerate(progress.best)}
    with appears_whole(path) as unfinished, open(unfinished, "wb") as file:
        np.savez(file, history=json.dumps(progress.history), **arrays)


def restore(model: keras.Model, path: Path) -> Progress:
    """Puts a model where a checkpoint left it, and returns how far that was."""
    with np.load(path) as arrays:
        for number, variable in enumerate(_variables(model)):
            variable.assign(arrays[f"variable_{number}"])
        num_best = sum(name.startswith("best_") for name in arrays.files)
        best = [arrays[f"best_{number}"] for number in range(num_best)]
        return Progress(json.loads(str(arrays["history"])), best)
