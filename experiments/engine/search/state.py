"""What a search folder says at this moment: its trials, how far each is, and which is the best.

Nothing here imports Keras or keras-tuner; their state is read as the JSON that it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any, Literal

from experiments.engine.search.choices import (
    OWN_OF_THE_TUNER,
    USUAL_TRIALS,
    Choice,
    active_values,
    read_space,
)
from experiments.engine.search.config import SEARCH_FILE
from experiments.engine.search.files import read_history, read_json, read_rows
from features.corpora.labels import LABELS, in_order
from features.errors import InputError

Status = Literal["running", "waiting", "completed", "stopped early", "failed"]

RUNNING, WAITING = "running", "waiting"
"""How a trial may stand that is not over."""

COMPLETED, STOPPED_EARLY, FAILED = "completed", "stopped early", "failed"
"""How a trial may have ended."""

OVER = (COMPLETED, STOPPED_EARLY, FAILED)

INHERITED_FILE = "inherited.json"
"""In the folder of a fold that an earlier trial began: how many epochs of its history are that one's."""


@dataclass(frozen=True)
class TrialState:
    """One trial: a setting, and how it does on each fold.

    Attributes:
        trial_id: keras-tuner's name of it, such as `"0000"`.
        number: Its place in the order of the start, from 0.
        status: Running, waiting for a worker, or how it ended.
        reason: Why it failed or was stopped.
        hyperparameters: The values that have an effect, without the tuner's own.
        rung: Hyperband's own values, without their prefix: `epochs`, `bracket`, `round`, ...; else empty.
        score: Mean over the folds; of a stopped trial what it would have come to; None while it is not over.
        spread: Standard deviation over the folds; None with fewer than two.
        fold_scores: The score of each finished fold.
        histories: For each fold begun, its rows of `history.csv` as numbers.
        confusions: For each finished fold, true x answered chunks.
        seconds: Of its own training so far; that of an earlier trial, with which it went on, is not counted again.
        num_parameters: Of the network; None while no fold is finished.
        epochs: Trained so far, over all folds; its own only.
        chunk_epochs: Chunks times epochs so far; finished folds only.
        worker: keras-tuner's name of who runs it; empty if nobody does.
        has_traceback: Whether its folder holds a `failure.txt`.
    """

    trial_id: str
    number: int
    status: Status
    reason: str = ""
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    rung: Mapping[str, Any] = field(default_factory=dict)
    score: float | None = None
    spread: float | None = None
    fold_scores: tuple[float, ...] = ()
    histories: tuple[tuple[Mapping[str, float], ...], ...] = ()
    confusions: tuple[tuple[tuple[int, ...], ...], ...] = ()
    seconds: float = 0.0
    num_parameters: int | None = None
    epochs: int = 0
    chunk_epochs: int = 0
    worker: str = ""
    has_traceback: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more is done for it."""
        return self.status in OVER


@dataclass(frozen=True)
class SearchState:
    """A search as far as it is.

    Attributes:
        folder: The search folder.
        config: Of the study, as the dict of `search.json`.
        settings: How settings are looked for, as the dict of `search.json`.
        space: The hyper-parameters, in the order of their declaration.
        classes: The composers; empty until the search has noted them.
        trials: In the order of their start.
        end_order: Names of the trials that have ended, in the order of their end.
        metrics: What `metrics.json` holds; None while the search is not finished.
        best_metrics: What `best/metrics.json` holds; None while the best setting is not trained.
        environment: What it was made with; may be empty.
        memory: What chief and workers held together, as pairs of seconds at work and megabytes.
        started: When it was first started, as ISO 8601 with its time zone; empty if unknown.
    """

    folder: Path
    config: Mapping[str, Any]
    settings: Mapping[str, Any]
    space: tuple[Choice, ...] = ()
    classes: tuple[str, ...] = ()
    trials: tuple[TrialState, ...] = ()
    end_order: tuple[str, ...] = ()
    metrics: Mapping[str, Any] | None = None
    best_metrics: Mapping[str, Any] | None = None
    environment: Mapping[str, Any] = field(default_factory=dict)
    memory: tuple[tuple[float, float], ...] = ()
    started: str = ""

    @cached_property
    def best(self) -> TrialState | None:
        """What `best_trial` returns."""
        return best_trial(self)

    @property
    def of_defaults(self) -> TrialState | None:
        """The trial with the default settings; if Hyperband went on with it, the one with the most folds."""
        if not (self.settings.get("defaults_first") and self.settings.get("space") == "wide" and self.trials):
            return None
        first = self.trials[0].hyperparameters
        same = [trial for trial in self.trials if trial.hyperparameters == first and trial.fold_scores]
        return max(same, key=lambda trial: (len(trial.fold_scores), trial.number), default=None)

    @cached_property
    def gave_up(self) -> bool:
        """Whether so many trials in a row failed that no other was begun."""
        if self.metrics is not None and "gave_up" in self.metrics:
            return self.metrics["gave_up"]
        most = self.settings.get("max_failures")
        failed = {trial.trial_id for trial in self.with_status(FAILED)}
        in_a_row = 0
        for trial_id in self.end_order:  # trials that others ran then may have ended later, and well
            in_a_row = in_a_row + 1 if trial_id in failed else 0
            if most and in_a_row >= most:
                return True
        return False

    @property
    def max_trials(self) -> int | None:
        """How many settings are tried in all; None if only the tuner knows."""
        usual = USUAL_TRIALS.get(self.settings.get("tuner", ""))
        return self.settings.get("max_trials") or usual

    def with_status(self, *statuses: Status) -> list[TrialState]:
        """Returns the trials that stand so."""
        return [trial for trial in self.trials if trial.status in statuses]

    def ranked(self) -> list[TrialState]:
        """Returns all trials: the best one, the others with a score, those at work, waiting, failed.

        Hyperband's trials with more folds stand before those with fewer, whose scores mean less.
        """
        ranks = {COMPLETED: 0, STOPPED_EARLY: 0, RUNNING: 1, WAITING: 2, FAILED: 3}
        return sorted(
            self.trials,
            key=lambda trial: (
                trial is not self.best,
                ranks[trial.status],
                -len(trial.fold_scores) if trial.rung else 0,
                -(trial.score or 0.0),
                trial.number,
            ),
        )


def best_trial(state: SearchState) -> TrialState | None:
    """Returns the completed trial with the highest score, the earlier of equals; None if none has done every fold.

    Early rounds of Hyperband validate on some folds only. Folds differ in how hard they are, so the scores of such
    trials cannot be compared with those of others.
    """
    num_folds = state.settings.get("folds", 1)
    whole = [
        trial
        for trial in state.with_status(COMPLETED)
        if trial.score is not None and len(trial.fold_scores) >= num_folds
    ]
    return max(whole, key=lambda trial: trial.score, default=None)


def distance(one: TrialState, other: TrialState) -> tuple[float, float | None]:
    """Returns how far a trial lies before another one on the folds that both have done, and how this spreads.

    Both are validated on the same folds, so what counts is how much their distance changes from fold to fold.

    Returns:
        The mean over the folds, and their standard deviation; None for that on one fold.
    """
    pairs = zip(one.fold_scores, other.fold_scores, strict=False)
    distances = [first - second for first, second in pairs]
    return fmean(distances), stdev(distances) if len(distances) > 1 else None


def trained_alike(one: TrialState, other: TrialState) -> bool:
    """Whether two trials may train for as many epochs: those of Hyperband's early rounds have fewer."""
    return one.rung.get("epochs") == other.rung.get("epochs")


def seconds_left(state: SearchState) -> float | None:
    """Estimates how long the trials that are left will take, by the median of those that are over.

    Returns:
        Seconds on as many workers as are at work; None while too little is known. The training of the best setting
        comes on top.
    """
    if state.max_trials is None:
        return None
    over, running = state.with_status(*OVER), state.with_status(RUNNING)
    lengths = [trial.seconds for trial in over if trial.status != FAILED] or _expected_lengths(state)
    if not lengths:
        return None
    usual = median(lengths)
    num_to_begin = max(state.max_trials - len(over) - len(running), 0)
    work = num_to_begin * usual + sum(max(usual - trial.seconds, 0.0) for trial in running)
    return work / max(len(running), 1)


def _expected_lengths(state: SearchState) -> list[float]:
    """What trials at work will take, by their finished folds."""
    num_folds = state.settings.get("folds", 1)
    return [
        trial.seconds / len(trial.fold_scores) * num_folds
        for trial in state.with_status(RUNNING)
        if trial.fold_scores
    ]


def read_search(folder: Path) -> SearchState:
    """Reads a search folder, whether the search is at work, was killed or is finished.

    Raises:
        InputError: It is not a search folder.
    """
    described = read_json(folder / SEARCH_FILE)
    if not {"config", "search"} <= described.keys():
        raise InputError(f"Expected a search folder, but {folder} holds no {SEARCH_FILE}; name another.")
    oracle, environment = read_json(folder / "oracle.json"), read_json(folder / "environment.json")
    metrics, best_metrics = read_json(folder / "metrics.json"), read_json(folder / "best" / "metrics.json")
    paths = _numbered(folder, "trial_*")
    if "start_order" in oracle:  # what is not there was never begun: a kill came first
        order = {trial_id: number for number, trial_id in enumerate(oracle["start_order"])}
        paths = sorted(
            (path for path in paths if _trial_id(path) in order), key=lambda path: order[_trial_id(path)]
        )
    trials = [_read_trial(path, number, oracle) for number, path in enumerate(paths)]
    return SearchState(
        folder=folder,
        config=described["config"],
        settings=described["search"],
        space=read_space(oracle.get("hyperparameters", {})),
        classes=tuple(metrics.get("classes", ())) or _composers(folder / "splits.csv"),
        trials=tuple(trials),
        end_order=tuple(oracle.get("end_order", ())),
        metrics=metrics or None,
        best_metrics=best_metrics or None,
        environment=environment,
        memory=tuple(_memory(folder / "memory.csv")),
        started=environment.get("started", ""),
    )


def _numbered(folder: Path, pattern: str) -> list[Path]:
    """The folders of this pattern in order, without those that are not whole yet and have a suffix."""
    return sorted(
        (path for path in folder.glob(pattern) if path.is_dir() and not path.suffix),
        key=lambda path: (len(path.name), path.name),
    )


def _trial_id(folder: Path) -> str:
    return folder.name.removeprefix("trial_")


def _read_trial(folder: Path, number: int, oracle: Mapping[str, Any]) -> TrialState:
    told, result = read_json(folder / "trial.json"), read_json(folder / "result.json")
    hyperparameters = told.get("hyperparameters", {})
    values, space = hyperparameters.get("values", {}), read_space(hyperparameters)
    folds = _numbered(folder, "fold_*")
    histories = [read_history(fold / "history.csv") for fold in folds]
    finished = [found for found in (read_json(fold / "fold.json") for fold in folds) if found]
    workers = {trial_id: worker for worker, trial_id in oracle.get("ongoing_trials", {}).items()}
    worker = workers.get(_trial_id(folder), "")
    status, reason = _status(told, result, worker)
    own = [row for fold, history in zip(folds, histories, strict=True) for row in history[_inherited(fold) :]]
    so_far = {
        "fold_scores": [found["score"] for found in finished],
        "num_parameters": next(iter(finished), {}).get("num_parameters"),
        "epochs": len(own),
        "seconds": sum(row.get("seconds", 0.0) for row in own),
        "chunk_epochs": sum(found.get("chunk_epochs", 0) for found in finished),
    }
    # What the worker wrote counts, even if it is 0: Hyperband may go on with a trial that had no epoch left.
    so_far |= {name: result[name] for name in so_far if result.get(name) is not None}
    return TrialState(
        trial_id=_trial_id(folder),
        number=number,
        status=status,
        reason=reason,
        hyperparameters=active_values(values, space),
        rung={
            name.removeprefix(OWN_OF_THE_TUNER): value
            for name, value in values.items()
            if name.startswith(OWN_OF_THE_TUNER)
        },
        score=result.get("score") if status != FAILED else None,
        spread=result.get("spread"),
        histories=tuple(tuple(history) for history in histories),
        confusions=tuple(tuple(map(tuple, fold.get("confusion", ()))) for fold in finished),
        worker=worker if status == RUNNING else "",
        has_traceback=(folder / "failure.txt").exists(),
        **so_far | {"fold_scores": tuple(so_far["fold_scores"])},
    )


def _inherited(fold: Path) -> int:
    """How many rows of a fold's history an earlier trial has trained."""
    return read_json(fold / INHERITED_FILE).get("epochs", 0)


def _status(told: Mapping[str, Any], result: Mapping[str, Any], worker: str) -> tuple[Status, str]:
    """How a trial stands, by what its worker wrote and by what the oracle was told."""
    message = (told.get("message") or "").strip().splitlines()
    if result.get("status") in OVER:
        return result["status"], result.get("reason", "")
    if told.get("status") == "FAILED":  # the oracle gave it up, and nobody wrote a result
        return FAILED, message[-1] if message else "Its worker was lost."
    return (RUNNING if worker else WAITING), ""


def _memory(path: Path) -> list[tuple[float, float]]:
    """The whole rows of `memory.csv`, whose last one may be half there."""
    try:
        return [(float(row["seconds"]), float(row["megabytes"])) for row in read_rows(path)]
    except (KeyError, TypeError, ValueError):
        return []


def _composers(splits: Path) -> tuple[str, ...]:
    """The classes of a study: its composers, or what else it asks."""
    rows = read_rows(splits)
    asked = [name for name in rows[0] if name in LABELS] if rows else []
    return tuple(in_order({row[asked[-1]] for row in rows})) if asked else ()
