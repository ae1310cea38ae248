"""The settings and times of a search in words and numbers, the same on the page and on the terminal."""

from typing import Any

from experiments.engine.search.state import SearchState, TrialState

NO_BEST = "No trial has done every fold yet."
"""What stands for the best trial while there is none."""


def format_value(value: Any) -> str:
    """Returns a value as it is shown.

    Example:
        >>> [format_value(value) for value in (0.00123456, 128, True, "adam", None)]
        ['0.00123', '128', 'yes', 'adam', '']
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def best_settings(state: SearchState, trial: TrialState) -> list[tuple[str, str]]:
    """Returns the searched hyper-parameters of a trial with their values as texts."""
    return [
        (name, format_value(trial.hyperparameters[name]))
        for name in hyperparameter_columns(state)
        if name in trial.hyperparameters
    ]


def describe_seconds(seconds: float | None) -> str:
    """Returns a length of time in words.

    Example:
        >>> [describe_seconds(seconds) for seconds in (None, 42, 250, 7300, 200_000)]
        ['unknown', '42 s', '4 min', '2 h 2 min', '2 d 7 h']
    """
    if seconds is None:
        return "unknown"
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def describe_gave_up(state: SearchState) -> str:
    """Returns why a search that gave up did; nothing of any other."""
    if not state.gave_up:
        return ""
    return f"The search gave up after {state.settings['max_failures']} failed trials in a row."


def fixed_hyperparameters(state: SearchState) -> dict[str, Any]:
    """Returns what the study itself sets, and the search does not vary."""
    return {choice.name: choice.values[0] for choice in state.space if choice.kind == "Fixed"}


def hyperparameter_columns(state: SearchState) -> list[str]:
    """Returns the names that are searched, in the order of the space, then any others that trials have."""
    found = dict.fromkeys(choice.name for choice in state.space)
    found |= dict.fromkeys(name for trial in state.trials for name in trial.hyperparameters)
    return [name for name in found if name not in fixed_hyperparameters(state)]
