"""From a recipe to its table: trains every variant on the same works, and scores it on the same validation works."""

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.engine import records
from experiments.engine.auditing.rows import COLUMNS as SCORE_COLUMNS
from experiments.engine.auditing.rows import Answers, Row, measure
from experiments.engine.command import parts_of
from experiments.engine.config import AnswerConfig, Config, Places
from experiments.engine.predictions import join, read_predictions, write_predictions
from experiments.engine.publishing import MADE_FOR, RECIPE
from experiments.engine.recipes import FOLDS
from experiments.engine.recipes.prepared import PreparedData, pieces_of_chunks
from experiments.engine.recipes.variants import WHOLE, WITHOUT, Variant
from experiments.engine.runner import (
    Study,
    check_names,
    check_sampling,
    prepare,
    split_of,
)
from experiments.engine.telling import encoder_name, pieces_name, report_left_out
from features.datasets import Dataset
from features.errors import InputError
from features.splits.protocols import VALIDATION, Split

FILES = {"piece": "predictions-validation.csv", "chunk": "predictions-validation-chunks.csv.gz"}

LOSSES = tuple(f"{level}_log_loss" for level in FILES)

COLUMNS = (
    *("name", "folds", "pieces"),
    *(name for name in SCORE_COLUMNS if name.startswith(("piece_", "chunk_"))),
    *(*LOSSES, "train_seconds", "problem"),
)
"""Of `recipe.csv`."""


def compare_recipe(
    config: Config, places: Places, variants: Sequence[Variant], *, folds: Sequence[int]
) -> Path:
    """Trains what was not trained yet, and scores all; returns the folder.

    Args:
        config: The recipe.
        places: Where things lie.
        variants: The first is the recipe as it is.
        folds: Of the study; of each, the validation part is asked about.

    Raises:
        InputError: The configuration, the corpus or the folders cannot be used.
    """
    from experiments.engine.networks import check_network

    for variant in variants:
        if not variant.name.startswith(WITHOUT):  # what follows from the others is told in its row
            check_names(variant.config)
    study = Study(config, places, prepare(config, places))
    report_left_out(study.dataset)
    sides = {fold: _sides(study, fold) for fold in folds}
    check_sampling(config, study.dataset)
    check_network(config, study.dataset)  # a wrong number should leave no folder behind
    base = Config("recipe", **parts_of(config)).replace(split={"fold": "all"})
    suffix = records.folds_suffix(folds, usual=FOLDS)
    with records.run_folder(base, places, suffix=suffix) as folder:
        made_for = {"config": base.to_dict(), "folds": list(folds), "variants": [v.name for v in variants]}
        contents = records.contents_digest(study.dataset.pieces, study.dataset.contents)
        records.check_contents(folder, contents)
        records.note_contents(folder, contents)
        data = PreparedData(folder, study, sides)
        (folder / "metrics.json").unlink(missing_ok=True)  # until it is finished again
        records.write_json(folder / MADE_FOR[RECIPE], made_for)
        rows, whole = [], None
        for variant in variants:
            try:
                answers, seconds = _answers(folder, variant, data)
            except InputError as error:
                if variant.name == WHOLE:
                    raise
                print(error, file=sys.stderr)
                rows.append(Row(RECIPE, variant.name, config.model.model, problem=str(error)).flat())
                continue
            whole = whole or answers
            rows.append(_row(variant, answers, whole, folds) | {"train_seconds": round(seconds, 1)})
        rows = [{name: row.get(name, "") for name in COLUMNS} for row in rows]
        records.write_csv(folder / "recipe.csv", COLUMNS, rows)
        records.write_json(folder / "metrics.json", _describe(folder, study, folds) | {"rows": rows})
    return folder


def _sides(study: Study, fold: int) -> dict[str, str]:
    """Returns the side of each piece."""
    split = split_of(dataclasses.replace(study, config=study.config.replace(split={"fold": fold})))
    return dict(zip(pieces_of_chunks(study.dataset), split.chunk_split.tolist(), strict=True))


def _answers(folder: Path, variant: Variant, data: PreparedData) -> tuple[Answers, float]:
    """Returns the answers of a variant for the validation pieces of all folds, and the seconds of training."""
    parts, seconds = {level: [] for level in FILES}, 0.0
    for fold in data.sides:
        config = variant.config.replace(split={"fold": fold})
        trained = config.replace(answering=vars(AnswerConfig(bag=config.answering.bag)))
        home = folder / "trainings" / trained.digest()  # the same for all ways of asking
        asked = folder / "answers" / config.digest()
        if not (asked / FILES["piece"]).exists():  # written last
            print(f"{variant.name}, fold {fold}", file=sys.stderr)
            check_names(config)
            dataset = data.of(config)
            _train_and_ask(trained, config, dataset, data.split(dataset, fold), home=home, asked=asked)
        for level, name in FILES.items():
            found = read_predictions(asked / name)
            # A piece may be a validation piece of several folds; its work is drawn once for all of them.
            named = tuple(f"{fold}/{piece}" for piece in found.pieces)
            parts[level].append(dataclasses.replace(found, pieces=named))
        seconds += sum(float(row["seconds"]) for row in records.read_csv(home / "history.csv"))
    return {level: join(found) for level, found in parts.items()}, seconds


def _train_and_ask(
    trained: Config, config: Config, dataset: Dataset, split: Split, *, home: Path, asked: Path
) -> None:
    """Trains a network, unless that is done, and keeps what it answers."""
    from experiments.engine.answering import answer
    from experiments.engine.networks import check_network, train_network

    check_sampling(config, dataset)
    check_network(config, dataset)
    for path in (home, asked):
        path.mkdir(parents=True, exist_ok=True)
    records.write_json(home / "config.json", trained.to_dict())
    records.write_json(asked / "config.json", config.to_dict())
    network = train_network(trained, dataset, split, folder=home)
    found = answer(network.model, network.dataset, split.indices(VALIDATION), config.answering)
    for level in ("chunk", "piece"):
        write_predictions(asked / FILES[level], found[level])


def _row(variant: Variant, answers: Answers, whole: Answers, folds: Sequence[int]) -> dict[str, Any]:
    is_whole = variant.name == WHOLE
    row = measure(
        RECIPE,
        variant.name,
        variant.config.model.model,
        answers,
        folds=" ".join(map(str, folds)),
        against="" if is_whole else WHOLE,
        compared_with=None if is_whole else whole,
    ).flat()
    losses = {name: answers[name.split("_")[0]].point_scores()["log_loss"] for name in LOSSES}
    return row | {name: round(loss, 6) for name, loss in losses.items()}


def _describe(folder: Path, study: Study, folds: Sequence[int]) -> dict[str, Any]:
    """Returns what was compared on, as `metrics.json` has it."""
    config = study.config
    return {
        **{"experiment": config.experiment, "run_id": folder.name},
        **{"corpus": config.corpus.corpus, "pieces": pieces_name(config.corpus)},
        **{"protocol": config.split.protocol, "folds": list(folds), "seed": config.training.seed},
        **{"encoder": encoder_name(config.encoder, study.dataset.encoder), "model": config.model.model},
    }


def print_recipe(folder: Path) -> None:
    """Prints the table of a comparison, and where its files are."""
    from rich.table import Table

    from experiments.engine.auditing.view import score_cells
    from experiments.engine.terminal import console

    metrics = records.read_json(folder / "metrics.json")
    folds = ", ".join(map(str, metrics["folds"]))
    what = f"{metrics['corpus']}, {metrics['model']}, protocol {metrics['protocol']}"
    table = Table(
        title=f"{what}, fold {folds}: validation works",
        caption="Macro-F1 (95 % by bootstrap over works, or over composers held out); changes: to the recipe as it is, "
        "* more than chance.",
    )
    table.add_column("", no_wrap=True)
    for heading in ("by piece", "change", "by chunk", "change", "log-loss by chunk"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in metrics["rows"]:
        if not row["problem"]:
            cells = (*score_cells(row), f"{row['chunk_log_loss']:.3f}")
            table.add_row(row["name"], *cells, style="bold" if row["name"] == WHOLE else None)
    terminal = console(at_least=140)
    terminal.print(table)
    for row in metrics["rows"]:
        if row["problem"]:
            terminal.print(f"{row['name']}: {row['problem']}", soft_wrap=True, highlight=False)
    terminal.print(f"Folder: {folder}", soft_wrap=True)
