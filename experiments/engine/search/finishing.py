"""When all trials are over: the best setting is chosen, trained as any study is, and tested once."""

import contextlib
import dataclasses
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from experiments.engine import records
from experiments.engine.runner import Study, pieces_name, run_fold_in
from experiments.engine.search.state import (
    SearchState,
    TrialState,
    best_trial,
    distance,
    read_search,
    trained_alike,
)
from features.errors import InputError

RENEW_EVERY_S = 60.0
"""How often the page is written again while the best setting is trained."""

CHOSEN_FILE = "best.json"
"""Which trial was chosen; written before it is trained, so that nothing that comes later can change it."""


def train_best(folder: Path, study: Study) -> None:
    """Trains the best setting as any study is, and tests it once; which one it is, is written down first."""
    from experiments.engine.search.spaces import configured

    chosen = folder / CHOSEN_FILE
    if not chosen.exists():
        best = _best_or_error(read_search(folder))
        records.write_json(chosen, {"trial_id": best.trial_id, "hyperparameters": dict(best.hyperparameters)})
    best = records.read_json(chosen)
    print(
        f"Trial {best['trial_id']} is the best; it is trained as any study, and tested once.", file=sys.stderr
    )
    config = configured(study.config, best["hyperparameters"])
    with _page_renewed(folder, phase="best"):
        run_fold_in(folder / "best", dataclasses.replace(study, config=config))


def search_metrics(state: SearchState, study: Study) -> dict[str, Any]:
    """What `metrics.json` of a search holds."""
    config, chosen = study.config, records.read_json(state.folder / CHOSEN_FILE)
    (best,) = (trial for trial in state.trials if trial.trial_id == chosen["trial_id"])
    trained = records.read_json(state.folder / "best" / "metrics.json")
    return {
        "experiment": config.experiment,
        "search_id": state.folder.name,
        "corpus": config.corpus.corpus,
        "pieces": pieces_name(config.corpus),
        "protocol": config.split.protocol,
        "fold": config.split.fold,
        "model": config.model.model,
        "tuner": state.settings["tuner"],
        "space": state.settings["space"],
        "classes": list(study.dataset.classes),
        "num_trials": len(state.trials),
        "num_completed": len(state.with_status("completed")),
        "num_stopped_early": len(state.with_status("stopped early")),
        "num_failed": len(state.with_status("failed")),
        "gave_up": state.gave_up,
        "seconds": sum(trial.seconds for trial in state.trials),
        "chunk_epochs": sum(trial.chunk_epochs for trial in state.trials),
        "best": {
            "trial_id": best.trial_id,
            "hyperparameters": dict(best.hyperparameters),
            "score": best.score,
            "spread": best.spread,
            "fold_scores": list(best.fold_scores),
        },
        "defaults": _over_defaults(state, best),
        "test": trained["test"],
    }


def _over_defaults(state: SearchState, best: TrialState) -> dict[str, Any] | None:
    """How far the best setting lies before the default one, if that was tried for as long."""
    defaults = state.of_defaults
    if defaults is None or not trained_alike(best, defaults):
        return None
    difference, spread = distance(best, defaults)
    return {"trial_id": defaults.trial_id, "difference": difference, "spread": spread}


@contextlib.contextmanager
def _page_renewed(folder: Path, *, phase: str) -> Iterator[None]:
    """Writes the page now and then within the block, so that it can tell a search at work from one that was killed."""
    from experiments.engine.search.watching.report import write_search_report

    is_over = threading.Event()

    def renew() -> None:
        while not is_over.wait(RENEW_EVERY_S):
            with contextlib.suppress(OSError):  # a full disk ends the training, with a sentence
                write_search_report(folder, phase=phase)

    write_search_report(folder, phase=phase)
    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _best_or_error(state: SearchState) -> TrialState:
    """The best trial.

    Raises:
        InputError: There is none that has done every fold.
    """
    if state.gave_up:
        print(
            f"The search gave up after {state.settings['max_failures']} failed trials in a row: {_reasons(state)}",
            file=sys.stderr,
        )
    best = best_trial(state)
    if best is not None:
        return best
    if state.with_status("completed"):
        raise InputError(
            f"No trial of {state.folder} has done every fold: hyperband's last round was not reached; start a search "
            "with more --max-trials, or without."
        )
    raise InputError(
        f"No trial of {state.folder} could be completed, so there is nothing to train: {_reasons(state)} Mend that, "
        "and start a new search."
    )


def _reasons(state: SearchState) -> str:
    """Why trials failed, each reason once."""
    reasons = list(dict.fromkeys(trial.reason for trial in state.with_status("failed")))
    return " ".join(reasons) or "none was begun."
