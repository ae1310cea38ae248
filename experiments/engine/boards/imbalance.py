"""The table of published comparisons of what helps rare composers."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from experiments.engine.boards.overviews import Overview, channels, corpus_name, link, section
from experiments.engine.intervals import interval_of

NOTE = (
    "On validation works; test works were not touched. *Balance*: to which power of a composer's chunks the weight of "
    "each of them is inverse in training (0: all chunks weigh alike; 1: all composers do). *Adjustment*: how much of "
    "the log prior is taken off the answers. The best score of each column is bold."
)

SCORES = {
    f"{level} {words}": f"{level}_{name}"
    for level in ("piece", "chunk")
    for words, name in {
        **{"macro-F1": "macro_f1", "balanced accuracy": "balanced_accuracy"},
        **{"accuracy": "accuracy", "top 5": "top_5_accuracy"},
    }.items()
}

HEAD = ("", "corpus", "split", "model", "channels", "balance", "adjustment", *SCORES)


def markdown(comparisons: Sequence[Overview], root: Path) -> str:
    """Returns the table of the page and the commands; empty without comparisons.

    Args:
        comparisons: The published ones.
        root: The folder of the page, from which the links lead.
    """
    return section("Imbalance", comparisons, HEAD, partial(_lines, root), note=NOTE)


def _lines(root: Path, name: str, comparison: Overview) -> list[list[str]]:
    found, rows = comparison.metrics, comparison.metrics["rows"]
    split = f"{found['protocol']} {found['fold']}"
    first = [
        link(name, comparison, root),
        corpus_name(comparison),
        split,
        found["model"],
        channels(comparison),
    ]
    best = {score: max(row[score] for row in rows) for score in SCORES.values()}
    lines = []
    for row in rows:
        cells = {score: f"{row[score]:.3f}" for score in SCORES.values()}
        cells |= {score: f"**{cell}**" for score, cell in cells.items() if row[score] == best[score]}
        cells["piece_macro_f1"] += interval_of(row, "piece_macro_f1")
        lines.append([*first, f"{row['balance']:g}", f"{row['adjustment']:g}", *cells.values()])
    return lines
