"""A part of a data set: some of its pieces, with their very chunks."""

import hashlib
import math
from dataclasses import replace

import numpy as np

from features.census import above, shares
from features.datasets import Dataset
from features.errors import InputError
from features.words import counted


def keep_composers(dataset: Dataset, *, min_share: float = 0.0, min_works: int = 1) -> Dataset:
    """Returns a data set without the composers who have too little music in the whole corpus.

    Args:
        dataset: What to take from; its census says how much the corpus has by each.
        min_share: The share of all chunks that a composer has to have.
        min_works: The number of works that a composer has to have.

    Raises:
        InputError: Fewer than two composers would be left.
    """
    kept = [count.composer for count in above(dataset.census, min_share=min_share, min_works=min_works)]
    if len(kept) < 2:
        raise InputError(
            f"Expected two composers or more with {min_share:g} of all chunks and {counted(min_works, 'work')}, but "
            f"{kept[0] if kept else 'nobody'} {'alone ' if kept else ''}has as much; take a lower --min-share or "
            f"--min-works ({_who_has_most(dataset)})."
        )
    return take_pieces(dataset, np.isin(counted_by(dataset), kept))


def counted_by(dataset: Dataset) -> list[str]:
    """Returns whom the census counts each piece for: its composer, also where something else is asked."""
    return dataset.composers if dataset.label == "composer" else dataset.writers


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
    """Returns the pieces named by `keep`, bool of shape `(pieces,)`, and their chunks.

    Composers of whom nothing is kept are no longer among the classes, but still in the census.
    """
    pieces, chunks = np.flatnonzero(keep), keep[dataset.chunk_pieces]
    classes, labels = np.unique(dataset.labels[pieces], return_inverse=True)
    by_piece = ["pieces", "works", "sources", "contents", "outlines", *(["facts"] if dataset.facts else [])]
    by_chunk = ("_firsts", "_starts", "_ends")
    return replace(
        dataset,
        labels=labels,
        classes=tuple(dataset.classes[label] for label in classes),
        fingerprints=dataset.fingerprints[pieces],
        chunk_pieces=np.searchsorted(pieces, dataset.chunk_pieces[chunks]),
        renderings=tuple(take_pieces(rendering, keep) for rendering in dataset.renderings),
        **{name: tuple(getattr(dataset, name)[piece] for piece in pieces) for name in by_piece},
        **{name: getattr(dataset, name)[chunks] for name in by_chunk},
    )


def _who_has_most(dataset: Dataset) -> str:
    """Says how much the two composers with the most chunks have."""
    ranked = sorted(zip(shares(dataset.census), dataset.census, strict=True), key=lambda pair: -pair[0])
    return ", ".join(
        f"{count.composer} has {share:.3g} of all chunks and {count.num_works} works"
        for share, count in ranked[:2]
    )
