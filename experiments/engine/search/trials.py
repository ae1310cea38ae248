"""One trial: a setting trained and validated on each fold in turn, from where an earlier attempt stopped."""

import math
import shutil
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import keras
import numpy as np
from keras_tuner.engine.trial import Trial
from sklearn.metrics import confusion_matrix

from experiments.engine import records
from experiments.engine.columns import WATCHED
from experiments.engine.command import CANNOT_WRITE
from experiments.engine.networks import Network, train_network
from experiments.engine.search.client import ChiefLost, TrialLost
from experiments.engine.search.config import Search
from experiments.engine.search.losing import comparable_score, is_losing
from experiments.engine.search.spaces import configured
from experiments.engine.search.state import COMPLETED, FAILED, INHERITED_FILE, STOPPED_EARLY
from experiments.engine.search.watching.events import TrialEvents
from features.datasets import Dataset
from features.errors import InputError
from features.splits.protocols import TRAIN, VALIDATION, Split

FROM_TRIAL, UNTIL_EPOCH = "tuner/trial_id", "tuner/epochs"
"""Hyper-parameters by which Hyperband goes on with an earlier trial, for so many epochs in all."""

ROUND, BRACKET = "tuner/round", "tuner/bracket"
"""Those by which it counts: a bracket has one round more than its number."""


@dataclass(frozen=True)
class Trials:
    """Runs the trials of a search in its folder.

    Attributes:
        folder: The search folder.
        search: What is searched.
        dataset: The chunks.
        folds: What each fold trains on and validates on.
        check: Called with the id of the trial before an epoch is noted; raises if another worker has it by now.
        teachers: Where those lie that the search names.
    """

    folder: Path
    search: Search
    dataset: Dataset
    folds: list[Split]
    check: Callable[[str], None] = lambda trial_id: None
    teachers: tuple[str, ...] = ()

    def metrics(self, trial: Trial) -> dict[str, float]:
        """Runs a trial of keras-tuner's; returns what its oracle is told."""
        return {WATCHED: self.run(trial.trial_id, trial.hyperparameters.values)["score"]}

    def run(self, trial_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Runs a trial, fold after fold, and writes its `result.json`.

        Args:
            trial_id: Names its folder; what an earlier attempt left there is gone on with.
            values: Its active hyper-parameters.

        Returns:
            What `result.json` holds.

        Raises:
            Exception: Whatever made the trial fail; it is noted in `failure.txt` and `result.json`.
        """
        folder = self.folder / f"trial_{trial_id}"
        folder.mkdir(exist_ok=True)
        try:
            trial = _OneTrial(self, folder, trial_id, values)
            result = trial.cross_validate()
            trial.end(result)
        except (ChiefLost, TrialLost):  # no fault of the trial's, which somebody will go on with
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in CANNOT_WRITE:  # nor is a full disk
                raise
            records.write_text(folder / "failure.txt", traceback.format_exc())
            failure = {"status": FAILED, "reason": reason_of(error), "score": None}
            records.write_json(folder / "result.json", failure)
            TrialEvents(self.folder, trial_id, values).end(failure, [], self.dataset.classes)
            raise
        return result


class _OneTrial:
    """A trial at work.

    Attributes:
        trials: What all trials of the search share.
        folder: Its own.
        values: Its active hyper-parameters.
        done: What `fold.json` holds, of each fold that is over.
    """

    def __init__(self, trials: Trials, folder: Path, trial_id: str, values: Mapping[str, Any]):
        self.trials, self.folder, self.trial_id, self.values = trials, folder, trial_id, values
        self.until = values.get(UNTIL_EPOCH)
        self.config = configured(trials.search.config, values)
        self.events = TrialEvents(trials.folder, trial_id, values)
        self.done: list[dict[str, Any]] = []

    def cross_validate(self) -> dict[str, Any]:
        """Does one fold after the other, until the trial is over or clearly loses."""
        settings, num_folds = self.trials.search.settings, len(self.trials.folds)
        if settings.halve_folds:
            num_folds = folds_of_round(num_folds, self.values)
        rivals = finished_scores(self.trials.folder, self.until, num_folds)
        for number in range(num_folds):
            self.done.append(self._fold(number))
            if settings.stop_losing and is_losing(self._scores, rivals):
                reason = f"Clearly behind the best trial after {len(self.done)} of {num_folds} folds."
                return self._result(STOPPED_EARLY, comparable_score(self._scores, rivals), reason)
        return self._result(COMPLETED, fmean(self._scores), "")

    def end(self, result: Mapping[str, Any]) -> None:
        """Writes how the trial ended."""
        confusions = [fold["confusion"] for fold in self.done]
        self.events.end(result, confusions, self.trials.dataset.classes)
        records.write_json(self.folder / "result.json", result)

    @property
    def _scores(self) -> list[float]:
        return [fold["score"] for fold in self.done]

    def _result(self, status: str, score: float, reason: str) -> dict[str, Any]:
        return {
            "status": status,
            "reason": reason,
            "score": score,
            "spread": stdev(self._scores) if len(self.done) > 1 else None,
            "fold_scores": self._scores,
            "until": self.until,
            "num_parameters": self.done[0]["num_parameters"],
            "epochs": sum(fold["num_epochs"] for fold in self.done),
            "seconds": sum(fold["seconds"] for fold in self.done),
            "chunk_epochs": sum(fold["chunk_epochs"] for fold in self.done),
        }

    def _fold(self, number: int) -> dict[str, Any]:
        """Trains and validates one fold, or returns what was found when that was done."""
        folder, split = self.folder / f"fold_{number}", self.trials.folds[number]
        if (folder / "fold.json").exists():
            return records.read_json(folder / "fold.json")
        inherited = self._inherit(folder)
        network = train_network(
            self.config,
            self.trials.dataset,
            split,
            folder=folder,
            teachers=self.trials.teachers,
            until=self.until,
            show=False,
            before_saving=lambda: self.trials.check(self.trial_id),
            on_epoch=lambda row: self.events.epoch(number, row),
        )
        best_epoch = int(np.argmax([row[WATCHED] for row in network.history]))
        kept = network.history[-1 if self.config.training.patience is None else best_epoch]
        new = network.history[inherited:]
        result = {
            "score": kept[WATCHED],
            "piece_score": kept["val_piece_macro_f1"],
            "best_epoch": kept["epoch"],
            "num_epochs": len(new),
            "seconds": sum(row["seconds"] for row in new),
            "chunk_epochs": len(new) * self.config.training.drawn_of(len(split.indices(TRAIN))),
            "num_parameters": network.num_parameters,
            "confusion": self._confusion(network, split),
        }
        records.write_json(folder / "fold.json", result)
        if self.until is None:  # else a later trial may go on from here
            (folder / "checkpoint.npz").unlink(missing_ok=True)
        del network
        keras.utils.clear_session()  # else memory grows with every network, on any backend
        return result

    def _inherit(self, folder: Path) -> int:
        """Begins a fold where Hyperband's earlier trial left it; returns the number of epochs done there."""
        earlier = self.trials.folder / f"trial_{self.values.get(FROM_TRIAL)}" / folder.name
        if (folder / INHERITED_FILE).exists():
            return records.read_json(folder / INHERITED_FILE)["epochs"]
        if FROM_TRIAL not in self.values or not (earlier / "checkpoint.npz").exists():
            folder.mkdir(exist_ok=True)
            return 0  # the earlier trial ended before this fold: it is trained from the start
        unfinished = folder.with_name(f"unfinished-{folder.name}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        for name in ("checkpoint.npz", "history.csv"):
            shutil.copy2(earlier / name, unfinished / name)
        epochs = len(records.read_csv(unfinished / "history.csv"))
        records.write_json(unfinished / INHERITED_FILE, {"epochs": epochs})
        unfinished.rename(folder)
        return epochs

    def _confusion(self, network: Network, split: Split) -> list[list[int]]:
        """Counts chunks of the validation works by composer (rows) and answer (columns)."""
        dataset, indices = self.trials.dataset, split.indices(VALIDATION)
        answers = network.predict(indices).argmax(axis=1)
        labels = range(len(dataset.classes))
        return confusion_matrix(dataset.chunk_labels[indices], answers, labels=labels).tolist()


def folds_of_round(num_folds: int, values: Mapping[str, Any]) -> int:
    """Returns on how many folds a trial validates: its share of them in an early round of Hyperband, else all.

    Example:
        >>> [folds_of_round(3, {"tuner/bracket": 2, "tuner/round": number}) for number in range(3)]
        [1, 2, 3]
        >>> folds_of_round(3, {"width": 128})
        3
    """
    return math.ceil(num_folds * (values.get(ROUND, 0) + 1) / (values.get(BRACKET, 0) + 1))


def finished_scores(folder: Path, until: int | None, num_folds: int) -> list[list[float]]:
    """Returns the fold scores of the trials that a trial can be compared with.

    Args:
        folder: The search folder.
        until: Only trials with as many epochs.
        num_folds: Only trials that have done as many folds.
    """
    results = (records.read_json(path) for path in sorted(folder.glob("trial_*/result.json")))
    return [
        result["fold_scores"]
        for result in results
        if result["status"] == COMPLETED
        and result["until"] == until
        and len(result["fold_scores"]) == num_folds
    ]


def reason_of(error: BaseException) -> str:
    """Returns one line on what made a trial fail.

    Example:
        >>> reason_of(ValueError("No such layer.\\nMore of it."))
        'ValueError: No such layer.'
    """
    lines = str(error).strip().splitlines()
    first = lines[0] if lines else "no message"
    return first if isinstance(error, InputError) else f"{type(error).__name__}: {first}"
