"""The table of published errors in years: what each way of telling the year errs by."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from experiments.engine.boards.overviews import Overview, corpus_name, link, section
from experiments.engine.intervals import interval_of

NOTE = (
    "Mean absolute error in years over the tested pieces, in brackets its 95 % interval over draws of works (under "
    "`composer`, of composers); *mean over eras* counts every era alike. *The age answered* is the middle year of the "
    "era that logistic regression names, *the true age* that of the right one. Where nobody knows the year of a piece, "
    "the middle of its composer's life stands for it."
)

HEAD = ("", "corpus", "split", "model", "error, years (95 %)", "mean over eras", "pieces")


def markdown(found: Sequence[Overview], root: Path) -> str:
    """Returns the table of the page and the commands; empty without any.

    Args:
        found: The published ones.
        root: The folder of the page, from which the links lead.
    """
    return section("Years", found, HEAD, partial(_lines, root), note=NOTE)


def _lines(root: Path, name: str, year: Overview) -> list[list[str]]:
    split = year.metrics["protocol"] + ("" if year.metrics["fold"] == "all" else f" {year.metrics['fold']}")
    return [
        [
            *(link(name, year, root), corpus_name(year), split, row["model"]),
            f"{row['error_years']:.1f}{interval_of(row, 'error_years', '.1f')}",
            *(f"{row['error_years_mean_over_eras']:.1f}", f"{row['pieces']:,}"),
        ]
        for row in year.metrics["rows"]
    ]
