"""From a search to its finished folder: trials handed out, watched, the best one trained and tested once."""

import dataclasses
import os
import re
import secrets
import socket
import sys
import time
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
from experiments.engine.search.state import SearchState, best_trial, read_search
from experiments.engine.search.working import TOKEN_FILE, folds_of, read_token
from experiments.engine.tables import check_name
from features.errors import InputError
from features.splits.protocols import PROTOCOLS, VALIDATION, Split
from models import BUILDERS

REPORT_EVERY_S = 20.0
"""How often the page is written again while nothing ends; it shows epochs."""

LOOK_EVERY_S = 1.0


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
    if not places.resume:
        from experiments.engine.networks import check_network

        check_network(search.config, study.dataset)  # a wrong name should leave no folder behind
    folder = search_folder(search, places, name or search.name)
    with records.open_folder(folder):
        if not records.is_finished(folder):
            _search_in(folder, search, study, hosts)
    from experiments.engine.search.view import print_search_summary

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


def search_folder(search: Search, places: Places, name: str) -> Path:
    """Returns the folder to search in: with `resume` the latest of this name, otherwise a new one.

    Raises:
        InputError: The search of this name was made for something else; every difference is named.
    """
    parent = places.results_dir / search.config.experiment
    parent.mkdir(parents=True, exist_ok=True)
    if places.resume:
        found = find_search(parent, name)
        if found is not None:
            check_same(found, search)
            return found
    folder = records.new_folder(parent / f"search-{name}")
    records.write_json(folder / SEARCH_FILE, search.to_dict())
    return folder


def find_search(parent: Path, name: str) -> Path | None:
    """Returns the latest search folder of a name, if there is one."""
    wanted = re.compile(re.escape(f"search-{name}") + r"(-\d+)?")
    found = [
        path.parent for path in parent.glob(f"search-*/{SEARCH_FILE}") if wanted.fullmatch(path.parent.name)
    ]
    return max(found, key=lambda folder: (folder / SEARCH_FILE).stat().st_mtime_ns, default=None)


def check_same(folder: Path, search: Search) -> None:
    """Refuses a search folder that was made for something else.

    Raises:
        InputError: It was; every difference is named.
    """
    differences = search.differences(load_search(folder))
    if differences:
        raise InputError(
            f"{folder} is another search: {'; '.join(differences)}. Give the flags it was started with, or leave "
            "--resume out for a new one."
        )


def _search_in(folder: Path, search: Search, study: Study, hosts: Hosts) -> None:
    """Everything that a search does in its locked folder; done again, it goes on."""
    run_trials(folder, search, study, hosts)

    from experiments.engine.search.report import write_search_report
    from experiments.engine.search.spaces import configured

    best = best_trial(read_search(folder))
    if best is None:
        raise InputError(
            f"No trial of {folder} could be completed, so there is nothing to train: {_reasons(read_search(folder))} "
            "Mend that, and start a new search."
        )
    print(f"Trial {best.trial_id} is the best; it is trained as any study, and tested once.", file=sys.stderr)
    config = configured(search, best.hyperparameters)
    run_fold_in(folder / "best", dataclasses.replace(study, config=config))
    for checkpoint in folder.glob("trial_*/fold_*/checkpoint.npz"):
        checkpoint.unlink()
    records.write_json(folder / "metrics.json", _metrics(read_search(folder), study))
    write_search_report(folder, running=False)


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
    from experiments.engine.search.view import SearchView
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
        resume=True,
    )
    if oracle.is_over:  # only the best setting was still to be trained
        return
    with serve(oracle, address=hosts.listen, token=_token(folder)) as chief:
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


def join(folder: Path, places: Places, hosts: Hosts) -> None:
    """Gives the workers of this machine to a search that was started on another one, until it is over.

    Raises:
        InputError: Its chief cannot be reached, or the corpus here is another one.
    """
    from experiments.engine.search.workers import LocalWorkers

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
        from experiments.engine.search.report import write_search_report

        now = [(trial.trial_id, trial.status) for trial in state.trials]
        if now != self.shown or time.monotonic() - self.written_s > REPORT_EVERY_S:
            write_search_report(self.folder, running=True)
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
    config, best = study.config, best_trial(state)
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
        "seconds": sum(trial.seconds for trial in state.trials),
        "chunk_epochs": sum(trial.chunk_epochs for trial in state.trials),
        "best": {
            "trial_id": best.trial_id,
            "hyperparameters": dict(best.hyperparameters),
            "score": best.score,
            "spread": best.spread,
            "fold_scores": list(best.fold_scores),
        },
        "test": trained["test"],
    }
