"""From a search to its finished folder: trials handed out, watched, the best one trained and tested once."""

import contextlib
import dataclasses
import os
import re
import secrets
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from experiments.engine import records
from experiments.engine.config import Places
from experiments.engine.continuing import keep_split
from experiments.engine.runner import (
    Study,
    pieces_name,
    prepare,
    report_left_out,
    run_fold_in,
    split_of,
    write_left_out,
)
from experiments.engine.search.config import SEARCH_FILE, Hosts, Search, load_search
from experiments.engine.search.state import SearchState, TrialState, best_trial, distance, read_search
from experiments.engine.search.working import TOKEN_FILE, folds_of, read_token
from experiments.engine.tables import check_name
from features.errors import InputError
from features.splits.protocols import PROTOCOLS, VALIDATION, Split
from models import BUILDERS

REPORT_EVERY_S = 20.0
"""How often the page is written again while nothing ends; it shows epochs."""

RENEW_EVERY_S = 60.0
"""How often it is written again while the best setting is trained."""

LOOK_EVERY_S = 1.0

CHOSEN_FILE = "best.json"
"""Which trial was chosen; written before it is trained, so that nothing that comes later can change it."""


def run_search(search: Search, places: Places, *, hosts: Hosts, name: str = "") -> Path:
    """Runs a search and prints what came out.

    Args:
        search: What to search.
        places: Where things lie; with `resume` the search goes on.
        hosts: Who runs the trials.
        name: Of the search folder; made of the configuration if it is empty.

    Returns:
        The search folder.

    Raises:
        InputError: The configuration, the corpus or the folders cannot be used, or no trial could be completed.
    """
    study = prepare_study(search, places)
    folder = open_search(search, study, places, name or search.name)
    with records.open_folder(folder):
        if not records.is_finished(folder):
            _search_in(folder, search, study, hosts)
    from experiments.engine.search.watching.view import print_search_summary

    print_search_summary(folder)
    return folder


def prepare_study(search: Search, places: Places) -> Study:
    """Reads the corpus, and refuses what cannot be searched before a folder is made."""
    config = search.config
    check_name(BUILDERS, config.model.model, kind="model")
    check_name(PROTOCOLS, config.split.protocol, kind="protocol")
    if config.split.fold == "all":
        raise InputError(
            "A search keeps one test part away from all choices: give its fold as --fold N, not all."
        )
    study = Study(config, places, prepare(config, places))
    report_left_out(study.dataset)
    folds_of(search, study.dataset, split_of(study))
    return study


def open_search(search: Search, study: Study, places: Places, name: str) -> Path:
    """Returns the folder to search in: with `resume` the latest of this name and search, otherwise a new one.

    Raises:
        InputError: The search of this name was made for something else, or its network cannot be built.
    """
    parent = places.results_dir / search.config.experiment
    if places.resume:
        found = find_search(parent, name, search)
        if found is not None:
            return found
    from experiments.engine.networks import check_network

    check_network(search.config, study.dataset)  # a wrong name should leave no folder behind
    parent.mkdir(parents=True, exist_ok=True)
    folder = records.new_folder(parent / f"search-{name}")
    records.write_json(folder / SEARCH_FILE, search.to_dict())
    return folder


def find_search(parent: Path, name: str, search: Search) -> Path | None:
    """Returns the latest folder of a name that was made for this very search; None if there is none of the name.

    Raises:
        InputError: Those of the name were made for something else; every difference to the latest is named.
    """
    wanted = re.compile(re.escape(f"search-{name}") + r"(-\d+)?")
    paths = [path for path in parent.glob(f"search-*/{SEARCH_FILE}") if wanted.fullmatch(path.parent.name)]
    folders = [path.parent for path in sorted(paths, key=lambda path: path.stat().st_mtime_ns, reverse=True)]
    for folder in folders:
        if not search.differences(load_search(folder)):
            return folder
    if folders:
        differences = "; ".join(search.differences(load_search(folders[0])))
        raise InputError(
            f"{folders[0]} is another search: {differences}. Give the flags it was started with, or leave --resume "
            "out for a new one."
        )
    return None


def _search_in(folder: Path, search: Search, study: Study, hosts: Hosts) -> None:
    """Everything that a search does in its locked folder; done again, it goes on."""
    from experiments.engine.search.watching.report import write_search_report

    try:
        run_trials(folder, search, study, hosts)
        _train_best(folder, study)
    except BaseException as error:
        with contextlib.suppress(OSError):  # a full disk may be what ended it
            write_search_report(folder, phase="stopped", note=_why(error))
        raise
    for checkpoint in folder.glob("trial_*/fold_*/checkpoint.npz"):
        checkpoint.unlink()
    records.write_json(folder / "metrics.json", _metrics(read_search(folder), study))
    write_search_report(folder, phase="finished")


def _train_best(folder: Path, study: Study) -> None:
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


def _why(error: BaseException) -> str:
    """What the page says of a search that ended before its time."""
    if isinstance(error, KeyboardInterrupt):
        return "It was interrupted."
    return str(error) if isinstance(error, InputError) else f"It ended with {type(error).__name__}: {error}"


def run_trials(folder: Path, search: Search, study: Study, hosts: Hosts) -> None:
    """Hands out trials until there are none, and shows how far they are; the folder is locked by the caller."""
    split = split_of(study)
    keep_split(folder, study.dataset, split)
    write_folds(folder, study, folds_of(search, study.dataset, split))
    write_left_out(folder, study.dataset)

    from experiments.engine.search.chief import serve
    from experiments.engine.search.memory import MemoryLog
    from experiments.engine.search.oracles import make_oracle
    from experiments.engine.search.spaces import declare
    from experiments.engine.search.watching.view import SearchView
    from experiments.engine.search.workers import LocalWorkers

    dataset, settings = study.dataset, search.settings
    oracle = make_oracle(
        settings.tuner,
        declare(search, dataset.encoder.chunk_shape, len(dataset.classes)),
        folder=folder,
        max_trials=settings.max_trials,
        max_epochs=search.config.training.epochs,
        seed=settings.search_seed,
        max_failures=settings.max_failures,
        defaults_first=search.begins_with_defaults,
        resume=True,
    )
    if oracle.is_over:  # only the best setting was still to be trained
        return
    with serve(oracle, address=hosts.listen, token=_token(folder)) as chief:
        if hosts.listens:
            print(f"Workers of other machines join with --join {chief.address}.", file=sys.stderr)
        workers = LocalWorkers(hosts.workers, folder=folder, address=chief.address, places=study.places)
        with workers, SearchView() as view:
            page, memory = Page(folder), MemoryLog(folder)
            while not (chief.is_over and not workers.running):
                for name in workers.look_after(replace=not oracle.is_over):
                    chief.gone(name)
                chief.check_leases()
                state = read_search(folder)
                view.update(state)
                page.update(state)
                memory.note(sum(trial.is_over for trial in state.trials))
                time.sleep(LOOK_EVERY_S)
            view.update(read_search(folder))  # what ended with the last worker


def join(folder: Path, places: Places, hosts: Hosts) -> None:
    """Gives the workers of this machine to a search that was started on another one, until it is over.

    Raises:
        InputError: Its chief cannot be reached, or the corpus here is another one.
    """
    from experiments.engine.search.client import reach
    from experiments.engine.search.workers import LocalWorkers

    reach(hosts.join, token=read_token(folder))
    print(f"Working for {folder} at {hosts.join}.", file=sys.stderr)
    name = f"{socket.gethostname()}-{os.getpid()}-"
    with LocalWorkers(hosts.workers, folder=folder, address=hosts.join, places=places, name=name) as workers:
        while workers.running:
            workers.look_after()
            time.sleep(LOOK_EVERY_S)


class Page:
    """The report of a search at work, written again when a trial begins or ends, and now and then."""

    def __init__(self, folder: Path):
        self.folder, self.shown, self.written_s = folder, None, 0.0

    def update(self, state: SearchState) -> None:
        """Writes the page if it is time to."""
        from experiments.engine.search.watching.report import write_search_report

        now = [(trial.trial_id, trial.status) for trial in state.trials]
        if now != self.shown or time.monotonic() - self.written_s > REPORT_EVERY_S:
            write_search_report(self.folder, phase="trials")
            self.shown, self.written_s = now, time.monotonic()


def write_folds(folder: Path, study: Study, folds: list[Split]) -> None:
    """Writes in which fold of the search each piece validates, as `folds.csv`; test pieces are in none."""
    dataset = study.dataset
    rows = [
        {"piece": dataset.pieces[piece], "work": dataset.works[piece], "fold": number}
        for number, fold in enumerate(folds)
        for piece in np.unique(dataset.chunk_pieces[fold.indices(VALIDATION)])
    ]
    records.write_csv(folder / "folds.csv", ("piece", "work", "fold"), rows)


def _token(folder: Path) -> str:
    """The secret of this search, made when it is first started; only this user may read it."""
    path = folder / TOKEN_FILE
    if not path.exists():
        unfinished = path.with_name(f"{path.name}.unfinished")
        unfinished.unlink(missing_ok=True)
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe())
        unfinished.rename(path)
    return read_token(folder)


def _reasons(state: SearchState) -> str:
    """Why trials failed, each reason once."""
    reasons = list(dict.fromkeys(trial.reason for trial in state.with_status("failed")))
    return " ".join(reasons) or "none was begun."


def _metrics(state: SearchState, study: Study) -> dict[str, Any]:
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
    """How far the best setting lies before the default one, if that was tried."""
    defaults = state.of_defaults
    if defaults is None:
        return None
    difference, spread = distance(best, defaults)
    return {"trial_id": defaults.trial_id, "difference": difference, "spread": spread}
