"""What was answered for pieces that the answering network was not trained on: what a calibration is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.engine import records
from experiments.engine.comparing.hearing import split_tables
from experiments.engine.config import Config
from experiments.engine.predicting.unknown import statistics_of
from experiments.engine.predictions import Predictions, read_predictions
from experiments.engine.publishing import PREDICTIONS
from features.errors import InputError
from features.splits.protocols import TEST


@dataclass(frozen=True)
class Asked:
    """Answers for pieces.

    Attributes:
        answers: By piece as the network gives them, shape `(pieces, classes)`.
        statistics: What `unknown.statistics_of` says of each, shape `(pieces, statistics)`.
        num_chunks: Shape `(pieces,)`.
        composers: True composer of each.
        works: Work of each.
    """

    answers: np.ndarray
    statistics: np.ndarray
    num_chunks: np.ndarray
    composers: np.ndarray
    works: np.ndarray

    def where(self, kept: np.ndarray) -> "Asked":
        """Returns some of the pieces, by a mask of shape `(pieces,)`."""
        return Asked(**{name: values[kept] for name, values in vars(self).items()})

    def labels(self, classes: Sequence[str]) -> np.ndarray:
        """Returns the true class of each, shape `(pieces,)`."""
        return np.array([classes.index(composer) for composer in self.composers])


def asked_of(answers: Mapping[str, Predictions]) -> Asked:
    """Returns answers by `"piece"` and by `"chunk"` as one.

    Example:
        >>> of_chunks = Predictions(("a", "a"), ("1", "1"), ("Ada", "Ada"), np.array([[1, 0], [0, 1]]), ("Ada", "Bela"))
        >>> of_pieces = Predictions(("a",), ("1",), ("Ada",), np.array([[0.6, 0.4]]), ("Ada", "Bela"))
        >>> found = asked_of({"piece": of_pieces, "chunk": of_chunks})
        >>> found.statistics.shape, found.num_chunks.tolist()
        ((1, 7), [2])
    """
    piece, chunk = answers["piece"], answers["chunk"]
    rows = {name: row for row, name in enumerate(piece.pieces)}
    positions = np.array([rows[name] for name in chunk.pieces])
    num_chunks = np.bincount(positions, minlength=len(rows))
    chunks = np.split(chunk.probabilities[positions.argsort(kind="stable")], num_chunks.cumsum()[:-1])
    composers, works = np.array(piece.composers), np.array(piece.works)
    answers = piece.probabilities / piece.probabilities.sum(axis=1, keepdims=True)  # files hold rounded ones
    statistics = np.array(list(map(statistics_of, answers, chunks)))
    return Asked(answers, statistics, num_chunks, composers, works)


@dataclass(frozen=True)
class CrossValidated:
    """What the models of a study answered, each for the works that it did not hear.

    Attributes:
        asked: The answers.
        folds: Number of the model that gave each of them, shape `(pieces,)`.
        prior: Share of each class in the pieces of the study.
    """

    asked: Asked
    folds: np.ndarray
    prior: tuple[float, ...]


def asked_of_study(study: Path, classes: Sequence[str]) -> CrossValidated:
    """Returns the answers that a study over all folds, or a run of one, has left; a published one will do.

    Args:
        study: Its folder, with `predictions.csv`, `predictions-chunks.csv.gz` and `splits.csv` of every fold.
        classes: Of the model that is to be calibrated.

    Raises:
        InputError: Something of this is missing, or its classes are others.
    """
    tables = split_tables(study)
    try:
        answers = {level: read_predictions(study / name) for level, name in PREDICTIONS.items()}
    except FileNotFoundError as error:
        raise InputError(f"{study} lacks its answers ({error.filename}); copy the whole folder.") from error
    tested = {row["piece"]: fold for fold, rows in enumerate(tables) for row in rows if row["split"] == TEST}
    pieces, label = answers["piece"].pieces, answers["piece"].label
    if answers["piece"].classes != tuple(classes):
        raise InputError(
            f"The study {study} tells {', '.join(answers['piece'].classes)} apart, but the model "
            f"{', '.join(classes)}; give the study of this model."
        )
    if not set(pieces) <= set(tested):
        raise InputError(f"{study} lacks splits.csv of some of its folds; copy the whole folder.")
    truths = list({row["piece"]: row[label] for rows in tables for row in rows}.values())
    prior = tuple(truths.count(name) / len(truths) for name in classes)
    return CrossValidated(asked_of(answers), np.array([tested[piece] for piece in pieces]), prior)


def check_same_study(run: Path, study: Path, *, asked_otherwise: bool = False) -> None:
    """Makes sure that a model was made as the models of a study were, seeds and folds aside.

    Args:
        run: Of the model.
        study: Of the others.
        asked_otherwise: Whether it may be asked in another way.

    Raises:
        InputError: It was not.
    """
    paths = [folder / "config.json" for folder in (run, study)]
    configs = [Config.from_dict(records.read_json(path), name=path) for path in paths]
    same = {"split": {"fold": "all", "split_seed": 0}, "training": {"seed": 0}}
    same |= {"answering": {"answer_overlap": 1, "answer_transpose": 0}} if asked_otherwise else {}
    ours, theirs = (config.replace(**same).to_dict() for config in configs)
    differing = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
    if differing:
        raise InputError(
            f"The models of {study} were made otherwise than the one in {run} ({', '.join(differing)} in config.json), "
            "so their answers say nothing of its own; give a study with the same settings."
        )
