"""The table of published comparisons of builders: what each scored on the same folds, and what it cost."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from experiments.engine.boards.overviews import (
    NOTHING_YET,
    Overview,
    channels,
    corpus_name,
    difference,
    lettered,
    link,
    markdown_table,
    section,
)
from experiments.engine.intervals import interval_of

NOTE = (
    "Macro-F1 over the test pieces of these folds. In brackets after a score its 95 % interval over draws of works; "
    "differences are paired, to the row without one, and * is more than chance. Seconds are those of training, mean "
    "over the folds. The last rows are baselines of the same runs."
)

SHORT = (
    *("builder", "parameters", "training s"),
    *("piece macro-F1 (95 %)", "difference", "chunk macro-F1", "difference"),
)

HEAD = ("", "corpus", "split", "channels", *SHORT)

TITLE = "Builders"


def markdown(zoos: Sequence[Overview], root: Path) -> str:
    """Returns the table of the page and the commands; empty without comparisons.

    Args:
        zoos: The published ones.
        root: The folder of the page, from which the links lead.
    """
    return section(TITLE, zoos, HEAD, partial(_lines, root), note=NOTE)


def in_short(zoos: Sequence[Overview], root: Path) -> str:
    """Returns a table of each comparison for the README, without what all of its rows have in common."""
    tables = [_in_short(name, zoo, root) for name, zoo in lettered(TITLE[0], zoos)]
    return "\n\n".join([*tables, NOTE]) if tables else NOTHING_YET


def _in_short(name: str, zoo: Overview, root: Path) -> str:
    found = zoo.metrics
    rows = [row for row in found["rows"] if not row["problem"]]
    split = f"{found['protocol']} {rows[0]['folds'].replace(' ', '+')}"
    what = f"{link(name, zoo, root)}: {corpus_name(zoo)}, split {split}, channels {channels(zoo)}."
    return f"{what}\n\n{markdown_table(SHORT, [_cells(row) for row in rows])}"


def _lines(root: Path, name: str, zoo: Overview) -> list[list[str]]:
    found, first = zoo.metrics, [link(name, zoo, root), corpus_name(zoo)]
    return [
        [*first, f"{found['protocol']} {row['folds'].replace(' ', '+')}", channels(zoo), *_cells(row)]
        for row in found["rows"]
        if not row["problem"]
    ]


def _cells(row: dict[str, Any]) -> list[str]:
    return [
        row["name"],
        f"{row['num_parameters']:,}" if row["num_parameters"] else "",
        f"{row['train_seconds']:,.0f}" if row["train_seconds"] else "",
        f"{row['piece_macro_f1']:.3f}{interval_of(row, 'piece_macro_f1')}",
        difference(row, "piece"),
        f"{row['chunk_macro_f1']:.3f}" if row["chunk_macro_f1"] != "" else "",
        difference(row, "chunk"),
    ]
