"""What one configuration has otherwise than another, in words: for refusing to go on with something else."""

from collections.abc import Mapping
from typing import Any


def changes(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Returns a phrase for each value that differs.

    Args:
        ours: What is asked for now, as nested dicts.
        theirs: What was asked for before.

    Example:
        >>> changes({"split": {"fold": 1}, "seed": 0}, {"split": {"fold": 0, "rare": "train"}, "seed": 0})
        ['split.fold is 1, was 0', 'split.rare is not set, was train']
    """
    now, before = flat(ours), flat(theirs)
    return [
        f"{name} is {now.get(name, 'not set')}, was {before.get(name, 'not set')}"
        for name in sorted(now.keys() | before.keys())
        if now.get(name) != before.get(name)
    ]


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Returns nested dicts as one, with dotted names."""
    found = {}
    for name, value in values.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return found
