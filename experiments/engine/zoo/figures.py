"""Score against cost: a point a builder, narrow enough for a telephone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

from experiments.engine.canvas import save_figure, values_with_reach
from experiments.engine.zoo.rows import BASELINES, NETWORKS

WIDTH, LETTERS = 5.6, 10
"""Inches and points: letters can still be read where a picture is shrunk to the width of a telephone."""

COSTS = {"train_seconds": "seconds of training a fold", "num_parameters": "parameters"}

MARKERS = "osD^vP*Xph<>"

BASELINE_LOOKS = [
    {"color": color, "linestyle": style} for color in ("#999", "#222") for style in (":", "--", "-.", "-")
]

NOT_DRAWN = ("majority",)


def save_score_against_cost(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draws macro-F1 by piece over what each builder cost, and the baselines as lines.

    Args:
        rows: As `metrics.json` holds them.
        path: The PNG file.
    """
    measured = [row for row in rows if not row["problem"] and row["name"] not in NOT_DRAWN]
    networks, baselines = ([row for row in measured if row["part"] == part] for part in (NETWORKS, BASELINES))
    with plt.rc_context({"font.size": LETTERS}):
        figure, axes = plt.subplots(2, figsize=(WIDTH, 8.4), layout="constrained", sharey=True)
        for axis, (cost, label) in zip(axes, COSTS.items(), strict=True):
            for number, row in enumerate(networks):
                score, reach = values_with_reach([row], "piece_macro_f1")
                axis.errorbar(
                    row[cost],
                    score,
                    yerr=reach,
                    marker=MARKERS[number % len(MARKERS)],
                    color=f"C{number % 10}",
                    markersize=8,
                    elinewidth=0.8,
                    linestyle="none",
                    label=row["name"].replace("_", " "),
                )
            for row, look in zip(baselines, BASELINE_LOOKS, strict=False):
                label_of = row["name"].replace("_", " ")
                axis.axhline(row["piece_macro_f1"], **look, linewidth=1, label=label_of)
            axis.set(xscale="log", xlabel=label, ylabel="macro-F1 by piece")
            axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.xaxis.set_major_formatter(EngFormatter())
            axis.xaxis.set_minor_formatter(NullFormatter())
            axis.grid(alpha=0.3)
        axes[0].set_title("Score against cost, 95 % over draws of works", fontsize="medium")
        handles = axes[0].get_legend_handles_labels()
        figure.legend(*handles, loc="outside lower center", ncols=3, fontsize="small", frameon=False)
        save_figure(figure, path)
