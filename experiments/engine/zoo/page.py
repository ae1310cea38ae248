"""The comparison of builders as a page, which needs neither a server nor a network, and on the terminal."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.engine import records
from experiments.engine.zoo.rows import BASELINES, NETWORKS

WIDTH = 100
"""Columns that the table on the terminal needs at least."""


def write_zoo(folder: Path, metrics: Mapping[str, Any]) -> None:
    """Writes the figure, the page and, last, `metrics.json`.

    Args:
        folder: Of the comparison.
        metrics: What `metrics.json` will hold.
    """
    from experiments.engine.zoo.figures import save_score_against_cost

    path = folder / "figures" / "score_against_cost.png"
    path.unlink(missing_ok=True)  # of an earlier start, which may have had more to draw
    if measured_rows(metrics, NETWORKS):
        save_score_against_cost(metrics["rows"], path)
    write_zoo_page(folder, metrics)
    records.write_json(folder / "metrics.json", metrics)


def write_zoo_page(folder: Path, metrics: Mapping[str, Any] | None = None) -> None:
    """Writes `builders.html`; what it shows is read from the folder unless it is given."""
    from experiments.engine.rendering import PAGES

    metrics = records.read_json(folder / "metrics.json") if metrics is None else metrics
    page = PAGES.get_template("builders.html").render(
        metrics=metrics,
        environment=records.read_json(folder / "environment.json"),
        networks=measured_rows(metrics, NETWORKS),
        baselines=measured_rows(metrics, BASELINES),
        missing=[row for row in metrics["rows"] if row["problem"]],
        devices=list(dict.fromkeys(row["device"] for row in measured_rows(metrics, NETWORKS))),
        has_figure=(folder / "figures" / "score_against_cost.png").exists(),
    )
    records.write_text(folder / "builders.html", page)


def measured_rows(metrics: Mapping[str, Any], part: str) -> Sequence[dict[str, Any]]:
    """Returns the rows of a part that were measured."""
    return [row for row in metrics["rows"] if row["part"] == part and not row["problem"]]


def print_zoo(folder: Path) -> None:
    """Prints the table of a comparison, what was not run, and where its files are."""
    from rich.table import Table

    from experiments.engine.auditing.view import CAPTION, score_cells
    from experiments.engine.terminal import console

    metrics = records.read_json(folder / "metrics.json")
    table = Table(title=f"{metrics['experiment']}: {metrics['corpus']}, builders compared", caption=CAPTION)
    table.add_column("", no_wrap=True)
    for heading in ("parameters", "seconds", "by piece", "change", "by chunk", "change"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in measured_rows(metrics, NETWORKS):
        costs = (f"{row['num_parameters']:,}", f"{row['train_seconds']:.0f}")
        table.add_row(row["name"], *costs, *score_cells(row), style=None if row["against"] else "bold")
    table.add_section()
    for row in measured_rows(metrics, BASELINES):
        table.add_row(row["name"], "", "", *score_cells(row))
    terminal = console(at_least=WIDTH)
    terminal.print(table)
    for row in metrics["rows"]:
        if row["problem"]:
            text = f"{row['name']}: {row['problem']} {row['command']}"
            terminal.print(text, soft_wrap=True, highlight=False)
    terminal.print(f"Builders: {folder}", soft_wrap=True)
