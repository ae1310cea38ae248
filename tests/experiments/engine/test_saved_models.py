"""A saved model answers as the run did that saved it, and knows what it has heard."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from experiments import load
from experiments.engine.predictions import read_predictions
from experiments.engine.saved_models import load_saved_model
from features.corpora import synthetic
from features.corpora.catalogue import Request
from features.datasets import load_dataset
from features.encoders.piano_roll import PianoRoll
from models.saving import ModelFileError


@pytest.fixture(scope="module")
def saved(uninterrupted):
    return load_saved_model(uninterrupted)


@pytest.fixture
def copy(uninterrupted, tmp_path):
    """Returns a function that copies the model with another description."""

    def make(**changes) -> Path:
        for name in ("model.h5", "model.json"):
            shutil.copyfile(uninterrupted / name, tmp_path / name)
        description = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
        changed = {name: value for name, value in (description | changes).items() if value is not None}
        (tmp_path / "model.json").write_text(json.dumps(changed), encoding="utf-8")
        return tmp_path / "model.h5"

    return make


def load_pieces(saved, cache_dir, composers=()):
    pieces = synthetic.load(Request(composers=composers))
    return load_dataset(pieces, saved.encoder, cache_dir=cache_dir, progress=False)


def test_it_answers_as_the_run_did(saved, uninterrupted, cache_dir):
    answers = saved.answer(load_pieces(saved, cache_dir))
    for level, name in (("chunk", "predictions-chunks.csv.gz"), ("piece", "predictions.csv")):
        expected, found = read_predictions(uninterrupted / name), answers[level]
        assert found.classes == expected.classes == saved.classes
        tested = [piece in expected.pieces for piece in found.pieces]
        np.testing.assert_allclose(found.probabilities[tested], expected.probabilities, atol=1e-4)


def test_it_answers_for_some_composers_over_all_its_classes(saved, cache_dir):
    answers = saved.answer(load_pieces(saved, cache_dir, ("Bela", "Dov")))
    assert answers["piece"].probabilities.shape[1] == 4
    assert set(answers["piece"].labels.tolist()) == {1, 3}


def test_it_knows_what_it_has_heard(saved, uninterrupted, read_rows):
    rows = read_rows(uninterrupted / "splits.csv")
    for side, heard in (("train", saved.trained_on), ("validation", saved.validated_on)):
        assert heard.works == {row["work"] for row in rows if row["split"] == side}
        assert len(heard.contents) == sum(row["split"] == side for row in rows)
    assert saved.heard.works == {row["work"] for row in rows if row["split"] != "test"}


def test_chunks_of_another_encoder_are_refused(saved, cache_dir):
    pieces = synthetic.load(Request(composers=("Ada",)))
    other = load_dataset(pieces, PianoRoll(channels=("onset",)), cache_dir=cache_dir, progress=False)
    with pytest.raises(ValueError, match="The model reads chunks of PianoRoll"):
        saved.predict(other)


def test_a_description_from_before_ablations_serves(saved, copy):
    settings = {name: value for name, value in saved.description["encoder"]["settings"].items()}
    settings.pop("ablation")
    assert (
        load_saved_model(copy(encoder={"name": "piano_roll", "settings": settings})).encoder == saved.encoder
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"encoder": None}, "does not say which encoder, classes and pieces"),
        ({"encoder": {"name": "piano_roll", "settings": {"wings": 2}}}, "does not say which .*wings"),
        ({"classes": ["Ada", "Bela"]}, "has 4 answers, but its description is of chunks .* and 2 classes"),
        ({"trained_on": [{"content": "0f"}]}, "does not say which .*work"),
    ],
)
def test_a_description_that_does_not_serve_is_refused(copy, changes, sentence):
    with pytest.raises(ModelFileError, match=sentence):
        load_saved_model(copy(**changes))


def test_a_bare_file_is_asked_for_what_is_missing_and_takes_it(uninterrupted, saved, tmp_path):
    bare = tmp_path / "model.h5"
    shutil.copyfile(uninterrupted / "model.h5", bare)
    with pytest.raises(ModelFileError, match="which encoder and classes .* --encoder and --classes"):
        load_saved_model(bare)
    described = {name: saved.description[name] for name in ("encoder", "classes")}
    found = load_saved_model(bare, description=described)
    assert (found.encoder, found.classes, found.heard.contents) == (saved.encoder, saved.classes, frozenset())


def test_it_is_loaded_in_one_line(uninterrupted, saved):
    assert load(str(uninterrupted)).description == saved.description


@pytest.mark.parametrize(
    "classes",
    ["ABCD", [1, 2, 3, 4], None, ["Ada"], ["Ada"] * 4, ["Ada", " ", "C", "D"], ["Ada", "\x1b[31mB", "C", "D"]],
)
def test_classes_that_are_no_names_are_refused(copy, classes):
    with pytest.raises(ModelFileError, match="does not say which encoder, classes and pieces"):
        load_saved_model(copy(classes=classes))


@pytest.mark.parametrize("label", [["composer"], "", "com\nposer", 3])
def test_what_the_classes_are_has_a_name(copy, label):
    with pytest.raises(ModelFileError, match="does not say which encoder, classes and pieces .* is no name"):
        load_saved_model(copy(label=label))


def test_a_calibration_of_other_classes_is_refused(copy):
    with pytest.raises(ModelFileError, match="with a share of training for each class"):
        load_saved_model(copy(calibration={"training_prior": [0.5, 0.5]}))
