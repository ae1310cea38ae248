"""A model and its description come back together, or one sentence says why not."""

import json
import logging
import os

import h5py
import keras
import numpy as np
import pytest

from models import saving
from models.saving import ModelFileError, load, save

DESCRIPTION = {"classes": ["Bach", "Dvořák"], "encoder": {"frames_per_second": 10.0}}


@pytest.fixture(scope="module")
def model():
    inputs = keras.Input((3,), name="numbers")
    outputs = keras.layers.Dense(2, activation="softmax", name="probabilities")(inputs)
    return keras.Model(inputs, outputs, name="tiny")


@pytest.fixture
def path(model, tmp_path):
    path = tmp_path / "model.h5"
    save(model, path, description=DESCRIPTION)
    return path


def test_gives_back_model_and_description(model, path):
    loaded, description = load(path)
    assert description == DESCRIPTION
    x = np.eye(3, dtype=np.float32)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))


def test_writes_two_files_and_nothing_else(path):
    assert sorted(file.name for file in path.parent.iterdir()) == ["model.h5", "model.json"]
    assert "Dvořák" in path.with_suffix(".json").read_text(encoding="utf-8")


def test_makes_the_folder(model, tmp_path):
    save(model, tmp_path / "run" / "model.h5", description={})
    assert (tmp_path / "run" / "model.h5").is_file()


def test_a_compiled_model_is_saved_without_its_optimizer(model, path, tmp_path):
    compiled = keras.models.clone_model(model)
    compiled.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    compiled.fit(np.eye(3), np.zeros(3), verbose=0)
    save(compiled, tmp_path / "compiled.h5", description={})
    loaded, _ = load(tmp_path / "compiled.h5")
    assert not loaded.compiled
    assert (tmp_path / "compiled.h5").stat().st_size <= path.stat().st_size


def test_an_interrupted_save_leaves_the_old_model(path, model, monkeypatch):
    before = path.read_bytes()

    def full_disk(source, target):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save(model, path, description={})
    assert path.read_bytes() == before
    assert sorted(file.name for file in path.parent.iterdir()) == ["model.h5", "model.json"]
    assert load(path)[1] == DESCRIPTION


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_only_the_warning_about_h5_is_kept_back(model, tmp_path, caplog):
    save(model, tmp_path / "model.h5", description={})
    assert not caplog.messages
    logging.getLogger("absl").warning("something else")
    model.save(tmp_path / "by_keras.h5", include_optimizer=False)
    other, legacy = caplog.messages
    assert other == "something else"
    assert legacy.startswith("You are saving your model as an HDF5 file")


def test_refuses_another_ending(model, tmp_path):
    with pytest.raises(ModelFileError, match=r"end in \.h5.*model\.keras"):
        save(model, tmp_path / "model.keras", description={})


def test_names_a_missing_model(tmp_path):
    with pytest.raises(ModelFileError, match=r"Expected a saved model at .*model\.h5.*no such file"):
        load(tmp_path / "model.h5")


def test_names_a_missing_description(path):
    path.with_suffix(".json").unlink()
    with pytest.raises(ModelFileError, match=r"description at .*model\.json.*no such file"):
        load(path)


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe\x00"])
def test_names_an_unreadable_description(path, content):
    path.with_suffix(".json").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"model\.json is not JSON"):
        load(path)


@pytest.mark.parametrize("content", ["[]", "{}"])
def test_names_a_foreign_description(path, content):
    path.with_suffix(".json").write_text(content)
    with pytest.raises(ModelFileError, match='Expected an object with the key "h5_sha256"'):
        load(path)


def test_notices_a_truncated_model(path):
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelFileError, match=r"not the file that model\.json describes: it was cut short"):
        load(path)


def test_notices_the_model_of_another_run(path, model, tmp_path):
    other = keras.models.clone_model(model)
    save(other, tmp_path / "other.h5", description={})
    os.replace(tmp_path / "other.h5", path)
    with pytest.raises(ModelFileError, match="cut short or replaced"):
        load(path)


def test_takes_a_description_instead_of_the_file(path):
    path.with_suffix(".json").unlink()
    assert load(path, description=DESCRIPTION)[1] == DESCRIPTION


def test_does_not_take_another_description_than_that_of_the_file(path):
    with pytest.raises(ModelFileError, match=r"model\.json says what model\.h5 is for"):
        load(path, description=DESCRIPTION)


def test_says_when_the_weights_are_not_those_of_the_network(path):
    with h5py.File(path, "a") as file:
        del file["model_weights"]["probabilities"]
    with pytest.raises(ModelFileError, match=r"Keras .* cannot read the model in .*model\.h5"):
        load(describe(path))


def describe(path):
    """Gives a file that was tampered with the description that its maker would give it."""
    described = {**DESCRIPTION, saving.DIGEST: saving._digest(path)}
    path.with_suffix(".json").write_text(json.dumps(described))
    return path


def test_a_deeply_nested_description_is_refused(path):
    path.with_suffix(".json").write_text("[" * 200_000)
    with pytest.raises(ModelFileError, match="nested too deeply"):
        load(path)
