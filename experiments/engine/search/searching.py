"""From a search to its finished folder."""

import contextlib
from pathlib import Path

from experiments.engine import records
from experiments.engine.config import Places
from experiments.engine.runner import Study
from experiments.engine.search.config import Hosts, Search
from experiments.engine.search.finishing import search_metrics, train_best
from experiments.engine.search.opening import open_search, prepare_study
from experiments.engine.search.running import run_trials
from experiments.engine.search.state import read_search
from features.errors import InputError


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


def _search_in(folder: Path, search: Search, study: Study, hosts: Hosts) -> None:
    """Everything that a search does in its locked folder; done again, it goes on."""
    from experiments.engine.search.watching.report import write_search_report

    try:
        run_trials(folder, search, study, hosts)
        train_best(folder, study)
    except BaseException as error:
        with contextlib.suppress(OSError):  # a full disk may be what ended it
            write_search_report(folder, phase="stopped", note=_why(error))
        raise
    for checkpoint in folder.glob("trial_*/fold_*/checkpoint.npz"):
        checkpoint.unlink()
    records.write_json(folder / "metrics.json", search_metrics(read_search(folder), study))
    write_search_report(folder, phase="finished")


def _why(error: BaseException) -> str:
    """What the page says of a search that ended before its time."""
    if isinstance(error, KeyboardInterrupt):
        return "It was interrupted."
    return str(error) if isinstance(error, InputError) else f"It ended with {type(error).__name__}: {error}"
