"""Whom a study does not test: composers with one work, and those whose works are tested in other folds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from features.datasets import Dataset
from features.splits.protocols import TEST, Split
from features.words import counted, first_named

MOST_NAMED = 12
"""Composers that a sentence names; `metrics.json` has all of them."""


def untested(dataset: Dataset, split: Split, every_split: Sequence[Split]) -> dict[str, Any]:
    """Returns what `metrics.json` says of composers that are not tested.

    Args:
        dataset: The corpus.
        split: Of the fold.
        every_split: Of all folds that there are; only its own where every fold tests everybody.

    Returns:
        `never_tested`: a row (`composer`, `pieces`, `works`, `of_pieces`) for each composer with pieces that no fold
        tests; where pieces are divided, only for those without any test chunk. `not_in_this_fold`: the others who are
        not in the test part of this fold.
    """
    if len(every_split) == 1 and not _is_divided(dataset, split):  # each fold tests everybody
        return {"never_tested": [], "not_in_this_fold": []}
    tested = _tested(dataset, every_split)
    labels, works = dataset.labels, np.array(dataset.works)
    rows = []
    for label, name in enumerate(dataset.classes):
        missing = (labels == label) & ~tested
        if missing.any() and not (_is_divided(dataset, split) and tested[labels == label].any()):
            rows.append(
                {
                    "composer": name,
                    "pieces": int(missing.sum()),
                    "works": len(set(works[missing])),
                    "of_pieces": int((labels == label).sum()),
                }
            )
    never = {row["composer"] for row in rows if row["pieces"] == row["of_pieces"]}
    here = {dataset.classes[label] for label in labels[_tested(dataset, [split])]}
    return {"never_tested": rows, "not_in_this_fold": sorted(set(dataset.classes) - never - here)}


def untested_sentences(metrics: Mapping[str, Any]) -> list[str]:
    """Returns in words who is not tested; nothing if everybody is.

    Example:
        >>> row = {"composer": "Frescobaldi", "pieces": 1, "works": 1, "of_pieces": 1}
        >>> untested_sentences({"never_tested": [row], "not_in_this_fold": ["Sibelius"], "fold": 0})
        ... # doctest: +NORMALIZE_WHITESPACE
        ['Never tested, but trained on: Frescobaldi (1 piece, 1 work).',
         'In the test part of other folds only: Sibelius.']
    """
    rows, sentences = metrics.get("never_tested", []), []
    wholly = [row for row in rows if row["pieces"] == row["of_pieces"]]
    partly = [row for row in rows if row["pieces"] < row["of_pieces"]]
    if wholly:
        named = [
            f"{row['composer']} ({counted(row['pieces'], 'piece')}, {counted(row['works'], 'work')})"
            for row in wholly
        ]
        sentences.append(f"Never tested, but trained on: {first_named(named, MOST_NAMED)}.")
    if partly:
        named = [f"{row['pieces']} of {row['of_pieces']} by {row['composer']}" for row in partly]
        sentences.append(f"Pieces that are never tested: {first_named(named, MOST_NAMED)}.")
    if metrics.get("not_in_this_fold"):
        named = first_named(metrics["not_in_this_fold"], MOST_NAMED)
        sentences.append(f"In the test part of other folds only: {named}.")
    return sentences


def _tested(dataset: Dataset, splits: Sequence[Split]) -> np.ndarray:
    """Which pieces have a test chunk in one of some splits, bool of shape `(pieces,)`."""
    tested = np.zeros(len(dataset.pieces), dtype=bool)
    for split in splits:
        tested[dataset.chunk_pieces[split.indices(TEST)]] = True
    return tested


def _is_divided(dataset: Dataset, split: Split) -> bool:
    """Whether the chunks of a piece are on several sides."""
    same_piece = dataset.chunk_pieces[1:] == dataset.chunk_pieces[:-1]
    return bool((same_piece & (split.chunk_split[1:] != split.chunk_split[:-1])).any())
