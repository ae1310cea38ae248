"""A model trained on all works, made and calibrated from a study over all folds, or from a run of one."""

import json
import re
import shutil

import pytest

from experiments import calibrate, load, ship
from experiments.engine import records, shipping
from experiments.engine.predicting.reporting import fitted_sentence


@pytest.fixture(scope="module")
def study(run_study, several_epochs, tmp_path_factory):
    """Over three folds, of two composers of four."""
    arguments = ("--fold", "all", "--num-folds", "3", "--composers", "Ada", "Bela", "--epochs", "2")
    return run_study(tmp_path_factory.mktemp("study"), *several_epochs, *arguments)


@pytest.fixture(scope="module")
def shipped(study, cache_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ship") / "model"
    where = ("--output", str(folder), "--cache-dir", str(cache_dir), "--published", str(folder / "none"))
    ship.main([str(study), *where])
    return folder


def test_it_has_heard_every_work_and_answers(shipped, study, read_rows):
    saved = load(shipped)
    rows = read_rows(next(study.glob("folds/*/*/splits.csv")))
    assert saved.trained_on.works == {row["work"] for row in rows}
    assert len(saved.trained_on.contents) == len(rows) and not saved.validated_on.works
    assert not (shipped / "checkpoint.npz").exists()


def test_it_is_calibrated_on_what_the_folds_answered(shipped, study, read_rows):
    found = load(shipped).description["calibration"]
    assert found["fitted_on"] == {"study": study.name, "models": 3}
    tested = read_rows(study / "predictions.csv")
    assert found["cross_validated"]["pieces"] == len(tested)
    composers = [row["composer"] for row in tested]
    assert found["training_prior"] == pytest.approx(
        [composers.count(name) / len(composers) for name in ("Ada", "Bela")]
    )
    none = found["unknown_composers"]["tested"]
    assert none["known_pieces"] < len(tested)
    assert bool(found["weights"]) == (1 - none["false_acceptances"] > none["false_rejections"])


def test_its_card_says_that_the_scores_are_those_of_others(shipped, study):
    text = (shipped / "README.md").read_text(encoding="utf-8")
    assert "trained on all works" in text and study.name in text
    assert "Fitted on answers of 3 models" in text and "trained on 2 of 3 folds each" in text
    assert '"split": "cross-validation"' in text and "that it never heard" not in text
    assert records.read_json(study / "environment.json")["command"] in text
    assert "as in training: Ada 50.0 %, Bela 50.0 %." in text
    for name, scores in records.read_json(study / "metrics.json")["test"]["piece"]["per_class"].items():
        assert re.search(rf"\| {name} \|.* {scores['f1']:.3f} \(0\.\d+ to \d\.\d+\) \|", text)
    assert "{{" not in text and "None " not in text.replace("None of these", "")


def test_it_trains_as_long_as_the_folds_took_to_their_best(shipped, study, read_rows):
    best = []
    for path in study.glob("folds/*/*/history.csv"):
        watched = [float(row["val_macro_f1"]) for row in read_rows(path)]
        best.append(watched.index(max(watched)) + 1)
    assert len(read_rows(shipped / "history.csv")) == round(sum(best) / len(best))


def test_started_again_it_is_not_trained_again(shipped, study, cache_dir):
    before = (shipped / "model.h5").read_bytes()
    ship.main([str(study), "--output", str(shipped), "--cache-dir", str(cache_dir)])
    assert (shipped / "model.h5").read_bytes() == before


def test_killed_between_weights_and_description_it_is_made_whole(
    shipped, study, cache_dir, tmp_path, monkeypatch
):
    folder = shutil.copytree(shipped, tmp_path / "model")
    (folder / "model.json").unlink()
    monkeypatch.setattr(
        shipping, "_train", lambda *_: shutil.copyfile(shipped / "model.json", folder / "model.json")
    )
    ship.main([str(study), "--output", str(folder), "--cache-dir", str(cache_dir)])
    assert load(folder).classes == load(shipped).classes


def test_a_fold_can_be_calibrated_on_its_study_too(study, cache_dir, tmp_path, capsys):
    fold = next(study.glob("folds/*/*/model.h5")).parent
    for name in ("model.h5", "model.json", "config.json"):
        shutil.copyfile(fold / name, tmp_path / name)
    calibrate.main([str(tmp_path), "--study", str(study), "--cache-dir", str(cache_dir)])
    assert "cross-validated" in capsys.readouterr().out
    assert (
        "cross_validated" in json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))["calibration"]
    )


def fails(capsys, command, *arguments):
    with pytest.raises(SystemExit) as stopped:
        command.main([str(argument) for argument in arguments])
    assert stopped.value.code == 2
    return capsys.readouterr().err


def test_a_study_with_other_settings_is_refused(shipped, study, tmp_path, capsys):
    other = tmp_path / "study"
    shutil.copytree(study, other)
    config = records.read_json(study / "config.json")
    config["training"]["transpose"] = 5
    records.write_json(other / "config.json", config)
    said = fails(capsys, calibrate, shipped, "--study", other)
    assert "were made otherwise" in said and "(training in config.json)" in said
    assert "were made otherwise" in fails(capsys, ship, other, "--output", shipped)


def test_what_follows_the_validation_loss_is_refused(study, tmp_path, capsys):
    other = tmp_path / "study"
    shutil.copytree(study, other)
    config = records.read_json(study / "config.json")
    config["training"]["schedule"] = "plateau"
    records.write_json(other / "config.json", config)
    assert "does without" in fails(capsys, ship, other, "--output", tmp_path / "model")


def test_before_there_is_music_nothing_is_made(study, tmp_path, capsys):
    other = tmp_path / "study"
    shutil.copytree(study, other)
    config = records.read_json(study / "config.json")
    config["corpus"]["corpus"] = "composer_folders"
    records.write_json(other / "config.json", config)
    output = tmp_path / "model"
    assert "owner/name" in fails(capsys, ship, study, "--output", output, "--repository", "bad")
    assert "composer_folders" in fails(capsys, ship, other, "--output", output, "--repository", "era")
    assert not output.exists()


def with_teacher(study, folder, *names):
    """A copy of a study as one has it whose models learnt from others."""
    shutil.copytree(study, folder)
    config = records.read_json(study / "config.json")
    config["training"]["teacher"] = names
    records.write_json(folder / "config.json", config)
    return folder


def test_a_student_needs_a_teacher_that_has_heard_all(
    study, shipped, uninterrupted, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(shipping, "prepare", lambda *_: pytest.fail("It was read."))
    other = with_teacher(study, tmp_path / "study", f"{study.name}@0a1b2c3d")
    for given in ([], [study], [uninterrupted], [shipped, shipped]):
        said = fails(capsys, ship, other, "--output", tmp_path / "model", "--teacher", *given)
        assert f"learnt from {study.name}" in said and "ship that first" in said
        assert not (tmp_path / "model" / "config.json").exists()
    assert "leave --teacher out" in fails(
        capsys, ship, study, "--output", tmp_path / "b", "--teacher", shipped
    )


@pytest.mark.slow
def test_a_student_of_a_shipped_teacher_is_shipped(
    study, shipped, run_study, several_epochs, cache_dir, tmp_path
):
    arguments = ("--fold", "all", "--num-folds", "3", "--composers", "Ada", "Bela", "--epochs", "1")
    student = run_study(tmp_path / "study", *several_epochs, *arguments, "--teacher", str(study))
    where = ("--output", str(tmp_path / "model"), "--cache-dir", str(cache_dir))
    ship.main([str(student), *where, "--teacher", str(shipped)])
    taught = load(tmp_path / "model").description["teachers"]
    assert [name.rpartition("@")[0] for name in taught] == [study.name]
    assert taught[0] in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert taught != records.read_json(student / "config.json")["training"]["teacher"]  # it is another model


def test_a_run_of_one_fold_will_do_and_the_card_says_so(
    uninterrupted, cache_dir, tmp_path, read_rows, capsys
):
    folder = tmp_path / "model"
    ship.main([str(uninterrupted), "--output", str(folder), "--cache-dir", str(cache_dir)])
    tested = read_rows(uninterrupted / "predictions.csv")
    found = load(folder).description["calibration"]
    assert found["fitted_on"] == {"study": uninterrupted.name, "models": 1}
    assert found["cross_validated"]["pieces"] == len(tested)
    text = " ".join((folder / "README.md").read_text(encoding="utf-8").split())
    assert (
        "trained on all works" in text
        and f"those of one model with the same settings (`{uninterrupted.name}`)" in text
    )
    assert "on each half of these works as fitted on the other" in fitted_sentence(found)
    assert f"Tested on {len(tested)} pieces" in text and '"split": "fold 0, by a model made alike"' in text


def test_a_run_is_not_calibrated_on_its_own_test_pieces(uninterrupted, shipped, capsys):
    said = fails(capsys, calibrate, uninterrupted, "--study", uninterrupted)
    assert "a run of one by another model" in said
    assert "were made otherwise" in fails(capsys, calibrate, shipped, "--study", uninterrupted)


def test_what_is_no_finished_study_is_refused(shipped, tmp_path, capsys):
    for folder in (shipped, tmp_path):
        assert "Expected a finished study over all folds, or a run of one" in fails(capsys, ship, folder)
