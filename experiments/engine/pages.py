"""The page of a run, which needs neither a server nor a network."""

from pathlib import Path
from typing import Any

from experiments.engine import records
from experiments.engine.composers.confusions import era_sentences
from experiments.engine.eras.neighbours import neighbour_sentences
from experiments.engine.publishing import commits_of, whole_command
from experiments.engine.rendering import PAGES
from experiments.engine.stacking import describe_stacking
from experiments.engine.summary import FEW, difference_sentences, many_class_sentences
from experiments.engine.telling import drawn
from features.corpora.composers import describe_composer

MOST_CONFUSIONS = 40
"""Confusions that the page shows; `confusions.csv` has all."""


def write_report(folder: Path, metrics: dict[str, Any]) -> None:
    """Writes `report.html`: scores beside baselines and intervals, by composer, with the figures.

    Args:
        folder: The run folder; figures, `environment.json` and `left_out.csv` are there already.
        metrics: What `metrics.json` will hold.
    """
    page = PAGES.get_template("report.html").render(
        metrics=metrics,
        command=whole_command(records.read_json(folder / "environment.json")),
        commits=[name for name in commits_of(folder) if name],
        rows=scores_by_model(metrics) | {f"{metrics['model']}, by chunk": metrics["test"]["chunk"]},
        differences=difference_sentences(metrics),
        drawn=drawn(metrics),
        stacking=describe_stacking(metrics["stacking"]) if "stacked" in metrics["test"] else "",
        figures=sorted(path.relative_to(folder).as_posix() for path in folder.glob("figures/*.png")),
        left_out=records.read_csv(folder / "left_out.csv"),
        **about_composers(folder, metrics),
    )
    records.write_text(folder / "report.html", page)


def about_composers(folder: Path, metrics: dict[str, Any]) -> dict[str, Any]:
    """Returns what the page says of the composers: years and eras, who is taken for whom, counts and thresholds."""
    tables = {
        name: records.read_csv(folder / f"{name}.csv") if (folder / f"{name}.csv").exists() else []
        for name in ("confusions", "thresholds", "composers")
    }
    label = metrics.get("label", "composer")  # older runs ask for composers
    return {
        "many": len(metrics["classes"]) > FEW,
        "sentences": many_class_sentences(metrics),
        "lives": {name: describe_composer(name) for name in metrics["classes"]},
        "priors": metrics.get("priors", {}),
        "confusions": tables["confusions"][:MOST_CONFUSIONS],
        "num_confusions": len(tables["confusions"]),
        "label": label,
        "eras": neighbour_sentences(tables["confusions"], metrics["classes"])
        if label == "era"
        else era_sentences(tables["confusions"]),
        "thresholds": tables["thresholds"] if label == "composer" and len(tables["composers"]) > FEW else [],
        "num_composers": len(tables["composers"]),
    }


def scores_by_model(metrics: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Returns the scores by piece of the baselines, the network, and both stacked, in this order."""
    test = metrics["test"]
    rows = {**test["baselines"], metrics["model"]: test["piece"]}
    return rows | ({"stacked": test["stacked"]} if "stacked" in test else {})
