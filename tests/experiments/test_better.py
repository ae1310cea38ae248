"""What makes models better, end to end: it is recorded, answers as it was asked to, and learns nothing it may not."""

import json
import shutil
from hashlib import sha256

import numpy as np
import pytest

from experiments import calibrate, publish, tune
from experiments.engine import networks, runner
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


AMONG_OTHERS = ("--composers", "Ada", "Bela", "--auxiliary", "0.5", "--renderings", "1", "--average", "0.9")


@pytest.fixture(scope="module")
def among_others(run_study, several_epochs, tmp_path_factory):
    """A run that told Ada from Bela while it also learnt from Cleo and Dov."""
    return run_study(tmp_path_factory.mktemp("others"), *several_epochs, *AMONG_OTHERS)


def test_others_are_learnt_from_but_never_answered(among_others, cache_dir):
    assert json.loads((among_others / "metrics.json").read_text())["classes"] == ["Ada", "Bela"]
    assert load_saved_model(among_others).model.output_shape == (None, 2)
    assert_answers_again(among_others, cache_dir)


def test_a_model_says_that_it_has_heard_the_others(among_others, read_rows):
    heard = load_saved_model(among_others).trained_on
    by_others = {sha256(piece.read()).hexdigest() for piece in synthetic.load(Request(("Cleo", "Dov")))}
    assert by_others < heard.contents
    training = [row for row in read_rows(among_others / "splits.csv") if row["split"] == "train"]
    assert len(heard.contents) == len(by_others) + len(training)


def test_it_is_calibrated_though_it_has_heard_all_strangers(among_others, cache_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "with_renderings", lambda *_, **__: pytest.fail("Nobody asks about these."))
    copy = shutil.copytree(among_others, tmp_path / among_others.name)
    calibrate.main([str(copy), "--cache-dir", str(cache_dir)])
    found = json.loads((copy / "model.json").read_text())["calibration"]
    assert "temperature" in found and "unknown_composers" not in found


def test_its_card_says_how_much_is_by_others(among_others, tmp_path, capsys):
    publish.main([str(among_others), "--output", str(tmp_path / "package")])
    card = (tmp_path / "package" / "README.md").read_text(encoding="utf-8")
    assert "40 of these pieces by composers whom it does not name" in card


def test_among_others_it_goes_on_as_if_it_had_not_been_interrupted(
    among_others, run_study, several_epochs, tmp_path, monkeypatch
):
    def stop(row):
        if row["epoch"] == 1:
            raise KeyboardInterrupt

    flags = (*several_epochs, *AMONG_OTHERS, "--resume")
    train = networks.train
    monkeypatch.setattr(networks, "train", lambda *args, **how: train(*args, **how, on_epoch=stop))
    with pytest.raises(SystemExit):
        run_study(tmp_path, *flags)
    monkeypatch.setattr(networks, "train", train)
    folder = run_study(tmp_path, *flags)
    expected, found = (read_predictions(run / "predictions.csv") for run in (among_others, folder))
    np.testing.assert_array_equal(found.probabilities, expected.probabilities)


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ((), "There is nobody else to learn from"),
        (("--composers", "Ada", "Bela", "--protocol", "chunk", "--no-move"), "not chunk; leave it out"),
        (("--composers", "Ada", "Bela", "--protocol", "near_duplicate"), "not near_duplicate; leave it out"),
        (
            ("--composers", "Ada", "Bela", "--teacher", "four_composers"),
            "leave --auxiliary out, or --teacher",
        ),
    ],
)
def test_where_others_cannot_be_learnt_from_one_sentence_says_so(
    run_study, several_epochs, tmp_path, capsys, flags, sentence
):
    with pytest.raises(SystemExit) as stopped:
        run_study(tmp_path, *several_epochs, "--auxiliary", "0.5", *flags)
    assert stopped.value.code == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.rglob("*"))


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
