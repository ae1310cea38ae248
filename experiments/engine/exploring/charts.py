"""The kinds of figures: boxes with points, bars, and tables of shares, all with a row for each composer.

They are narrow and their letters large, so that they can be read on a phone.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, LogLocator, NullLocator  # noqa: E402

from features.whole import appears_whole  # noqa: E402

DOTS_PER_INCH = 130
WIDTH = 5.8
"""Inches: at most what a phone still shows with letters of readable size."""

ROW = 0.3
"""Inches for each composer."""

STYLE = {"font.size": 11, "axes.titlesize": 11, "axes.spines.top": False, "axes.spines.right": False}
COLOUR, LIGHT = "#2b6cb0", "#90b8dd"

DURATIONS = {
    1: "1 s",
    4: "4 s",
    15: "15 s",
    60: "1 min",
    240: "4 min",
    900: "15 min",
    3600: "1 h",
    14400: "4 h",
}
"""Ticks of a logarithmic axis of seconds."""

FAR_APART = 20
"""An axis is logarithmic if its largest number is so many times the smallest; below, it would have too few ticks."""

LEAST_SHARE = 0.005
"""Shares below it are left blank: they would be written as 0."""


def save_boxes(
    groups: Mapping[str, np.ndarray],
    values: np.ndarray,
    path: Path,
    *,
    label: str,
    may_be_logarithmic: bool = False,
    in_seconds: bool = False,
) -> None:
    """Draws a box for each group, and a point for each piece.

    Boxes go from the first quartile to the third, with a line at the median; whiskers to the last piece within 1.5
    interquartile ranges.

    Args:
        groups: Label and indices of the pieces of each.
        values: A number for each piece, shape `(pieces,)`.
        path: The PNG file.
        label: Of the axis.
        may_be_logarithmic: Whether the axis is logarithmic where numbers above 0 lie far apart; its label says so.
        in_seconds: Whether the ticks of a logarithmic axis are seconds, minutes and hours.
    """
    figure, axes = _rows(groups)
    shown = [values[pieces] for pieces in groups.values()]
    is_logarithmic = may_be_logarithmic and 0 < FAR_APART * values.min() < values.max()
    axes.boxplot(
        shown,
        positions=range(len(groups)),
        orientation="horizontal",
        widths=0.6,
        showfliers=False,
        medianprops={"color": "black"},
        manage_ticks=False,
    )
    generator = np.random.default_rng(0)  # so that the same numbers give the same picture
    for row, found in enumerate(shown):
        heights = row + generator.uniform(-0.25, 0.25, len(found))
        axes.plot(found, heights, ".", color=COLOUR, alpha=_alpha(len(found)), markersize=4, zorder=0)
    if is_logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
        axes.xaxis.set_minor_locator(NullLocator())
    elif np.all(values == np.round(values)):
        axes.xaxis.get_major_locator().set_params(integer=True)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short_number(value)))
    if is_logarithmic and in_seconds:
        axes.xaxis.set_major_locator(FixedLocator(list(DURATIONS)))
        axes.xaxis.set_major_formatter(FixedFormatter(list(DURATIONS.values())))
    unit = " in seconds" if in_seconds and not is_logarithmic else ""
    axes.set_xlabel(f"{label}{unit}{' (logarithmic)' if is_logarithmic else ''}")
    axes.grid(axis="x", alpha=0.3)
    save(figure, path)


def save_bars(
    places: Sequence[float],
    panels: Mapping[str, Sequence[float]],
    path: Path,
    *,
    label: str,
    width: float = 1.0,
) -> None:
    """Draws bars of shares, one panel below the other.

    Args:
        places: Where on the axis each bar begins.
        panels: Heading and amounts, one a bar; they are shown as shares of their sum.
        path: The PNG file.
        label: Of the axis.
        width: From one bar to the next.
    """
    with plt.rc_context(STYLE):
        figure, all_axes = plt.subplots(
            len(panels),
            figsize=(WIDTH, 0.6 + 2.4 * len(panels)),
            layout="constrained",
            sharex=True,
            squeeze=False,
        )
    for axes, (heading, amounts) in zip(all_axes[:, 0], panels.items(), strict=True):
        amounts = np.asarray(amounts, float)
        axes.bar(
            places,
            amounts / max(amounts.sum(), np.finfo(float).tiny),
            width * 0.9,
            align="edge",
            color=COLOUR,
        )
        axes.set_title(heading, loc="left")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
        axes.grid(axis="y", alpha=0.3)
        axes.set_axisbelow(True)
    all_axes[-1, 0].set_xlabel(label)
    save(figure, path)


def save_shares(
    shares: np.ndarray, groups: Sequence[str], columns: Sequence[str], path: Path, *, label: str
) -> None:
    """Draws a table of shares: the darker, the more.

    Args:
        shares: `(groups, columns)`; each row adds up to 1.
        groups: Labels of the rows.
        columns: Headings of the columns.
        path: The PNG file.
        label: What the columns are.
    """
    figure, axes = _rows(groups, extra=0.5)
    darkest = shares.max(initial=LEAST_SHARE)
    axes.imshow(shares, aspect="auto", cmap="Blues", vmin=0, vmax=darkest)
    for (row, column), share in np.ndenumerate(shares):
        if share >= LEAST_SHARE:
            colour = "white" if share > 0.6 * darkest else "black"
            axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=8, color=colour)
    axes.set_xticks(range(len(columns)), columns, rotation=50, ha="right", rotation_mode="anchor", fontsize=9)
    axes.set_xlabel(f"{label} (% of the time)")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    save(figure, path)


def save_paired_bars(
    groups: Sequence[str], left: tuple[str, Sequence[float]], right: tuple[str, Sequence[float]], path: Path
) -> None:
    """Draws two bars for each group, side by side: numbers on the left, shares on the right.

    Args:
        groups: Labels of the rows.
        left: Heading and a number for each group.
        right: Heading and a share for each group.
        path: The PNG file.
    """
    with plt.rc_context(STYLE):
        figure, all_axes = plt.subplots(
            1, 2, figsize=(WIDTH, 1.2 + ROW * len(groups)), layout="constrained", sharey=True
        )
    for axes, (heading, values), form in zip(all_axes, (left, right), ("{:,.0f}", "{:.1%}"), strict=True):
        bars = axes.barh(range(len(groups)), values, color=LIGHT)
        axes.bar_label(bars, [form.format(value) for value in values], padding=3, fontsize=9)
        axes.set_xlim(0, 1.35 * max(*values, np.finfo(float).tiny))
        axes.set_xlabel(heading)
        axes.xaxis.set_major_locator(NullLocator())
    all_axes[0].set_yticks(range(len(groups)), groups, parse_math=False)
    all_axes[0].set_ylim(len(groups) - 0.5, -0.5)
    save(figure, path)


def short_number(value: float) -> str:
    """Returns a number that fits below a tick.

    Example:
        >>> short_number(300), short_number(30_000), short_number(1500)
        ('300', '30k', '1.5k')
    """
    return f"{value:g}" if abs(value) < 1000 else f"{value / 1000:g}k"


def _rows(groups: Mapping[str, np.ndarray] | Sequence[str], *, extra: float = 0.0) -> tuple[plt.Figure, Axes]:
    """Returns a figure with a row for each group, the first on top."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(WIDTH, 1.0 + extra + ROW * len(groups)), layout="constrained")
    axes.set_yticks(range(len(groups)), list(groups), parse_math=False)  # names may hold a $
    axes.set_ylim(len(groups) - 0.5, -0.5)
    return figure, axes


def _alpha(count: int) -> float:
    """How strong the points of a row are: many of them make each other darker."""
    return float(np.clip(30 / max(count, 1), 0.12, 0.6))


def save(figure: plt.Figure, path: Path) -> None:
    """Writes a figure as a PNG file that appears whole, and forgets it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with appears_whole(path) as unfinished:
        figure.savefig(unfinished, dpi=DOTS_PER_INCH, format="png")
    plt.close(figure)
