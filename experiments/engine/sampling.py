"""Which chunks an epoch takes: all of them once, or more of those whose work, source or composer has few.

A work that was played in by twelve sequencers, or an opera, would otherwise be heard a hundred times as often as a
waltz. Composers who have few chunks can be given weights in the loss instead; see `imbalance`.
"""

import numpy as np

from experiments.engine.config import TrainingConfig
from features.auxiliary import by_others
from features.datasets import Dataset

COMPOSER = "composer"

UNITS = {"writer": "writers", "source": "sources", "work": "works", "piece": "pieces"}
"""What counts evenly within a class, and where a data set has it."""


def drawing_shares(dataset: Dataset, indices: np.ndarray, config: TrainingConfig) -> np.ndarray:
    """Returns which share of an epoch each chunk has, shape `(indices,)`; the sum is 1.

    Classes (`composer`) share an epoch first, then the writers, sources, works or pieces of each, one within the other.
    A unit's share is its number of chunks to the power `1 - sampling_power`: at 1 all units have the same. Classes
    share it by their chunks unless they are among the units. Composers who are not asked about share what `auxiliary`
    says, in the same way.

    Args:
        dataset: What the chunks are taken from.
        indices: The training chunks.
        config: The units, `sampling`, and the power.
    """
    evenly = 1 - config.sampling_power
    groups, counts = _counted(dataset.chunk_labels[indices])
    shares = counts**evenly if COMPOSER in config.sampling else counts
    shares = shares / shares.sum()
    pieces = dataset.chunk_pieces[indices]
    for unit, names in UNITS.items():
        if unit not in config.sampling:
            continue
        of_pieces = np.unique(getattr(dataset, names), return_inverse=True)[1]
        within, counts = _counted(groups * len(of_pieces) + of_pieces[pieces])
        parents = np.zeros(len(counts), int)
        parents[within] = groups
        parts = counts**evenly
        shares = shares[parents] * parts / np.bincount(parents, parts)[parents]
        groups = within
    shares = (shares / counts)[groups]
    if config.auxiliary and dataset.num_auxiliary:
        is_other = by_others(dataset, dataset.chunk_labels[indices])
        for part, share in ((is_other, config.auxiliary), (~is_other, 1 - config.auxiliary)):
            shares[part] *= share / shares[part].sum()
    return shares


def heard_shares(
    dataset: Dataset, indices: np.ndarray, config: TrainingConfig, *, bag: int | None = None
) -> np.ndarray | None:
    """Returns the share of each chunk in what training hears, shape `(indices,)`; None if all have the same.

    Args:
        dataset: What the chunks are taken from.
        indices: The training chunks.
        config: How they are drawn.
        bag: How many chunks of a piece an example is, None for one: a piece that fills no bag is heard as if it did.
    """
    if config.sampling or config.auxiliary:
        return drawing_shares(dataset, indices, config)
    if bag is None:
        return None
    pieces = dataset.chunk_pieces[indices]
    shares = (bags_of_pieces(dataset, indices, bag) / np.maximum(np.bincount(pieces), 1))[pieces]
    return shares / shares.sum()


def bags_of_pieces(dataset: Dataset, indices: np.ndarray, bag: int) -> np.ndarray:
    """Returns how many bags it takes to hold the chunks of each piece, shape `(pieces,)`."""
    return -(-np.bincount(dataset.chunk_pieces[indices]) // bag)


def _counted(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers the values that occur, and counts each: shapes `(values,)` and `(different values,)`."""
    _, numbers, counts = np.unique(values, return_inverse=True, return_counts=True)
    return numbers, counts.astype(float)


def draw(shares: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Returns how often each chunk is taken: what its share says, rounded up or down, shape `(shares,)`.

    Args:
        shares: Of each; the sum is 1.
        count: How often in all.
        rng: Draws one number, which rounds them all.

    Example:
        >>> draw(np.array([0.5, 0.2, 0.1, 0.1, 0.1]), 10, np.random.default_rng(0)).tolist()
        [5, 2, 1, 1, 1]
    """
    ends = np.cumsum(shares)
    ends *= count / ends[-1]
    return np.diff(np.floor(ends + rng.random() * (1 - 1e-9)).astype(int), prepend=0)
