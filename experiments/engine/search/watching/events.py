"""What a trial shows in TensorBoard: learning curves by fold, its hyper-parameters and scores, confusion matrices.

tensorboard/                    the space of the search
tensorboard/trial_0000/         hyper-parameters, score, confusion matrix over all folds
tensorboard/trial_0000/fold_0/  learning curves, confusion matrix
"""

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2, summary_v2

from experiments.engine.search.choices import OWN_OF_THE_TUNER, Choice, read_space
from experiments.engine.search.config import SEARCH_FILE
from experiments.engine.search.files import read_history, read_json
from experiments.engine.search.state import FAILED, read_search
from experiments.engine.search.watching.tensorboard_files import (
    PATTERN,
    EventFile,
    history_summaries,
    image,
    of_row,
    scalars,
)

FOLDER = "tensorboard"

METRICS = {
    "score": "score (macro-F1 by chunk)",
    "spread": "spread over folds",
    "epochs": "epochs, all folds",
    "seconds": "seconds",
    "num_parameters": "parameters",
}
"""Numbers of `result.json` that stand beside the hyper-parameters, and what they are called."""

EPOCHS = f"{OWN_OF_THE_TUNER}epochs"
"""Hyperband's own hyper-parameter that is shown."""

STATUS = {FAILED: api_pb2.STATUS_FAILURE}
"""How trials end for TensorBoard; all others are a success."""


class TrialEvents:
    """Writes the event files of a trial; made again after a kill, it goes on without a gap or a repetition.

    Args:
        folder: The search folder.
        trial_id: Of the trial.
        hyperparameters: Its active values; of Hyperband's own ones the epochs are shown.
        runs: Where event files go; None for `tensorboard/` in the search folder.
    """

    def __init__(
        self, folder: Path, trial_id: str, hyperparameters: Mapping[str, Any], *, runs: Path | None = None
    ):
        if runs is None:
            runs = folder / FOLDER
            write_space([folder], runs)
        self.trial = folder / f"trial_{trial_id}"
        self.runs = runs / self.trial.name
        self.folds: dict[int, EventFile] = {}
        shown = {
            name: value
            for name, value in hyperparameters.items()
            if value is not None and (name == EPOCHS or not name.startswith(OWN_OF_THE_TUNER))
        }
        self.own = EventFile(self.runs)
        # TensorBoard takes trials of one name for one: every search has a first one.
        name = f"{self.trial.name} of {folder.parent.name}/{folder.name}"
        self.own.add(summary_v2.hparams_pb(shown, trial_id=name))

    def epoch(self, fold: int, row: Mapping[str, float]) -> None:
        """Notes a finished epoch.

        Args:
            fold: Number of the fold.
            row: Of its `history.csv`.
        """
        if fold not in self.folds:
            history = read_history(self.trial / f"fold_{fold}" / "history.csv")
            earlier = [other for other in history if other["epoch"] < row["epoch"]]
            self.folds[fold] = EventFile(self.runs / f"fold_{fold}", history_summaries(earlier))
        self.folds[fold].add(of_row(row), int(row["epoch"]) + 1)

    def end(
        self, result: Mapping[str, Any], confusions: Sequence[Sequence[Sequence[int]]], classes: Sequence[str]
    ) -> None:
        """Notes how the trial ended.

        Args:
            result: What `result.json` holds.
            confusions: For each finished fold how many chunks of each class (rows) were taken for which (columns).
            classes: Names of the classes.
        """
        for number, counts in enumerate(confusions):
            if number not in self.folds:  # it was finished before this process began
                history = read_history(self.trial / f"fold_{number}" / "history.csv")
                self.folds[number] = EventFile(self.runs / f"fold_{number}", history_summaries(history))
            title = f"{self.trial.name}, fold {number}, by chunk"
            self.folds[number].add(image("confusion", confusion_png(counts, classes, title=title)))
        if confusions:
            counts = [
                [sum(cells) for cells in zip(*rows, strict=True)] for rows in zip(*confusions, strict=True)
            ]
            title = f"{self.trial.name}, all folds, by chunk"
            self.own.add(image("confusion", confusion_png(counts, classes, title=title)))
        self.own.add(scalars({name: result.get(name) for name in METRICS}))
        self.own.add(_session_end(STATUS.get(result["status"], api_pb2.STATUS_SUCCESS)))


def write_search_events(folder: Path, runs: Path) -> None:
    """Makes the event files of the trials of a search anew, from what its folder holds.

    Args:
        folder: The search folder.
        runs: Where the event files go.
    """
    state = read_search(folder)
    for trial in state.trials:
        rung = {f"{OWN_OF_THE_TUNER}{name}": value for name, value in trial.rung.items()}
        events = TrialEvents(folder, trial.trial_id, {**trial.hyperparameters, **rung}, runs=runs)
        for number, history in enumerate(trial.histories):
            for row in history[-1:]:  # brings those before it
                events.epoch(number, row)
        if trial.is_over:
            result = {name: getattr(trial, name) for name in METRICS}
            events.end({"status": trial.status} | result, trial.confusions, state.classes)


def write_space(folders: Sequence[Path], runs: Path) -> None:
    """Describes the space of searches to TensorBoard, once: so it shows what has no effect in some trials, too.

    It takes one description for all that it shows, and hides trials with values outside of that.

    Args:
        folders: The search folders.
        runs: Where the event files of the searches are.
    """
    found: dict[str, list[Choice]] = {}
    for choice in (choice for folder in folders for choice in _space(folder)):
        found.setdefault(choice.name, []).append(choice)
    if not found or list(runs.glob(PATTERN)):
        return
    described = [summary_v2.HParam(name, _domain(choices)) for name, choices in found.items()]
    metrics = [summary_v2.Metric(tag, display_name=name) for tag, name in METRICS.items()]
    # Several workers may begin at once: each writes the whole file, and then one of them gives it its name.
    unfinished = runs / f".{os.getpid()}"
    file = EventFile(unfinished)
    file.add(summary_v2.hparams_config_pb(described, metrics))
    os.replace(file.path, runs / "events.out.tfevents.0.space")
    unfinished.rmdir()


def _space(folder: Path) -> list[Choice]:
    """The hyper-parameters of a search that are shown; none while it has not begun."""
    space = [*read_space(read_json(folder / "oracle.json").get("hyperparameters", {}))]
    search = read_json(folder / SEARCH_FILE)
    if space and search.get("search", {}).get("tuner") == "hyperband":
        space.append(Choice(EPOCHS, "Int", low=1, high=search["config"]["training"]["epochs"]))
    return space


def _domain(choices: Sequence[Choice]) -> summary_v2.Domain:
    """Where all values of a hyper-parameter lie, whichever search they are of."""
    listed = [(False, True) if choice.kind == "Boolean" else choice.values for choice in choices]
    values = dict.fromkeys(value for some in listed for value in some)
    if all(listed):
        alike = len({type(value) for value in values}) == 1
        return summary_v2.Discrete(values if alike else map(float, values))
    ends = [end for choice in choices for end in (choice.low, choice.high) if end is not None] + [*values]
    if all(isinstance(end, int) for end in ends):
        return summary_v2.IntInterval(min(ends), max(ends))
    return summary_v2.RealInterval(float(min(ends)), float(max(ends)))


def _session_end(status: int) -> Summary:
    told = plugin_data_pb2.HParamsPluginData(
        session_end_info=plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=time.time())
    )
    value = Summary.Value(
        tag=metadata.SESSION_END_INFO_TAG,
        metadata=metadata.create_summary_metadata(told),
        tensor=metadata.NULL_TENSOR,
    )
    return Summary(value=[value])


def confusion_png(counts: Sequence[Sequence[int]], classes: Sequence[str], *, title: str) -> bytes:
    """Returns a drawn confusion matrix as the content of a PNG file.

    Args:
        counts: How many of each class (rows) were taken for which (columns).
        classes: Names of the classes.
        title: Above the figure.
    """
    import numpy as np

    from experiments.engine.plots import save_confusion_matrix

    counts = np.asarray(counts)
    labels, answers = (numbers.ravel().repeat(counts.ravel()) for numbers in np.indices(counts.shape))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "confusion.png"
        save_confusion_matrix(labels, answers, classes=classes, title=title, path=path)
        return path.read_bytes()
