"""The table of published recipes: what each part of a training is worth."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from experiments.engine.boards.overviews import Overview, channels, corpus_name, difference, link, section
from experiments.engine.intervals import interval_of

NOTE = (
    "On validation works; test works were not touched. Each row is the recipe of its first row without one of its "
    "parts, or with something else. In brackets after a score its 95 % interval over draws of works (of composers, if "
    "these are held out); differences are paired, to the first row, and * is more than chance."
)

HEAD = (
    *("", "corpus", "split", "model", "channels", "recipe"),
    *(
        "piece macro-F1 (95 %)",
        "difference",
        "piece log-loss",
        "chunk macro-F1",
        "difference",
        "chunk log-loss",
    ),
)


def markdown(recipes: Sequence[Overview], root: Path) -> str:
    """Returns the table of the page and the commands; empty without recipes.

    Args:
        recipes: The published ones.
        root: The folder of the page, from which the links lead.
    """
    return section("Recipes", recipes, HEAD, partial(_lines, root), note=NOTE)


def _lines(root: Path, name: str, recipe: Overview) -> list[list[str]]:
    found = recipe.metrics
    first = [
        link(name, recipe, root),
        corpus_name(recipe),
        f"{found['protocol']} {'+'.join(map(str, found['folds']))}",
        found["model"],
        channels(recipe),
    ]
    return [
        [
            *first,
            row["name"],
            f"{row['piece_macro_f1']:.3f}{interval_of(row, 'piece_macro_f1')}",
            difference(row, "piece"),
            f"{row['piece_log_loss']:.3f}",
            f"{row['chunk_macro_f1']:.3f}",
            difference(row, "chunk"),
            f"{row['chunk_log_loss']:.3f}",
        ]
        for row in found["rows"]
        if not row["problem"]
    ]
