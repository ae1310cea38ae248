"""A part of a data set: some of its pieces, with their very chunks."""

import hashlib
import math
from dataclasses import replace

import numpy as np

from features.datasets import Dataset


def sample_works(dataset: Dataset, share: float, *, least: int = 1) -> Dataset:
    """Returns a data set with a share of every composer's works, the same works each time.

    The works are those whose names have the smallest digests: a sample that depends neither on the order of the
    pieces nor on the other works, and that holds every smaller one.

    Args:
        dataset: What to take from. A work that has pieces by several composers counts for the first.
        share: Above 0 and up to 1.
        least: Works to take of a composer who has so many, however small the share.
    """
    works_of: dict[str, list[str]] = {name: [] for name in dataset.classes}
    composer_of = dict(zip(reversed(dataset.works), reversed(dataset.composers), strict=True))
    for work, composer in composer_of.items():
        works_of[composer].append(work)
    taken = set()
    for works in works_of.values():
        works.sort(key=lambda work: hashlib.blake2b(work.encode()).digest())
        taken.update(works[: max(least, math.ceil(share * len(works)))])
    return take_pieces(dataset, np.array([work in taken for work in dataset.works]))


def take_pieces(dataset: Dataset, keep: np.ndarray) -> Dataset:
    """Returns the pieces named by `keep`, bool of shape `(pieces,)`, and their chunks."""
    pieces, chunks = np.flatnonzero(keep), keep[dataset.chunk_pieces]
    by_piece = ("pieces", "works", "sources", "contents", "outlines")
    by_chunk = ("_firsts", "_starts", "_ends")
    return replace(
        dataset,
        labels=dataset.labels[pieces],
        fingerprints=dataset.fingerprints[pieces],
        chunk_pieces=np.searchsorted(pieces, dataset.chunk_pieces[chunks]),
        **{name: tuple(getattr(dataset, name)[piece] for piece in pieces) for name in by_piece},
        **{name: getattr(dataset, name)[chunks] for name in by_chunk},
    )
