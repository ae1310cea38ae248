"""What is published beside runs: searches, audits, comparisons of builders, and renderings; all are shown alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.engine.intervals import is_sure
from experiments.engine.records import read_json

NOTHING_YET = "No run has been published yet."


@dataclass(frozen=True)
class Overview:
    """A published overview: its folder, its `metrics.json`, and what it was started with."""

    folder: Path
    metrics: dict[str, Any]
    command: str


Lettered = Sequence[tuple[str, Overview]]


def read_overview(folder: Path) -> Overview:
    """Reads a published folder."""
    metrics, made_with = (read_json(folder / name) for name in ("metrics.json", "environment.json"))
    return Overview(folder, metrics, made_with["command"])


def lettered(letter: str, overviews: Sequence[Overview]) -> Lettered:
    """Returns overviews with their names on the page: A1, A2, ..."""
    return [(f"{letter}{number}", overview) for number, overview in enumerate(overviews, 1)]


def link(name: str, overview: Overview, root: Path) -> str:
    """Returns the name of an overview as a link to its folder, from a page in another one."""
    return f"[{name}]({overview.folder.relative_to(root).as_posix()})"


def section(
    title: str,
    overviews: Sequence[Overview],
    head: Sequence[str],
    lines_of: Callable[[str, Overview], list[list[str]]],
    *,
    note: str = "",
) -> str:
    """Returns a part of the page: one table of all overviews of a kind, and their commands; empty without any.

    Args:
        title: Of the part.
        overviews: The published ones.
        head: Of the table.
        lines_of: What returns the lines of an overview, given its name on the page too.
        note: What the table means.
    """
    named = lettered(title[0], overviews)
    lines = [line for name, overview in named for line in lines_of(name, overview)]
    parts = (f"**{title}**", markdown_table(head, lines), note, commands(named))
    return "\n\n".join(filter(None, parts)) if overviews else ""


def corpus_name(overview: Overview) -> str:
    """Returns which corpus an overview is of, and which list of its pieces."""
    found = overview.metrics
    return found["corpus"] + (f" ({found['pieces']})" if found["pieces"] != "reference" else "")


def channels(overview: Overview) -> str:
    """Returns what the networks of an overview read."""
    return overview.metrics["encoder"].removeprefix("piano_roll:")


def difference(row: dict[str, Any], level: str) -> str:
    """Returns by how much a row differs from the one it is compared with; * if that is more than chance."""
    found, low, high = (row[f"{level}_difference{end}"] for end in ("", "_low", "_high"))
    return "" if found == "" else f"{found:+.3f}{'*' if is_sure(low, high) else ''}"


def commands(named: Lettered) -> str:
    """Returns the commands, each with the name of what it made."""
    return "\n".join(["```", *(f"{overview.command}  # {name}" for name, overview in named), "```"])


def markdown_table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Returns a table of cells, with a line for its head."""
    first, *rest = ("| " + " | ".join(cells) + " |" for cells in (head, *lines))
    return "\n".join([first, "|" + "---|" * len(head), *rest])
