"""The model that is handed on when all questions are answered: as those of a study, but trained on all works."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.engine import records
from experiments.engine.columns import WATCHED
from experiments.engine.config import Config, Places
from experiments.engine.continuing import keep_origin
from experiments.engine.predicting.asked import check_same_study
from experiments.engine.predicting.calibrating import calibrate
from experiments.engine.publishing import check_model_file
from experiments.engine.runner import prepare, without_renderings
from experiments.engine.saved_models import SavedModel, load_saved_model
from experiments.engine.sharing import CARD, write_card
from experiments.engine.taking import save_asked_otherwise
from experiments.engine.teachers import configured_name, fold_runs, teacher_name
from features.datasets import Dataset
from features.errors import InputError
from features.splits.protocols import TRAIN, Split
from models.pretrained import MODEL_FILE, find
from models.saving import describe


def ship(
    study: Path,
    folder: Path,
    places: Places,
    *,
    unknown: Path | None,
    weights: Path | None = None,
    **card: Any,
) -> dict[str, Any]:
    """Trains a model on all works with the settings of a study, calibrates it from that, and writes its card.

    Begun again, it goes on where it was interrupted.

    Args:
        study: A finished run folder over all folds, or of one, of here or published.
        folder: Gets `model.h5`, `model.json` and the card, and what the training leaves.
        places: Where the corpus and the cache lie, and the teachers of a study whose models had some.
        unknown: Music by unknown composers; see `calibrate`.
        weights: What this made of a study that differs in how its models are asked alone: taken, not trained again.
        **card: What else to tell `sharing.write_card`.

    Returns:
        How it was calibrated.

    Raises:
        InputError: The study is of other music, or cannot be repeated without validation; its models had other
            teachers; or the weights are of another study.
    """
    path = study / "config.json"
    config = Config.from_dict(records.read_json(path), name=path)
    _check_needs_no_validation(config)
    if weights:
        _check_weights(weights, study)
    else:
        _check_teachers(config, places.teachers)
    if (folder / "config.json").exists():
        check_same_study(folder, study)
    is_trained = (folder / MODEL_FILE).with_suffix(".json").exists()  # written after the weights
    dataset = taken = None
    if not is_trained:  # before anything is written
        dataset = prepare(without_renderings(config) if weights else config, places)
        _check_same_music(study, dataset)
        taken = _take(weights, dataset) if weights else None
    if not (folder / "config.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        records.write_json(folder / "config.json", config.to_dict())
    with records.open_folder(folder):
        keep_origin(folder, weights)
        if taken:
            save_asked_otherwise(taken, folder / MODEL_FILE, config.answering)
        elif dataset:
            _train(study, folder, config, dataset, places.teachers)
        found = calibrate(folder, places, study=study, unknown=unknown)
        saved, metrics = load_saved_model(folder), records.read_json(study / "metrics.json")
        records.write_text(folder / CARD, write_card(saved, folder, metrics, study=study, **card))
    return found


def mean_best_epochs(study: Path, *, keeps_best: bool) -> int:
    """Returns after how many epochs the models of a study were best on average; without patience, how many they had.

    Args:
        study: Over all folds, or a run of one.
        keeps_best: Whether the best epoch was kept, and not the last.

    Raises:
        InputError: A fold has no history.
    """
    folds = _runs_of(study)
    if not all((fold / "history.csv").exists() for fold in folds):
        raise InputError(f"{study} lacks history.csv of some of its folds; copy the whole folder.")
    histories = [[float(row[WATCHED]) for row in records.read_csv(fold / "history.csv")] for fold in folds]
    epochs = [int(np.argmax(watched)) + 1 if keeps_best else len(watched) for watched in histories]
    return round(sum(epochs) / len(epochs))


def _runs_of(study: Path) -> list[Path]:
    """The runs of all folds of a study; a run of one fold stands for itself."""
    return list(fold_runs(study).values()) or [study]


def _train(study: Path, folder: Path, config: Config, dataset: Dataset, teachers: Sequence[str]) -> None:
    from experiments.engine.networks import train_network

    everything = Split(np.full(len(dataset.chunk_pieces), TRAIN))
    epochs = mean_best_epochs(study, keeps_best=config.training.patience is not None)
    # As far as the best epochs came, at the learning rates that they had: there is nothing to choose an epoch by.
    config = config.replace(training={"patience": None})
    network = train_network(config, dataset, everything, folder=folder, until=epochs, teachers=teachers)
    network.save(folder / MODEL_FILE, everything, config)
    (folder / "checkpoint.npz").unlink()


def _check_weights(weights: Path, study: Path) -> None:
    """Refuses weights of another study, of a whole study, or of a model that has not heard all works."""
    check_model_file(weights / MODEL_FILE)
    check_same_study(weights, study, asked_otherwise=True)
    records.read_json(weights / "environment.json")
    if not _has_heard_all(str(weights)):
        raise InputError(
            f"The model in {weights} has heard only some of the works; give with --weights what this tool made of the "
            "study before it was asked anew."
        )


def _take(weights: Path, dataset: Dataset) -> SavedModel:
    """Returns a model that was trained on all of a corpus.

    Raises:
        InputError: There is music in the corpus that it has not heard.
    """
    taken = load_saved_model(weights)
    if not set(dataset.contents) <= taken.trained_on.contents:
        raise InputError(
            f"The corpus holds files that the model in {weights} has not heard; give the one that it heard with "
            "--data-home."
        )
    return taken


def _check_needs_no_validation(config: Config) -> None:
    if config.training.schedule == "plateau":
        raise InputError(
            "The models of the study were trained by the validation loss, which a model trained on all works does "
            "without; take a study with another --schedule."
        )


def _check_teachers(config: Config, teachers: Sequence[str]) -> None:
    """Refuses teachers that were made otherwise than those of the study, of which each heard only some of the works."""
    wanted = [configured_name(name) for name in config.training.teacher]
    given = [configured_name(teacher_name(teacher)) for teacher in teachers]
    if teachers and not wanted:
        raise InputError("The models of the study had no teachers; leave --teacher out.")
    if given != wanted or not all(map(_has_heard_all, teachers)):
        raise InputError(
            f"The models of the study learnt from {', '.join(wanted)}, of which each had heard only some of the works; "
            "for a model trained on all works, ship that first, and give the folders that this makes with --teacher, "
            f"in this order, not {', '.join(teachers) or 'none'}."
        )


def _has_heard_all(teacher: str) -> bool:
    return not (fold_runs(Path(teacher).expanduser()) or describe(find(teacher))["validated_on"])


def _check_same_music(study: Path, dataset: Dataset) -> None:
    now = records.contents_digest(dataset.pieces, dataset.contents)
    for run in _runs_of(study):
        if records.read_json(run / "environment.json").get("contents", now) != now:
            raise InputError(
                f"The corpus holds other files than those that the study {study} read; give the same with --data-home."
            )
