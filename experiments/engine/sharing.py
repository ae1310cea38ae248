"""A run becomes a folder that others can use: its model, what it is, and a card that says how far to trust it."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.engine import records
from experiments.engine.pages import scores_by_model
from experiments.engine.predicting.asking import CALIBRATION
from experiments.engine.predicting.reporting import fitted_sentence, none_sentences
from experiments.engine.publishing import is_audit
from experiments.engine.rendering import PAGES
from experiments.engine.saved_models import SavedModel, load_saved_model
from experiments.engine.summary import difference_sentences
from experiments.engine.telling import drawn
from experiments.engine.whole import appears_whole
from features.errors import InputError

CARD = "README.md"

METRICS = {
    "f1": ("macro_f1", "Macro-F1"),
    "accuracy": ("accuracy", "Accuracy"),
    "log_loss": ("log_loss", "Log-loss"),
    "expected_calibration_error": ("calibration_error", "Expected calibration error"),
}
"""What the Hub is told: its own name of a metric, ours, and what to show."""

LIMITS = {
    "work": "Scores are on works that training never heard, but from the collections that it heard: on files made by "
    "somebody else expect less.",
    "composer": "Scores are on composers of whom training heard nothing, from the collections that it heard.",
    "given": "The corpus itself says what was tested: other movements of these works may have been trained on.",
    "source": "Scores are on collections of files that training never heard.",
    "file": "Other movements and copies of the tested works were trained on: on works that it never heard expect less.",
    "chunk": "Other chunks of the very files that were tested were trained on: these scores say little of music that "
    "it never heard.",
}
"""What to think of a score, by the protocol."""


def share(run: Path, folder: Path, *, repository: str, license: str, audit: Path | None) -> None:
    """Writes the model of a run, its description and its card; the card last.

    Args:
        run: A finished run folder with its model, which is loaded to make sure that others can.
        folder: Where they go.
        repository: `owner/name` on the Hub.
        license: Of the weights, as the Hub calls it.
        audit: Folder of an audit of the same study, if there is one.

    Raises:
        ModelFileError: The model cannot be loaded.
        InputError: The audit is none, or of another study.
    """
    saved = load_saved_model(run)
    metrics = records.read_json(run / "metrics.json")
    card = write_card(saved, run, metrics, repository=repository, license=license, audit=audit)
    for path in (saved.path, saved.path.with_suffix(".json")):
        with appears_whole(folder / path.name) as unfinished:
            shutil.copyfile(path, unfinished)
    records.write_text(folder / CARD, card)


def write_card(
    saved: SavedModel,
    run: Path,
    metrics: Mapping[str, Any],
    *,
    repository: str,
    license: str,
    audit: Path | None,
) -> str:
    """Returns the model card: metadata for the Hub, then what a reader should know.

    Args:
        saved: The model of the run.
        run: Its folder.
        metrics: Its `metrics.json`; of a model that was trained on all works, that of the study over all folds.
        repository: `owner/name` on the Hub.
        license: Of the weights.
        audit: Folder of an audit of the same study, if there is one.
    """
    calibration = saved.description.get(CALIBRATION)
    heard, label = saved.description["trained_on"], saved.description.get("label", "composer")
    return PAGES.get_template("model_card.md").render(
        metadata=metadata(metrics, repository=repository, license=license, label=label),
        label=label,
        metrics=metrics,
        repository=repository,
        rows=scores_by_model(metrics),
        differences=difference_sentences(metrics),
        drawn=drawn(metrics),
        shape=saved.encoder.chunk_shape,
        settings=json.dumps(saved.description["encoder"]["settings"]),
        num_pieces=len(heard),
        num_works=len({piece["work"] for piece in heard}),
        limit=LIMITS.get(metrics["protocol"], ""),
        calibration=calibration,
        calibrated=calibration and calibration.get("cross_validated", calibration.get("test")),
        fitted=fitted_sentence(calibration) if calibration else "",
        unknown=none_sentences(calibration.get("none_of_these"), calibration) if calibration else [],
        findings=findings_of(audit, metrics) if audit else [],
        environment=records.read_json(run / "environment.json"),
    )


def metadata(metrics: Mapping[str, Any], *, repository: str, license: str, label: str) -> dict[str, Any]:
    """Returns what the Hub reads of a card.

    Args:
        metrics: What `metrics.json` holds.
        repository: `owner/name` on the Hub.
        license: Of the weights.
        label: What the classes are, such as `composer`.
    """
    level = metrics["test"]["piece"]
    return {
        "library_name": "keras",
        "license": license,
        "tags": ["music", "midi", "symbolic-music", f"{label}-classification", metrics["model"]],
        "metrics": ["f1", "accuracy"],
        "model-index": [
            {
                "name": repository.partition("/")[2],
                "results": [
                    {
                        "task": {
                            "type": "audio-classification",
                            "name": f"{label.capitalize()} of a piece of symbolic music",
                        },
                        "dataset": {
                            "type": metrics["corpus"],
                            "name": f"{metrics['corpus']} ({metrics['pieces']}), protocol {metrics['protocol']}",
                            "split": "cross-validation" if metrics["fold"] == "all" else "test",
                        },
                        "metrics": [
                            {"type": name, "name": f"{shown} by piece", "value": round(level[ours], 4)}
                            for name, (ours, shown) in METRICS.items()
                        ],
                    }
                ],
            }
        ],
    }


def find_audit(run: Path, published: Path) -> Path | None:
    """Returns the latest finished audit of the study of a run, beside it or among the published; None if there is none.

    Args:
        run: The run folder.
        published: Where published runs and audits lie, by experiment.
    """
    metrics = records.read_json(run / "metrics.json")
    places = (run.resolve().parent, published / metrics["experiment"])
    found = [path.parent for place in places for path in place.glob("audit-*/metrics.json")]
    alike = [folder for folder in found if _is_of_study(folder, metrics)]
    return max(alike, key=lambda folder: (folder / "metrics.json").stat().st_mtime_ns, default=None)


def _is_of_study(audit: Path, metrics: Mapping[str, Any]) -> bool:
    found = records.read_json(audit / "metrics.json")
    return all(found[name] == metrics[name] for name in ("corpus", "pieces", "model", "encoder", "classes"))


def findings_of(audit: Path, metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Returns what an audit found the network to listen to: what was taken away, and what it means.

    Raises:
        InputError: It is no audit, or one of another study.
    """
    if not is_audit(audit) or not records.is_finished(audit):
        raise InputError(f"Expected --audit to name the folder of a finished audit, but {audit} is none.")
    if not _is_of_study(audit, metrics):
        raise InputError(
            f"{audit} is an audit of other music, another encoding or another network; name another."
        )
    return [
        (row["name"].replace("_", " "), row["finding"])
        for row in records.read_json(audit / "metrics.json")["rows"]
        if row["part"] == "ablation" and row["model"] == metrics["model"] and row["finding"]
    ]
