"""How often a piece is taken for one of the age before or after its own: the mistakes that a listener would make."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from features.corpora.labels import OTHER


def neighbour_sentences(rows: Sequence[Mapping[str, Any]], classes: Sequence[str]) -> list[str]:
    """Returns in words how many wrong answers are the age before or after the right one, beside what chance would do.

    Chance: every wrong age is as likely. What is Other has no neighbours.

    Args:
        rows: Of `confusions.csv`, read back or not.
        classes: All ages, in the order of time.

    Example:
        >>> rows = [{"era": "Baroque", "taken_for": "Classical", "pieces": 3},
        ...         {"era": "Baroque", "taken_for": "Romantic", "pieces": 1}]
        >>> neighbour_sentences(rows, ["Baroque", "Classical", "Romantic"])
        ['Of 4 pieces with a wrong answer 75 % were taken for the age before or after; by chance it would be 50 %.']
    """
    ages = [name for name in classes if name != OTHER]
    counts = np.zeros((len(ages), len(ages)), int)
    for row in rows:
        if row["era"] in ages and row["taken_for"] in ages:
            counts[ages.index(row["era"]), ages.index(row["taken_for"])] = int(row["pieces"])
    total = counts.sum()
    if not total or len(ages) < 3:
        return []
    distances = abs(np.subtract.outer(np.arange(len(ages)), np.arange(len(ages))))
    near = counts[distances == 1].sum() / total
    by_chance = counts.sum(axis=1) @ (distances == 1).sum(axis=1) / (total * (len(ages) - 1))
    return [
        f"Of {total} pieces with a wrong answer {100 * near:.0f} % were taken for the age before or after; by chance "
        f"it would be {100 * by_chance:.0f} %."
    ]
