"""One trial: a setting trained and validated on each fold in turn, from where an earlier attempt stopped."""

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
from experiments.engine.networks import Network, train_network
from experiments.engine.search.client import ChiefLost, TrialLost
from experiments.engine.search.config import Search
from experiments.engine.search.losing import comparable_score, is_losing
from experiments.engine.search.spaces import configured
from experiments.engine.training import WATCHED
from features.datasets import Dataset
from features.errors import InputError
from features.splits.protocols import TRAIN, VALIDATION, Split

COMPLETED, STOPPED_EARLY, FAILED = "completed", "stopped early", "failed"
"""How a trial may have ended."""

FROM_TRIAL, UNTIL_EPOCH = "tuner/trial_id", "tuner/epochs"
"""Hyper-parameters by which Hyperband goes on with an earlier trial, for so many epochs in all."""


@dataclass(frozen=True)
class Trials:
    """Runs the trials of a search in its folder.

    Attributes:
        folder: The search folder.
        search: What is searched.
        dataset: The chunks.
        folds: What each fold trains on and validates on.
        on_epoch: Called with trial id, fold and the row of the history after each epoch.
    """

    folder: Path
    search: Search
    dataset: Dataset
    folds: list[Split]
    on_epoch: Callable[[str, int, dict[str, float]], None] = lambda trial_id, fold, row: None

    def metrics(self, trial: Trial) -> dict[str, float]:
        """Runs a trial of keras-tuner's; returns what its oracle is told."""
        result = self.run(trial.trial_id, trial.hyperparameters.values)
        return {WATCHED: result["score"]}

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
            result = self._cross_validate(folder, values)
        except (ChiefLost, TrialLost):  # no fault of the trial's, which somebody will go on with
            raise
        except Exception as error:
            records.write_text(folder / "failure.txt", traceback.format_exc())
            records.write_json(
                folder / "result.json", {"status": FAILED, "reason": reason_of(error), "score": None}
            )
            raise
        records.write_json(folder / "result.json", result)
        return result

    def _cross_validate(self, folder: Path, values: Mapping[str, Any]) -> dict[str, Any]:
        done: list[dict[str, Any]] = []
        rivals = finished_scores(self.folder, values.get(UNTIL_EPOCH))
        status = COMPLETED
        for number in range(len(self.folds)):
            done.append(self._fold(folder, number, values))
            scores = [fold["score"] for fold in done]
            if self.search.settings.stop_losing and is_losing(scores, rivals):
                status = STOPPED_EARLY
                break
        early = status == STOPPED_EARLY
        behind = (
            f"Clearly behind the best trial after {len(done)} of {len(self.folds)} folds." if early else ""
        )
        return {
            "status": status,
            "reason": behind,
            "score": comparable_score(scores, rivals) if early else fmean(scores),
            "spread": stdev(scores) if len(scores) > 1 else None,
            "fold_scores": scores,
            "until": values.get(UNTIL_EPOCH),
            "num_parameters": done[0]["num_parameters"],
            "epochs": sum(fold["num_epochs"] for fold in done),
            "seconds": sum(fold["seconds"] for fold in done),
            "chunk_epochs": sum(fold["chunk_epochs"] for fold in done),
        }

    def _fold(self, trial_folder: Path, number: int, values: Mapping[str, Any]) -> dict[str, Any]:
        """Trains and validates one fold, or returns what was found when that was done."""
        folder = trial_folder / f"fold_{number}"
        if (folder / "fold.json").exists():
            return records.read_json(folder / "fold.json")
        inherited = self._inherit(folder, values)
        split, trial_id = self.folds[number], trial_folder.name.removeprefix("trial_")
        config = configured(self.search, values)
        network = train_network(
            config,
            self.dataset,
            split,
            folder=folder,
            until=values.get(UNTIL_EPOCH),
            show=False,
            on_epoch=lambda row: self.on_epoch(trial_id, number, row),
        )
        kept = network.history[
            -1
            if config.training.patience is None
            else int(np.argmax([row[WATCHED] for row in network.history]))
        ]
        new = network.history[inherited:]
        result = {
            "score": kept[WATCHED],
            "piece_score": kept["val_piece_macro_f1"],
            "best_epoch": kept["epoch"],
            "num_epochs": len(new),
            "seconds": sum(row["seconds"] for row in new),
            "chunk_epochs": len(new) * len(split.indices(TRAIN)),
            "num_parameters": network.num_parameters,
            "confusion": self._confusion(network, split),
        }
        records.write_json(folder / "fold.json", result)
        if UNTIL_EPOCH not in values:  # else a later trial may go on from here
            (folder / "checkpoint.npz").unlink(missing_ok=True)
        del network
        keras.utils.clear_session()  # else memory grows with every network, on any backend
        return result

    def _inherit(self, folder: Path, values: Mapping[str, Any]) -> int:
        """Begins a fold where Hyperband's earlier trial left it; returns the number of epochs done there."""
        earlier = self.folder / f"trial_{values.get(FROM_TRIAL)}" / folder.name
        if FROM_TRIAL not in values or not (earlier / "checkpoint.npz").exists():
            folder.mkdir(exist_ok=True)
            return 0  # the earlier trial ended before this fold: it is trained from the start
        if not folder.exists():
            unfinished = folder.with_name(f"{folder.name}.unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            for name in ("checkpoint.npz", "history.csv"):
                shutil.copy2(earlier / name, unfinished / name)
            unfinished.rename(folder)
        return len(records.read_csv(earlier / "history.csv"))

    def _confusion(self, network: Network, split: Split) -> list[list[int]]:
        indices = split.indices(VALIDATION)
        predicted = network.predict(indices).argmax(axis=1)
        labels = range(len(self.dataset.classes))
        return confusion_matrix(self.dataset.chunk_labels[indices], predicted, labels=labels).tolist()


def finished_scores(folder: Path, until: int | None) -> list[list[float]]:
    """Returns the fold scores of all trials that have done every fold, of those with as many epochs as this one."""
    results = (records.read_json(path) for path in sorted(folder.glob("trial_*/result.json")))
    return [
        result["fold_scores"]
        for result in results
        if result["status"] == COMPLETED and result.get("until") == until
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
