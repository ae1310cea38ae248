"""The trials of a search: handed out to workers, watched, and shown, until there are no more."""

import os
import secrets
import socket
import sys
import time
from pathlib import Path

import numpy as np

from experiments.engine import records
from experiments.engine.config import Places
from experiments.engine.continuing import keep_split
from experiments.engine.runner import Study, split_of, write_left_out
from experiments.engine.search.config import Hosts, Search
from experiments.engine.search.state import SearchState, read_search
from experiments.engine.search.working import TOKEN_FILE, folds_of, read_token
from features.splits.protocols import VALIDATION, Split

REPORT_EVERY_S = 20.0
"""How often the page is written again while nothing ends; it shows epochs."""

LOOK_EVERY_S = 1.0

EVERY_ADDRESS = ("0.0.0.0", "[::]")
"""Of a machine: to listen at, not to join."""


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
            print(
                f"Workers of other machines join with --join {_from_elsewhere(chief.address)}.",
                file=sys.stderr,
            )
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


def _from_elsewhere(address: str) -> str:
    """Returns where another machine finds what listens at an address.

    Example:
        >>> _from_elsewhere("10.0.0.7:7070")
        '10.0.0.7:7070'
        >>> _from_elsewhere("0.0.0.0:7070") == f"{socket.gethostname()}:7070"
        True
    """
    host, _, port = address.rpartition(":")
    return f"{socket.gethostname()}:{port}" if host in EVERY_ADDRESS else address


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
