"""Composers in the order in which they are drawn, the rest of them as one, and values without outliers."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

WHISKER = 1.5
"""Beyond so many interquartile ranges from the quartiles a value is an outlier, as in Tukey's box plots."""


def group_by_composer(composers: Sequence[str], most: int) -> dict[str, np.ndarray]:
    """Groups pieces by composer, the one with the most pieces first.

    Args:
        composers: Composer of each piece.
        most: How many composers have a group of their own; the rest is one group, and comes last.

    Returns:
        For each group its label and the indices of its pieces.

    Example:
        >>> groups = group_by_composer(["Bach", "Liszt", "Haydn", "Bach", "Satie"], 2)
        >>> {label: indices.tolist() for label, indices in groups.items()}
        {'Bach (2)': [0, 3], 'Haydn (1)': [2], '2 others (2)': [1, 4]}
    """
    counts = Counter(composers)
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    if len(ranked) == most + 1:  # a composer takes no more room than `1 other` does
        most += 1
    named, others = ranked[:most], ranked[most:]
    found = np.array(composers)
    groups = {f"{name} ({counts[name]:,})": np.flatnonzero(found == name) for name in named}
    if others:
        rest = np.flatnonzero(np.isin(found, others))
        groups[f"{len(others)} others ({len(rest):,})"] = rest
    return groups


def clip_outliers(values: np.ndarray) -> np.ndarray:
    """Returns values, those beyond 1.5 interquartile ranges from the quartiles moved to this bound.

    Example:
        >>> clip_outliers(np.array([1.0, 2.0, 3.0, 4.0, 100.0])).tolist()
        [1.0, 2.0, 3.0, 4.0, 7.0]
    """
    first, third = np.quantile(values, [0.25, 0.75])
    reach = WHISKER * (third - first)
    return np.clip(values, first - reach, third + reach)
