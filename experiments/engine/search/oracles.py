"""Which settings are tried: keras-tuner's four oracles, with their proposals mended where 1.4.8 needs it."""

import warnings
from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
from keras_tuner.engine.trial import TrialStatus
from keras_tuner.oracles import (
    BayesianOptimizationOracle,
    GridSearchOracle,
    HyperbandOracle,
    RandomSearchOracle,
)
from sklearn.exceptions import ConvergenceWarning

from experiments.engine.search.choices import USUAL_TRIALS
from experiments.engine.search.config import Search
from experiments.engine.search.durable import ENDED, DurableOracle
from experiments.engine.training import WATCHED
from features.errors import InputError

FACTOR = 3
"""Of how many settings Hyperband keeps one for a longer training; of the paper, and keras-tuner's default."""


class RandomOracle(DurableOracle, RandomSearchOracle):
    """Draws settings at random, none twice."""


class BayesianOracle(DurableOracle, BayesianOptimizationOracle):
    """Fits a Gaussian process to the scores so far, and proposes where it expects, or does not know, most."""

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Proposes a setting that has not been tried.

        keras-tuner does not save the state of its random numbers, so they are drawn anew for each proposal; and where
        all hyper-parameters are choices, its optimum is often a setting that has been tried.
        """
        self._random_state = np.random.RandomState([self.seed, len(self.trials)])
        with warnings.catch_warnings():
            # Scores that tell little about a setting; the proposal is the better of guesses then.
            warnings.simplefilter("ignore", ConvergenceWarning)
            proposal = super().populate_space(trial_id)
        if proposal["values"] is not None and self._duplicate(proposal["values"]):
            return self._random_populate_space()
        return proposal


class GridOracle(DurableOracle, GridSearchOracle):
    """Goes through all settings in their order."""

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Proposes the setting after the last one.

        keras-tuner waits for trials to end, in case they bring new hyper-parameters, so that few workers find
        something to do, and keeps two lists for this that it does not save. Here the space is known beforehand.
        """
        if self.start_order:
            last = self.trials[self.start_order[-1]].hyperparameters.values
            values = self._get_next_combination(last)
        else:
            first = keras_tuner.HyperParameters()
            first.merge(self.hyperparameters)
            values = first.values
        status = TrialStatus.STOPPED if values is None else TrialStatus.RUNNING
        return {"status": status, "values": values}


class HalvingOracle(DurableOracle, HyperbandOracle):
    """Hyperband: many settings for few epochs, the best of them for more, in several brackets."""

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Proposes a new setting for few epochs, or one of the best for more.

        keras-tuner promotes a trial only when more have completed than will be thrown out. Where trials have failed,
        or the space has fewer settings than the first round should have, that never comes; then the best of those that
        there are go on.
        """
        proposal = self._promote(trial_id, whole_rounds=True) or super().populate_space(trial_id)
        if proposal["status"] == TrialStatus.RUNNING:
            # keras-tuner notes the latest bracket, whichever it is for.
            proposal["values"]["tuner/bracket"] = self._bracket_of(trial_id)
            return proposal
        return self._promote(trial_id, whole_rounds=False) or proposal

    def _promote(self, trial_id: str, *, whole_rounds: bool) -> dict[str, Any] | None:
        """Returns the best trial of a round that is over, for more epochs, if the next round still takes one.

        Args:
            trial_id: Of the trial to be.
            whole_rounds: Whether a first round is over only when it has all the settings it should have.
        """
        for bracket in self._brackets:
            number, rounds = bracket["bracket_num"], bracket["rounds"]
            if whole_rounds and len(rounds[0]) < self._get_size(number, 0):
                continue
            for index, (past, entries) in enumerate(zip(rounds, rounds[1:], strict=False), 1):
                trials = [self.trials[entry["id"]] for entry in past]
                if any(trial.status not in ENDED for trial in trials):
                    break  # later rounds are not over either
                best = self._best_not_in(entries, trials)
                if best is not None and len(entries) < self._get_size(number, index):
                    entries.append({"past_id": best.trial_id, "id": trial_id})
                    return {"status": TrialStatus.RUNNING, "values": self._for_longer(best, number, index)}
        return None

    def _best_not_in(self, entries: list[dict[str, Any]], trials: list) -> Any:
        taken = {entry["past_id"] for entry in entries}
        candidates = [
            trial for trial in trials if trial.status == TrialStatus.COMPLETED and trial.trial_id not in taken
        ]
        return max(candidates, key=lambda trial: trial.score, default=None)

    def _bracket_of(self, trial_id: str) -> int:
        return next(
            bracket["bracket_num"]
            for bracket in self._brackets
            if any(entry["id"] == trial_id for entries in bracket["rounds"] for entry in entries)
        )

    def _for_longer(self, trial: Any, bracket_number: int, round_number: int) -> dict[str, Any]:
        return trial.hyperparameters.values | {
            "tuner/trial_id": trial.trial_id,
            "tuner/epochs": self._get_epochs(bracket_number, round_number),
            "tuner/initial_epoch": self._get_epochs(bracket_number, round_number - 1),
            "tuner/bracket": bracket_number,
            "tuner/round": round_number,
        }


ORACLES = {
    "random": RandomOracle,
    "bayesian": BayesianOracle,
    "hyperband": HalvingOracle,
    "grid": GridOracle,
}


def make_oracle(
    tuner: str,
    hyperparameters: keras_tuner.HyperParameters,
    *,
    folder: Path,
    max_trials: int | None,
    max_epochs: int,
    seed: int,
    max_failures: int,
    defaults_first: bool = False,
    resume: bool,
) -> DurableOracle:
    """Returns what hands out the trials of a search; the highest `val_macro_f1` wins.

    Args:
        tuner: `"random"`, `"bayesian"`, `"hyperband"` or `"grid"`.
        hyperparameters: The whole space; conditional entries are declared after what they depend on.
        folder: The search folder, in which the state is kept.
        max_trials: Most settings to try; None: 10 for random and bayesian, no limit for the others.
        max_epochs: Longest training, for Hyperband, which divides it.
        seed: Of the proposals.
        max_failures: After how many failed trials in a row the search gives up.
        defaults_first: Whether the first trial has the default values.
        resume: Whether to go on with what is in the folder; if there is nothing, the search begins.

    Raises:
        InputError: There is a search in the folder already, or it cannot be gone on with.
    """
    if max_trials is None:
        max_trials = USUAL_TRIALS.get(tuner)
    own: dict[str, Any] = {}
    if tuner == "hyperband":
        own = {"max_epochs": max_epochs, "factor": FACTOR}
    elif tuner == "bayesian":
        own = {"num_initial_points": _num_initial_points(hyperparameters, max_trials)}
    oracle = ORACLES[tuner](
        objective=keras_tuner.Objective(WATCHED, "max"),
        hyperparameters=hyperparameters,
        tune_new_entries=False,
        allow_new_entries=True,
        seed=_spread(seed),
        max_consecutive_failed_trials=max_failures,
        **own,
    )
    oracle.max_trials = max_trials  # Hyperband's does not take it
    if defaults_first:
        oracle.first = default_values(hyperparameters)
    oracle._set_project_dir(str(folder.parent), folder.name)
    _open(oracle, folder, resume=resume)
    return oracle


def check_rounds(search: Search) -> None:
    """Refuses a search that would end before Hyperband has a trial on every fold, and so without a best one.

    Raises:
        InputError: It has too few trials.
    """
    settings, epochs = search.settings, search.config.training.epochs
    if settings.tuner != "hyperband" or not settings.halve_folds or settings.max_trials is None:
        return
    from experiments.engine.search.trials import BRACKET, ROUND, folds_of_round

    oracle = HyperbandOracle(max_epochs=epochs, factor=FACTOR)
    bracket = oracle._get_num_brackets() - 1  # the first one has the most rounds
    folds = [
        folds_of_round(settings.folds, {BRACKET: bracket, ROUND: number}) for number in range(bracket + 1)
    ]
    least = 1 + sum(oracle._get_size(bracket, number) for number in range(folds.index(settings.folds)))
    if settings.max_trials < least:
        raise InputError(
            f"Expected --max-trials {least} or more for hyperband with {epochs} epochs, whose early rounds validate on "
            f"some folds only, but received {settings.max_trials}; leave it out, or give --no-halve-folds."
        )


def _open(oracle: DurableOracle, folder: Path, *, resume: bool) -> None:
    """Begins or reloads; `oracle.json` is there before any trial is, so that one without it is no search of ours."""
    begun = (folder / "oracle.json").exists() or any(folder.glob("trial_*/trial.json"))
    if begun and not resume:
        raise InputError(
            f"Expected a folder without a search, but {folder} has one; go on with it with --resume."
        )
    if begun:
        oracle.reload()
    else:
        oracle.save()


def default_values(hyperparameters: keras_tuner.HyperParameters) -> dict[str, Any]:
    """Returns the defaults of a space, of those hyper-parameters that have an effect with them.

    Example:
        >>> hp = keras_tuner.HyperParameters()
        >>> hp.Choice("optimizer", ["adam", "sgd"])
        'adam'
        >>> with hp.conditional_scope("optimizer", "sgd"):
        ...     rate = hp.Float("momentum", 0.0, 0.9)
        >>> default_values(hp)
        {'optimizer': 'adam'}
    """
    defaults = hyperparameters.copy()
    defaults.values = {}
    for entry in defaults.space:  # what an entry depends on stands before it
        if defaults.is_active(entry):
            defaults.values[entry.name] = entry.default
    return defaults.values


def _num_initial_points(hyperparameters: keras_tuner.HyperParameters, max_trials: int) -> int:
    """How many settings are drawn before a model of the scores is fitted: a third of them, 3 at least.

    keras-tuner's default, three for each hyper-parameter, would leave nothing but draws to most searches.
    """
    return max(3, min(3 * len(hyperparameters.space), max_trials // 3))


def _spread(seed: int) -> int:
    """Returns a seed far from that of its neighbours.

    keras-tuner counts up from draw to draw, so that neighbours would share nearly all draws; and it takes 0 for none.
    """
    return int(np.random.SeedSequence(seed).generate_state(1)[0]) // 2 + 1
