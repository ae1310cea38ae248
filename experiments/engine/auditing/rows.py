"""The rows of an audit: what a model scored somewhere, and by how much that differs from the row compared with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from experiments.engine.comparison import Combined, combine_on_common_pieces
from experiments.engine.evaluation import accuracy, balanced_accuracy, macro_f1
from experiments.engine.predictions import Predictions

SCORES = {
    "piece_macro_f1": ("piece", macro_f1),
    "piece_accuracy": ("piece", accuracy),
    "piece_balanced_accuracy": ("piece", balanced_accuracy),
    "chunk_macro_f1": ("chunk", macro_f1),
}
"""What is measured: at which level, and how."""

DIFFERENCES = {"piece_difference": "piece", "chunk_difference": "chunk"}
"""Of macro-F1, at which level."""

DIGITS = 6
"""After the point; enough to be rounded once more without going wrong."""

NUMBERS = (*SCORES, *DIFFERENCES)

COLUMNS = (
    *("part", "name", "model", "folds", "pieces"),
    *(f"{name}{end}" for name in SCORES for end in ("", "_low", "_high")),
    *("against", "compared_pieces"),
    *(f"{name}{end}" for name in DIFFERENCES for end in ("", "_low", "_high")),
    *("finding", "problem", "command", "runs"),
)
"""Of `audit.csv`."""

Answers = Mapping[str, Predictions]
"""Answers for a test part by level."""

Score = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Row:
    """A row of an audit.

    Attributes:
        part: `"ladder"`, `"stack"`, `"ablation"` or `"transfer"`.
        name: The rung, what is taken away, or on which works.
        model: What answered.
        folds: Which folds were tested: `"all"`, or their numbers.
        pieces: How many pieces were tested.
        numbers: By the names in `NUMBERS`; what was not measured is missing.
        against: What the differences are to; empty if there are none.
        finding: What it means, in a sentence.
        problem: Why nothing was measured; empty if it was.
        command: What measures it.
        runs: Names of the run folders it was measured from; empty where the audit itself asked.
    """

    part: str
    name: str
    model: str
    folds: str = ""
    pieces: int = 0
    numbers: Mapping[str, Combined] = field(default_factory=dict)
    against: str = ""
    finding: str = ""
    problem: str = ""
    command: str = ""
    runs: str = ""

    def flat(self) -> dict[str, Any]:
        """Returns the row as `audit.csv` and `metrics.json` have it; the ends of no interval are None."""
        values: dict[str, Any] = {name: "" for name in COLUMNS}
        values |= {name: getattr(self, name) for name in COLUMNS if name in vars(self)}
        for name, found in self.numbers.items():
            numbers = {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
            values |= {key: None if end is None else round(end, DIGITS) for key, end in numbers.items()}
        if "piece_difference" in self.numbers:
            values["compared_pieces"] = self.numbers["piece_difference"].num_pieces
        return values


def in_folds(folds: str) -> str:
    """Returns what to put behind the name of a row, if it is not of all folds.

    Example:
        >>> in_folds("0"), in_folds("all, other works"), in_folds("")
        (' (fold 0)', '', '')
    """
    return f" (fold {folds})" if folds and not folds.startswith("all") else ""


def measure(
    part: str,
    name: str,
    model: str,
    answers: Answers,
    *,
    folds: str = "",
    runs: str = "",
    against: str = "",
    compared_with: Answers | None = None,
) -> Row:
    """Returns the row of a set of answers.

    Args:
        part: Of the audit.
        name: Of the row.
        model: What answered.
        answers: By `"piece"`, and by `"chunk"` if it answers for chunks.
        folds: Which folds were tested.
        runs: Names of the run folders the answers come from.
        against: What the row is compared with, in words.
        compared_with: The answers of that; differences are paired, on the pieces that both tested.
    """
    numbers = {
        name: combine_on_common_pieces([answers[level]], [1], measured)
        for name, (level, measured) in SCORES.items()
        if level in answers
    }
    for name_of, level in DIFFERENCES.items():
        other = (compared_with or {}).get(level)
        if other is not None and level in answers and other.classes == answers[level].classes:
            found = combine_on_common_pieces([answers[level], other], [1, -1])
            numbers |= {name_of: found} if found else {}
    return Row(
        part,
        name,
        model,
        folds=folds,
        runs=runs,
        pieces=len(set(answers["piece"].pieces)),
        numbers=numbers,
        against=against if set(DIFFERENCES) & set(numbers) else "",
    )
