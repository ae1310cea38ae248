"""Which of the pieces compared a model has heard before, as pieces or as parts of their works."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from experiments.engine import records
from experiments.engine.comparing.candidates import Candidate
from experiments.engine.heard import SAME_FILE, SAME_WORK, Heard
from features.datasets import Dataset
from features.errors import InputError
from features.splits.protocols import TEST, TRAIN, VALIDATION

Rows = Sequence[Mapping[str, str]]
Reasons = dict[str, str]
"""From a piece to why it counts as heard, one of `heard.REASONS`."""


def split_tables(run: Path) -> list[Rows]:
    """Returns the rows of `splits.csv` of a run, or of each of its folds; none if they were too large to publish."""
    own = run / "splits.csv"
    return [
        records.read_csv(path)
        for path in ([own] if own.exists() else sorted(run.glob("folds/*/*/splits.csv")))
    ]


def common_works(tables: Iterable[Rows]) -> dict[str, str]:
    """Returns one work for each piece: where splits disagree on what is one work, the larger unit wins.

    Example:
        >>> one = [{"piece": "a", "work": "1"}, {"piece": "b", "work": "1"}, {"piece": "c", "work": "2"}]
        >>> other = [{"piece": "b", "work": "x"}, {"piece": "c", "work": "x"}]
        >>> common_works([one, other]) == dict.fromkeys("abc", "1")
        True
    """
    pairs = sorted(
        {(row["piece"], number, row["work"]) for number, rows in enumerate(tables) for row in rows}
    )
    pieces, piece_numbers = np.unique([piece for piece, _, _ in pairs], return_inverse=True)
    works = {work: number for number, work in enumerate(dict.fromkeys(pair[1:] for pair in pairs))}
    work_numbers = np.array([len(pieces) + works[pair[1:]] for pair in pairs], dtype=int)
    size = len(pieces) + len(works)
    joined = coo_array((np.ones(len(pairs)), (piece_numbers, work_numbers)), shape=(size, size))
    groups = connected_components(joined, directed=False)[1]
    names: dict[int, str] = {}
    for (_, work), number in works.items():
        names.setdefault(groups[len(pieces) + number], work)
    return {str(piece): names[groups[number]] for number, piece in enumerate(pieces)}


def heard_by_splits(tables: Iterable[Rows], works: Mapping[str, str]) -> Reasons:
    """Returns what a run has heard of its own test pieces; of several folds each counts for what it tested.

    Args:
        tables: The splits of its folds.
        works: Work of each piece.
    """
    heard: Reasons = {}
    for rows in tables:
        trained = {row["piece"] for row in rows if row["split"] in (TRAIN, VALIDATION)}
        trained_works = {works[piece] for piece in trained}
        for piece in {row["piece"] for row in rows if row["split"] == TEST}:
            if piece in trained:
                heard[piece] = SAME_FILE
            elif works[piece] in trained_works:
                heard[piece] = SAME_WORK
    return heard


def heard_by_description(candidate: Candidate, dataset: Dataset) -> Reasons | None:
    """Returns what a saved model has heard of a corpus, told by files, notes and works; None if it does not say.

    Args:
        candidate: With a `model.json`.
        dataset: The corpus.

    Raises:
        InputError: It says so in a way that cannot be read.
    """
    description = candidate.description
    if not description or "trained_on" not in description:
        return None
    try:
        heard = Heard.by(description)
    except (KeyError, TypeError) as error:
        raise InputError(
            f"The model.json of {candidate.name} does not say what it was trained on ({error}); copy it again."
        ) from error
    reasons = zip(dataset.pieces, heard.reasons(dataset), strict=True)
    return {piece: reason for piece, reason in reasons if reason}
