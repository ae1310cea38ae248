"""What is published: small files of finished runs, of folds of studies, and of overviews such as audits."""

import gzip
import shutil
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from experiments.engine.config import Config
from experiments.engine.records import is_finished, read_json, run_name
from features.errors import InputError
from models.pretrained import MODEL_FILE

SMALL = ("*.json", "*.csv", "*.csv.gz", "figures/*.png")
"""What is published of a run; weights and their description are not."""

SMALL_OF_A_FOLD = ("*.json", "*.csv", "*.csv.gz")
"""What is published of a fold of a study: enough to sum it up."""

SMALL_OF_A_SEARCH = (
    *("*.json", "*.csv", "trial_*/*.json", "trial_*/failure.txt"),
    *("trial_*/fold_*/fold.json", "trial_*/fold_*/history.csv"),
)
"""What is published of a search beside the run of its best setting; its page can be made from it again."""

SMALL_OF_AN_OVERVIEW = ("*.json", "*.csv", "figures/*.png")
"""What is published of other overviews; their pages can be made from it again."""

SEARCH, AUDIT, BUILDERS, RENDERINGS, IMBALANCE, RECIPE, YEAR, RUN = (
    "search",
    "audit",
    "builders",
    "renderings",
    "imbalance",
    "recipe",
    "year",
    "run",
)
"""Kinds of folders."""

MADE_FOR = {kind: f"{kind}.json" for kind in (SEARCH, AUDIT, BUILDERS, RENDERINGS, IMBALANCE, RECIPE, YEAR)}
"""Files that say what an overview was made for; their presence tells it from a run."""

GROWING = {"variants", "balances", "adjustments"}
"""What of an overview may be more when it is gone on with: published again, it is still the same one."""

LARGEST_BYTES = 1_000_000
"""A larger file is left out: a split by chunk, say, which its seed gives again. Answers by piece, which are long for
many composers, are compressed first."""

TRAINED_BY = "trained_by"
"""Under which `environment.json` has the run whose network was asked in another way: its name, command and commits."""

PREDICTIONS = {"chunk": "predictions-chunks.csv.gz", "piece": "predictions.csv"}
"""Files that hold a network's answers."""


def prediction_files(metrics: Mapping[str, Any]) -> dict[str, str]:
    """Returns the files with a run's answers for the test part, by what answered or at which level.

    Example:
        >>> prediction_files({"test": {"chunk": {}, "piece": {}, "stacked": {}, "baselines": {"majority": {}}}})
        ... # doctest: +NORMALIZE_WHITESPACE
        {'chunk': 'predictions-chunks.csv.gz', 'piece': 'predictions.csv',
         'majority': 'predictions-majority.csv', 'stacked': 'predictions-stacked.csv'}
    """
    others = [*metrics["test"]["baselines"], *(["stacked"] if "stacked" in metrics["test"] else [])]
    return PREDICTIONS | {name: f"predictions-{name}.csv" for name in others}


def publish(folder: Path, published: Path) -> Path:
    """Copies what is small of a finished run; of an unfinished study, what is small of its finished folds.

    An unfinished study is published so that `--resume` can go on with it on another machine, where only
    the repository is. Of a finished one the folds leave out the answers that their summary holds.

    Args:
        folder: The run folder, or that of an overview.
        published: Where published runs lie, by experiment.

    Returns:
        The published folder.

    Raises:
        InputError: There is no such folder, nothing in it is finished, or its code is in no commit.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}; check the path.")
    kind = kind_of(folder)
    if kind == SEARCH:
        return _publish_search(folder, published)
    if kind != RUN:
        return _publish_overview(folder, published, MADE_FOR[kind])
    if kind_of(folder.parent) == SEARCH:
        raise InputError(
            f"{folder} is the best of a search; publish the search, {folder.parent}, which holds it."
        )
    folds = sorted(path.parent for path in folder.glob("folds/*/*/metrics.json"))
    if not is_finished(folder) and not folds:
        raise InputError(
            f"{folder} holds no finished run (metrics.json is missing) and no finished fold; run it to its end first."
        )
    target = published / read_json(folder / "config.json")["experiment"] / folder.name
    if target.resolve() == folder:
        return target
    if is_finished(folder):
        _check_commits([*folds, folder])
        shutil.rmtree(target, ignore_errors=True)
        _copy_small(folder, target, SMALL)
        held = {path.name.removesuffix(".gz") for path in target.glob("predictions*")}
    else:
        if is_finished(target):
            raise InputError(f"{target} is finished, {folder} is not; finish it, or name the finished one.")
        _check_commits(folds)
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / "config.json", target / "config.json")
        held = set()
    for fold in folds:
        copy = target / fold.relative_to(folder)
        shutil.rmtree(copy, ignore_errors=True)
        _copy_small(fold, copy, SMALL_OF_A_FOLD, without=held)
    return target


def kind_of(folder: Path) -> str:
    """Returns what a folder is of: a run, or one of `MADE_FOR`."""
    return next((kind for kind, file in MADE_FOR.items() if (folder / file).exists()), RUN)


def is_study(folder: Path) -> bool:
    """Whether a folder holds a finished study over all folds, or a finished run of one."""
    return is_finished(folder) and kind_of(folder) == RUN


def check_model_file(file: Path) -> None:
    """Refuses the model of a run folder that has none, and says why it has none and what to do.

    Args:
        file: An `.h5` file, which may be no run's.

    Raises:
        InputError: It is that of a study, of a published run, or of one that is not finished.
    """
    folder = file.parent
    if file.name != MODEL_FILE or file.exists() or not (folder / "config.json").exists():
        return
    inside = min(folder.glob(f"**/{MODEL_FILE}"), default=None)
    if inside:
        raise InputError(
            f"{folder} has no {MODEL_FILE} of its own; name a folder within that has one, such as {inside.parent}."
        )
    if is_finished(folder):
        raise InputError(
            f"{folder} holds no weights, for none are published; run its command again (environment.json has it), or "
            "take a model of models/pretrained."
        )
    raise InputError(f"{folder} is not finished (metrics.json is missing); run it to its end first.")


def _publish_overview(folder: Path, published: Path, file: str) -> Path:
    """Copies an overview; the runs that it shows have to be published first, so that it can be checked.

    Args:
        folder: Of the overview.
        published: Where published runs lie, by experiment.
        file: Its own, which says what it was made for.
    """
    if not is_finished(folder):
        raise InputError(f"{folder} is not finished; go on with it with --resume first.")
    experiment = read_json(folder / file)["config"]["experiment"]
    target = published / experiment / folder.name
    if target.resolve() != folder:
        if target.exists() and _made_for(target / file) != _made_for(folder / file):
            raise InputError(
                f"{target} is another one of this name; rename {folder} to {file.removesuffix('.json')}-SOMETHING, and "
                "publish it then."
            )
        rows = read_json(folder / "metrics.json")["rows"]
        shown = {run for row in rows for run in row.get("runs", "").split()}
        missing = sorted(
            run for run in shown if not list((published / experiment).glob(f"**/{run}/config.json"))
        )
        if missing:
            raise InputError(
                f"{folder} shows runs that are not published; publish first: {', '.join(missing)}."
            )
        _check_commits([folder])
        shutil.rmtree(target, ignore_errors=True)
        _copy_small(folder, target, SMALL_OF_AN_OVERVIEW)
    return target


def _made_for(path: Path) -> dict[str, Any]:
    """Returns what an overview was made for, without what it may have got since."""
    return {name: value for name, value in read_json(path).items() if name not in GROWING}


def _publish_search(folder: Path, published: Path) -> Path:
    if not is_finished(folder):
        raise InputError(f"The search {folder} is not finished; go on with it with --resume first.")
    target = published / read_json(folder / MADE_FOR[SEARCH])["config"]["experiment"] / folder.name
    if target.resolve() != folder:
        if target.exists() and read_json(target / "search.json") != read_json(folder / MADE_FOR[SEARCH]):
            raise InputError(
                f"{target} is another search of this name; rename {folder} to search-SOMETHING, and publish it then."
            )
        _check_commits([folder, folder / "best"])
        shutil.rmtree(target, ignore_errors=True)
        _copy_small(folder / "best", target / "best", SMALL)
        _copy_small(folder, target, SMALL_OF_A_SEARCH)
    return target


def _check_commits(folders: list[Path]) -> None:
    for folder in folders:
        for commit in commits_of(folder):
            if not commit or commit.endswith("+"):
                raise InputError(
                    f"{folder} was made with code that is in no commit ({commit or 'no git'}), so that nobody could "
                    "make it again; commit the code and run it again."
                )


def _copy_small(
    folder: Path, target: Path, patterns: tuple[str, ...], *, without: set[str] = frozenset()
) -> None:
    """Copies small files; `metrics.json` last, because its presence means that the rest is there."""
    paths = [path for pattern in patterns for path in folder.glob(pattern)]
    for path in sorted(paths, key=lambda path: path.name == "metrics.json"):
        if path.name in {"model.json", *without} or path.name.removesuffix(".gz") in without:
            continue
        copy = target / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.stat().st_size <= LARGEST_BYTES:
            shutil.copyfile(path, copy)
        elif path.match("predictions*.csv"):
            compressed = gzip.compress(path.read_bytes(), mtime=0)
            if len(compressed) <= LARGEST_BYTES:
                copy.with_name(f"{copy.name}.gz").write_bytes(compressed)


def has_answers(folder: Path, name: str) -> bool:
    """Whether a published run has a file of answers, perhaps compressed."""
    return (folder / name).exists() or (folder / f"{name}.gz").exists()


def commits_of(folder: Path) -> list[str]:
    """Returns the commits that a run was made with, of a study those of its folds, each once.

    A run outside git has `""` among them.
    """
    paths = [folder / "environment.json", *sorted(folder.glob("folds/*/*/environment.json"))]
    made_with = [read_json(path) for path in paths]
    names = [
        name
        for part in made_with
        for name in (
            *part.get(TRAINED_BY, {}).get("commits", ()),
            part["commit"],
            *part.get("resumed_with", ()),
        )
    ]
    return list(dict.fromkeys(names))


def whole_command(made_with: Mapping[str, Any]) -> str:
    """Returns the command of a run; behind that which trained its network, if another run did.

    Args:
        made_with: What `environment.json` says.

    Example:
        >>> whole_command({"command": "reask RUN", "trained_by": {"command": "train"}})
        'train && reask RUN'
    """
    trained_by = [made_with[TRAINED_BY]["command"]] if TRAINED_BY in made_with else []
    return " && ".join([*trained_by, made_with["command"]])


def finished_folds(config: Config, home: Path) -> list[Path]:
    """Returns what was finished of one fold with one configuration: in a study over all folds, or by itself.

    Args:
        config: Of a fold.
        home: Where runs lie, by experiment.
    """
    wanted, name = config.to_dict(), config.experiment
    paths = (
        home.glob(f"{name}/{inside}{run_name(config)}*/metrics.json") for inside in (f"*/folds/{name}/", "")
    )
    return [
        path.parent
        for path in sorted(chain.from_iterable(paths))
        if read_json(path.parent / "config.json") == wanted and _can_be_summed_up(path.parent)
    ]


def _can_be_summed_up(fold: Path) -> bool:
    """Whether everything is there: large files, and what older code did not write, may not be."""
    metrics = read_json(fold / "metrics.json")
    names = ["environment.json", "splits.csv", *prediction_files(metrics).values()]
    return "stacked" in metrics["test"] and all(has_answers(fold, name) for name in names)
