"""The tables of published runs: a row a run for machines, a row a configuration, over its seeds, for people."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from experiments.engine.boards import cells, eras
from experiments.engine.boards.all_composers import (
    composers_table,
    in_order,
    is_of_all_composers,
    thresholds,
)
from experiments.engine.boards.overviews import NOTHING_YET
from experiments.engine.boards.seeds import PublishedRun, Seeds, over_seeds
from experiments.engine.intervals import interval_of
from experiments.engine.publishing import commits_of

COLUMNS = (
    *(
        "experiment",
        "run_id",
        "corpus",
        "pieces",
        "protocol",
        "fold",
        "seed",
        "encoder",
        "model",
        "num_classes",
    ),
    *("num_parameters", "chunk_accuracy", "chunk_macro_f1", "piece_accuracy", "piece_macro_f1"),
    *("piece_macro_f1_low", "piece_macro_f1_high", "fingerprint_piece_macro_f1", "majority_piece_macro_f1"),
    *("train_seconds", "device", "commit", "stacked_piece_macro_f1"),
    *("min_share", "piece_balanced_accuracy", "piece_top_3_accuracy", "piece_top_5_accuracy"),
)
"""Of `results/leaderboard.csv`."""


def row(run: PublishedRun) -> dict[str, Any]:
    """Returns the row of a run in the leaderboard; what an older run did not measure, or too few works, stays empty."""
    metrics, test = run.metrics, run.metrics["test"]
    same = ("experiment", "run_id", "corpus", "pieces", "protocol", "fold", "seed", "encoder", "model")
    return {name: metrics[name] for name in same} | {
        "num_classes": len(metrics["classes"]),
        "num_parameters": metrics["num_parameters"],
        **{
            f"{level}_{name}": round(test[level][name], 4)
            for level in ("chunk", "piece")
            for name in ("accuracy", "macro_f1")
        },
        **{
            f"piece_{name}": "" if test["piece"][name] is None else round(test["piece"][name], 4)
            for name in ("macro_f1_low", "macro_f1_high")
        },
        **{
            f"{name}_piece_macro_f1": round(test["baselines"][name]["macro_f1"], 4)
            for name in ("fingerprint", "majority")
        },
        "train_seconds": round(metrics["train_seconds"]),
        "device": metrics["device"],
        "commit": " ".join(commits_of(run.folder)),
        "stacked_piece_macro_f1": round(test["stacked"]["macro_f1"], 4) if "stacked" in test else "",
        "min_share": run.config["corpus"].get("min_share", 0.0),
        **{
            f"piece_{name}": round(test["piece"][name], 4) if name in test["piece"] else ""
            for name in ("balanced_accuracy", "top_3_accuracy", "top_5_accuracy")
        },
    }


def markdown(runs: Sequence[PublishedRun], root: Path) -> str:
    """Returns all tables: whole studies, then single folds, then all composers, then eras, then the commands.

    Args:
        runs: The published runs.
        root: The folder of the page, from which the links lead.
    """
    if not runs:
        return NOTHING_YET
    whole, single, many, ages = _numbered(runs)
    numbered = [*whole, *single, *many, *ages]
    parts = []
    if whole:
        title = "**All folds: every piece predicted once**"
        parts += [title, "", *cells.table(whole, HEADLINE, root), ""]
    if single:
        parts += ["**Single splits**", "", *cells.table(single, SINGLE, root), ""]
    parts += composers_table(many, root) + eras.eras_table(ages, root)
    commands = [f"{run.command}  # {number}" for number, group in numbered for run in group.runs]
    return "\n".join([*parts, "```", *commands, "```"])


def headline(runs: Sequence[PublishedRun], root: Path) -> str:
    """Returns the table of whole studies alone, with the numbers that its rows have among all tables."""
    whole, *_ = _numbered(runs)
    return "\n".join(cells.table(whole, HEADLINE, root)) if whole else NOTHING_YET


def all_composers(runs: Sequence[PublishedRun], root: Path) -> str:
    """Returns the table of all composers alone, with fewer columns; see `headline`."""
    *_, many, _ = _numbered(runs)
    return thresholds(many, root) if many else NOTHING_YET


def of_eras(runs: Sequence[PublishedRun], root: Path) -> str:
    """Returns the table of eras alone, with fewer columns; see `headline`."""
    *_, ages = _numbered(runs)
    return eras.in_short(ages, root) if ages else NOTHING_YET


def _numbered(runs: Sequence[PublishedRun]) -> tuple[list[tuple[int, Seeds]], ...]:
    """Returns the numbered rows of whole studies, of single splits, of all composers, and of eras."""
    groups = over_seeds(runs)
    ages = eras.in_order([group for group in groups if eras.is_of_eras(group)])
    groups = [group for group in groups if not eras.is_of_eras(group)]
    few, many = ([g for g in groups if is_of_all_composers(g) == wanted] for wanted in (False, True))
    whole, single = ([g for g in few if (g.metrics["fold"] == "all") == wanted] for wanted in (True, False))
    numbers = itertools.count(1)
    parts = (whole, single, in_order(many), ages)
    return tuple([(next(numbers), group) for group in part] for part in parts)


def _corpus(group: Seeds) -> str:
    metrics = group.metrics
    return metrics["corpus"] + (f" ({metrics['pieces']})" if metrics["pieces"] != "reference" else "")


def _difference(name: str) -> Callable[[Seeds], str]:
    def cell(group: Seeds) -> str:
        found = group.differences().get(f"{name}_minus_fingerprint")
        if found is None:
            return ""
        return f"{found['macro_f1']:+.3f}{interval_of(found, 'macro_f1', '+.3f', ' to ')}"

    return cell


COMMON = {
    "corpus": _corpus,
    "split": cells.split,
    "model": cells.model,
    "channels": cells.channels,
    "piece macro-F1 (95 %)": cells.headline,
}

HEADLINE = COMMON | {
    "chunk macro-F1": cells.mean("chunk", "macro_f1"),
    "fingerprint": cells.mean("baselines", "fingerprint", "macro_f1"),
    "stacked": cells.mean("stacked", "macro_f1"),
    "network − fingerprint (95 %)": _difference("network"),
    "stacked − fingerprint (95 %)": _difference("stacked"),
}
"""Columns of whole studies: a heading, and what makes its cell."""

SINGLE = COMMON | {
    "piece accuracy": cells.mean("piece", "accuracy"),
    "chunk macro-F1": cells.mean("chunk", "macro_f1"),
    **{
        name.replace("_", " "): cells.mean("baselines", name, "macro_f1")
        for name in ("majority", "fingerprint", "histogram_linear", "histogram_forest")
    },
    "stacked": cells.mean("stacked", "macro_f1"),
    "training": cells.training,
}
"""Columns of single splits."""
