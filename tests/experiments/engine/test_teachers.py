"""A teacher is recorded as what it is: the same name wherever it lies, another one for other weights."""

import json
import shutil

import pytest

from experiments.engine import records
from experiments.engine.config import Config, Places
from experiments.engine.teachers import fold_runs, name_teachers, teacher_name
from features.errors import InputError
from models.pretrained import DEFAULT
from models.saving import DIGEST, ModelFileError


def write_run(folder, *, fold=0, digest="0f"):
    """As much of a run folder as a name is made of."""
    folder.mkdir(parents=True)
    records.write_json(folder / "config.json", Config("example").replace(split={"fold": fold}).to_dict())
    (folder / "model.h5").touch()
    (folder / "model.json").write_text(json.dumps({DIGEST: digest, "run_id": "mine"}))
    return folder


def write_study(folder, *digests):
    for fold, digest in enumerate(digests):
        write_run(folder / "folds" / "example" / f"run-{fold}", fold=fold, digest=digest)
    records.write_json(folder / "config.json", Config("example").replace(split={"fold": "all"}).to_dict())
    records.write_json(folder / "metrics.json", {})
    return folder


def test_a_run_has_its_name_wherever_it_lies_and_another_with_other_weights(tmp_path):
    run, config = write_run(tmp_path / "run"), Config("example").replace(split={"fold": 0})
    name = teacher_name(str(run))
    assert name.startswith(f"{records.run_name(config)}@")
    assert teacher_name(str(shutil.copytree(run, tmp_path / "elsewhere"))) == name
    assert teacher_name(str(run / "model.h5")) == name
    assert teacher_name(str(write_run(tmp_path / "other", digest="1e"))) != name


def test_a_study_is_named_by_the_weights_of_all_its_folds(tmp_path):
    study = write_study(tmp_path / "study", "0f", "1e")
    assert {fold: run.name for fold, run in fold_runs(study).items()} == {0: "run-0", 1: "run-1"}
    names = [teacher_name(str(one)) for one in (study, write_study(tmp_path / "other", "0f", "2d"))]
    assert len(set(names)) == 2 and len({name.rpartition("@")[0] for name in names}) == 1
    (study / "metrics.json").unlink()
    with pytest.raises(InputError, match="cannot teach before it is finished"):
        teacher_name(str(study))


def test_other_models_are_called_as_they_say_or_as_their_file(tmp_path):
    run = write_run(tmp_path / "run")
    (run / "config.json").unlink()
    assert teacher_name(str(run)).startswith("mine@")
    assert teacher_name(DEFAULT).startswith(f"{DEFAULT}@")


def test_a_configuration_names_them_and_the_places_say_where_they_lie(tmp_path):
    run = str(write_run(tmp_path / "run"))
    config, places = name_teachers(Config("example").replace(training={"teacher": (run,)}), Places())
    assert config.training.teacher == (teacher_name(run),) and places.teachers == (run,)
    assert Config.from_dict(config.to_dict()) == config


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [("model.h5", "is not finished .metrics.json is missing"), ("model.json", "model.json")],
)
def test_a_model_that_lacks_a_file_is_found_at_once(tmp_path, missing, sentence):
    run = write_run(tmp_path / "run")
    (run / missing).unlink()
    with pytest.raises((InputError, ModelFileError), match=sentence):
        teacher_name(str(run))
