"""Network and fingerprint stacked: learnt on validation pieces, applied to test pieces."""

import numpy as np
import pytest

from experiments.engine.predictions import Predictions
from experiments.engine.stacking import describe_stacking, stack

CLASSES = ("Ada", "Bela")


def predictions(side, labels, probabilities):
    names = tuple(f"{side} {number}" for number in range(len(labels)))
    return Predictions(names, names, tuple(CLASSES[label] for label in labels), probabilities, CLASSES)


@pytest.fixture
def models():
    """One that knows and one that is always wrong, in validation and in test alike."""
    labels = {"validation": np.arange(30) % 2, "test": np.arange(8) % 2}
    right, wrong = (np.array([[0.8, 0.2], [0.2, 0.8]])[:: (1, -1)[turned]] for turned in (False, True))
    return {
        name: {side: predictions(side, of_side, table[of_side]) for side, of_side in labels.items()}
        for name, table in (("frame_cnn", right), ("fingerprint", wrong))
    }


def test_answers_for_the_test_pieces_and_says_how(models):
    answers, learnt = stack(models)
    assert answers.pieces == models["frame_cnn"]["test"].pieces
    assert answers.scores()["accuracy"] == 1
    assert learnt["num_pieces"] == 30
    assert learnt["weights"]["frame_cnn"] > 1
    assert learnt["weights"]["fingerprint"] == 0
    assert describe_stacking(learnt).endswith("fingerprint weighs 0.00, as learnt on 30 validation pieces")


def test_learns_nothing_from_the_test_pieces(models):
    _, learnt = stack(models)
    swapped = {
        name: answers
        | {"test": predictions("test", 1 - answers["test"].labels, answers["test"].probabilities)}
        for name, answers in models.items()
    }
    assert stack(swapped)[1] == learnt


def test_refuses_answers_for_different_pieces(models):
    models["fingerprint"]["validation"] = predictions("other", np.zeros(30, int), np.full((30, 2), 0.5))
    with pytest.raises(ValueError, match="different validation pieces"):
        stack(models)
