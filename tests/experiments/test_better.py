"""What makes models better, end to end: it is recorded, answers as it was asked to, and learns nothing it may not."""

import json

import numpy as np
import pytest

from experiments import tune
from experiments.engine.predictions import read_predictions
from experiments.engine.saved_models import load_saved_model
from features.corpora import synthetic
from features.corpora.catalogue import Request
from features.datasets import load_dataset

VARIED = (
    *("--average", "0.9", "--mixup", "0.2", "--sampling", "composer", "work", "--velocity-dropout", "0.5"),
    *("--note-dropout", "0.1", "--jitter", "0.2", "--renderings", "1", "--pedal", "False"),
)
OFTEN = ("--answer-overlap", "2", "--answer-transpose", "1")
SMALL = ("--hyperparameters", "width", "8", "num_blocks", "3")
RUNS = {
    "varied": (*SMALL, *VARIED, *OFTEN),
    "bags": (*SMALL, "--model", "bag_attention", "--bag", "3", *OFTEN),
}


def assert_answers_again(folder, cache_dir):
    saved = load_saved_model(folder)
    pieces = synthetic.load(Request())
    found = saved.answer(load_dataset(pieces, saved.encoder, cache_dir=cache_dir, progress=False))
    for level, name in (("chunk", "predictions-chunks.csv.gz"), ("piece", "predictions.csv")):
        expected = read_predictions(folder / name)
        tested = [piece in expected.pieces for piece in found[level].pieces]
        np.testing.assert_allclose(found[level].probabilities[tested], expected.probabilities, atol=1e-4)


@pytest.mark.parametrize("flags", RUNS.values(), ids=RUNS)
def test_a_saved_model_answers_as_its_run_was_told_to(run_study, tmp_path, cache_dir, flags):
    folder = run_study(tmp_path, "--smoke", *flags)
    answering = json.loads((folder / "model.json").read_text())["answering"]
    assert answering["answer_overlap"] == 2 and answering["answer_transpose"] == 1
    assert_answers_again(folder, cache_dir)


def test_a_student_learns_from_a_run_of_its_split_alone(
    run_study, uninterrupted, several_epochs, tmp_path, capsys
):
    flags = (*several_epochs, "--epochs", "1", "--teacher", str(uninterrupted), "--temperature", "2")
    folder = run_study(tmp_path / "same", *flags)
    name = f"{uninterrupted.name}@"
    assert json.loads((folder / "config.json").read_text())["training"]["teacher"][0].startswith(name)
    teacher, student = load_saved_model(uninterrupted), load_saved_model(folder)
    assert student.description["teachers"][0].startswith(name)
    assert (student.trained_on, student.validated_on) == (teacher.trained_on, teacher.validated_on)
    with pytest.raises(SystemExit) as stopped:
        run_study(tmp_path / "other", *flags, "--fold", "1")
    assert stopped.value.code == 2
    assert "which is in the student's validation part" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


def test_a_teacher_that_there_is_not_is_named_before_the_corpus_is_read(
    run_study, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("experiments.engine.runner.prepare", lambda *_: pytest.fail("It was read."))
    with pytest.raises(SystemExit) as stopped:
        run_study(tmp_path, "--smoke", "--teacher", "results/runs/mistyped")
    assert stopped.value.code == 2
    assert "There is no model" in (said := capsys.readouterr().err) and "mistyped" in said


def test_a_search_is_refused_whose_teacher_has_heard_what_its_folds_validate_on(
    uninterrupted, several_epochs, cache_dir, tmp_path, capsys
):
    places = ("--cache-dir", str(cache_dir), "--results-dir", str(tmp_path / "results"))
    with pytest.raises(SystemExit) as stopped:
        tune.main([*several_epochs, *places, "--folds", "2", "--teacher", str(uninterrupted)])
    assert stopped.value.code == 2
    assert "which is in the student's validation part" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()
