"""A saved model ready to answer: weights, encoder, classes, and what it has heard, from `model.h5` and `model.json`."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.engine.predictions import Predictions, of_chunks, voted
from experiments.engine.tables import module_of
from features.datasets import Dataset
from features.encoders import ENCODERS
from models.saving import ModelFileError, load

if TYPE_CHECKING:
    import keras

MODEL_FILE = "model.h5"


@dataclass(frozen=True)
class Heard:
    """Pieces that a model has heard, known in any corpus.

    Attributes:
        contents: SHA-256 of their files.
        works: Their works.
    """

    contents: frozenset[str]
    works: frozenset[str]


@dataclass(frozen=True)
class SavedModel:
    """A network as it was saved.

    Attributes:
        path: The `.h5` file.
        model: The network, not compiled.
        encoder: What makes its chunks; a data set for it is made with this one.
        classes: The composers, in the order of its answers.
        trained_on: What it was trained on.
        validated_on: What chose its epoch.
        description: All of `model.json`.
    """

    path: Path
    model: "keras.Model"
    encoder: Any
    classes: tuple[str, ...]
    trained_on: Heard
    validated_on: Heard
    description: dict[str, Any]

    @property
    def heard(self) -> Heard:
        """Returns what it was trained on or validated on: on neither is its score one on unheard works."""
        parts = (self.trained_on, self.validated_on)
        return Heard(*(frozenset.union(*(getattr(part, name) for part in parts)) for name in vars(parts[0])))

    def predict(self, dataset: Dataset, indices: np.ndarray | None = None) -> np.ndarray:
        """Returns the probabilities of chunks, shape `(indices, classes)`.

        Args:
            dataset: Chunks made by `encoder`; whose they are does not matter.
            indices: Which chunks; None for all.
        """
        from experiments.engine.training import predict

        if dataset.encoder != self.encoder:
            raise ValueError(f"The model reads chunks of {self.encoder}, but these are of {dataset.encoder}.")
        return predict(
            self.model, dataset, np.arange(len(dataset.chunk_pieces)) if indices is None else indices
        )

    def answer(self, dataset: Dataset, indices: np.ndarray | None = None) -> dict[str, Predictions]:
        """Returns answers by `"chunk"` and by `"piece"`, over the classes of the model.

        Args:
            dataset: Chunks made by `encoder`, of composers that the model knows.
            indices: Which chunks; None for all.
        """
        indices = np.arange(len(dataset.chunk_pieces)) if indices is None else indices
        probabilities = self.predict(dataset, indices)
        by_level = {"chunk": of_chunks, "piece": voted}
        return {
            level: dataclasses.replace(make(dataset, indices, probabilities), classes=self.classes)
            for level, make in by_level.items()
        }


def load_saved_model(path: Path) -> SavedModel:
    """Reads a model that a run has saved; runs no code from the file.

    Args:
        path: The `.h5` file, its `.json` beside it, or the run folder that holds both.

    Raises:
        ModelFileError: A file is missing or damaged, or does not say what is needed to use the model.
        InputError: Its encoder is not known here.
    """
    path = path / MODEL_FILE if path.is_dir() else path
    model, description = load(path)
    try:
        encoder, classes = description["encoder"], tuple(description["classes"])
        make = module_of(ENCODERS, encoder["name"], kind="encoder").make
        made = make(**encoder["settings"])
        heard = [_heard(description.get(name, ())) for name in ("trained_on", "validated_on")]
    except (KeyError, TypeError) as error:
        raise ModelFileError(
            f"{path.with_suffix('.json')} does not say which encoder, classes and pieces the model is for ({error}); "
            "use one that a run of this version has written."
        ) from error
    if (*model.input_shape[1:], model.output_shape[-1]) != (*made.chunk_shape, len(classes)):
        raise ModelFileError(
            f"The model in {path} takes {model.input_shape[1:]} and has {model.output_shape[-1]} answers, but its "
            f"description is of chunks {made.chunk_shape} and {len(classes)} classes; copy both files again."
        )
    return SavedModel(path, model, made, classes, *heard, description)


def _heard(pieces: list[dict[str, str]]) -> Heard:
    return Heard(*(frozenset(piece[name] for piece in pieces) for name in ("content", "work")))
