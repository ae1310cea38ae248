"""A saved model ready to answer: weights, encoder, classes, and what it has heard, from `model.h5` and `model.json`."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.engine.config import AnswerConfig
from experiments.engine.heard import Heard
from experiments.engine.predictions import Predictions
from experiments.engine.publishing import check_model_file
from experiments.engine.tables import module_of
from features.datasets import Dataset
from features.encoders import ENCODERS
from models.pretrained import find
from models.saving import ModelFileError, load

if TYPE_CHECKING:
    import keras

LOGIT_OFFSETS = "logit_offsets"
"""What was taken off the logits of the classes when a model was saved, as `model.json` has it."""


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
        answering: How it is asked.
    """

    path: Path
    model: "keras.Model"
    encoder: Any
    classes: tuple[str, ...]
    trained_on: Heard
    validated_on: Heard
    description: dict[str, Any]
    answering: AnswerConfig = AnswerConfig()

    @property
    def heard(self) -> Heard:
        """Returns what it was trained on or validated on: on neither is its score one on unheard works."""
        return Heard.by(self.description)

    def predict(self, dataset: Dataset, indices: np.ndarray | None = None) -> np.ndarray:
        """Returns the probabilities of chunks, each of what is heard in it, shape `(indices, classes)`.

        Args:
            dataset: Chunks made by `encoder`; whose they are does not matter.
            indices: Which chunks; None for all.
        """
        from experiments.engine.answering import answer_chunks

        dataset, indices = self._checked(dataset, indices)
        return answer_chunks(self.model, dataset, indices, self.answering)

    def answer(self, dataset: Dataset, indices: np.ndarray | None = None) -> dict[str, Predictions]:
        """Returns answers by `"chunk"` and by `"piece"`, over the classes of the model.

        Args:
            dataset: Chunks made by `encoder`, of composers that the model knows.
            indices: Which chunks; None for all.
        """
        from experiments.engine.answering import answer

        dataset, indices = self._checked(dataset, indices)
        answers = answer(self.model, dataset, indices, self.answering)
        return {level: dataclasses.replace(found, classes=self.classes) for level, found in answers.items()}

    def _checked(self, dataset: Dataset, indices: np.ndarray | None) -> tuple[Dataset, np.ndarray]:
        """Returns the data as the encoder knows it, and which chunks are asked for."""
        indices = np.arange(len(dataset.chunk_pieces)) if indices is None else indices
        return dataset.read_with(self.encoder), indices


def load_saved_model(model: str | Path, *, description: Mapping[str, Any] | None = None) -> SavedModel:
    """Reads a saved model, whoever made it; runs no code from the file.

    Args:
        model: The `.h5` file, its `.json` beside it, or the run folder that holds both; or what else `find` knows.
        description: Of a model that was saved elsewhere and has no `.json`: `encoder` (`name` and `settings`) and
            `classes`.

    Raises:
        ModelFileError: A file is missing, damaged or not safe, or does not say what is needed to use the model.
        InputError: It is a run folder without a model, or its encoder is not known here.
    """
    path = find(model)
    check_model_file(path)
    network, description = load(path, description=description)
    try:
        encoder, classes = description["encoder"], tuple(description["classes"])
        make = module_of(ENCODERS, encoder["name"], kind="encoder").make
        made = make(**encoder["settings"])
        answering = AnswerConfig(**description.get("answering", {}))
        heard = [Heard.of(description.get(name, ())) for name in ("trained_on", "validated_on")]
        _check_names(description["classes"], description.get("label", "composer"))
        if description.get("calibration"):
            from experiments.engine.predicting.calibration import Calibration

            Calibration.from_dict(description["calibration"], num_classes=len(classes))
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelFileError(
            f"{path.with_suffix('.json')} does not say which encoder, classes and pieces the model is for ({error}); "
            "use one that a run of this version has written."
        ) from error
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        raise ModelFileError(f"The model in {path} should take one chunk and give one answer; use another.")
    if (*network.input_shape[-len(made.chunk_shape) :], network.output_shape[-1]) != (
        *made.chunk_shape,
        len(classes),
    ):
        raise ModelFileError(
            f"The model in {path} takes {network.input_shape[1:]} and has {network.output_shape[-1]} answers, but its "
            f"description is of chunks {made.chunk_shape} and {len(classes)} classes; copy both files again, or "
            "describe the model as it is."
        )
    return SavedModel(path, network, made, classes, *heard, description, answering)


def _check_names(classes: Sequence[str], label: str) -> None:
    """Refuses classes that cannot be told apart or printed: control characters would reach the terminal."""
    for name in (*classes, label):
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise TypeError(f"{name!r} is no name")
    if isinstance(classes, str) or not 2 <= len(classes) == len(set(classes)):
        raise TypeError("classes should be two or more, each named once")
