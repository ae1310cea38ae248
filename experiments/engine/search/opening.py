"""What comes before a search: its data, refused if it cannot be searched, and its folder, new or gone on with."""

import re
from pathlib import Path

from experiments.engine import records
from experiments.engine.config import Places
from experiments.engine.runner import (
    Study,
    check_names,
    check_sampling,
    prepare,
    report_left_out,
    split_of,
)
from experiments.engine.search.config import SEARCH_FILE, Search, load_search
from experiments.engine.search.working import folds_of
from features.errors import InputError


def prepare_study(search: Search, places: Places) -> Study:
    """Reads the corpus, and refuses what cannot be searched before a folder is made."""
    config = search.config
    check_names(config)
    if config.split.fold == "all":
        raise InputError(
            "A search keeps one test part away from all choices: give its fold as --fold N, not all."
        )
    study = Study(config, places, prepare(config, places))
    check_sampling(config, study.dataset)
    report_left_out(study.dataset)
    folds_of(search, study.dataset, split_of(study))
    return study


def open_search(search: Search, study: Study, places: Places, name: str) -> Path:
    """Returns the folder to search in: with `resume` the latest of this name and search, otherwise a new one.

    Raises:
        InputError: The search of this name was made for something else, its network cannot be built, or it has too
            few trials for its tuner.
    """
    parent = places.results_dir / search.config.experiment
    if places.resume:
        found = find_search(parent, name, search)
        if found is not None:
            return found
    from experiments.engine.networks import check_network, check_teachers
    from experiments.engine.search.oracles import check_rounds

    check_rounds(search)
    check_network(search.config, study.dataset)  # a wrong name should leave no folder behind
    split = split_of(study)
    for part in (split, *folds_of(search, study.dataset, split)):  # no fold of a search has the test part
        check_teachers(search.config, study.dataset, part, places.teachers)
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
            f"{folders[0]} is another search: {differences}. Give the flags it was started with; a new one is begun "
            "without --resume and --join."
        )
    return None
