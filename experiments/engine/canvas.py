"""Figures without a screen: drawn, saved whole, and closed."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402

DOTS_PER_INCH = 120


def save_figure(figure: plt.Figure, path: Path) -> None:
    """Writes a figure as a PNG file, makes the folder for it, and closes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DOTS_PER_INCH)
    plt.close(figure)
