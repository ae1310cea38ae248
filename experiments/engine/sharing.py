"""A run becomes a folder that others can use: its model, what it is, and a card that says how far to trust it."""

import dataclasses
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.engine import records
from experiments.engine.auditing.rows import in_folds
from experiments.engine.auditing.variants import ABLATED
from experiments.engine.config import AnswerConfig, Config, SplitConfig
from experiments.engine.evaluation import f1_over_draws
from experiments.engine.pages import scores_by_model
from experiments.engine.predicting.asking import CALIBRATION
from experiments.engine.predicting.calibration import Calibration
from experiments.engine.predicting.reporting import fitted_sentence, none_sentences
from experiments.engine.predictions import read_predictions
from experiments.engine.publishing import (
    AUDIT,
    MADE_FOR,
    PREDICTIONS,
    commits_of,
    has_answers,
    kind_of,
    whole_command,
)
from experiments.engine.rendering import PAGES
from experiments.engine.saved_models import SavedModel, load_saved_model
from experiments.engine.summary import difference_sentences
from experiments.engine.telling import drawn, what_is_read
from features.errors import InputError
from features.whole import appears_whole
from features.words import counted
from models.pretrained import HUB_ID, PRETRAINED

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


def check_repository(name: str) -> None:
    """Refuses a name for a model that is neither `owner/name` of the Hub nor that of a shipped one.

    Raises:
        InputError: It is neither.
    """
    if name not in PRETRAINED and ("@" in name or not HUB_ID.fullmatch(name)):
        raise InputError(
            f"Expected --repository to be owner/name, or the name of a shipped model ({', '.join(PRETRAINED)}), but "
            f"received {name}; give another."
        )


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
    study: Path | None = None,
) -> str:
    """Returns the model card: metadata for the Hub, then what a reader should know.

    Args:
        saved: The model of the run.
        run: Its folder.
        metrics: Its `metrics.json`; of a model that was trained on all works, that of the study over all folds.
        repository: `owner/name` on the Hub.
        license: Of the weights.
        audit: Folder of an audit of the same study, if there is one.
        study: Folder of that study, of a model that was trained on all works.
    """
    from experiments.engine.answering import reads_bags

    calibration = saved.description.get(CALIBRATION)
    heard, label = saved.description["trained_on"], saved.description.get("label", "composer")
    made_with = records.read_json(run / "environment.json")
    return PAGES.get_template("model_card.md").render(
        metadata=metadata(
            metrics, repository=repository, license=license, label=label, heard_all=study is not None
        ),
        label=label,
        reads=what_is_read(metrics),
        teachers=saved.description.get("teachers", []),
        metrics=metrics,
        repository=repository,
        rows=scores_by_model(metrics),
        differences=difference_sentences(metrics),
        drawn=drawn(metrics),
        intervals=f1_intervals(study or run),
        asked=asked_sentences(saved.answering, in_bags=reads_bags(saved.model)),
        shape=saved.encoder.chunk_shape,
        settings=json.dumps(saved.description["encoder"]["settings"]),
        num_pieces=len(heard),
        num_works=len({piece["work"] for piece in heard}),
        num_auxiliary=saved.description.get("num_auxiliary", 0),
        limit=LIMITS.get(metrics["protocol"], ""),
        calibration=calibration,
        calibrated=calibration and calibration.get("cross_validated", calibration.get("test")),
        fitted=fitted_sentence(calibration) if calibration else "",
        left_alone=bool(calibration) and Calibration.from_dict(calibration).is_left_alone,
        unknown=none_sentences(calibration, label=label) if calibration else [],
        findings=findings_of(audit, study or run) if audit else [],
        command=whole_command(made_with),
        commits=[name for name in commits_of(run) if name],
        keras_version=made_with["libraries"]["keras"],
        study_command=whole_command(records.read_json(study / "environment.json")) if study else "",
    )


def f1_intervals(run: Path) -> dict[str, tuple[float, float]]:
    """Returns the 95 % interval of the F1 by piece of each class that has works enough for one.

    Args:
        run: The folder with the answers that are scored.
    """
    if not has_answers(run, PREDICTIONS["piece"]):
        return {}
    answers = read_predictions(run / PREDICTIONS["piece"])
    said = answers.probabilities.argmax(axis=1)
    found = {
        name: f1_over_draws(answers.labels, said, number, works=answers.units)
        for number, name in enumerate(answers.classes)
    }
    return {name: interval[1:] for name, interval in found.items() if interval}


def asked_sentences(answering: AnswerConfig, *, in_bags: bool) -> list[str]:
    """Returns how a model is asked, where that is more than once for each chunk.

    Args:
        answering: How it is asked.
        in_bags: Whether it hears several chunks together.

    Example:
        >>> asked_sentences(AnswerConfig(answer_transpose=2), in_bags=False)
        ['All is read in 5 keys, up to 2 semitones up and down, and the answers are joined in the same way.']
    """
    places, keys = answering.answer_overlap, 2 * answering.answer_transpose + 1
    sentences = []
    if in_bags:
        sentences.append(f"Of a piece it hears {answering.bag} chunks together, spread over the piece.")
    if places > 1:
        sentences.append(f"A piece is read from {places} places a chunk, not only where chunks begin.")
    if keys > 1:
        sentences.append(
            f"All is read in {keys} keys, up to {counted(answering.answer_transpose, 'semitone')} up and down, and the "
            "answers are joined in the same way."
        )
    return sentences


def metadata(
    metrics: Mapping[str, Any], *, repository: str, license: str, label: str, heard_all: bool
) -> dict[str, Any]:
    """Returns what the Hub reads of a card.

    Args:
        metrics: What `metrics.json` holds.
        repository: `owner/name` on the Hub.
        license: Of the weights.
        label: What the classes are, such as `composer`.
        heard_all: Whether the model was trained on all works, so that the scores are those of others made alike.
    """
    level = metrics["test"]["piece"]
    split = f"fold {metrics['fold']}, by a model made alike" if heard_all else "test"
    return {
        "library_name": "keras",
        "license": license,
        "tags": ["music", "midi", "symbolic-music", f"{label}-classification", metrics["model"]],
        "metrics": ["f1", "accuracy"],
        "model-index": [
            {
                "name": repository.rpartition("/")[2],
                "results": [
                    {
                        "task": {
                            "type": "audio-classification",
                            "name": f"{label.capitalize()} of a piece of symbolic music",
                        },
                        "dataset": {
                            "type": metrics["corpus"],
                            "name": f"{metrics['corpus']} ({metrics['pieces']}), protocol {metrics['protocol']}",
                            "split": "cross-validation" if metrics["fold"] == "all" else split,
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
    experiment = records.read_json(run / "config.json")["experiment"]
    places = (run.resolve().parent, published / experiment)
    found = [path.parent for place in places for path in place.glob("audit-*/metrics.json")]
    alike = [folder for folder in found if kind_of(folder) == AUDIT and _is_of_study(folder, run)]
    return max(alike, key=lambda folder: (folder / "metrics.json").stat().st_mtime_ns, default=None)


def _is_of_study(audit: Path, run: Path) -> bool:
    """Whether the network of an audit was made as that of a run, but for the seed and what was held out."""
    configs = (records.read_json(audit / MADE_FOR[AUDIT])["config"], records.read_json(run / "config.json"))
    one, other = (
        dataclasses.replace(Config.from_dict(config), split=SplitConfig()).replace(training={"seed": 0})
        for config in configs
    )
    return one == other


def findings_of(audit: Path, run: Path) -> list[tuple[str, str]]:
    """Returns what an audit found the network of a run to listen to: what was taken away, and what it means.

    Raises:
        InputError: It is no audit, or one of another study.
    """
    if kind_of(audit) != AUDIT or not records.is_finished(audit):
        raise InputError(f"Expected --audit to name the folder of a finished audit, but {audit} is none.")
    if not _is_of_study(audit, run):
        raise InputError(
            f"{audit} is an audit of other music, another encoding, or a network that was made otherwise; name another."
        )
    metrics = records.read_json(audit / "metrics.json")
    return [
        (f"{ABLATED[row['name']].what}{in_folds(row['folds'])}", row["finding"])
        for row in metrics["rows"]
        if row["part"] == "ablation" and row["model"] == metrics["model"] and row["finding"]
    ]
