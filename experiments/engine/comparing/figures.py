"""The figures of a comparison: confusions, how far the models can be believed, and who is told by whom."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from experiments.engine.canvas import plt, save_figure
from experiments.engine.comparing.measuring import is_right
from experiments.engine.evaluation import bins_of
from experiments.engine.plots import save_confusion_matrix
from experiments.engine.predictions import Predictions
from experiments.engine.telling import taken

NUM_BINS = 10
"""Fewer than the calibration error has: a bin of a picture should hold some pieces."""


def save_comparison_figures(
    folder: Path, parts: Mapping[str, Predictions], recalls: Sequence[Mapping], *, label: str
) -> None:
    """Draws every figure of a comparison.

    Args:
        folder: Where the PNG files go.
        parts: Answers by piece, by the letter of the model.
        recalls: For each composer `composer`, `pieces` and, by letter, `recall` with `low` and `high`.
        label: What the models were asked, one of `features.corpora.labels.LABELS`.
    """
    for letter, part in parts.items():
        save_confusion_matrix(
            part.labels,
            part.probabilities.argmax(axis=1),
            classes=part.classes,
            title=f"{letter}: {taken(label).lower()}, by piece",
            path=folder / f"confusion_{letter}.png",
            label=label,
        )
    save_reliability(parts, folder / "reliability.png")
    save_recalls(list(parts), recalls, folder / "composers.png", label=label)


def save_reliability(parts: Mapping[str, Predictions], path: Path) -> None:
    """Draws how often answers are right, against how sure the model was of them; dots are as large as many pieces."""
    num_columns = min(len(parts), 3)
    num_rows = -(-len(parts) // num_columns)
    figure, grid = plt.subplots(
        num_rows,
        num_columns,
        figsize=(3.4 * num_columns, 3.4 * num_rows),
        layout="constrained",
        squeeze=False,
    )
    for axes in grid.flat[len(parts) :]:
        axes.set_axis_off()
    for axes, (letter, part) in zip(grid.flat, parts.items(), strict=False):
        confidence, right = part.probabilities.max(axis=1), is_right(part)
        bins = bins_of(confidence, NUM_BINS)
        counts = np.bincount(bins, minlength=NUM_BINS)
        there = np.flatnonzero(counts)
        means = [np.bincount(bins, weights=values)[there] / counts[there] for values in (confidence, right)]
        axes.plot([0, 1], [0, 1], ":", color="0.5")
        axes.plot(*means, color="C0", alpha=0.5)
        axes.scatter(*means, s=20 + 180 * counts[there] / counts.max(), color="C0", alpha=0.7)
        axes.set(title=letter, xlabel="how sure", ylabel="how often right", xlim=(0, 1.03), ylim=(0, 1.03))
        axes.grid(alpha=0.3)
    save_figure(figure, path)


def save_recalls(letters: Sequence[str], recalls: Sequence[Mapping], path: Path, *, label: str) -> None:
    """Draws which share of each composer's pieces every model names rightly, with intervals where they have one."""
    figure, axes = plt.subplots(
        figsize=(7, 1.2 + 0.18 * len(recalls) * (len(letters) + 1)), layout="constrained"
    )
    for number, letter in enumerate(letters):
        values, lows, highs = (
            np.array([row[letter][name] for row in recalls], float) for name in ("recall", "low", "high")
        )
        places = np.arange(len(recalls)) + 0.8 * (number + 0.5) / len(letters) - 0.4
        axes.errorbar(
            values, places, xerr=np.abs([values - lows, highs - values]), fmt="o", markersize=4, label=letter
        )
    names = [f"{row['composer']} ({row['pieces']})" for row in recalls]
    axes.set_yticks(np.arange(len(recalls)), names)
    axes.invert_yaxis()
    axes.set(title=f"Pieces named rightly, by {label}", xlabel="share of the pieces", xlim=(-0.03, 1.03))
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside right center", fontsize="small")
    save_figure(figure, path)
