"""The page of an audit, which needs neither a server nor a network; made of what is published too."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.engine import records
from experiments.engine.auditing.rows import in_folds
from experiments.engine.auditing.variants import ABLATED

PARTS = {
    "ladder": "The ladder: what was heard of what is tested",
    "stack": "What the music adds to what the file reveals",
    "ablation": "What the model listens to",
    "transfer": "Other music",
}

FIGURES = ("ladder", "ablations", "transfer")


def write_audit(folder: Path, metrics: Mapping[str, Any]) -> None:
    """Writes figures, page and, last, `metrics.json`.

    Args:
        folder: Of the audit.
        metrics: What `metrics.json` will hold.
    """
    from experiments.engine.auditing.figures import save_audit_figures

    for figure in folder.glob("figures/*.png"):
        figure.unlink()  # of an earlier start, which may have had more to draw
    save_audit_figures(folder / "figures", metrics["rows"])
    write_audit_page(folder, metrics)
    records.write_json(folder / "metrics.json", metrics)


def write_audit_page(folder: Path, metrics: Mapping[str, Any] | None = None) -> None:
    """Writes `audit.html`; what it shows is read from the folder unless it is given."""
    from experiments.engine.rendering import PAGES

    metrics = records.read_json(folder / "metrics.json") if metrics is None else metrics
    page = PAGES.get_template("audit.html").render(
        metrics=metrics,
        environment=records.read_json(folder / "environment.json"),
        parts=[
            (part, title, by_model(rows, part))
            for part, title in PARTS.items()
            if (rows := rows_of(metrics, part))
        ],
        findings=main_findings(metrics),
        figures=[name for name in FIGURES if (folder / "figures" / f"{name}.png").exists()],
        ablated=ABLATED,
        names=list(dict.fromkeys(row["name"] for row in rows_of(metrics, "ablation"))),
    )
    records.write_text(folder / "audit.html", page)


def rows_of(metrics: Mapping[str, Any], part: str) -> list[dict[str, Any]]:
    """Returns the rows of a part."""
    return [row for row in metrics["rows"] if row["part"] == part]


def by_model(rows: Sequence[dict[str, Any]], part: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """Returns the rows of a part model by model, in their order; those of the stacks, which differ in it, together."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault("" if part == "stack" else row["model"], []).append(row)
    return list(groups.items())


def main_findings(metrics: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Returns what to read first: of each part the findings of the model with the most rows, and of the network.

    Returns:
        For each part its title, and what each row is called with what it means.
    """
    found = []
    for part, title in PARTS.items():
        rows = [row for row in rows_of(metrics, part) if row["finding"]]
        if part == "stack":
            chosen = rows
        elif part == "transfer":
            readers = (metrics["model"], metrics["reader"], "fingerprint")
            chosen = [
                row for row in rows if row["name"] == "unheard works, as it is" and row["model"] in readers
            ]
        else:
            chosen = _told(rows, metrics)
        if chosen:
            found.append((title, [(_called(row, part), row["finding"]) for row in chosen]))
    return found


def _told(rows: Sequence[dict[str, Any]], metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns the rows of the model that has the most of them, and those of the network."""
    models = (metrics["model"], metrics["reader"], "histogram_linear", "fingerprint")
    counts = {model: sum(row["model"] == model for row in rows) for model in models}
    chosen = max(models, key=lambda model: counts[model])
    return [
        row for model in dict.fromkeys((chosen, metrics["model"])) for row in rows if row["model"] == model
    ]


def _called(row: Mapping[str, Any], part: str) -> str:
    called = row["model"] if part in ("stack", "transfer") else f"{row['model']}, {row['name']}"
    return called.replace("_", " ") + (in_folds(row["folds"]) if part != "transfer" else "")
