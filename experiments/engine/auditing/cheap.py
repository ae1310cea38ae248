"""Answers of the cheap models, fold by fold: each file appears whole, so that a killed audit goes on where it was."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from experiments.engine.baselines import STACKED, answer_baseline
from experiments.engine.predictions import Predictions, join, read_predictions, write_predictions
from experiments.engine.records import read_json, write_json
from experiments.engine.runner import Study, knowing_its_split, split_of
from experiments.engine.stacking import stack
from features.datasets import Dataset
from features.errors import InputError
from features.splits.protocols import TEST, VALIDATION, Split
from models.baselines import BASELINES

READER = "histogram_forest"
"""The cheap model that stands for reading the notes, where it is stacked with the fingerprint."""

LEVELS = {"histograms": ("piece", "chunk"), "fingerprint": ("piece",)}
"""Of the answers, by what a baseline reads."""

Answers = Mapping[str, Mapping[str, Predictions]]
"""Answers by side and level."""


def answer_fold(
    folder: Path, study: Study, models: Iterable[str], histograms: Callable[[], np.ndarray]
) -> None:
    """Makes the answers of cheap models for one fold, those that are not there yet.

    Args:
        folder: Where they are kept.
        study: Of one fold.
        models: Names of baselines.
        histograms: Returns the histograms of all chunks; asked for only if they are needed.

    Raises:
        InputError: What there is was answered for another split.
    """
    split = split_of(study)
    _keep_split(folder, study.dataset, split)
    missing = [model for model in models if not all(path.exists() for path in _paths(folder, model).values())]
    for model in missing:
        answers = answer_baseline(
            model,
            knowing_its_split(study).dataset,
            split,
            seed=study.config.training.seed,
            sides=_sides(model),
            histograms=histograms() if BASELINES[model].reads == "histograms" else None,
        )
        for (side, level), path in _paths(folder, model).items():
            write_predictions(path, answers[side][level])


def read_answers(folders: Sequence[Path], model: str) -> dict[str, Predictions]:
    """Returns the answers of a cheap model for the test part of all folds, by `"piece"` and perhaps by `"chunk"`."""
    parts = [_read(folder, model)[TEST] for folder in folders]
    return {level: join([part[level] for part in parts]) for level in parts[0]}


def read_stacked(folders: Sequence[Path], model: str = READER) -> dict[str, Predictions]:
    """Returns the answers by piece of a cheap model and the fingerprint stacked, learnt in each fold by itself."""
    parts = []
    for folder in folders:
        both = {
            name: {side: answers["piece"] for side, answers in _read(folder, name).items()}
            for name in (model, STACKED)
        }
        parts.append(stack(both)[0])
    return {"piece": join(parts)}


def _keep_split(folder: Path, dataset: Dataset, split: Split) -> None:
    """Notes a digest of the split and of what is one work; of an audit that goes on, makes sure that it is the same."""
    text = json.dumps([dataset.works, split.chunk_split.tolist()])
    path, wanted = (
        folder / "split.json",
        {"digest": hashlib.blake2b(text.encode(), digest_size=16).hexdigest()},
    )
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_json(path, wanted)
    elif read_json(path) != wanted:
        raise InputError(
            f"The split has changed since {folder} was written, perhaps with what is told to be one work; start the "
            "audit without --resume."
        )


def _sides(model: str) -> tuple[str, ...]:
    return (VALIDATION, TEST) if model in (READER, STACKED) else (TEST,)


def _paths(folder: Path, model: str) -> dict[tuple[str, str], Path]:
    """Returns the files of a model; of the validation part only the answers by piece are kept, for stacking."""
    levels = LEVELS[BASELINES[model].reads]
    return {
        (side, level): folder / f"{model}-{side}-{level}.csv.gz"
        for side in _sides(model)
        for level in levels
        if side == TEST or level == "piece"
    }


def _read(folder: Path, model: str) -> dict[str, dict[str, Predictions]]:
    answers: dict[str, dict[str, Predictions]] = {}
    for (side, level), path in _paths(folder, model).items():
        answers.setdefault(side, {})[level] = read_predictions(path)
    return answers
