"""The figures of an audit: ladder, ablations and transfer as bars with intervals, narrow enough for a telephone."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from experiments.engine.canvas import save_figure, values_with_reach
from features.splits import RUNGS

WIDTH, LETTERS = 5.6, 10
"""Inches and points: letters can still be read where a picture is shrunk to the width of a telephone."""

LEVELS = {"piece": "by piece", "chunk": "by chunk"}

NOT_DRAWN = ("majority",)

Rows = Sequence[Mapping[str, Any]]
Colours = Mapping[str, str]


def save_audit_figures(folder: Path, rows: Rows) -> None:
    """Draws what there is to draw.

    Args:
        folder: Where the PNG files go.
        rows: As `metrics.json` holds them.
    """
    measured = [row for row in rows if not row["problem"] and row["model"] not in NOT_DRAWN]
    of_part = {
        part: [row for row in measured if row["part"] == part] for part in ("ladder", "ablation", "transfer")
    }
    colours = _colours(row["model"] for row in measured)
    with plt.rc_context({"font.size": LETTERS}):
        if of_part["ladder"]:
            save_figure(_draw_ladder(of_part["ladder"], colours), folder / "ladder.png")
        if of_part["ablation"]:
            save_figure(_draw_ablations(of_part["ablation"], colours), folder / "ablations.png")
        if of_part["transfer"]:
            save_figure(_draw_transfer(of_part["transfer"]), folder / "transfer.png")


def _draw_ladder(rows: Rows, colours: Colours) -> plt.Figure:
    rungs = [rung for rung in RUNGS if any(row["name"] == rung for row in rows)]
    figure, axes = plt.subplots(2, figsize=(WIDTH, 7), layout="constrained", sharex=True)
    for axis, (level, title) in zip(axes, LEVELS.items(), strict=True):
        number = f"{level}_macro_f1"
        _grouped_bars(axis, rows, colours, places=rungs, place="name", bars="model", number=number)
        axis.set(ylim=(0, 1), ylabel="macro-F1")
        axis.set_title(f"The ladder, {title}", fontsize="medium")
    axes[-1].set_xticks(range(len(rungs)), [rung.replace("_", "-\n") for rung in rungs])
    _legend(figure, axes[0], columns=2)
    return figure


def _draw_ablations(rows: Rows, colours: Colours) -> plt.Figure:
    names, models = (list(dict.fromkeys(row[column] for row in rows)) for column in ("name", "model"))
    height = 1.8 + 0.22 * len(names) * (len(models) + 1)
    figure, axes = plt.subplots(2, figsize=(WIDTH, height), layout="constrained", sharex=True)
    size = 0.8 / len(models)
    for axis, (level, title) in zip(axes, LEVELS.items(), strict=True):
        for number, model in enumerate(models):
            found = {
                row["name"]: row for row in rows if row["model"] == model and row[f"{level}_difference"] != ""
            }
            where = [names.index(name) + (number - (len(models) - 1) / 2) * size for name in found]
            values, errors = values_with_reach(list(found.values()), f"{level}_difference")
            axis.barh(where, values, size, xerr=errors, label=_label(model), **_look(colours[model]))
        axis.axvline(0, color="black", linewidth=0.8)
        axis.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
        axis.invert_yaxis()
        axis.grid(axis="x", alpha=0.3)
        axis.locator_params(axis="x", nbins=5)
        axis.set_title(f"Macro-F1 gained or lost, {title}", fontsize="medium")
    _legend(figure, axes[0], columns=2)
    return figure


def _draw_transfer(rows: Rows) -> plt.Figure:
    """Only works that were not heard, by piece."""
    rows = [
        {**row, "prior": row["name"].rpartition(", ")[2], "label": _label(row["model"])}
        for row in rows
        if row["name"].startswith("unheard")
    ]
    models = list(dict.fromkeys(row["label"] for row in rows))
    figure, axis = plt.subplots(figsize=(WIDTH, 3.8), layout="constrained")
    colours = _colours(row["prior"] for row in rows)
    _grouped_bars(axis, rows, colours, places=models, place="label", bars="prior", number="piece_macro_f1")
    axis.set(ylim=(0, 1), ylabel="macro-F1")
    axis.set_xticks(range(len(models)), [model.replace(" ", "\n") for model in models])
    axis.set_title("On other music, works not heard, by piece", fontsize="medium")
    _legend(figure, axis, columns=3)
    return figure


def _grouped_bars(
    axis: plt.Axes,
    rows: Rows,
    colours: Colours,
    *,
    places: list[str],
    place: str,
    bars: str,
    number: str,
) -> None:
    """Draws one bar for each row, those of one place beside each other.

    Args:
        axis: Where.
        rows: What; those that lack the number leave a gap.
        colours: Of the bars of a place.
        places: Along the axis.
        place: The column that says which.
        bars: The column that says which of the bars of a place.
        number: The column that says how high.
    """
    kinds = list(dict.fromkeys(row[bars] for row in rows))
    width = 0.84 / len(kinds)
    for index, kind in enumerate(kinds):
        of_kind = [row for row in rows if row[bars] == kind and row[number] != ""]
        where = [places.index(row[place]) + (index - (len(kinds) - 1) / 2) * width for row in of_kind]
        values, errors = values_with_reach(of_kind, number)
        axis.bar(where, values, width, yerr=errors, label=_label(kind), **_look(colours[kind]))
    axis.grid(axis="y", alpha=0.3)


def _colours(names: Iterable[str]) -> Colours:
    return {name: f"C{number % 10}" for number, name in enumerate(dict.fromkeys(names))}


def _look(colour: str) -> dict[str, Any]:
    return {"color": colour, "error_kw": {"elinewidth": 0.8, "ecolor": "#333"}}


def _label(name: str) -> str:
    return name.replace("_", " ")


def _legend(figure: plt.Figure, axis: plt.Axes, *, columns: int) -> None:
    figure.legend(
        *axis.get_legend_handles_labels(),
        loc="outside lower center",
        ncols=columns,
        fontsize="small",
        frameon=False,
    )
