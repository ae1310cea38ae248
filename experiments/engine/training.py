"""Training that can be killed at any moment: every epoch ends in a checkpoint that holds all it takes to go on.

A batch is a pure function of the seed, the epoch and its number (see `batches`), and the state of dropout is a
variable of the model. So a training that goes on from a checkpoint sees the same batches and draws
the same numbers as one that was never interrupted.
"""

import json
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from experiments.engine.batches import Targets, TrainingChunks
from experiments.engine.columns import HISTORY_COLUMNS, WATCHED
from experiments.engine.config import TrainingConfig
from experiments.engine.records import write_csv
from features.datasets import Dataset
from features.errors import InputError
from features.whole import appears_whole

PLATEAU_EPOCHS, PLATEAU_FACTOR, PLATEAU_THRESHOLD = 10, 0.1, 1e-4
"""Those of PyTorch's ReduceLROnPlateau, which the reference of the era study has."""


@dataclass
class Progress:
    """How far a training has come: all that a checkpoint holds beside the variables.

    Attributes:
        history: A row of `HISTORY_COLUMNS` for each finished epoch.
        best: Weights of the best epoch so far, in the order of `model.weights`.
        average: Running average of all weights, in the same order; empty if none is kept.
    """

    history: list[dict[str, float]] = field(default_factory=list)
    best: list[np.ndarray] = field(default_factory=list)
    average: list[np.ndarray] = field(default_factory=list)

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
    bag: int | None = None,
    targets: Targets | None = None,
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
        bag: How many chunks of a piece an example is, for a network that reads bags.
        targets: What else to train towards than labels.
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
        batches = TrainingChunks(dataset, indices, config, first_epoch=first_epoch, bag=bag, targets=targets)
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
                    keras.callbacks.LearningRateScheduler(
                        lambda epoch: learning_rate(start, epoch, config, progress.history)
                    ),
                    *([Averaging(progress, config.average, batches.first_step)] if config.average else ()),
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
    elif progress.average:
        model.set_weights(progress.average)
    return progress.history


def learning_rate(
    start: float, epoch: int, config: TrainingConfig, history: Sequence[dict[str, float]] = ()
) -> float:
    """Returns the learning rate of an epoch, counted from 0, from its number and the history: it needs no memory.

    Example:
        >>> learning_rate(0.001, 7, TrainingConfig(epochs=14, schedule="cosine"))
        0.0005
    """
    if config.schedule == "constant":
        return start
    if config.schedule == "plateau":
        return start * PLATEAU_FACTOR ** num_plateaus([row["val_loss"] for row in history])
    return start * 0.5 * (1 + float(np.cos(np.pi * epoch / config.epochs)))


def num_plateaus(losses: Sequence[float]) -> int:
    """Returns how often more than `PLATEAU_EPOCHS` epochs went by without a lower loss; each time counting anew.

    Example:
        >>> [num_plateaus([1.0] * count) for count in (1, 11, 12, 22, 23)]
        [0, 0, 1, 1, 2]
    """
    best, waited, count = np.inf, 0, 0
    for loss in losses:
        is_better = loss < best * (1 - PLATEAU_THRESHOLD)
        best, waited = (loss, 0) if is_better else (best, waited + 1)
        if waited > PLATEAU_EPOCHS:
            waited, count = 0, count + 1
    return count


class Averaging(keras.callbacks.Callback):
    """Keeps a running average of all weights, the statistics of normalisation included, after every step.

    Its first steps count more, lest it remember how the weights began: after step `t` it is made of
    `max(1 - decay, 9 / (10 + t))` of the weights as they are.
    """

    def __init__(self, progress: Progress, decay: float, first_step: int):
        super().__init__()
        self.progress, self.decay, self.step = progress, decay, first_step

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.step += 1
        weights = self.model.get_weights()
        self.progress.average = self.progress.average or [np.copy(weight) for weight in weights]
        share = np.float32(max(1 - self.decay, 9 / (10 + self.step)))
        for average, weight in zip(self.progress.average, weights, strict=True):
            average += share * (weight - average)


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
        row |= {name: float(logs[name]) for name in ("loss", "accuracy")}
        with self._averaged():
            self.progress.history.append(row | self.validate(self.model))
            if self.progress.best_epoch == epoch and self.config.patience is not None:
                self.progress.best = self.model.get_weights()
        if self.before_saving is not None:
            self.before_saving()
        # In this order: killed between the two, a run repeats an epoch, but never lacks a row of the history.
        write_csv(self.folder / "history.csv", HISTORY_COLUMNS, self.progress.history)
        save_checkpoint(self.model, self.progress, self.folder / "checkpoint.npz")
        self.model.stop_training = self.progress.is_over(self.config, self.until)
        if self.on_epoch_noted is not None:
            self.on_epoch_noted(self.progress.history[-1])

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """Gives the model its averaged weights within the block, if there are any."""
        weights = self.model.get_weights() if self.progress.average else None
        if weights is not None:
            self.model.set_weights(self.progress.average)
        try:
            yield
        finally:
            if weights is not None:
                self.model.set_weights(weights)


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
    for name in ("best", "average"):
        arrays |= {f"{name}_{number}": value for number, value in enumerate(getattr(progress, name))}
    with appears_whole(path) as unfinished, open(unfinished, "wb") as file:
        np.savez(file, history=json.dumps(progress.history), **arrays)


def restore(model: keras.Model, path: Path) -> Progress:
    """Puts a model where a checkpoint left it, and returns how far that was.

    Raises:
        InputError: The checkpoint is damaged, or of another network.
    """
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            for number, variable in enumerate(_variables(model)):
                variable.assign(arrays[f"variable_{number}"])
            kept = {}
            for name in ("best", "average"):
                count = sum(found.startswith(f"{name}_") for found in arrays.files)
                kept[name] = [arrays[f"{name}_{number}"] for number in range(count)]
            return Progress(json.loads(str(arrays["history"])), **kept)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError) as error:
        raise InputError(
            f"Expected a checkpoint of this network at {path}, but it cannot be gone on with: {error}; remove it, and "
            "training begins anew."
        ) from error
