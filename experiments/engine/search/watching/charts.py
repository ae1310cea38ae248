"""The charts of a search, as plotly draws them: plain dicts of traces and layout, fit for JSON.

Plotly reads some HTML in texts, so every text that comes from a search is escaped.
"""

import json
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go

from experiments.engine.columns import WATCHED
from experiments.engine.search.state import COMPLETED, STOPPED_EARLY, SearchState, TrialState
from experiments.engine.search.watching.axes import Axis, axes_of, scored_trials

Chart = dict[str, Any]

WEAK_TO_STRONG = ((0.0, "#d5dde5"), (0.5, "#5b9dc9"), (1.0, "#08306b"))
"""Colours of low and high scores: on white the best settings stand out."""

MARK = "#c2410c"
"""Colour of the best trial."""

FORMATS = {"minutes": "~g", "parameters": "~s"}
"""How plotly writes numbers of each on an axis: 0.25, 500k."""

WIDE_RANGE = 30
"""From this ratio of the largest to the smallest on, networks are too far apart for a linear scale."""

APART = 0.3
"""How far trials of one value are moved apart, where values are 1 apart."""

AXIS_WIDTH = 98
"""Pixels from one axis of the parallel coordinates to the next: room for the longest names."""

MOST_TICKS = 8
"""Epochs named on an axis; half of one is none."""

CURVES = {WATCHED: "validation macro-F1", "val_loss": "validation loss", "loss": "training loss"}
"""The columns of a history that are drawn."""


def parallel_coordinates(state: SearchState) -> Chart | None:
    """Draws every scored trial as a line through its settings to its score; None with fewer than two."""
    trials = scored_trials(state)
    axes = axes_of(state, trials)
    if len(trials) < 2 or not axes:
        return None
    scores = [trial.score for trial in trials]
    lowest, highest = min(scores), max(scores)
    if lowest == highest:
        lowest, highest = lowest - 0.01, highest + 0.01
    dimensions = [
        {
            "label": escape(axis.name),
            "values": axis.places if axis.continuous else _apart(axis.places, scores),
            "tickvals": [place for place, _ in axis.ticks],
            "ticktext": [text for _, text in axis.ticks],
            "range": _range(axis),
        }
        for axis in axes
    ]
    dimensions.append({"label": "score", "values": scores, "range": [lowest, highest], "tickformat": ".3f"})
    lines = {
        "color": scores,
        "colorscale": WEAK_TO_STRONG,
        "cmin": lowest,
        "cmax": highest,
        "showscale": False,
    }
    chart = _chart([go.Parcoords(dimensions=dimensions, line=lines)], height=420, margin={"t": 56, "b": 24})
    return chart | {"width": AXIS_WIDTH * len(dimensions) + 60}


def _range(axis: Axis) -> list[float]:
    """From the lowest to the highest place, with room for trials that are moved apart."""
    room = 0.0 if axis.continuous else APART / 2
    places = [*axis.places, *(place for place, _ in axis.ticks)]
    return [min(places) - room, max(places) + room]


def _apart(places: Sequence[float], scores: Sequence[float]) -> list[float]:
    """Moves trials of one value a little apart, the better up: else their lines would lie on each other."""
    order = sorted(range(len(scores)), key=lambda number: scores[number])
    ranks = {number: rank for rank, number in enumerate(order)}
    return [place + APART * (ranks[number] / (len(scores) - 1) - 0.5) for number, place in enumerate(places)]


def importance_chart(rows: Sequence[Mapping[str, Any]]) -> Chart | None:
    """Draws what `importance` returned; None if that is nothing."""
    if not rows:
        return None
    rows = list(reversed(rows))  # plotly draws from the bottom
    bars = go.Bar(
        x=[row["share"] for row in rows],
        y=[escape(row["name"]) for row in rows],
        error_x={"type": "data", "array": [row["spread"] for row in rows], "thickness": 1, "color": "#555"},
        orientation="h",
        marker={"color": "#5b9dc9"},
        hovertemplate="%{y}: %{x:.0%}<extra></extra>",
    )
    axes = {
        "xaxis": {"title": {"text": "share of importance"}, "rangemode": "tozero", "tickformat": ".0%"},
        "yaxis": {"automargin": True, "type": "category"},
    }
    return _chart([bars], height=110 + 24 * len(rows), showlegend=False, **axes)


def cost_chart(state: SearchState, *, of: str) -> Chart | None:
    """Draws the score over what it costs.

    Args:
        state: The search.
        of: `"minutes"` of training or `"parameters"` of the network.
    """
    trials = [trial for trial in scored_trials(state) if _cost(trial, of) is not None]
    costs = [_cost(trial, of) for trial in trials]
    if not trials:
        return None
    traces = []
    for status, symbol in ((COMPLETED, "circle"), (STOPPED_EARLY, "circle-open")):
        these = [trial for trial in trials if trial.status == status]
        if these:
            traces.append(_dots(these, [_cost(trial, of) for trial in these], name=status, symbol=symbol))
    if state.best in trials:
        best = _dots([state.best], [_cost(state.best, of)], name="best", symbol="star")
        traces.append(best.update(marker={"color": MARK, "size": 14}))
    title = {"minutes": "minutes of training, all folds", "parameters": "parameters"}[of]
    axis = {"title": {"text": title}, "tickformat": FORMATS[of], "nticks": 6, "rangemode": "tozero"}
    if of == "parameters" and max(costs) > WIDE_RANGE * min(costs):
        axis |= {"type": "log", "dtick": 1}
    return _chart(traces, height=360, xaxis=axis, yaxis={"title": {"text": "score"}, "tickformat": ".2f"})


def memory_chart(state: SearchState) -> Chart | None:
    """Draws what the chief and its workers held together while the search ran."""
    if len(state.memory) < 2:
        return None
    seconds, megabytes = zip(*state.memory, strict=True)
    line = go.Scatter(
        x=[round(one / 60, 3) for one in seconds],
        y=[one / 1000 for one in megabytes],
        mode="lines",
        line={"color": "#2f6ea5", "width": 1.6},
        hovertemplate="%{y:.2f} GB after %{x:.1f} minutes<extra></extra>",
    )
    axes = {"xaxis": "minutes at work", "yaxis": "GB"}
    layout = {name: {"title": {"text": text}, "rangemode": "tozero"} for name, text in axes.items()}
    return _chart([line], height=260, **layout)


def _cost(trial: TrialState, of: str) -> float | None:
    return trial.num_parameters if of == "parameters" else trial.seconds / 60


def _dots(trials: Sequence[TrialState], costs: Sequence[float], *, name: str, symbol: str) -> go.Scatter:
    return go.Scatter(
        x=costs,
        y=[trial.score for trial in trials],
        error_y={
            "type": "data",
            "array": [trial.spread or 0.0 for trial in trials],
            "thickness": 1,
            "width": 2,
            "color": "rgba(90, 110, 130, 0.45)",
        },
        text=[f"trial {escape(trial.trial_id)}" for trial in trials],
        mode="markers",
        name=name,
        marker={"symbol": symbol, "size": 9, "color": "#2f6ea5"},
        hovertemplate="%{text}: %{y:.3f} at %{x}<extra></extra>",
    )


def curves_of(trial: TrialState) -> dict[str, list[list[float]]]:
    """Returns the learning curves of a trial: for each column of `CURVES` one list of numbers a fold.

    The page has those of every trial, so numbers are rounded.
    """
    return {
        column: [[_rounded(row.get(column)) for row in history] for history in trial.histories if history]
        for column in CURVES
    }


def _rounded(value: float | None) -> float | None:
    return round(value, 4) if value is not None and math.isfinite(value) else None


def curve_layouts(most_epochs: int) -> dict[str, Chart]:
    """Returns the layouts for scores and for losses over the epochs; the page puts the curves of trials there."""
    epochs = {"title": {"text": "epoch"}, "tick0": 1, "dtick": math.ceil(most_epochs / MOST_TICKS)}
    return {
        name: _chart([], height=360, xaxis=epochs, yaxis={"title": {"text": title}, "rangemode": mode})[
            "layout"
        ]
        for name, title, mode in (("score", CURVES[WATCHED], "normal"), ("loss", "loss", "tozero"))
    }


def _chart(traces: Sequence[Any], *, height: int, **layout: Any) -> Chart:
    """A figure as a dict, in the dress of all of them."""
    figure = go.Figure(traces)
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 56, "r": 16, "t": 16, "b": 48},
        font={"family": "system-ui, sans-serif", "size": 12, "color": "#222"},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        dragmode=False,
        hovermode="closest",
    )
    figure.update_xaxes(gridcolor="#e3e7eb", zeroline=False)
    figure.update_yaxes(gridcolor="#e3e7eb", zeroline=False)
    figure.update_layout(**layout)
    return json.loads(figure.to_json())
