"""What the README shows of all that is published: whole studies, all composers, eras and builders."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.engine.boards import builders, runs
from experiments.engine.boards.seeds import PublishedRun
from experiments.engine.publishing import BUILDERS, RUN

IN_README: dict[str, tuple[str, Callable[[Sequence[Any], Path], str]]] = {
    "leaderboard": (RUN, runs.headline),
    "all composers": (RUN, runs.all_composers),
    "eras": (RUN, runs.of_eras),
    "builders": (BUILDERS, builders.in_short),
}
"""Places of the README by name, which kind of folder each shows, and what makes its table."""


def told_alone(found: Mapping[str, Sequence[Any]]) -> list[PublishedRun]:
    """Returns the runs that have rows of their own: all but those that a comparison of builders was made of.

    Args:
        found: What is published, by kind.
    """
    rows = [row for comparison in found[BUILDERS] for row in comparison.metrics["rows"]]
    compared = {name for row in rows for name in row["runs"].split()}
    return [run for run in found[RUN] if run.folder.name not in compared]
