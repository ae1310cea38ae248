"""Finished runs of the network that an audit shows, wherever they lie, and the commands for those that are missing."""

import dataclasses
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.engine import records
from experiments.engine.auditing.variants import ALL
from experiments.engine.config import Config, Places
from experiments.engine.predictions import Predictions, join, read_predictions
from experiments.engine.publishing import has_answers, prediction_files
from features.datasets import Dataset

STACKED = "stacked"

DEAF_TO_WORKS = ("chunk", "file")
"""Protocols under which it does not matter what is one work; a run under another counts as long as that is the same."""


@dataclass(frozen=True)
class NetworkRun:
    """What is there of a network under one configuration: a run over all folds, or runs of some folds.

    Attributes:
        folders: The run folders.
        folds: `"all"`, or the numbers of the folds.
        has_other_works: Whether it was divided by what was told to be one work then, and is not now.
    """

    folders: tuple[Path, ...]
    folds: str
    has_other_works: bool = False

    @property
    def names(self) -> str:
        """Returns the names of the run folders."""
        return " ".join(folder.name for folder in self.folders)

    def answers(self) -> dict[str, Predictions]:
        """Returns the answers for the test part by `"piece"` and by `"chunk"`, and by piece those `"stacked"`.

        A level of which a folder has none is left out: a published run is without its chunks where they are many.
        """
        levels = {}
        for name in ("piece", "chunk", STACKED):
            files = [_files_of(folder).get(name, "") for folder in self.folders]
            homes = list(zip(self.folders, files, strict=True))
            if all(file and has_answers(folder, file) for folder, file in homes):
                levels[name] = join([read_predictions(folder / file) for folder, file in homes])
        return levels


def find_network_run(
    config: Config, places: Places, dataset: Dataset, *, other_works: bool = False
) -> NetworkRun | None:
    """Returns what is finished of a study: over all folds if there is such a run, otherwise the folds there are.

    Runs on other files do not count.

    Args:
        config: Over all folds, or of the only one.
        places: Runs lie in `results_dir`, and published ones in `published`.
        dataset: The corpus as it is now.
        other_works: Whether to take, if there is nothing else, runs that were divided by other works than the corpus
            has now.
    """
    by_works = config.split.protocol not in DEAF_TO_WORKS
    found = _find(config, places, dataset, by_works=by_works)
    if found is None and by_works and other_works:
        found = _find(config, places, dataset, by_works=False)
        return found and dataclasses.replace(found, has_other_works=True)
    return found


def find_model_file(config: Config, places: Places) -> Path | None:
    """Returns the saved model of a fold's finished run; None if it was not run here.

    Args:
        config: Of one fold.
        places: Where runs lie.
    """
    return next(
        (folder / "model.h5" for folder in _folders(config, places) if (folder / "model.h5").exists()), None
    )


def command_of(config: Config, default: Config, places: Places) -> str:
    """Returns the command that runs a configuration.

    Args:
        config: What to run.
        default: What the study has without any flag, once it is configured.
        places: Each is said, as `PATH`, if it is not the usual one.

    Example:
        >>> study = Config("four_composers")
        >>> command_of(study.replace(split={"fold": "all"}, training={"move": False}), study, Places())
        'python -m experiments.four_composers --fold all --no-move --resume'
    """
    words = ["python", "-m", f"experiments.{config.experiment}"]
    for name, part in vars(config).items():
        if dataclasses.is_dataclass(part):
            standard = vars(getattr(default, name))
            for setting, value in vars(part).items():
                if value != standard[setting]:
                    words += flag_of(part, setting)
    for name in ("data_home", "cache_dir", "results_dir", "published"):
        if getattr(places, name) != getattr(Places, name):
            words += [f"--{name.replace('_', '-')}", "PATH"]
    return shlex.join([*words, "--resume"])


def flag_of(part: Any, setting: str) -> list[str]:
    """Returns the words of the command line that give a setting its value.

    Args:
        part: Of a configuration.
        setting: Of this part.

    Example:
        >>> flag_of(Config("example").training, "class_weights"), flag_of(Config("example").training, "epochs")
        (['--class-weights'], ['--epochs', '20'])
    """
    name, value = setting.replace("_", "-"), getattr(part, setting)
    if isinstance(getattr(type(part), setting, None), bool):  # others can be None, too
        return [f"--{name}" if value else f"--no-{name}"]
    if isinstance(value, dict):
        value = [word for pair in value.items() for word in pair]
    return [f"--{name}", *map(str, value if isinstance(value, list | tuple) else [value])]


def _find(config: Config, places: Places, dataset: Dataset, *, by_works: bool) -> NetworkRun | None:
    whole = next(_finished(config, places, dataset, by_works=by_works), None)
    if whole is not None or config.split.fold != ALL:
        return whole and NetworkRun((whole,), str(config.split.fold))
    found = {}
    for fold in range(config.split.num_folds):
        of_fold = config.replace(split={"fold": fold})
        folder = next(_finished(of_fold, places, dataset, by_works=by_works), None)
        if folder is not None:
            found[fold] = folder
    return NetworkRun(tuple(found.values()), " ".join(map(str, found))) if found else None


def _finished(config: Config, places: Places, dataset: Dataset, *, by_works: bool) -> Iterator[Path]:
    for folder in _folders(config, places):
        if has_answers(folder, _files_of(folder)["piece"]) and _is_of(folder, dataset, by_works=by_works):
            yield folder


def _files_of(folder: Path) -> dict[str, str]:
    return prediction_files(records.read_json(folder / "metrics.json"))


def _is_of(folder: Path, dataset: Dataset, *, by_works: bool) -> bool:
    """Whether all pieces that a run tested are there, by the same composers and, if that counts, of the same works."""
    answers = read_predictions(folder / "predictions.csv")
    there = dict(zip(dataset.pieces, zip(dataset.works, dataset.composers, strict=True), strict=True))
    tested = zip(answers.pieces, answers.works, answers.composers, strict=True)
    return all(
        piece in there and there[piece][1] == composer and (there[piece][0] == work or not by_works)
        for piece, work, composer in tested
    )


def _folders(config: Config, places: Places) -> Iterator[Path]:
    """Yields the folders of finished runs of one configuration, folds of studies among them; first those of here."""
    wanted, name = config.to_dict(), config.experiment
    for home in (places.results_dir, places.published):
        for pattern in ("", f"*/folds/{name}/"):
            for path in sorted((home / name).glob(f"{pattern}{records.run_name(config)}*/metrics.json")):
                if records.read_json(path.parent / "config.json") == wanted:
                    yield path.parent
