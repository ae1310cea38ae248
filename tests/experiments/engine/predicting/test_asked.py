"""What a study over all folds has answered is enough to calibrate by, and each fold is measured by the others."""

import numpy as np
import pytest

from experiments.engine import records
from experiments.engine.predicting.asked import asked_of_study
from experiments.engine.predicting.calibrating import fitted_on_study
from features.errors import InputError

CLASSES = ("Ada", "Bela")


@pytest.fixture
def study(tmp_path):
    """Three folds of twenty works each, all answers too sure: a quarter are wrong, not in every fold alike."""
    rng, answers, chunks, rows = np.random.default_rng(0), [], [], []
    for number in range(60):
        truth, is_right = rng.integers(2), number % 12 not in (0, 3, 4)
        sure = 0.98 if (truth == 0) == is_right else 0.02
        row = {"piece": f"{number}.mid", "work": f"work {number}", "composer": CLASSES[truth]}
        answer = row | {"p_Ada": f"{sure:.6g}", "p_Bela": f"{1 - sure:.6g}"}
        answers.append(answer)
        chunks += [answer] * 2
        rows.append(row)
    for name, of in (("predictions.csv", answers), ("predictions-chunks.csv.gz", chunks)):
        records.write_csv(tmp_path / name, tuple(answers[0]), of)
    for fold in range(3):
        path = tmp_path / f"folds/example/{fold}/splits.csv"
        path.parent.mkdir(parents=True)
        sides = [row | {"split": "test" if index % 3 == fold else "train"} for index, row in enumerate(rows)]
        records.write_csv(path, tuple(sides[0]), sides)
    return tmp_path


def test_every_answer_is_of_the_model_that_did_not_hear_it(study):
    found = asked_of_study(study, CLASSES)
    assert found.folds.tolist() == [number % 3 for number in range(60)]
    assert found.asked.num_chunks.tolist() == [2] * 60
    shares = [(found.asked.composers == name).mean() for name in CLASSES]
    assert found.prior == pytest.approx(shares)


def test_too_sure_answers_become_true(study):
    fitted = fitted_on_study(study, CLASSES)
    probabilities = fitted.calibration.probabilities(np.array([[0.98, 0.02]]), 2)
    assert probabilities[0, 0] == pytest.approx(0.75, abs=0.01)
    measured = fitted.facts["cross_validated"]
    assert measured["after"]["log_loss"] < measured["before"]["log_loss"]
    assert not set(fitted.chosen_on.works) & set(fitted.tested_on.works)


def test_what_makes_answers_worse_is_left_out(study):
    """Each fold is as sure as the others should be: what is fitted on some harms the rest."""
    answers = records.read_csv(study / "predictions.csv")
    for number, row in enumerate(answers):
        sure, is_right = (0.98, number % 12 not in (0, 3)) if number % 3 == 0 else (0.6, True)
        first = sure if (row["composer"] == "Ada") == is_right else 1 - sure
        row |= {"p_Ada": f"{first:.6g}", "p_Bela": f"{1 - first:.6g}"}
    records.write_csv(study / "predictions.csv", tuple(answers[0]), answers)
    fitted = fitted_on_study(study, CLASSES)
    measured = fitted.facts["cross_validated"]
    assert measured["after"]["log_loss"] > measured["before"]["log_loss"]
    assert (fitted.calibration.temperature, fitted.calibration.exponent) == (1, 0)


def test_what_is_measured_is_fitted_on_the_other_folds(study):
    """Were it fitted on the same answers, the scores of all would be the best there are."""
    fitted = fitted_on_study(study, CLASSES)
    asked = asked_of_study(study, CLASSES).asked
    best = fitted.calibration.probabilities(asked.answers, asked.num_chunks)
    own = -np.log(best[np.arange(60), asked.labels(CLASSES)]).mean()
    assert fitted.facts["cross_validated"]["after"]["log_loss"] > own


def test_what_is_missing_or_of_others_is_one_sentence(study):
    with pytest.raises(InputError, match="tells Ada, Bela apart, but the model Bela, Ada"):
        asked_of_study(study, ("Bela", "Ada"))
    (study / "folds/example/1/splits.csv").unlink()
    with pytest.raises(InputError, match=r"lacks splits\.csv of some of its folds"):
        asked_of_study(study, CLASSES)
    (study / "predictions.csv").unlink()
    with pytest.raises(InputError, match="lacks its answers"):
        asked_of_study(study, CLASSES)
