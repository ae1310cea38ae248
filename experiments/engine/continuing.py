"""Going on with what was begun, here or elsewhere, and only with the very same split and files."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.engine import records
from experiments.engine.config import Config, Places
from experiments.engine.publishing import TRAINED_BY, commits_of, finished_folds, whole_command
from features.datasets import Dataset
from features.errors import InputError
from features.selection import counted_by
from features.splits.protocols import Split
from features.splits.tables import read_splits, write_splits
from models.baselines import BASELINES


def keep_split(folder: Path, dataset: Dataset, split: Split) -> None:
    """Writes the split and a digest of the music; of a run that goes on, makes sure that both are the same."""
    if (folder / "splits.csv").exists():
        _check_same_data(folder, dataset, split)
    else:
        asked = {} if dataset.label == "composer" else {"asked": (dataset.label, dataset.composers)}
        columns = _split_columns(dataset) | {"sources": dataset.sources} | asked
        write_splits(folder / "splits.csv", split, **columns)
    for of, data in _read(dataset).items():
        records.note_contents(folder, records.contents_digest(data.pieces, data.contents), of=of)


def take_finished(
    config: Config, places: Places, dataset: Dataset, split: Split, *, homes: Sequence[Path]
) -> None:
    """Copies a fold that was finished by itself, or in another study, if it is of the same music, split alike.

    Args:
        config: Of the fold; one that the study has begun is left as it is.
        places: Where the folds of the study go.
        dataset: The corpus as it is now.
        split: As it is now.
        homes: Where finished runs lie by experiment, one's own and published ones.
    """
    if records.folder_to_resume(config, places) is not None:
        return
    for finished in [folder for home in homes for folder in finished_folds(config, home)]:
        try:
            _check_same_data(finished, dataset, split)
        except InputError as error:
            print(f"Not taken from {finished}, but trained anew: {error}", file=sys.stderr)
            continue
        target = places.results_dir / config.experiment / finished.name
        unfinished = places.results_dir / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(finished, unfinished)
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished.rename(target)
        print(f"Taken as it is in {finished}.", file=sys.stderr)
        return


def keep_origin(folder: Path, trained: Path | None) -> None:
    """Notes which run has trained the network of a folder, or makes sure that the folder was begun with the same.

    Args:
        folder: That a run goes on in.
        trained: The run that is asked in another way; None to train a network.

    Raises:
        InputError: It was begun with another one.
    """
    made_with = records.read_json(folder / "environment.json")
    noted, wanted = made_with.get(TRAINED_BY, {}).get("run"), trained.name if trained else None
    if made_with.get("resumed_with") and noted != wanted:
        begun = f"with the network of {noted}" if noted else "to train a network of its own"
        raise InputError(
            f"{folder} was begun {begun}; go on by the command in its environment.json, or begin in another folder."
        )
    if trained:
        note_trained_by(folder, trained)


def check_taken(run: Path, dataset: Dataset, split: Split) -> None:
    """Makes sure that a run whose network is to be asked in another way is of the same music, split alike.

    Raises:
        InputError: It is not.
    """
    _check_same_data(run, dataset, split, advice="train anew, by the command in its environment.json")


def take_over(folder: Path, run: Path) -> None:
    """Copies what of a finished run does not depend on how its network is asked.

    Args:
        folder: Of the run that asks otherwise.
        run: With the network, and answers of baselines.
    """
    baselines = [f"predictions-{name}{end}.csv" for name in BASELINES for end in ("", "-validation")]
    for name in ("splits.csv", "history.csv", *baselines):
        if (run / name).exists():
            shutil.copyfile(run / name, folder / name)


def note_trained_by(folder: Path, run: Path) -> None:
    """Notes in a folder which run, made how, trained the network that answers in it."""
    made_with = records.read_json(run / "environment.json")
    trained = {"run": run.name, "command": whole_command(made_with), "commits": commits_of(run)}
    path = folder / "environment.json"
    records.write_json(path, records.read_json(path) | {TRAINED_BY: trained})


def _check_same_data(
    folder: Path, dataset: Dataset, split: Split, *, advice: str = records.START_ANEW
) -> None:
    """Compares what a run began with and what there is now.

    Raises:
        InputError: The files of the corpus, or what is held to be one work, have changed since.
    """
    path = folder / "splits.csv"
    if (read_splits(path, **_split_columns(dataset)).chunk_split != split.chunk_split).any():
        raise InputError(f"The split has changed since {path} was written; {advice}.")
    for of, data in _read(dataset).items():
        contents = records.contents_digest(data.pieces, data.contents)
        records.check_contents(folder, contents, of=of, advice=advice)


def _read(dataset: Dataset) -> dict[str, Dataset]:
    """What a run reads, by what its files are noted under."""
    return {"contents": dataset} | ({"auxiliary_contents": dataset.auxiliary} if dataset.auxiliary else {})


def _split_columns(dataset: Dataset) -> dict[str, Any]:
    return {
        "composers": counted_by(dataset),
        "pieces": dataset.pieces,
        "works": dataset.works,
        "num_chunks": dataset.num_chunks,
    }
