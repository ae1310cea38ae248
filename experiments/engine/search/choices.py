"""The hyper-parameters of a search, as keras-tuner writes them down: read without importing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

OWN_OF_THE_TUNER = "tuner/"
"""How the hyper-parameters begin that Hyperband adds for itself."""

USUAL_TRIALS = {"random": 10, "bayesian": 10}
"""How many settings a tuner tries that was not told, keras-tuner's own default; others try as many as they have."""


@dataclass(frozen=True)
class Choice:
    """One hyper-parameter of the space.

    Attributes:
        name: Under which trials hold its value.
        kind: keras-tuner's class: Choice, Int, Float, Boolean or Fixed.
        values: What it may be, where these are listed.
        low: The least it may be, where it has a range.
        high: The most.
        logarithmic: Whether it is drawn on a logarithmic scale.
        conditions: Names and values of others with which alone it has an effect.
    """

    name: str
    kind: str
    values: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    logarithmic: bool = False
    conditions: tuple[tuple[str, tuple[Any, ...]], ...] = ()

    def is_active(self, values: Mapping[str, Any]) -> bool:
        """Whether it has an effect beside these values."""
        return all(values.get(name) in allowed for name, allowed in self.conditions)


def read_space(hyperparameters: Mapping[str, Any]) -> tuple[Choice, ...]:
    """Returns the space of a `HyperParameters.get_config()`."""
    choices = []
    for entry in hyperparameters.get("space", ()):
        config = entry["config"]
        conditions = [condition["config"] for condition in config.get("conditions", ())]
        choices.append(
            Choice(
                name=config["name"],
                kind=entry["class_name"],
                values=tuple(config.get("values", (config["value"],) if "value" in config else ())),
                low=config.get("min_value"),
                high=config.get("max_value"),
                logarithmic=config.get("sampling") in ("log", "reverse_log"),
                conditions=tuple((found["name"], tuple(found["values"])) for found in conditions),
            )
        )
    return tuple(choices)


def active_values(values: Mapping[str, Any], space: Sequence[Choice]) -> dict[str, Any]:
    """Returns the values that have an effect; keras-tuner keeps others beside them once a network was built."""
    known = {choice.name for choice in space}
    active = {choice.name for choice in space if choice.is_active(values)}
    return {
        name: value
        for name, value in values.items()
        if not name.startswith(OWN_OF_THE_TUNER) and (name in active or name not in known)
    }
