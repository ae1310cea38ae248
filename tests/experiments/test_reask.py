"""The networks of a finished run asked in another way: the answers of a run that was told to from the beginning."""

import shutil

import pytest

from experiments import load, reask, ship
from experiments.engine import networks, records
from experiments.engine.publishing import commits_of, whole_command

WAYS = ("--answer-overlap", "2", "--answer-transpose", "1")
FOLDS = ("--fold", "all", "--num-folds", "3", "--epochs", "1")


def ask(results_dir, cache_dir, run, *arguments):
    places = ("--cache-dir", str(cache_dir), "--results-dir", str(results_dir))
    reask.main([str(run), *arguments, *places])
    (folder,) = (results_dir / "four_composers").iterdir()
    return folder


def fails(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        reask.main([str(argument) for argument in arguments])
    assert stopped.value.code == 2
    return capsys.readouterr().err


@pytest.fixture
def untrained(monkeypatch):
    """No network can be trained."""
    monkeypatch.setattr(networks, "train_network", None)


@pytest.fixture(scope="module")
def study(run_study, several_epochs, tmp_path_factory):
    return run_study(tmp_path_factory.mktemp("study"), *several_epochs, *FOLDS)


def test_it_answers_as_a_run_that_was_told_to(
    run_study, several_epochs, uninterrupted, cache_dir, tmp_path, assert_same_run, capsys, monkeypatch
):
    told_to = run_study(tmp_path / "told_to", *several_epochs, *WAYS)
    monkeypatch.setattr(networks, "train_network", None)
    capsys.readouterr()
    folder = ask(tmp_path / "asked", cache_dir, uninterrupted, *WAYS)
    assert folder.name == told_to.name
    assert_same_run(folder, told_to)
    ours, theirs = (records.read_json(run / "metrics.json") for run in (folder, told_to))
    for metrics in (ours, theirs):
        metrics.pop("train_seconds")
    assert ours == theirs
    descriptions = [load(run).description for run in (folder, told_to)]
    assert descriptions[0] == descriptions[1]
    said = capsys.readouterr().out
    before = records.read_json(uninterrupted / "metrics.json")["validation"]["piece"]["macro_f1"]
    after = ours["validation"]["piece"]["macro_f1"]
    assert f"macro-F1 by piece {after:.3f}, before {before:.3f}." in said and "Difference on all" in said


def test_it_says_what_trained_the_network(uninterrupted, cache_dir, tmp_path, untrained):
    folder = ask(tmp_path, cache_dir, uninterrupted, *WAYS)
    trained, made_with = (records.read_json(run / "environment.json") for run in (uninterrupted, folder))
    assert made_with["trained_by"]["run"] == uninterrupted.name
    assert whole_command(made_with) == f"{trained['command']} && {made_with['command']}"
    assert set(commits_of(uninterrupted)) <= set(commits_of(folder))


def test_a_study_over_all_folds_is_asked_fold_by_fold_and_shipped_without_training(
    study, cache_dir, tmp_path, untrained, capsys
):
    asked = ask(tmp_path / "asked", cache_dir, study, *WAYS)
    metrics = records.read_json(asked / "metrics.json")
    assert metrics["fold"] == "all" and len(list(asked.glob("folds/*/*/model.h5"))) == 3
    for path in asked.glob("folds/*/*/model.json"):
        assert records.read_json(path)["answering"]["answer_transpose"] == 1
    assert records.read_json(asked / "environment.json")["trained_by"]["run"] == study.name


def test_what_was_shipped_of_a_study_is_shipped_again_asked_otherwise(
    study, cache_dir, tmp_path, monkeypatch
):
    where = ("--cache-dir", str(cache_dir), "--published", str(tmp_path))
    before, after = tmp_path / "before", tmp_path / "after"
    ship.main([str(study), "--output", str(before), *where])
    monkeypatch.setattr(networks, "train_network", None)
    asked = ask(tmp_path / "asked", cache_dir, study, *WAYS)
    ship.main([str(asked), "--output", str(after), "--weights", str(before), *where])
    models = [load(folder) for folder in (before, after)]
    assert [model.answering.answer_transpose for model in models] == [0, 1]
    for one, other in zip(*(model.model.get_weights() for model in models), strict=True):
        assert (one == other).all()
    assert "calibration" in models[1].description
    card = (after / "README.md").read_text(encoding="utf-8")
    assert card.count(" && ") == 2 and "All is read in 3 keys" in card


def test_weights_that_are_not_fit_are_not_shipped(study, uninterrupted, tmp_path, capsys):
    heard_some = next(study.glob("folds/*/*/model.h5")).parent
    for weights, said in (
        (uninterrupted, "were made otherwise"),
        (heard_some, "has heard only some of the works"),
        (study, "no model.h5 of its own"),
        (tmp_path, "Expected a file of a run folder"),
    ):
        with pytest.raises(SystemExit, match="2"):
            ship.main([str(study), "--output", str(tmp_path / "new"), "--weights", str(weights)])
        assert said in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.fixture
def begun(uninterrupted, tmp_path):
    """A run that is asked otherwise, stopped before its end."""
    folder = ask(tmp_path, tmp_path / "cache", uninterrupted, *WAYS)
    for name in ("metrics.json", "model.h5", "model.json", "predictions.csv"):
        (folder / name).unlink()
    return folder


def test_a_folder_tells_truly_what_trained_its_network(
    begun, run_study, several_epochs, uninterrupted, tmp_path, cache_dir, capsys
):
    with pytest.raises(SystemExit, match="2"):
        run_study(tmp_path, *several_epochs, *WAYS, "--resume")
    assert f"was begun with the network of {uninterrupted.name}" in capsys.readouterr().err
    assert records.is_finished(ask(tmp_path, cache_dir, uninterrupted, *WAYS, "--resume"))
    (begun / "metrics.json").unlink()
    path = begun / "environment.json"
    records.write_json(path, {k: v for k, v in records.read_json(path).items() if k != "trained_by"})
    said = fails(
        capsys, uninterrupted, *WAYS, "--resume", "--results-dir", tmp_path, "--cache-dir", cache_dir
    )
    assert "was begun to train a network of its own" in said


@pytest.mark.parametrize("name", ["history.csv", "splits.csv", "predictions-validation.csv"])
def test_what_is_lacking_is_named_at_once(uninterrupted, tmp_path, capsys, name):
    lacking = shutil.copytree(uninterrupted, tmp_path / "lacking")
    (lacking / name).unlink()
    assert f"lacks {name}; copy the whole folder" in fails(capsys, lacking, *WAYS, "--results-dir", tmp_path)
    assert not (tmp_path / "four_composers").exists()


def test_what_cannot_be_asked_anew_is_said_in_a_sentence(uninterrupted, cache_dir, tmp_path, capsys):
    assert "Expected a finished run folder" in fails(capsys, tmp_path, "--answer-overlap", "2")
    same = ("--answer-overlap", "1", "--answer-transpose", "0")
    assert "was asked so already (--answer-overlap 1" in fails(capsys, uninterrupted, *same)
    assert "to be from 1 to 16" in fails(capsys, uninterrupted, "--answer-overlap", "0")
    published = shutil.copytree(uninterrupted, tmp_path / "published")
    (published / "model.h5").unlink()
    assert "holds no weights" in fails(capsys, published, *WAYS)


def test_a_study_that_lacks_a_fold_is_not_trained_in_its_place(study, untrained, tmp_path, capsys):
    lacking = shutil.copytree(study, tmp_path / "lacking")
    shutil.rmtree(next(lacking.glob("folds/*/*-1-*")))
    assert "has networks of 2 of its 3 folds" in fails(capsys, lacking, *WAYS)


def test_other_music_is_refused(uninterrupted, cache_dir, tmp_path, capsys):
    changed = shutil.copytree(uninterrupted, tmp_path / "changed")
    path = changed / "environment.json"
    records.write_json(path, records.read_json(path) | {"contents": "of other files"})
    where = ("--cache-dir", cache_dir, "--results-dir", tmp_path / "runs")
    said = fails(capsys, changed, *WAYS, *where)
    assert not (tmp_path / "runs" / "four_composers").exists()
    assert "hold other music" in said and "or train anew, by the command in its environment.json" in said
