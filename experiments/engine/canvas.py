"""Figures without a screen: drawn, saved whole, and closed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402

DOTS_PER_INCH = 120


def values_with_reach(rows: Sequence[Mapping[str, Any]], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns a number of each row, and how far its interval reaches below and above, as Matplotlib takes it.

    Args:
        rows: They have the number, and the ends of its interval or None.
        name: Of the number.

    Returns:
        Shapes `(rows,)` and `(2, rows)`; where there is no interval, its reach is no number, which is not drawn.
    """
    values, low, high = (
        np.array([row[f"{name}{end}"] for row in rows], float) for end in ("", "_low", "_high")
    )
    return values, np.maximum(np.stack([values - low, high - values]), 0)


def save_figure(figure: plt.Figure, path: Path) -> None:
    """Writes a figure as a PNG file, makes the folder for it, and closes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DOTS_PER_INCH)
    plt.close(figure)
