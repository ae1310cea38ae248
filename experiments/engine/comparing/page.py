"""A comparison to read: the table on the terminal, and the page, which needs neither a server nor a network."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from experiments.engine import records
from experiments.engine.comparing.cost import ROUNDS
from experiments.engine.intervals import interval_of
from experiments.engine.telling import taken
from experiments.engine.terminal import console
from features.words import counted

HEADINGS = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "log_loss": "log-loss",
    "calibration_error": "calibration error",
}


def write_comparison_page(folder: Path, record: Mapping[str, Any]) -> None:
    """Writes `compare.html`, with what `compare.json` will hold; figures and rolls are there already."""
    from experiments.engine.rendering import PAGES

    page = PAGES.get_template("compare.html").render(
        record=record,
        headings=HEADINGS,
        models={model["letter"]: model for model in record["models"]},
        cost_cells=cost_cells,
        counted=counted,
        taken=taken(record["label"]),
        rounds=ROUNDS,
    )
    records.write_text(folder / "compare.html", page)


def print_comparison(record: Mapping[str, Any]) -> None:
    """Prints scores, costs and differences, and in red what should not be overlooked."""
    terminal = console(at_least=110)
    for model in record["models"]:
        terminal.print(
            f"{model['letter']}: {model['name']} ({model['builder']}, {model['encoding']})", soft_wrap=True
        )
    for note in record["notes"]:
        terminal.print(note, soft_wrap=True)
    for alarm in record["alarms"]:
        terminal.print(alarm, style="bold red", highlight=False, soft_wrap=True)
    for on in dict.fromkeys(row["on"] for row in record["rows"]):
        terminal.print(_scores(record, on))
    costs = Table(
        title="What they cost",
        caption=f"Speed (the best of {ROUNDS}, and their range) and memory of one core.",
    )
    for heading in ("model", "parameters", "file, MB", "chunks a second", "memory, MB"):
        costs.add_column(heading, justify="left" if heading == "model" else "right")
    for model in record["models"]:
        costs.add_row(model["letter"], *cost_cells(model))
    terminal.print(costs)
    for pair in record["pairs"]:
        style = "red" if pair["memories"] else "bold" if pair["is_sure"] else ""
        terminal.print(pair["sentence"], style=style, soft_wrap=True)
    terminal.print(f"They disagree on {counted(record['num_disagreements'], 'piece')}.")


def cost_cells(model: Mapping[str, Any]) -> list[str]:
    """Returns what a model costs, in words; empty where it is not known.

    Example:
        >>> cost_cells({"parameters": 1200, "file_bytes": 3e6, "chunks_per_second": None, "peak_bytes": None})
        ['1,200', '3.0', '', '']
        >>> speed = {"chunks_per_second": 86.0, "slowest_chunks_per_second": 40.0}
        >>> cost_cells({"parameters": 1200, "file_bytes": 3e6, **speed, "peak_bytes": 6e8})
        ['1,200', '3.0', '86 (40–86)', '600']
    """
    best = model["chunks_per_second"]
    speed = best and f"{best:.0f} ({model['slowest_chunks_per_second']:.0f}–{best:.0f})"
    megabytes = {name: model[name] and model[name] / 1e6 for name in ("file_bytes", "peak_bytes")}
    shown = (
        (megabytes["file_bytes"], ".1f"),
        (speed, ""),
        (megabytes["peak_bytes"], ".0f"),
    )
    return [
        f"{model['parameters']:,}",
        *("" if value is None else f"{value:{form}}" for value, form in shown),
    ]


def _scores(record: Mapping[str, Any], on: str) -> Table:
    rows = [row for row in record["rows"] if row["on"] == on and row["level"] == "piece"]
    title = f"On {on}: {counted(rows[0]['pieces'], 'piece')} of {counted(rows[0]['works'], 'work')}"
    table = Table(title=title, caption=f"By piece; 95 % intervals by bootstrap over {record['drawn']}.")
    table.add_column("model", no_wrap=True)
    for heading in HEADINGS.values():
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        cells = [f"{row[name]:.3f}{interval_of(row, name, '.2f')}" for name in HEADINGS]
        mark = f" (heard {row['heard']})" if row["heard"] else ""
        table.add_row(row["model"] + mark, *cells, style="red" if row["heard"] != 0 else "")
    return table
