"""An audit on the terminal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from experiments.engine import records
from experiments.engine.auditing.page import PARTS, by_model, main_findings, rows_of
from experiments.engine.intervals import interval_of, is_sure
from experiments.engine.terminal import console

WIDTH = 96
"""Columns that a table needs at least."""

CAPTION = (
    "Macro-F1 (95 % by bootstrap over works, or over composers held out); changes: on pieces that both tested, * more "
    "than chance."
)


def print_audit(folder: Path) -> None:
    """Prints the tables of an audit, what they mean, what was not run, and where its files are."""
    metrics = records.read_json(folder / "metrics.json")
    terminal = console(at_least=WIDTH)
    for part, title in PARTS.items():
        if rows := rows_of(metrics, part):
            terminal.print(_table(title, by_model(rows, part)))
    plain = {"soft_wrap": True, "highlight": False}
    for _, findings in main_findings(metrics):
        for called, finding in findings:
            terminal.print(f"{called}: {finding}", **plain)
    for row in metrics["rows"]:
        if row["command"]:
            terminal.print(f"Not run: {row['part']}, {row['name']}: {row['command']}", **plain)
    terminal.print(f"Audit: {folder}", soft_wrap=True)


def _table(title: str, groups: list[tuple[str, list[dict[str, Any]]]]) -> Table:
    table = Table(title=title, caption=CAPTION)
    table.add_column("", no_wrap=True)
    for heading in ("by piece", "change", "by chunk", "change"):
        table.add_column(heading, justify="right", no_wrap=True)
    for model, rows in groups:
        if model:
            table.add_section()
            table.add_row(model, style="bold")
        for row in rows:
            if row["problem"]:
                table.add_row(f"  {row['name']}", "-", "-", "-", "-", style="dim")
            else:
                folds = row["folds"].removeprefix("all").removeprefix(", ")
                folds = f" ({folds})" if folds else ""
                table.add_row(f"  {row['name']}{folds}", *score_cells(row))
    return table


def score_cells(row: Mapping[str, Any]) -> list[str]:
    """Returns the scores of a row by piece and by chunk, each with its difference."""
    cells = []
    for level in ("piece", "chunk"):
        name, score = f"{level}_macro_f1", row[f"{level}_macro_f1"]
        ends = interval_of(row, name, ".2f") if score != "" and level == "piece" else ""
        cells.append("" if score == "" else f"{score:.3f}{ends}")
        found, low, high = (row[f"{level}_difference{end}"] for end in ("", "_low", "_high"))
        cells.append("" if found == "" else f"{found:+.3f}{'*' if is_sure(low, high) else ' '}")
    return cells
