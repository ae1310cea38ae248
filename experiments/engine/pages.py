"""The page of a run, which needs neither a server nor a network."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from experiments.engine import records

PAGES = Environment(
    loader=PackageLoader("experiments.engine"), autoescape=select_autoescape(), undefined=StrictUndefined
)


def write_report(folder: Path, metrics: dict[str, Any]) -> None:
    """Writes `report.html`: scores beside baselines and intervals, by composer, with the figures.

    Args:
        folder: The run folder; figures, `environment.json` and `left_out.csv` are there already.
        metrics: What `metrics.json` will hold.
    """
    page = PAGES.get_template("report.html").render(
        metrics=metrics,
        environment=records.read_json(folder / "environment.json"),
        rows={**metrics["test"]["baselines"], metrics["model"]: metrics["test"]["piece"]},
        figures=sorted(path.relative_to(folder).as_posix() for path in folder.glob("figures/*.png")),
        left_out=records.read_csv(folder / "left_out.csv"),
    )
    records.write_text(folder / "report.html", page)
