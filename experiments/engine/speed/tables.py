"""What a benchmark prints, and writes."""

from collections.abc import Sequence
from pathlib import Path

from experiments.engine.records import command_line, commit, write_json


def megabytes(count: int | None) -> str:
    """Returns a number of bytes as whole MB; a question mark where it is not known."""
    return "?" if count is None else f"{count / 1e6:.0f}"


def print_table(
    title: str, headings: Sequence[str], rows: Sequence[Sequence[str]], *, output: Path | None
) -> None:
    """Prints a table with its first column to the left, numbers to the right; writes it to a folder, if asked."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    # A narrow terminal rather breaks the lines than lacks the ends of numbers.
    Console(width=max(Console().width, 120)).print(table)
    if output:
        from experiments.engine.device import describe_device  # imports Keras

        made_with = {"command": command_line(), "commit": commit(), "device": describe_device()}
        named = [dict(zip(headings, row, strict=True)) for row in rows]
        write_json(output / "benchmark.json", made_with | {"title": title, "rows": named})
