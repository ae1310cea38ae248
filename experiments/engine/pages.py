"""The page of a run, which needs neither a server nor a network."""

from pathlib import Path
from typing import Any

from experiments.engine import records
from experiments.engine.rendering import PAGES
from experiments.engine.stacking import describe_stacking
from experiments.engine.summary import difference_sentences


def write_report(folder: Path, metrics: dict[str, Any]) -> None:
    """Writes `report.html`: scores beside baselines and intervals, by composer, with the figures.

    Args:
        folder: The run folder; figures, `environment.json` and `left_out.csv` are there already.
        metrics: What `metrics.json` will hold.
    """
    page = PAGES.get_template("report.html").render(
        metrics=metrics,
        environment=records.read_json(folder / "environment.json"),
        rows=scores_by_model(metrics),
        differences=difference_sentences(metrics),
        stacking=describe_stacking(metrics["stacking"]) if "stacked" in metrics["test"] else "",
        figures=sorted(path.relative_to(folder).as_posix() for path in folder.glob("figures/*.png")),
        left_out=records.read_csv(folder / "left_out.csv"),
    )
    records.write_text(folder / "report.html", page)


def scores_by_model(metrics: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Returns the scores by piece of the baselines, the network, and both stacked, in this order."""
    test = metrics["test"]
    rows = {**test["baselines"], metrics["model"]: test["piece"]}
    return rows | ({"stacked": test["stacked"]} if "stacked" in test else {})
