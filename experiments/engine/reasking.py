"""Finished runs asked in another way: the networks that they trained, other answers."""

import dataclasses
from pathlib import Path

from experiments.engine import records
from experiments.engine.comparison import combine_on_common_pieces
from experiments.engine.config import AnswerConfig, Config, Places
from experiments.engine.intervals import verdict
from experiments.engine.predictions import Predictions, join, read_predictions
from experiments.engine.runner import Study, prepare, run_study, without_renderings
from experiments.engine.saved_models import load_saved_model
from experiments.engine.summary import print_summary
from experiments.engine.teachers import fold_runs
from experiments.engine.telling import report_left_out
from features.errors import InputError

SHOWN = (("piece", "macro_f1"), ("chunk", "macro_f1"), ("piece", "log_loss"))
"""What is told of validation works: by what, and which score."""

NEEDED = ("environment.json", "splits.csv", "history.csv", "predictions-validation.csv")
"""What is taken of a run beside its network."""


def reask(run: Path, places: Places, **ways: int) -> Path:
    """Asks the networks of a finished run in another way, and prints what came out, here and on validation works.

    Args:
        run: Its folder, of one fold or of a study over all folds.
        places: Where things lie.
        **ways: Values of `AnswerConfig`.

    Returns:
        The new run folder.

    Raises:
        InputError: The run is not finished, was asked so already, or was made of other music.
        ModelFileError: A network cannot be used.
    """
    path = run / "config.json"
    before = Config.from_dict(records.read_json(path), name=path)
    config = before.replace(answering=ways)
    if config == before:
        raise InputError(
            f"{run} was asked so already ({_in_words(before.answering)}); give another --answer-overlap or "
            "--answer-transpose."
        )
    _check_networks(run, config)
    dataset = prepare(without_renderings(config), places)
    report_left_out(dataset)
    folder = run_study(Study(config, places, dataset, trained=run))
    print_summary(folder)
    print_validation(folder, run)
    return folder


def print_validation(folder: Path, before: Path) -> None:
    """Prints the scores on validation works, which may choose a way of asking, beside those of before."""
    answers = [validation_answers(path) for path in (folder, before)]
    found = combine_on_common_pieces(answers, (1, -1))
    if found is None:  # nothing was kept for validation
        return
    now, then = (records.read_json(path / "metrics.json")["validation"] for path in (folder, before))
    for level, score in SHOWN:
        name = f"{score.replace('_', '-').replace('f1', 'F1')} by {level}"
        print(f"Validation works: {name} {now[level][score]:.3f}, before {then[level][score]:.3f}.")
    sure = verdict(found.low, found.high, "+.3f", drawn=found.drawn)
    print(f"Difference on all {found.num_pieces} of their pieces: {found.value:+.3f} macro-F1{sure}")


def validation_answers(run: Path) -> Predictions:
    """Returns the answers of a run for its validation pieces, of a study those of all its folds."""
    folders = fold_runs(run).values() or [run]
    return join([read_predictions(folder / "predictions-validation.csv") for folder in folders])


def _check_networks(run: Path, config: Config) -> None:
    """Makes sure that there is the network of every fold, and what is taken with it, before the corpus is read."""
    trained, num_folds = [run], 1
    if config.split.fold == "all":
        trained, num_folds = [*fold_runs(run).values()], config.split.num_folds
    if len(trained) < num_folds:
        raise InputError(
            f"{run} has networks of {len(trained)} of its {num_folds} folds; copy the whole folder."
        )
    for folder in trained:
        load_saved_model(folder)
        records.read_json(folder / "metrics.json")
        lacking = [name for name in NEEDED if not (folder / name).exists()]
        if lacking:
            raise InputError(f"{folder} lacks {', '.join(lacking)}; copy the whole folder.")


def _in_words(answering: AnswerConfig) -> str:
    return " ".join(
        f"--{name.replace('_', '-')} {value}"
        for name, value in dataclasses.asdict(answering).items()
        if name.startswith("answer")
    )
