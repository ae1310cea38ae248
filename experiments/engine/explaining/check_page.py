"""The page of a check: whether explanations can be believed, and which kinds of notes speak for whom."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from experiments.engine import records
from experiments.engine.explaining.categories import KINDS
from experiments.engine.exploring import charts
from experiments.engine.rendering import PAGES

COLOURS = "RdBu"
"""Blue speaks for, red against: told apart also by those who do not see red and green alike."""

SLANTED = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"}

MOST_IN_FIGURE = 12
"""Composers that have a row of a figure; the table has all."""


def write_check_page(folder: Path, found: Mapping[str, Any], categories: Sequence[Mapping[str, Any]]) -> None:
    """Draws the figures and writes `check.html`.

    Args:
        folder: Of the check.
        found: What `explain_check.json` will hold.
        categories: What `category_rows` returned.
    """
    from experiments.engine.explaining.checking import AGAINST, WAYS, checked_on, passed, verdict

    save_falls(found, folder / "figures" / "falls.png")
    for kind in KINDS:
        save_categories(categories, kind, folder / "figures" / f"{kind}.png")
    page = PAGES.get_template("explain_check.html").render(
        found=found,
        verdict=verdict(found),
        is_good=passed(found),
        checked_on=checked_on,
        names={**{way: f"notes that decided ({name})" for way, name in WAYS.items()}, **AGAINST},
        kinds=KINDS,
        categories=categories,
        command=records.command_line(),
        commit=records.commit(),
    )
    records.write_text(folder / "check.html", page)


def save_falls(found: Mapping[str, Any], path: Path) -> None:
    """Draws by how much the probability of the answer falls without each tenth of the notes."""
    from experiments.engine.explaining.checking import AGAINST, WAYS

    names = {**{way: f"decided\n({name})" for way, name in WAYS.items()}, "similar": "random,\nas long"}
    names["random"] = "random"
    assert names.keys() == {*WAYS, *AGAINST}
    means = [found["means"][f"fall_{name}"] for name in names]
    with plt.rc_context(charts.STYLE):
        figure, axes = plt.subplots(figsize=(charts.WIDTH, 3), layout="constrained")
    values = [mean["mean"] for mean in means]
    ends = None
    if means[0]["low"] is not None:
        ends = np.maximum([[mean["mean"] - mean["low"], mean["high"] - mean["mean"]] for mean in means], 0).T
    axes.bar(
        list(names.values()),
        values,
        yerr=ends,
        capsize=4,
        color=[charts.COLOUR] * 2 + [charts.LIGHT] * 2,
    )
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_ylabel("fall of the probability\nof the answer")
    charts.save(figure, path)


def save_categories(categories: Sequence[Mapping[str, Any]], kind: str, path: Path) -> None:
    """Draws which categories of notes speak for each composer; a dot where the interval holds 0 or there is none.

    Args:
        categories: What `category_rows` returned.
        kind: One of `KINDS`.
        path: The PNG file.
    """
    rows = [row for row in categories if row["kind"] == kind]
    by_pieces = {row["composer"]: row["pieces"] for row in rows}
    composers = sorted(by_pieces, key=lambda name: (-by_pieces[name], name))[:MOST_IN_FIGURE]
    names = KINDS[kind].names
    table = np.full((len(composers), len(names)), np.nan)
    with plt.rc_context(charts.STYLE):
        figure, axes = plt.subplots(figsize=(charts.WIDTH, 1.9 + 0.34 * len(composers)), layout="constrained")
    for row in rows:
        if row["composer"] not in composers:
            continue
        place = composers.index(row["composer"]), names.index(row["category"])
        table[place] = row["more"]
        if row["low"] is None or row["low"] <= 0 <= row["high"]:
            axes.plot(place[1], place[0], ".", color="#666", markersize=4)
    most = np.nanmax(np.abs(table), initial=0.1)
    image = axes.imshow(table, cmap=COLOURS, vmin=-most, vmax=most, aspect="auto")
    axes.set_yticks(
        range(len(composers)), [f"{name} ({by_pieces[name]})" for name in composers], parse_math=False
    )
    axes.set_xticks(range(len(names)), names, **({} if kind == "pitch_class" else SLANTED))
    axes.set_xlabel(KINDS[kind].heading)
    axes.set_facecolor("#bbb")  # white is weight 0
    axes.spines[:].set_visible(False)
    figure.colorbar(image, ax=axes, pad=0.02, label="speaks less    more")
    charts.save(figure, path)
