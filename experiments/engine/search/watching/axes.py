"""The settings of trials as places on axes, one for each hyper-parameter: to draw them, and to learn from them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from experiments.engine.search.choices import Choice
from experiments.engine.search.state import COMPLETED, STOPPED_EARLY, SearchState, TrialState
from experiments.engine.search.watching.words import format_value

NOT_USED = "not used"
"""What stands for a hyper-parameter that has no effect in a trial."""

ROUNDS = "epochs of the round"
"""What Hyperband's own epochs are called."""

MOST_TICKS = 9
"""Numbers of which there are more than so many have ticks for some."""


@dataclass(frozen=True)
class Axis:
    """One hyper-parameter over some trials, as places on an axis.

    Attributes:
        name: Of the hyper-parameter.
        places: One for each trial; logarithms where the scale is, numbers in order where the values are listed.
        ticks: Places with their texts.
        continuous: Whether trials may stand anywhere; else only at ticks, which are 1 apart.
    """

    name: str
    places: tuple[float, ...]
    ticks: tuple[tuple[float, str], ...]
    continuous: bool


def scored_trials(state: SearchState) -> list[TrialState]:
    """Returns the trials that have a score: completed ones, and what stopped ones would have come to."""
    return [trial for trial in state.with_status(COMPLETED, STOPPED_EARLY) if trial.score is not None]


def axes_of(state: SearchState, trials: Sequence[TrialState]) -> list[Axis]:
    """Returns an axis for each hyper-parameter in which these trials differ, in the order of the space."""
    choices: dict[str, Choice] = {choice.name: choice for choice in state.space}
    for trial in trials:
        for name in trial.hyperparameters:
            choices.setdefault(name, Choice(name, "Choice"))
    columns = {name: [trial.hyperparameters.get(name) for trial in trials] for name in choices}
    columns[ROUNDS] = [trial.rung.get("epochs") for trial in trials]
    choices[ROUNDS] = Choice(ROUNDS, "Int")
    return [
        _axis(choices[name], values) for name, values in columns.items() if len(set(map(repr, values))) > 1
    ]


def _axis(choice: Choice, values: Sequence[Any]) -> Axis:
    given = [value for value in values if value is not None]
    distinct = sorted(set(given), key=lambda value: (str(type(value)), value))
    continuous = choice.kind == "Float" or (
        len(distinct) > MOST_TICKS and all(isinstance(value, int | float) for value in distinct)
    )
    if continuous:
        scale = math.log10 if choice.logarithmic and min(given) > 0 else float
        places = {value: scale(value) for value in distinct}
        ticks = _ticks(places.values(), logarithmic=scale is math.log10)
    else:
        listed = [value for value in choice.values if value in distinct]
        places = {value: float(place) for place, value in enumerate(listed or distinct)}
        ticks = [(place, _text(value)) for value, place in places.items()]
    if len(given) < len(values):
        lowest, highest = min(places.values()), max(places.values())
        places[None] = lowest - ((highest - lowest) / 6 if continuous and highest > lowest else 1.0)
        ticks = [(places[None], NOT_USED), *ticks]
    return Axis(choice.name, tuple(places[value] for value in values), tuple(ticks), continuous)


def _ticks(places: Sequence[float], *, logarithmic: bool) -> list[tuple[float, str]]:
    """Five places from the lowest to the highest."""
    lowest, highest = min(places), max(places)
    some = dict.fromkeys(lowest + (highest - lowest) * part / 4 for part in range(5))
    return [(place, f"{10**place if logarithmic else place:.3g}") for place in some]


def _text(value: Any) -> str:
    return escape(format_value(value))
