"""The rows of the comparison: what a builder scored on the folds, what that is more or less, and what it cost."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from experiments.engine import records
from experiments.engine.auditing.network_runs import NetworkRun
from experiments.engine.auditing.rows import COLUMNS as SCORE_COLUMNS
from experiments.engine.auditing.rows import Answers, measure
from experiments.engine.predictions import Predictions, join, read_predictions
from experiments.engine.publishing import has_answers, prediction_files

NETWORKS, BASELINES = "network", "baseline"
"""Parts of the table."""

COSTS = ("num_parameters", "train_seconds", "num_epochs", "device")

COLUMNS = (
    *("part", "name", "model", "hyperparameters", "folds", "pieces"),
    *(name for name in SCORE_COLUMNS if name.startswith(("piece_", "chunk_"))),
    *("against", *COSTS, "problem", "command", "runs"),
)
"""Of `builders.csv`; training seconds and epochs are means over the folds."""


def network_row(
    name: str, model: str, hyperparameters: str, run: NetworkRun, *, against: str, compared_with: Answers
) -> dict[str, Any]:
    """Returns the row of a builder that was run.

    Args:
        name: Of the candidate.
        model: Its builder.
        hyperparameters: Those that differ from the builder's defaults, in words.
        run: Its runs, one a fold.
        against: The candidate that it is compared with.
        compared_with: The answers of that.
    """
    row = measure(
        NETWORKS,
        name,
        model,
        run.answers(),
        folds=run.folds,
        runs=run.names,
        against=against,
        compared_with=compared_with if against else None,
    ).flat()
    metrics = [records.read_json(folder / "metrics.json") for folder in run.folders]
    costs = {
        "num_parameters": metrics[0]["num_parameters"],
        **{key: round(statistics.fmean(part[key] for part in metrics), 1) for key in COSTS[1:3]},
        "device": "; ".join(dict.fromkeys(part["device"] for part in metrics)),
    }
    return _columns(row) | {"hyperparameters": hyperparameters} | costs


def missing_row(
    name: str, model: str, hyperparameters: str, *, folds: str, reason: str, command: str
) -> dict[str, Any]:
    """Returns the row of a builder that was not run on every fold."""
    return dict.fromkeys(COLUMNS, "") | {
        "part": NETWORKS,
        "name": name,
        "model": model,
        "hyperparameters": hyperparameters,
        "problem": f"Not run on {folds}." + (f" {reason}" if reason else ""),
        "command": command,
    }


def baseline_rows(
    runs: Sequence[NetworkRun], *, against: str, compared_with: Answers
) -> list[dict[str, Any]]:
    """Returns the rows of the baselines, which every run has answered with on its own split.

    A run that is older than a baseline lacks it; on each fold the first run that has it counts.

    Args:
        runs: Of all builders, over the same folds.
        against: The candidate that they are compared with.
        compared_with: The answers of that.
    """
    found: dict[str, list[Predictions | None]] = {}
    for number in range(len(runs[0].folders)):
        for run in runs:
            for name, answers in _baselines_of(run, number).items():
                of_folds = found.setdefault(name, [None] * len(run.folders))
                of_folds[number] = of_folds[number] or answers
    rows = []
    for name, of_folds in found.items():
        if all(of_folds):
            answers = {"piece": join(of_folds)}
            how = {"folds": runs[0].folds, "against": against, "compared_with": compared_with}
            rows.append(_columns(measure(BASELINES, name, name, answers, **how).flat()))
    return rows


def _baselines_of(run: NetworkRun, number: int) -> Mapping[str, Predictions]:
    folder = run.folders[number]
    metrics = records.read_json(folder / "metrics.json")
    files = prediction_files(metrics)
    return {
        name: read_predictions(folder / files[name])
        for name in metrics["test"]["baselines"]
        if has_answers(folder, files[name])
    }


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row.get(name, "") for name in COLUMNS}
