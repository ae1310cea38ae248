"""Predictions on disk: the answers of a model for pieces and for chunks, to score and to compare later."""

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.engine.evaluation import point_scores, scores, vote
from experiments.engine.records import write_csv
from features.datasets import Dataset
from features.errors import InputError

WRITER = "writer"
"""The column of who wrote a piece."""


@dataclass(frozen=True)
class Predictions:
    """Answers for some pieces, or for some chunks.

    Attributes:
        pieces: Piece of each answer.
        works: Work of each answer.
        composers: True class of each answer: its composer, unless something else is asked.
        probabilities: Shape `(answers, classes)`.
        classes: The composers, or whatever is asked, in the order of the probabilities.
        label: What the classes are, which is also what their column is called in a file.
        writers: Who wrote each, where all that somebody wrote was held out; otherwise none.
    """

    pieces: tuple[str, ...]
    works: tuple[str, ...]
    composers: tuple[str, ...]
    probabilities: np.ndarray
    classes: tuple[str, ...]
    label: str = "composer"
    writers: tuple[str, ...] = ()

    @property
    def units(self) -> tuple[str, ...]:
        """What intervals draw as a whole: the work of each answer, or its composer, if composers were held out."""
        return self.writers or self.works

    @property
    def drawn(self) -> str:
        """What `units` are, in a word."""
        return "composers" if self.writers else "works"

    @property
    def labels(self) -> np.ndarray:
        """True class of each answer, shape `(answers,)`."""
        numbers = {name: number for number, name in enumerate(self.classes)}
        return np.array([numbers[name] for name in self.composers])

    def scores(self) -> dict:
        """Returns the scores of these answers; see `evaluation.scores`.

        Where composers were held out, each class says of how many (`writers`) its answers are.
        """
        return self._with_writers(
            scores(self.labels, self.probabilities, works=self.units, classes=self.classes)
        )

    def point_scores(self) -> dict:
        """Returns the same without interval, in a fraction of the time; see `evaluation.point_scores`."""
        return self._with_writers(point_scores(self.labels, self.probabilities, classes=self.classes))

    def _with_writers(self, found: dict) -> dict:
        if self.writers:
            tested = Counter(name for name, _ in set(zip(self.composers, self.writers, strict=True)))
            for name, of_class in found["per_class"].items():
                of_class["writers"] = tested[name]
        return found


def of_chunks(dataset: Dataset, indices: np.ndarray, probabilities: np.ndarray) -> Predictions:
    """Returns predictions for chunks, shape of the probabilities `(indices, classes)`."""
    return of_pieces(dataset, dataset.chunk_pieces[indices], probabilities)


def of_pieces(dataset: Dataset, piece_indices: np.ndarray, probabilities: np.ndarray) -> Predictions:
    """Returns predictions for pieces, shape of the probabilities `(piece_indices, classes)`."""
    composers, writers = dataset.composers, dataset.writers if dataset.holds_out_writers else []
    return Predictions(
        pieces=tuple(dataset.pieces[index] for index in piece_indices),
        works=tuple(dataset.works[index] for index in piece_indices),
        composers=tuple(composers[index] for index in piece_indices),
        probabilities=probabilities,
        classes=dataset.classes,
        label=dataset.label,
        writers=tuple(writers[index] for index in piece_indices) if writers else (),
    )


def voted(dataset: Dataset, indices: np.ndarray, probabilities: np.ndarray) -> Predictions:
    """Returns predictions for the pieces of chunks, each the joint answer of its chunks."""
    return of_pieces(dataset, *vote(probabilities, dataset.chunk_pieces[indices]))


def join(parts: Sequence[Predictions]) -> Predictions:
    """Returns the predictions of several folds as one."""
    return Predictions(
        pieces=sum((part.pieces for part in parts), ()),
        works=sum((part.works for part in parts), ()),
        composers=sum((part.composers for part in parts), ()),
        probabilities=np.concatenate([part.probabilities for part in parts]),
        classes=parts[0].classes,
        label=parts[0].label,
        writers=sum((part.writers for part in parts), ()),
    )


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Writes `piece, work, composer, p_<class>...`; compressed if the name ends in `.gz`.

    Where something else is asked, it stands instead of `composer`; where composers were held out, `writer` after it.
    """
    named = {"piece": predictions.pieces, "work": predictions.works, predictions.label: predictions.composers}
    named |= {WRITER: predictions.writers} if predictions.writers else {}
    columns = (*named, *(f"p_{name}" for name in predictions.classes))
    rows = [
        dict(zip(columns, (*names, *(f"{p:.6g}" for p in probabilities)), strict=True))
        for *names, probabilities in zip(*named.values(), predictions.probabilities, strict=True)
    ]
    write_csv(path, columns, rows)


def read_predictions(path: Path) -> Predictions:
    """Reads what `write_predictions` wrote; if there is no such file, its compressed copy.

    Raises:
        InputError: It is damaged.
    """
    if not path.exists():
        path = path.with_name(f"{path.name}.gz")
    raw = path.read_bytes()
    try:
        return _parsed((gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8"))
    except (ValueError, TypeError, LookupError, EOFError, OSError, zlib.error) as error:
        raise InputError(
            f"Expected the answers of a run in {path}, but the file is damaged ({error}); take a copy of it that is "
            "whole, or run it again."
        ) from error


def _parsed(text: str) -> Predictions:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    rows = list(reader)
    if not rows:
        raise ValueError("it has no answers")
    label, *columns = reader.fieldnames[2:]
    has_writers = columns[0] == WRITER
    columns = columns[has_writers:]
    return Predictions(
        pieces=tuple(row["piece"] for row in rows),
        works=tuple(row["work"] for row in rows),
        composers=tuple(row[label] for row in rows),
        probabilities=np.array([[float(row[column]) for column in columns] for row in rows]),
        classes=tuple(column.removeprefix("p_") for column in columns),
        label=label,
        writers=tuple(row[WRITER] for row in rows) if has_writers else (),
    )
