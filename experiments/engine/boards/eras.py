"""The table of eras: windows and pieces under each protocol, one below the other, beside baselines."""

from collections.abc import Sequence
from pathlib import Path

from experiments.engine.boards import cells
from experiments.engine.boards.seeds import Seeds
from experiments.engine.reference import ERA_RECALL, ERA_SCORES
from features.words import counted

PROTOCOLS = ("chunk", "given", "file", "near_duplicate", "work", "source", "composer")
"""The leakiest first."""

NOTE = (
    "The reference, EraClassifierBiLSTM-4.76M, reports an accuracy of {accuracy:.3f} and a macro-F1 of {macro_f1:.3f} "
    "by window, on files of its own music, which also chose its checkpoint; recall {recall}. *Majority*, "
    "*fingerprint*, *histograms* (boosted trees) and *stacked* are piece macro-F1. Under `composer` nobody who is "
    "tested was heard, and intervals draw composers instead of works. A number after the split is the one fold that "
    "was tested; a share of the works is the same sample of them in each row."
).format(**ERA_SCORES, recall=", ".join(f"{name} {value:.3f}" for name, value in ERA_RECALL.items()))


def is_of_eras(group: Seeds) -> bool:
    """Whether a row belongs into this table rather than into those of composers."""
    return group.metrics.get("label") == "era"


def in_order(groups: Sequence[Seeds]) -> list[Seeds]:
    """Returns rows by corpus, its part, model and encoding, and under each by protocol."""

    def place(group: Seeds) -> tuple:
        metrics = group.metrics
        names = ("corpus", "pieces", "model", "encoder")
        return *(metrics[name] for name in names), PROTOCOLS.index(metrics["protocol"])

    return sorted(groups, key=place)


def eras_table(numbered: Sequence[tuple[int, Seeds]], root: Path) -> list[str]:
    """Returns the lines of the table; none without rows.

    Args:
        numbered: The rows, with their numbers.
        root: The folder of the page, from which the links lead.
    """
    return ["**Eras**", "", *cells.table(numbered, COLUMNS, root), "", NOTE, ""] if numbered else []


def in_short(numbered: Sequence[tuple[int, Seeds]], root: Path) -> str:
    """Returns the table with fewer columns; see `eras_table`."""
    return "\n".join([*cells.table(numbered, SHORT, root), "", NOTE])


def _recalls(level: str) -> cells.Cell:
    """Makes cells with the recall of each era, in the order of time.

    Args:
        level: `chunk` or `piece`; where composers were held out, pieces say of how many they are.
    """

    def cell(group: Seeds) -> str:
        parts = []
        for name in group.metrics["classes"]:
            recall, writers = (
                group.mean("test", level, "per_class", name, of) for of in ("recall", "writers")
            )
            of_whom = f" ({counted(round(writers), 'composer')})" if writers and level == "piece" else ""
            parts += [] if recall is None else [f"{name} {recall:.2f}{of_whom}"]
        return ", ".join(parts)

    return cell


COLUMNS = {
    "corpus": lambda group: f"{group.metrics['corpus']} ({group.metrics['pieces']})",
    "split": cells.split,
    "model": cells.model,
    "encoding": lambda group: group.metrics["encoder"],
    "window accuracy": cells.mean("chunk", "accuracy"),
    "window macro-F1": cells.mean("chunk", "macro_f1"),
    "piece accuracy": cells.mean("piece", "accuracy"),
    "piece macro-F1 (95 %)": cells.headline,
    "majority": cells.mean("baselines", "majority", "macro_f1"),
    "fingerprint": cells.mean("baselines", "fingerprint", "macro_f1"),
    "histograms": cells.mean("baselines", "histogram_boosting", "macro_f1"),
    "stacked": cells.mean("stacked", "macro_f1"),
    "recall by window": _recalls("chunk"),
    "recall by piece": _recalls("piece"),
    "training": cells.training,
}
"""A heading, and what makes its cell."""

SHORT = {
    name: cell for name, cell in COLUMNS.items() if name not in ("recall by window", "training")
} | {"model": lambda group: group.metrics["model"]}
"""The same for a page that is no place for details."""
