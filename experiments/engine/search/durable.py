"""The books of a search: which trials run, wait and have ended, so written that a kill at any moment loses none.

keras-tuner's oracles propose settings; the bookkeeping around the proposals is done anew here, because that of 1.4.8
does not last. It writes JSON in place; saves a trial before it notes that it began, so that a kill in between leaves
one that never runs; saves that a trial is ongoing after it has ended, so that it runs twice; ends the search while
trials still run whose workers may be lost; takes hyper-parameters back from workers; lists trials that failed among
the best ones; and when anything raises inside `keras_tuner.synchronized`, its lock is never released.
"""

import math
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner.engine.trial import Trial, TrialStatus

from experiments.engine.records import read_json, write_json
from experiments.engine.search.choices import OWN_OF_THE_TUNER
from experiments.engine.search.workers import LOCAL
from features.errors import InputError

MOST_LOSSES = 3
"""How often a trial may lose its worker; then it is the trial that ends them, by the memory it takes for instance."""

ENDED = {TrialStatus.COMPLETED, TrialStatus.FAILED}

Status = TrialStatus


class DurableOracle(keras_tuner.Oracle):
    """What keeps the books, for subclasses that propose settings.

    State lies in the search folder: `oracle.json`, and `trial_*/trial.json` for each trial. A trial is written first
    when it begins and when it ends; whatever `oracle.json` does not know yet is put right by `reload`.

    Attributes:
        first: The active values of the first trial, whatever is proposed for it; empty for what is proposed.
        lock: To be held by other threads that read the trials.
        losses: How often each trial has lost its worker.
        told_to_stop: Whether a worker has been told that there is nothing left to do.
    """

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        self.verbose = 0
        self.first: dict[str, Any] = {}
        self.lock = threading.RLock()
        self.losses: dict[str, int] = {}
        self.told_to_stop = False

    @property
    def folder(self) -> Path:
        return Path(self._project_dir)

    @property
    def gave_up(self) -> bool:
        """Whether so many trials in a row have failed that the search ends."""
        in_a_row = 0
        for trial_id in self.end_order:
            in_a_row = in_a_row + 1 if self.trials[trial_id].status == Status.FAILED else 0
            if in_a_row >= self.max_consecutive_failed_trials:
                return True
        return False

    @property
    def is_over(self) -> bool:
        """Whether all trials have ended and there will be no others."""
        with self.lock:
            over = self.told_to_stop or self._is_full or self.gave_up
            return over and not self.ongoing_trials and not self._retry_queue

    @property
    def _is_full(self) -> bool:
        return self.max_trials is not None and len(self.trials) >= self.max_trials

    def holds(self, tuner_id: str, trial_id: str) -> bool:
        """Whether a trial is this worker's now."""
        trial = self.ongoing_trials.get(tuner_id)
        return trial is not None and trial.trial_id == trial_id

    def create_trial(self, tuner_id: str) -> Trial:
        """Returns what a worker should do: its ongoing trial, one that lost its worker, or a new one.

        Returns:
            A trial that is RUNNING; IDLE, if the worker should ask again, because trials that others run may yet lose
            their workers or lead to new ones; STOPPED, if the search is over.
        """
        with self.lock:
            if tuner_id not in self.ongoing_trials:
                answer = self._begin(tuner_id)
                if answer != Status.RUNNING:
                    if answer == Status.STOPPED and not self.told_to_stop:
                        self.told_to_stop = True
                        self.save()
                    return Trial(keras_tuner.HyperParameters(), trial_id="", status=answer)
            return self.ongoing_trials[tuner_id]

    def update_trial(self, trial_id: str, metrics: Mapping[str, float], step: int = 0) -> Trial:
        """Notes what a trial that runs has scored; numbers that are none are left out."""
        with self.lock:
            trial = self.trials[trial_id]
            if trial.status == Status.RUNNING:
                for name, value in metrics.items():
                    if not trial.metrics.exists(name):
                        own = name == self.objective.name
                        trial.metrics.register(name, self.objective.direction if own else None)
                    if math.isfinite(value):
                        trial.metrics.update(name, value, step=step)
                self._save_trial(trial)
            return trial

    def end_trial(self, trial: Trial) -> None:
        """Notes that a trial is over: COMPLETED if it says so and has a score, else FAILED.

        A trial that is not running, because it has ended before or another worker has yet to take it up, stays as it
        is: reports may come twice or late.
        """
        with self.lock:
            ours = self.trials.get(trial.trial_id)
            if ours not in self.ongoing_trials.values():
                return
            scored = ours.metrics.exists(self.objective.name) and ours.metrics.get_history(
                self.objective.name
            )
            if trial.status == Status.COMPLETED and scored:
                self.score_trial(ours)
                ours.score = float(ours.score)  # it is one of NumPy's
                ours.status = Status.COMPLETED
                self._close(ours)
            else:
                self._fail(ours, trial.message or f"The trial ended without a finite {self.objective.name}.")
            self._settle()
            self.save()

    def give_back(self, tuner_id: str) -> str | None:
        """Takes the trial of a worker that is gone, for another worker to go on with.

        Returns:
            The id of its trial, if it had one.
        """
        with self.lock:
            trial = self.ongoing_trials.pop(tuner_id, None)
            if trial is None:
                return None
            self.losses[trial.trial_id] = self.losses.get(trial.trial_id, 0) + 1
            if self.losses[trial.trial_id] >= MOST_LOSSES:
                self._fail(
                    trial, f"Its worker ended without a word {MOST_LOSSES} times.", told_by_worker=False
                )
            else:
                self._queue(trial)
            self._settle()
            self.save()
            return trial.trial_id

    def get_best_trials(self, num_trials: int = 1) -> list[Trial]:
        """Returns the best completed trials, best first; there may be fewer than were asked for."""
        with self.lock:
            completed = [trial for trial in self.trials.values() if trial.status == Status.COMPLETED]
        descending = self.objective.direction == "max"
        return sorted(completed, key=lambda trial: trial.score, reverse=descending)[:num_trials]

    def save(self) -> None:
        write_json(self.folder / "oracle.json", self.get_state())

    def reload(self) -> None:
        """Goes on where the files are, wherever their writer was stopped.

        Trials of workers that ended with the chief wait for another worker; those of other hosts stay theirs.

        Raises:
            InputError: The files are not those of one search.
        """
        with self.lock:
            try:
                self._read(read_json(self.folder / "oracle.json"))
            except KeyError as error:
                raise InputError(
                    f"Expected the state of a search of this version in {self.folder}, but there is no {error}; "
                    "start a new search."
                ) from error
            self._put_right()
            self.save()

    def get_state(self) -> dict[str, Any]:
        return super().get_state() | {"losses": self.losses, "told_to_stop": self.told_to_stop}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        self.losses = state["losses"]
        self.told_to_stop = state.get("told_to_stop", False)  # searches of older versions do not tell

    def _read(self, state: dict[str, Any]) -> None:
        for file in self.folder.glob("trial_*/trial.json"):
            if file.parent.name.removeprefix("trial_") not in state["start_order"]:
                file.unlink()  # a kill came before `oracle.json` knew of it; it will be proposed again
        self.trials = {
            trial_id: Trial.from_state(read_json(self._trial_folder(trial_id) / "trial.json"))
            for trial_id in state["start_order"]
        }
        self.set_state(state)

    def _begin(self, tuner_id: str) -> str:
        """Gives a worker a trial; returns the status of the answer."""
        if self._retry_queue:
            trial = self.trials[self._retry_queue.pop(0)]
            trial.status = Status.RUNNING
        else:
            trial_id = f"{len(self.trials):04d}"
            ends = self.told_to_stop or self._is_full or self.gave_up
            proposal = {"status": Status.STOPPED} if ends else self.populate_space(trial_id)
            if proposal["status"] != Status.RUNNING:
                return Status.IDLE if self.ongoing_trials else Status.STOPPED
            hyperparameters = self.hyperparameters.copy()
            hyperparameters.values = proposal["values"]
            if self.first and not self.trials:
                hyperparameters.values = _only_the_tuners(proposal["values"]) | self.first
            trial = Trial(hyperparameters, trial_id=trial_id)
            self._record_values(trial)
            self.trials[trial_id] = trial
            self.start_order.append(trial_id)
        self.ongoing_trials[tuner_id] = trial
        self._save_trial(trial)
        self.save()
        return Status.RUNNING

    def _queue(self, trial: Trial) -> None:
        """Lets a trial wait for a worker, which will begin it anew as far as scores are concerned."""
        trial.status = Status.INVALID  # RUNNING would confuse the Bayesian oracle, which looks for its worker
        trial.metrics = type(trial.metrics)()
        self._retry_queue.append(trial.trial_id)
        self._save_trial(trial)

    def _fail(self, trial: Trial, reason: str, *, told_by_worker: bool = True) -> None:
        """Ends a trial as failed; of what no worker told, the chief writes the result."""
        trial.status, trial.message, trial.score = Status.FAILED, reason, None
        if not told_by_worker:
            result = {"status": "failed", "reason": reason, "score": None}
            write_json(self._trial_folder(trial.trial_id) / "result.json", result)
        self._close(trial)

    def _close(self, trial: Trial) -> None:
        self._save_trial(trial)
        self.end_order.append(trial.trial_id)
        self.ongoing_trials = {
            tuner_id: other for tuner_id, other in self.ongoing_trials.items() if other is not trial
        }

    def _settle(self) -> None:
        """Ends what nobody will take up, if the search has given up."""
        while self.gave_up and self._retry_queue:
            trial = self.trials[self._retry_queue.pop(0)]
            reason = (
                "Too many trials in a row had failed before a worker took it up again; the search gave up."
            )
            self._fail(trial, reason, told_by_worker=False)

    def _put_right(self) -> None:
        """Makes the books agree with the trials, which are written first."""
        ended = [trial_id for trial_id in self.start_order if self.trials[trial_id].status in ENDED]
        self.end_order += [trial_id for trial_id in ended if trial_id not in self.end_order]
        self.ongoing_trials = {
            tuner_id: trial
            for tuner_id, trial in self.ongoing_trials.items()
            if trial.trial_id not in ended and not tuner_id.startswith(LOCAL)
        }
        for trial in self.ongoing_trials.values():
            trial.status = Status.RUNNING
        self._retry_queue = []
        for trial in self.trials.values():
            if trial.status not in ENDED and trial not in self.ongoing_trials.values():
                self._queue(trial)
        self._settle()

    def _trial_folder(self, trial_id: str) -> Path:
        return self.folder / f"trial_{trial_id}"

    def _save_trial(self, trial: Trial) -> None:
        folder = self._trial_folder(trial.trial_id)
        folder.mkdir(exist_ok=True)
        write_json(folder / "trial.json", trial.get_state())


def _only_the_tuners(values: Mapping[str, Any]) -> dict[str, Any]:
    """Hyperband's place for a trial, without the setting it proposes."""
    return {name: value for name, value in values.items() if name.startswith(OWN_OF_THE_TUNER)}
