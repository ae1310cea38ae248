"""Which pieces of a study's corpus its models were trained on: told by the split, or by a saved model itself."""

from dataclasses import dataclass

import numpy as np

from experiments.engine.heard import Heard
from experiments.engine.runner import Study, split_of
from experiments.engine.saved_models import SavedModel
from features.errors import InputError
from features.splits.protocols import TRAIN, VALIDATION

NOBODY = Heard()


@dataclass(frozen=True)
class Trained:
    """What the models have heard of a study's corpus.

    Attributes:
        train: `(pieces,)`, which pieces they were trained on.
        heard: `(pieces,)`, which they were trained or validated on.
        by_name: What a saved model says of itself.
    """

    train: np.ndarray
    heard: np.ndarray
    by_name: Heard = NOBODY


def what_was_heard(study: Study, saved: SavedModel | None) -> Trained:
    """Returns what a saved model was trained on; without one, the training part of the study's fold.

    Raises:
        InputError: Of what the model was trained on, nothing is in the corpus.
    """
    dataset = study.dataset
    if saved is None:
        split = split_of(study)
        train, validation = (
            np.isin(np.arange(len(dataset.pieces)), dataset.chunk_pieces[split.indices(side)])
            for side in (TRAIN, VALIDATION)
        )
        return Trained(train, train | validation)
    if saved.classes != dataset.classes:
        raise InputError(
            f"The model in {saved.path} knows {', '.join(saved.classes)}, but the study is about "
            f"{', '.join(dataset.classes)}; give a model of this study with --transfer-model."
        )
    train, heard = (np.isin(dataset.contents, list(of.contents)) for of in (saved.trained_on, saved.heard))
    if not train.any():
        raise InputError(
            f"Of what the model in {saved.path} was trained on, nothing is in the corpus of the study."
        )
    return Trained(train, heard, saved.heard)
