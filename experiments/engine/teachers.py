"""Which models a student learns from: found at once, and recorded as what they are, not as where they lie."""

import dataclasses
import hashlib
from pathlib import Path

from experiments.engine import records
from experiments.engine.config import Config, Places
from experiments.engine.publishing import check_model_file
from features.errors import InputError
from models.pretrained import MODEL_FILE, find
from models.saving import DIGEST, describe


def name_teachers(config: Config, places: Places) -> tuple[Config, Places]:
    """Returns a configuration that names its teachers, and the places, which have where these lie.

    Args:
        config: As the command line gives it: its teachers are paths.
        places: Where other things lie.

    Raises:
        InputError: A teacher is a study that is not finished, or was published without its weights.
        ModelFileError: There is no such model.
    """
    given = config.training.teacher
    named = config.replace(training={"teacher": tuple(map(teacher_name, given))})
    return named, dataclasses.replace(places, teachers=given)


def teacher_name(teacher: str) -> str:
    """Returns what tells a model, or a study over all folds, from any other: its name, `@`, a digest of its weights."""
    folder = Path(teacher).expanduser()
    runs = fold_runs(folder)
    if runs and not records.is_finished(folder):
        raise InputError(f"The study {folder} cannot teach before it is finished; go on with it by --resume.")
    path = folder / MODEL_FILE if runs else find(teacher)
    parts = [run / MODEL_FILE for run in runs.values()] or [path]
    for part in parts:
        check_model_file(part)
    descriptions = [describe(part) for part in parts]
    digests = "".join(description[DIGEST] for description in descriptions)
    return f"{_name(path, descriptions[0])}@{hashlib.blake2b(digests.encode(), digest_size=4).hexdigest()}"


def _name(path: Path, description: dict) -> str:
    """Returns what a run of this configuration is called on any machine; of a model without one, its own name."""
    config = path.with_name("config.json")
    if config.exists():
        return records.run_name(Config.from_dict(records.read_json(config), name=config))
    return description.get("run_id", path.stem) if path.name == MODEL_FILE else path.stem


def configured_name(name: str) -> str:
    """Returns what of a teacher's name tells how it was made, whatever it has heard.

    Example:
        >>> configured_name("music21_scores-frame_cnn-work-all-seed0-13565ac1@0a1b2c3d")
        'music21_scores-frame_cnn-work-all-seed0-13565ac1'
    """
    return name.rpartition("@")[0]


def fold_runs(study: Path) -> dict[int, Path]:
    """Returns the run of each fold of a study over all of them, in the order of the folds; none of another folder."""
    runs = (path.parent for path in study.glob("folds/*/*/config.json"))
    return dict(sorted((records.read_json(run / "config.json")["split"]["fold"], run) for run in runs))
