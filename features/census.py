"""How much music there is by each composer, and who has enough of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ComposerCount:
    """The music of one composer in a corpus.

    Attributes:
        composer: The label.
        num_pieces: Number of pieces.
        num_works: Number of works; one that has pieces by several composers counts for each.
        num_chunks: Number of chunks.
    """

    composer: str
    num_pieces: int
    num_works: int
    num_chunks: int


def count_composers(
    composers: Sequence[str], works: Sequence[str], num_chunks: Sequence[int]
) -> tuple[ComposerCount, ...]:
    """Returns the count of each composer, sorted by label.

    Args:
        composers: `(pieces,)`, the label of each piece.
        works: `(pieces,)`, the work of each piece.
        num_chunks: `(pieces,)`, the number of chunks of each piece.

    Example:
        >>> count_composers(["Bach", "Alkan", "Bach"], ["air", "bell", "air"], [3, 1, 2])
        ... # doctest: +NORMALIZE_WHITESPACE
        (ComposerCount(composer='Alkan', num_pieces=1, num_works=1, num_chunks=1),
         ComposerCount(composer='Bach', num_pieces=2, num_works=1, num_chunks=5))
    """
    names, labels = np.unique(np.asarray(composers), return_inverse=True)
    num_works = np.bincount(
        [label for label, _ in set(zip(labels.tolist(), works, strict=True))], minlength=len(names)
    )
    columns = (np.bincount(labels), num_works, np.bincount(labels, num_chunks).astype(int))
    rows = zip(names.tolist(), *(column.tolist() for column in columns), strict=True)
    return tuple(ComposerCount(*row) for row in rows)


def shares(census: Sequence[ComposerCount]) -> list[float]:
    """Returns the share that each composer has of all chunks."""
    total = sum(count.num_chunks for count in census)
    return [count.num_chunks / total for count in census]


def above(
    census: Sequence[ComposerCount], *, min_share: float = 0.0, min_works: int = 1
) -> tuple[ComposerCount, ...]:
    """Returns the composers who have enough music.

    Args:
        census: Of the whole corpus.
        min_share: The share of all chunks that a composer has to have.
        min_works: The number of works that a composer has to have.

    Example:
        >>> census = count_composers(["Bach", "Alkan"], ["air", "bell"], [999, 1])
        >>> [len(above(census, min_share=share)) for share in (0, 0.001, 0.01)]
        [2, 2, 1]
    """
    pairs = zip(census, shares(census), strict=True)
    return tuple(count for count, share in pairs if share >= min_share and count.num_works >= min_works)
