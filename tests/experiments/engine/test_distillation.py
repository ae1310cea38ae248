"""What a student is told: the mean of its teachers, evened out, for chunks or for whole pieces."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from experiments.engine.config import Config
from experiments.engine.distillation import _check_unheard, _of_fold, teach
from experiments.engine.heard import Heard
from features.errors import InputError
from features.splits.protocols import TEST, TRAIN, VALIDATION
from features.splits.works import NO_OUTLINE

DATASET = SimpleNamespace(
    classes=("Ada", "Bela"),
    pieces=("a", "b", "c"),
    works=("1", "2", "3"),
    contents=("x", "y", "z"),
    outlines=(NO_OUTLINE,) * 3,
    chunk_pieces=np.array([0, 0, 1, 1, 2]),
)
INDICES = np.array([0, 1, 2, 3])


class Teacher:
    """Answers so much for Bela, its first class, by chunk; for pieces, more."""

    classes, path = ("Bela", "Ada"), "teacher"
    description = {"trained_on": [{"content": "x", "work": "1"}]}

    def __init__(self, *answers):
        self.answers = np.array(answers)

    def predict(self, dataset, indices):
        return np.stack([self.answers, 1 - self.answers], axis=1)[indices]

    def answer(self, dataset, indices):
        return {"piece": SimpleNamespace(pieces=("b", "a"), probabilities=np.array([[0.9, 0.1], [0.7, 0.3]]))}


def config(**training):
    return Config("example").replace(training={"teacher": ("teacher",), **training})


def test_several_teachers_are_as_one():
    teachers = [Teacher(0.2, 0.4, 0.6, 0.8), Teacher(0.4, 0.4, 0.4, 0.4)]
    taught = teach(teachers, config(distillation=0.3), DATASET, INDICES, whole_pieces=False)
    np.testing.assert_allclose(taught.targets.answers[INDICES, 1], [0.3, 0.4, 0.5, 0.6], rtol=1e-6)
    np.testing.assert_allclose(taught.targets.answers[INDICES].sum(axis=1), 1, rtol=1e-6)
    assert taught.targets.share == 0.3
    assert taught.heard[0] == {"content": "x", "work": "1"}


def test_a_temperature_evens_out():
    taught = teach([Teacher(0.9, 0.5, 0.1, 0.8)], config(temperature=2), DATASET, INDICES, whole_pieces=False)
    roots = np.sqrt([0.9, 0.1])
    np.testing.assert_allclose(taught.targets.answers[0], (roots / roots.sum())[::-1], rtol=1e-6)


def test_a_bag_is_told_of_its_piece():
    taught = teach([Teacher()], config(), DATASET, INDICES, whole_pieces=True)
    np.testing.assert_allclose(taught.targets.answers[INDICES, 1], [0.7, 0.7, 0.9, 0.9], rtol=1e-6)


def test_without_teachers_nothing_is_taught():
    assert teach([], config(teacher=()), DATASET, INDICES, whole_pieces=False) is None


def nobody():
    return Heard(frozenset(), frozenset())


@pytest.mark.parametrize("heard", [Heard(frozenset("z"), frozenset()), Heard(frozenset(), frozenset("3"))])
@pytest.mark.parametrize("side", [TEST, VALIDATION])
def test_a_teacher_may_not_know_what_is_held_out(heard, side):
    sides = {TRAIN: INDICES, TEST: INDICES[:0], VALIDATION: INDICES[:0]} | {side: np.array([4])}
    split = SimpleNamespace(indices=sides.get)
    _check_unheard(SimpleNamespace(path="t", trained_on=nobody(), heard=nobody()), DATASET, split)
    with pytest.raises(InputError, match=f"has heard c, .* in the student's {side} part"):
        _check_unheard(SimpleNamespace(path="t", trained_on=heard, heard=heard), DATASET, split)
    chose = SimpleNamespace(path="t", trained_on=nobody(), heard=heard)
    if side == TEST:
        with pytest.raises(InputError, match="has heard c"):
            _check_unheard(chose, DATASET, split)
    else:
        _check_unheard(chose, DATASET, split)  # what chose its epoch may choose the student's


def test_a_study_over_all_folds_teaches_with_the_run_of_the_fold(tmp_path):
    for fold in (0, 1):
        run = tmp_path / "folds" / "study" / f"run-{fold}"
        run.mkdir(parents=True)
        (run / "config.json").write_text(json.dumps({"split": {"fold": fold}}))
    assert _of_fold(str(tmp_path), 1).endswith("run-1")
    assert _of_fold(str(tmp_path), 7) == str(tmp_path)
    assert _of_fold("four_composers", 0) == "four_composers"
