"""Figures of many composers, large enough that every name can be read."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from experiments.engine.canvas import plt, save_figure
from experiments.engine.composers.confusions import by_similarity
from experiments.engine.composers.counts import threshold_rows
from features.census import ComposerCount, shares
from features.corpora.composers import ERAS, describe_composer
from features.words import counted

MANY = 12
"""With more composers a figure is drawn as here: names turned and cells of one size."""

ERA_COLOURS = dict(zip(ERAS, ("#7a4fa3", "#1f6fb4", "#1b8a5a", "#c0392b", "#b8860b"), strict=True))
"""Colours of names."""

UNKNOWN = "era not known"

UNKNOWN_COLOUR = "#444444"

CELL_INCHES = {60: 0.25, 1000: 0.19}
"""Width of a cell by the largest number of classes for which it holds: 145 would else fill a wall."""

LEGIBLE = {"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8}
"""Behind letters on a bar."""

LEAST_SHOWN = 0.05
"""Smaller shares have a colour and no number."""


def save_many_confusions(confusions: np.ndarray, *, classes: Sequence[str], title: str, path: Path) -> None:
    """Draws who is taken for whom: composers with similar answers side by side, shares of each in percent.

    Args:
        confusions: Counts by true and answered class, shape `(classes, classes)`.
        classes: Names of the classes.
        title: Above the figure.
        path: The PNG file.
    """
    order = by_similarity(confusions)
    rows = order[confusions[order].sum(axis=1) > 0]
    counts = confusions[rows].sum(axis=1)
    shares_of = confusions[np.ix_(rows, order)] / counts[:, None]
    cell = _cell_inches(len(order))
    size = (cell * len(order) + 4.2, cell * len(rows) + 4.2)
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    axes.imshow(shares_of, cmap="Blues", vmin=0, vmax=1, aspect="equal")
    font = 72 * cell * 0.55
    for row, column in np.argwhere(shares_of >= LEAST_SHOWN):
        share = shares_of[row, column]
        colour = "white" if share > 0.5 else "black"
        text = f"{100 * share:.0f}"
        axes.text(column, row, text, ha="center", va="center", fontsize=font * 0.68, color=colour)
    names = [f"{classes[label]} ({count})" for label, count in zip(rows, counts, strict=True)]
    axes.set_yticks(np.arange(len(rows)), names, fontsize=font)
    axes.set_xticks(np.arange(len(order)), [classes[label] for label in order], rotation=90, fontsize=font)
    axes.tick_params(top=True, labeltop=True, length=2)
    _grid(axes, len(rows), len(order))
    shown = [classes[label] for label in order]
    _colour_by_era(axes.get_yticklabels(), [classes[label] for label in rows])
    _colour_by_era(axes.get_xticklabels(), shown * 2)
    axes.set(xlabel="answered", ylabel="true composer (number tested)")
    figure.suptitle(f"{title}\nshares of each true composer in percent; similar answers stand side by side")
    _era_legend(figure, shown)
    save_figure(figure, path)


def save_many_class_scores(test: Mapping[str, Mapping], *, title: str, path: Path) -> None:
    """Draws F1 of each tested composer, a line for each: the best first, the network beside the fingerprint.

    Args:
        test: The `test` part of `metrics.json`.
        title: Above the figure.
        path: The PNG file.
    """
    piece = test["piece"]["per_class"]
    names = sorted((name for name in piece if piece[name]["support"]), key=lambda name: piece[name]["f1"])
    series = {
        "network, pieces": (test["piece"], "o", "#1f4e8c"),
        "network, chunks": (test["chunk"], ".", "#6fa8dc"),
        "fingerprint, pieces": (test["baselines"].get("fingerprint"), "x", "#c0392b"),
    }
    figure, axes = plt.subplots(figsize=(9, 0.21 * len(names) + 2), layout="constrained")
    for label, (scores, marker, colour) in series.items():
        if scores:
            values = [scores["per_class"][name]["f1"] for name in names]
            axes.plot(values, np.arange(len(names)), marker, color=colour, label=label, clip_on=False)
    labels = [f"{name} ({piece[name]['support']})" for name in names]
    axes.set_yticks(np.arange(len(names)), labels, fontsize=8)
    _colour_by_era(axes.get_yticklabels(), names)
    axes.set(xlabel="F1 by composer (in brackets: pieces tested)", xlim=(0, 1), ylim=(-0.7, len(names) - 0.3))
    axes.tick_params(axis="x", top=True, labeltop=True)
    axes.grid(alpha=0.3)
    num_without = len(piece) - len(names)
    without = f"\nNot shown: {counted(num_without, 'composer')} without test pieces" if num_without else ""
    figure.suptitle(title + without)
    _era_legend(figure, names, *axes.get_legend_handles_labels())
    save_figure(figure, path)


def save_composer_counts(
    census: Sequence[ComposerCount], kept: Sequence[str], *, path: Path, also: Sequence[float] = ()
) -> None:
    """Draws how many chunks there are by each composer, on a logarithmic axis, with the thresholds.

    Args:
        census: Of the whole corpus.
        kept: The composers that are told apart; the others are pale.
        path: The PNG file.
        also: Thresholds beside the usual ones, as shares.
    """
    ranked = sorted(zip(shares(census), census, strict=True), key=lambda pair: (-pair[0], pair[1].composer))
    names = [count.composer for _, count in ranked]
    total = sum(count.num_chunks for count in census)
    figure, axes = plt.subplots(figsize=(10, 0.19 * len(names) + 2.4), layout="constrained")
    places = np.arange(len(names))
    for place, (share, count), colour in zip(places, ranked, _colours(names), strict=True):
        alpha = 0.85 if count.composer in kept else 0.3
        axes.barh(place, 100 * share, color=colour, alpha=alpha, height=0.75)
        counts = f"chunks {count.num_chunks:,}, pieces {count.num_pieces}, works {count.num_works}"
        text = f"{100 * share:.2f} %, {counts}"
        beside = axes.get_yaxis_transform()  # where neither bars nor thresholds are
        axes.text(1.01, place, text, va="center", fontsize=6.5, color="#333333", transform=beside)
    axes.set_yticks(places, names, fontsize=7.5)
    _colour_by_era(axes.get_yticklabels(), names)
    smallest = 100 * ranked[-1][0]
    axes.set(xscale="log", xlim=(smallest * 0.7, 100), ylim=(len(names) - 0.4, -0.6))
    for row in threshold_rows(census, also=also):
        if row["percent"] > smallest:
            axes.axvline(row["percent"], color="black", linewidth=0.8, linestyle="--", zorder=0)
            text = f"{row['percent']:g} %: {row['above']} kept, {row['below']} left out "
            axes.text(
                row["percent"],
                len(names) - 0.6,
                text,
                rotation=90,
                ha="right",
                va="bottom",
                fontsize=8,
                bbox=LEGIBLE,
            )
    axes.set_xlabel("share of all chunks")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g} %")
    axes.tick_params(axis="x", which="minor", pad=5)  # as far down as the others
    is_short = smallest > 1  # and has hardly a power of ten
    axes.xaxis.set_minor_formatter(
        lambda value, _: f"{value:g} %" if is_short and f"{value:e}"[0] in "25" else ""
    )
    num_pale = len(names) - len(set(names) & set(kept))
    pale = f"; pale: {counted(num_pale, 'composer')} left out" if num_pale else ""
    figure.suptitle(f"{len(names)} composers, {total:,} chunks{pale}")
    _era_legend(figure, names)
    save_figure(figure, path)


def _cell_inches(num_classes: int) -> float:
    return next(inches for largest, inches in CELL_INCHES.items() if num_classes <= largest)


def _grid(axes: Axes, num_rows: int, num_columns: int) -> None:
    """Draws thin lines between the cells."""
    axes.set_xticks(np.arange(num_columns + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(num_rows + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#dddddd", linewidth=0.4)
    axes.tick_params(which="minor", length=0)


def _colours(names: Sequence[str]) -> list[str]:
    return [ERA_COLOURS.get(describe_composer(name).era, UNKNOWN_COLOUR) for name in names]


def _colour_by_era(labels: Sequence, names: Sequence[str]) -> None:
    for label, colour in zip(labels, _colours(names), strict=False):
        label.set_color(colour)


def _era_legend(
    figure: plt.Figure, names: Sequence[str], handles: Sequence = (), labels: Sequence[str] = ()
) -> None:
    """Says which colour is which era, after what else there is to say, below the figure."""
    unknown = {UNKNOWN: UNKNOWN_COLOUR} if UNKNOWN_COLOUR in _colours(names) else {}
    eras = [
        Line2D([], [], color=colour, marker="s", linestyle="", label=era)
        for era, colour in (ERA_COLOURS | unknown).items()
    ]
    named = [*labels, *ERA_COLOURS, *unknown]
    figure.legend([*handles, *eras], named, loc="outside lower center", ncols=4, fontsize="small")
