"""The table of published comparisons of builders: what each scored on the same folds, and what it cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.engine.audit_board import markdown_table
from experiments.engine.records import read_json

NOTE = (
    "Macro-F1 over the test pieces of these folds. In brackets after a score its 95 % interval over draws of works; "
    "differences are paired, to the row without one, and * is more than chance. Seconds are those of training, mean "
    "over the folds. The last rows are baselines of the same runs."
)

HEAD = (
    *("", "corpus", "split", "channels", "builder", "parameters", "training s"),
    *("piece macro-F1 (95 %)", "difference", "chunk macro-F1", "difference"),
)


@dataclass(frozen=True)
class PublishedZoo:
    """A published comparison: its folder, its `metrics.json`, and what it was started with."""

    folder: Path
    metrics: dict[str, Any]
    command: str


def read_zoo(folder: Path) -> PublishedZoo:
    """Reads a published comparison."""
    metrics, made_with = (read_json(folder / name) for name in ("metrics.json", "environment.json"))
    return PublishedZoo(folder, metrics, made_with["command"])


def markdown(zoos: Sequence[PublishedZoo], root: Path) -> str:
    """Returns the table of the page and the commands; empty without comparisons.

    Args:
        zoos: The published ones.
        root: The folder of the page, from which the links lead.
    """
    if not zoos:
        return ""
    lettered = [(f"B{number}", zoo) for number, zoo in enumerate(zoos, 1)]
    lines = [line for letter, zoo in lettered for line in _lines(letter, zoo, root)]
    commands = ["```", *(f"{zoo.command}  # {letter}" for letter, zoo in lettered), "```"]
    return "\n\n".join(["**Builders**", markdown_table(HEAD, lines), NOTE, "\n".join(commands)])


def _lines(letter: str, zoo: PublishedZoo, root: Path) -> list[list[str]]:
    found = zoo.metrics
    link = f"[{letter}]({zoo.folder.relative_to(root).as_posix()})"
    corpus = found["corpus"] + (f" ({found['pieces']})" if found["pieces"] != "reference" else "")
    encoder = found["encoder"].removeprefix("piano_roll:")
    return [
        [link, corpus, f"{found['protocol']} {row['folds'].replace(' ', '+')}", encoder, *_cells(row)]
        for row in found["rows"]
        if not row["problem"]
    ]


def _cells(row: dict[str, Any]) -> list[str]:
    low, high = row["piece_macro_f1_low"], row["piece_macro_f1_high"]
    return [
        row["name"],
        f"{row['num_parameters']:,}" if row["num_parameters"] else "",
        f"{row['train_seconds']:,.0f}" if row["train_seconds"] else "",
        f"{row['piece_macro_f1']:.3f} ({low:.3f}–{high:.3f})",
        _difference(row, "piece"),
        f"{row['chunk_macro_f1']:.3f}" if row["chunk_macro_f1"] != "" else "",
        _difference(row, "chunk"),
    ]


def _difference(row: dict[str, Any], level: str) -> str:
    found, low, high = (row[f"{level}_difference{end}"] for end in ("", "_low", "_high"))
    return "" if found == "" else f"{found:+.3f}{'*' if low > 0 or high < 0 else ''}"
