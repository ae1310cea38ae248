"""The table of published searches: what each looked for, what it found, and what that scored on the test part."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from experiments.engine.boards.overviews import Overview, link, section
from experiments.engine.intervals import interval_of

COLUMNS = (
    *("corpus", "split", "model", "tuner, space", "trials (early, failed)", "search score ± folds"),
    *(
        "over the defaults (± folds)",
        "test, by chunk",
        "test, by piece (95 %)",
        "million chunk-epochs",
        "search",
    ),
)


def markdown(searches: Sequence[Overview], root: Path) -> str:
    """Returns the table of the page and the commands; empty without searches.

    Args:
        searches: The published ones.
        root: The folder of the page, from which the links lead.
    """
    return section("Searches", searches, COLUMNS, partial(_lines, root))


def _lines(root: Path, name: str, search: Overview) -> list[list[str]]:
    found, best, test = search.metrics, search.metrics["best"], search.metrics["test"]
    pieces = f", {found['pieces']}" if found["pieces"] != "reference" else ""
    spread = "" if best["spread"] is None else f" ± {best['spread']:.3f}"
    piece = test["piece"]
    cells = [
        f"{found['corpus']}{pieces}",
        f"{found['protocol']} {found['fold']}",
        found["model"],
        f"{found['tuner']}, {found['space']}",
        f"{found['num_trials']} ({found['num_stopped_early']}, {found['num_failed']})",
        f"{best['score']:.3f}{spread}",
        _over_the_defaults(found),
        f"{test['chunk']['macro_f1']:.3f}",
        f"**{piece['macro_f1']:.3f}**{interval_of(piece, 'macro_f1')}",
        f"{found['chunk_epochs'] / 1e6:.2f}",
        link(name, search, root),
    ]
    return [cells]


def _over_the_defaults(found: dict[str, Any]) -> str:
    """By how much the best setting is better than the default one, fold by fold, and how this spreads."""
    defaults = found.get("defaults")
    if not defaults:
        return ""
    if defaults["trial_id"] == found["best"]["trial_id"]:
        return "none is better"
    spread = " (one fold)" if defaults["spread"] is None else f" ± {defaults['spread']:.3f}"
    return f"{defaults['difference']:+.3f}{spread}"
