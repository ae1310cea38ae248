"""Which files hold the same music, by their notes alone: names, numbers and titles say nothing here.

Files are joined that are equal byte by byte, that have the same highest voice from the first note to the last,
or that `features.splits.copies` finds to be copies, arrangements or excerpts of each other, in any key and at any
tempo. So movements of one work stay apart, and what is called alike but sounds otherwise does too: between
holding out files and holding out works.
"""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from features.splits.copies import find_copies
from features.splits.works import melody_digest


def assign_near_duplicates(
    pieces: Sequence[str], contents: Sequence[str], outlines: Sequence[np.ndarray]
) -> list[str]:
    """Returns the group of each piece, which does not depend on the order of the pieces.

    Args:
        pieces: Names of the pieces, all different.
        contents: Digest of each piece's file.
        outlines: Steps of the outer voices of each, int8 of shape `(2, steps)`.

    Returns:
        For each piece the name of the first piece, by the alphabet, of those that hold the same music.

    Example:

    >>> melody = np.random.default_rng(0).integers(-7, 8, (2, 100)).astype(np.int8)
    >>> assign_near_duplicates(["b", "a", "c"], ["0f", "3c", "7e"], [melody, melody[:, 20:80], melody[:, ::-1]])
    ['a', 'a', 'c']
    """
    first, second = (np.array(ends, int) for ends in zip(*_pairs(contents, outlines), strict=True))
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(len(pieces), len(pieces)))
    _, groups = connected_components(graph, directed=False)
    names: dict[int, str] = {}
    for group, piece in zip(groups.tolist(), pieces, strict=True):
        names[group] = min(names.get(group, piece), piece)
    return [names[group] for group in groups.tolist()]


def _pairs(contents: Sequence[str], outlines: Sequence[np.ndarray]) -> list[tuple[int, int]]:
    """Returns pairs of pieces that hold the same music, each piece with itself among them."""
    seen: dict[str, int] = {}
    pairs = []
    for index, (content, outline) in enumerate(zip(contents, outlines, strict=True)):
        pairs.append((index, seen.setdefault(content, index)))
        if digest := melody_digest(outline):
            pairs.append((index, seen.setdefault(digest, index)))
    return pairs + [(copy.first, copy.second) for copy in find_copies(outlines)]
