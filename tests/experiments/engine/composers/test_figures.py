"""Figures of dozens of composers are large enough to be read, and small enough to be opened."""

import matplotlib.image
import numpy as np
import pytest

from experiments.engine.composers.figures import (
    MANY,
    save_composer_counts,
    save_many_class_scores,
    save_many_confusions,
)
from experiments.engine.plots import save_class_scores, save_confusion_matrix
from experiments.engine.predictions import Predictions
from features.census import ComposerCount
from features.corpora.composers import load_composers

NAMES = tuple(one.composer for one in load_composers())
SMALLEST_CELL, LARGEST_SIDE = 20, 5000
"""Pixels: a name of eight points fits into a cell, and a picture into the memory of a browser."""


def answers(num_classes, num_tested):
    rng = np.random.default_rng(num_classes)
    labels = np.concatenate([np.arange(num_tested), rng.integers(0, num_tested, 3 * num_tested)])
    raw = rng.dirichlet(np.full(num_classes, 0.1), len(labels)) + 0.5 * np.eye(num_classes)[labels]
    pieces = tuple(f"piece {number}" for number in range(len(labels)))
    composers = tuple(NAMES[label] for label in labels)
    return Predictions(pieces, pieces, composers, raw / raw.sum(axis=1, keepdims=True), NAMES[:num_classes])


def size(path):
    height, width, _ = matplotlib.image.imread(path).shape
    return height, width


@pytest.mark.parametrize(("num_classes", "num_tested"), [(49, 44), (145, 90)])
def test_a_matrix_of_many_has_room_for_every_name(tmp_path, num_classes, num_tested):
    found = answers(num_classes, num_tested)
    path = tmp_path / "many.png"
    save_confusion_matrix(
        found.labels, found.probabilities.argmax(axis=1), classes=found.classes, title="Many", path=path
    )
    height, width = size(path)
    assert min(height, width) > SMALLEST_CELL * num_tested
    assert max(height, width) < LARGEST_SIDE


@pytest.mark.parametrize(("num_classes", "num_tested"), [(49, 44), (145, 90)])
def test_scores_of_many_have_a_line_each(tmp_path, num_classes, num_tested):
    scores = answers(num_classes, num_tested).scores()
    path = tmp_path / "scores.png"
    save_class_scores(
        {"piece": scores, "chunk": scores, "baselines": {"fingerprint": scores}}, title="Many", path=path
    )
    assert SMALLEST_CELL * num_tested < size(path)[0] < LARGEST_SIDE
    save_many_class_scores({"piece": scores, "chunk": scores, "baselines": {}}, title="Alone", path=path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_counts_of_a_whole_corpus_have_a_line_each(tmp_path):
    census = tuple(ComposerCount(name, 1, 1, 5 + 3 * place**2) for place, name in enumerate(NAMES))
    save_composer_counts(census, NAMES[60:], path=tmp_path / "composers.png", also=[0.002])
    assert SMALLEST_CELL * len(census) < size(tmp_path / "composers.png")[0] < LARGEST_SIDE


def test_two_composers_of_whom_one_is_never_taken_for_the_other(tmp_path):
    save_many_confusions(np.diag([3, 4]), classes=("Bach", "Cui"), title="Two", path=tmp_path / "two.png")
    assert (tmp_path / "two.png").exists()
    assert MANY > 4  # the four composers keep their figure
