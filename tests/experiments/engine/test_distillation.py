"""What a student is told: the mean of its teachers, evened out, for chunks or for whole pieces."""

from types import SimpleNamespace

import numpy as np
import pytest

from experiments.engine import records
from experiments.engine.config import Config
from experiments.engine.distillation import _check_adjustment, _check_unheard, teach
from experiments.engine.heard import Heard
from experiments.engine.saved_models import LOGIT_OFFSETS
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

    def __init__(self, *answers, **description):
        self.answers, self.description = np.array(answers), description

    def predict(self, dataset, indices):
        return np.stack([self.answers, 1 - self.answers], axis=1)[indices]

    def answer(self, dataset, indices):
        return {"piece": SimpleNamespace(pieces=("b", "a"), probabilities=np.array([[0.9, 0.1], [0.7, 0.3]]))}


def config(**training):
    return Config("example").replace(training={"teacher": ("teacher",), **training})


def test_several_teachers_are_as_one():
    teachers = [Teacher(0.2, 0.4, 0.6, 0.8), Teacher(0.4, 0.4, 0.4, 0.4)]
    taught = teach(teachers, config(distillation=0.3), DATASET, INDICES, whole_pieces=False)
    np.testing.assert_allclose(taught.answers[INDICES, 1], [0.3, 0.4, 0.5, 0.6], rtol=1e-6)
    np.testing.assert_allclose(taught.answers[INDICES].sum(axis=1), 1, rtol=1e-6)
    assert taught.share == 0.3


def test_a_temperature_evens_out():
    taught = teach([Teacher(0.9, 0.5, 0.1, 0.8)], config(temperature=2), DATASET, INDICES, whole_pieces=False)
    roots = np.sqrt([0.9, 0.1])
    np.testing.assert_allclose(taught.answers[0], (roots / roots.sum())[::-1], rtol=1e-6)


def test_a_bag_is_told_of_its_piece():
    taught = teach([Teacher()], config(), DATASET, INDICES, whole_pieces=True)
    np.testing.assert_allclose(taught.answers[INDICES, 1], [0.7, 0.7, 0.9, 0.9], rtol=1e-6)


@pytest.mark.parametrize("whole_pieces", [False, True])
def test_what_was_taken_off_a_teachers_logits_is_not_taken_off_twice(whole_pieces):
    """What would be taken off the odds of Bela, three times those of Ada, was taken off already."""
    teacher = Teacher(0.9, 0.5, 0.1, 0.8, logit_offsets=np.log([3.0, 1.0]).tolist())
    plain, taught = (
        teach([one], config(), DATASET, INDICES, whole_pieces=whole_pieces).answers[INDICES]
        for one in (Teacher(*teacher.answers), teacher)
    )
    np.testing.assert_allclose(taught[:, 1] / taught[:, 0], 3 * plain[:, 1] / plain[:, 0], rtol=1e-5)


def test_a_teacher_that_does_not_say_what_was_taken_off_has_to_have_nothing_taken_off(tmp_path):
    teacher = SimpleNamespace(path=tmp_path / "model.h5", description={})
    _check_adjustment(teacher)  # there is no run that says so
    records.write_json(tmp_path / "config.json", config().to_dict())
    _check_adjustment(teacher)
    records.write_json(tmp_path / "config.json", config(logit_adjustment=0.25).to_dict())
    with pytest.raises(InputError, match="train it again"):
        _check_adjustment(teacher)
    _check_adjustment(SimpleNamespace(path=teacher.path, description={LOGIT_OFFSETS: [0.1, 0.2]}))


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
