"""The tables of published audits: how far scores fall from rung to rung, what models listen to, what carries over."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.engine.boards.overviews import (
    Lettered,
    Overview,
    channels,
    commands,
    corpus_name,
    difference,
    lettered,
    link,
    markdown_table,
)
from experiments.engine.intervals import interval_of
from features.splits import LADDER, RUNGS
from features.words import counted

NOT_SHOWN = ("majority",)

NOTE = (
    "Macro-F1 by piece, and in brackets by chunk. On the ladder, the further right, the less of what is tested was "
    "heard; under *chunk*, pieces are told by a fifth of their chunks. Under *without*, by how much macro-F1 changes "
    "when that is taken away in training and test, under the study's own protocol; * is more than chance. Runs with "
    "*other works* were divided by what was told to be one work when they were run."
)


def markdown(audits: Sequence[Overview], root: Path) -> str:
    """Returns the tables of the page and the commands; empty without audits.

    Args:
        audits: The published ones.
        root: The folder of the page, from which the links lead.
    """
    if not audits:
        return ""
    named = lettered("A", audits)
    tables = [_ladder(named, root), _ablations(named), _transfer(named)]
    return "\n\n".join(["**Audits**", *filter(None, tables), NOTE, commands(named)])


def _rows(audit: Overview, part: str) -> list[dict[str, Any]]:
    """Returns the rows of a part that were measured."""
    return [
        row
        for row in audit.metrics["rows"]
        if row["part"] == part and not row["problem"] and row["model"] not in NOT_SHOWN
    ]


def _ladder(named: Lettered, root: Path) -> str:
    there = {row["name"] for _, audit in named for row in _rows(audit, "ladder")}
    rungs = [rung for rung in RUNGS if rung in LADDER or rung in there]
    head = ("", "corpus", "channels", "model", *(rung.replace("_", "-") for rung in rungs))
    lines = []
    for name, audit in named:
        rows = {(row["model"], row["name"]): row for row in _rows(audit, "ladder")}
        for model in dict.fromkeys(model for model, _ in rows):
            cells = [_rung(rows.get((model, rung))) for rung in rungs]
            lines.append([link(name, audit, root), *_study(audit), model, *cells])
    return markdown_table(head, lines)


def _ablations(named: Lettered) -> str:
    taken = dict.fromkeys(row["name"] for _, audit in named for row in _rows(audit, "ablation"))
    lines = []
    for name, audit in named:
        rows = {(row["model"], row["name"]): row for row in _rows(audit, "ablation")}
        for model in dict.fromkeys(model for model, _ in rows):
            lines.append([name, model, *(_changes(rows.get((model, what))) for what in taken)])
    head = ("", "without", *(what.replace("_", " ") for what in taken))
    return markdown_table(head, lines) if lines else ""


def _transfer(named: Lettered) -> str:
    head = (
        *("", "on other music", "works", "model", "pieces"),
        *("macro-F1 (95 %)", "accuracy", "balanced accuracy"),
    )
    lines = []
    for name, audit in named:
        for row in _rows(audit, "transfer"):
            corpus = audit.metrics["transfer"]["corpus"]
            score = f"{row['piece_macro_f1']:.3f}{interval_of(row, 'piece_macro_f1')}"
            others = (f"{row[kind]:.3f}" for kind in ("piece_accuracy", "piece_balanced_accuracy"))
            lines.append([name, corpus, row["name"], row["model"], str(row["pieces"]), score, *others])
    return markdown_table(head, lines) if lines else ""


def _study(audit: Overview) -> tuple[str, str]:
    classes = counted(len(audit.metrics["classes"]), audit.metrics.get("label", "composer"))
    return f"{corpus_name(audit)}, {classes}", channels(audit)


def _rung(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    chunk = f" ({row['chunk_macro_f1']:.3f})" if row["chunk_macro_f1"] != "" else ""
    return f"{row['piece_macro_f1']:.3f}{chunk}{_which(row)}"


def _changes(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    texts = list(filter(None, (difference(row, level) for level in ("piece", "chunk"))))
    return " (".join(texts) + ")" * (len(texts) - 1) + _which(row)


def _which(row: dict[str, Any]) -> str:
    """Which runs a row shows, unless they are of all folds and of the works as they are."""
    folds = row["folds"].removeprefix("all").removeprefix(", ") if row["name"] != "chunk" else ""
    return f", {'fold ' if folds[0].isdigit() else ''}{folds}" if folds else ""
