"""The tables of published audits: how far scores fall from rung to rung, what models listen to, what carries over."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.engine.records import read_json
from features.splits import LADDER, RUNGS

NOT_SHOWN = ("majority",)

NOTE = (
    "Macro-F1 by piece, and in brackets by chunk. On the ladder, the further right, the less of what is tested was "
    "heard; under *chunk*, pieces are told by a fifth of their chunks. Under *without*, by how much macro-F1 changes "
    "when that is taken away in training and test, under the study's own protocol; * is more than chance. Runs with "
    "*other works* were divided by what was told to be one work when they were run."
)


@dataclass(frozen=True)
class PublishedAudit:
    """A published audit: its folder, its `metrics.json`, and what it was started with."""

    folder: Path
    metrics: dict[str, Any]
    command: str

    def rows(self, part: str) -> list[dict[str, Any]]:
        """Returns the rows of a part that were measured."""
        return [
            row
            for row in self.metrics["rows"]
            if row["part"] == part and not row["problem"] and row["model"] not in NOT_SHOWN
        ]


def read_audit(folder: Path) -> PublishedAudit:
    """Reads a published audit."""
    metrics, made_with = (read_json(folder / name) for name in ("metrics.json", "environment.json"))
    return PublishedAudit(folder, metrics, made_with["command"])


def markdown(audits: Sequence[PublishedAudit], root: Path) -> str:
    """Returns the tables of the page and the commands; empty without audits.

    Args:
        audits: The published ones.
        root: The folder of the page, from which the links lead.
    """
    if not audits:
        return ""
    lettered = [(f"A{number}", audit) for number, audit in enumerate(audits, 1)]
    tables = [_ladder(lettered, root), _ablations(lettered), _transfer(lettered)]
    commands = ["```", *(f"{audit.command}  # {letter}" for letter, audit in lettered), "```"]
    return "\n\n".join(["**Audits**", *filter(None, tables), NOTE, "\n".join(commands)])


Lettered = Sequence[tuple[str, PublishedAudit]]


def _ladder(lettered: Lettered, root: Path) -> str:
    there = {row["name"] for _, audit in lettered for row in audit.rows("ladder")}
    rungs = [rung for rung in RUNGS if rung in LADDER or rung in there]
    head = ("", "corpus", "channels", "model", *(rung.replace("_", "-") for rung in rungs))
    lines = []
    for letter, audit in lettered:
        rows = {(row["model"], row["name"]): row for row in audit.rows("ladder")}
        for model in dict.fromkeys(name for name, _ in rows):
            cells = [_rung(rows.get((model, rung))) for rung in rungs]
            link = f"[{letter}]({audit.folder.relative_to(root).as_posix()})"
            lines.append([link, *_study(audit), model, *cells])
    return markdown_table(head, lines)


def _ablations(lettered: Lettered) -> str:
    names = dict.fromkeys(row["name"] for _, audit in lettered for row in audit.rows("ablation"))
    lines = []
    for letter, audit in lettered:
        rows = {(row["model"], row["name"]): row for row in audit.rows("ablation")}
        for model in dict.fromkeys(name for name, _ in rows):
            lines.append([letter, model, *(_changes(rows.get((model, name))) for name in names)])
    return (
        markdown_table(("", "without", *(name.replace("_", " ") for name in names)), lines) if lines else ""
    )


def _transfer(lettered: Lettered) -> str:
    head = (
        "",
        "on other music",
        "works",
        "model",
        "pieces",
        "macro-F1 (95 %)",
        "accuracy",
        "balanced accuracy",
    )
    lines = []
    for letter, audit in lettered:
        for row in audit.rows("transfer"):
            corpus = audit.metrics["transfer"]["corpus"]
            low, high = row["piece_macro_f1_low"], row["piece_macro_f1_high"]
            score = f"{row['piece_macro_f1']:.3f} ({low:.3f}–{high:.3f})"
            others = (f"{row[name]:.3f}" for name in ("piece_accuracy", "piece_balanced_accuracy"))
            lines.append([letter, corpus, row["name"], row["model"], str(row["pieces"]), score, *others])
    return markdown_table(head, lines) if lines else ""


def markdown_table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Returns a table of cells, with a line for its head."""
    first, *rest = ("| " + " | ".join(cells) + " |" for cells in (head, *lines))
    return "\n".join([first, "|" + "---|" * len(head), *rest])


def _study(audit: PublishedAudit) -> tuple[str, str]:
    found = audit.metrics
    pieces = f" ({found['pieces']})" if found["pieces"] != "reference" else ""
    return f"{found['corpus']}{pieces}, {len(found['classes'])} composers", found["encoder"].removeprefix(
        "piano_roll:"
    )


def _rung(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    chunk = f" ({row['chunk_macro_f1']:.3f})" if row["chunk_macro_f1"] != "" else ""
    return f"{row['piece_macro_f1']:.3f}{chunk}{_which(row)}"


def _changes(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    texts = []
    for name in ("piece_difference", "chunk_difference"):
        if row[name] != "":
            is_sure = row[f"{name}_low"] > 0 or row[f"{name}_high"] < 0
            texts.append(f"{row[name]:+.3f}{'*' if is_sure else ''}")
    return " (".join(texts) + ")" * (len(texts) - 1) + _which(row)


def _which(row: dict[str, Any]) -> str:
    """Which runs a row shows, unless they are of all folds and of the works as they are."""
    folds = row["folds"].removeprefix("all").removeprefix(", ") if row["name"] != "chunk" else ""
    return f", {'fold ' if folds[0].isdigit() else ''}{folds}" if folds else ""
