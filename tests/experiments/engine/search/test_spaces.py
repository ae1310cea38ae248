"""Spaces: what is searched, what a study sets, and how the values of a trial become a configuration."""

import importlib

import keras_tuner
import pytest

from experiments.engine.config import Config
from experiments.engine.search.config import Search, SearchConfig
from experiments.engine.search.spaces import configured, declare
from models import BUILDERS

SHAPES = {"chunk": (128, 150, 1), "bag": (128, 150, 1), "sequence": (10, 14), "messages": (24, 8)}

REFERENCE = {
    "optimizer": ["adam", "sgd"],
    "init": ["glorot_uniform", "he_normal"],
    "dropout": [0.4, 0.5],
    "epochs": [10, 20],
    "batch_size": [20, 30],
}


def space(settings=SearchConfig(), **parts):  # noqa: B008
    config = Config("example").replace(**parts)
    shape = SHAPES[importlib.import_module(BUILDERS[config.model.model]).RANK]
    return declare(Search(config, settings), shape, 4)


def draw(hp, **values):
    """The active values of a space, some of them chosen."""
    hp = hp.copy()
    hp.values |= values
    hp.ensure_active_values()
    return {entry.name: hp.values[entry.name] for entry in hp.space if hp.is_active(entry)}


@pytest.mark.parametrize("model", BUILDERS)
def test_the_reference_space_is_the_references_with_every_builder(model):
    hp = space(SearchConfig(space="reference"), model={"model": model})
    assert {entry.name: list(entry.values) for entry in hp.space} == REFERENCE


@pytest.mark.parametrize(("epochs", "tried"), [(10, [5, 10]), (7, [3, 7]), (1, [1])])
def test_the_reference_space_has_the_epochs_of_the_study_and_half_of_them(epochs, tried):
    hp = space(SearchConfig(space="reference"), training={"epochs": epochs})
    (entry,) = [entry for entry in hp.space if entry.name == "epochs"]
    assert list(entry.values) == tried


def test_hyperband_deals_out_epochs_itself():
    names = {entry.name for entry in space(SearchConfig(tuner="hyperband", space="reference")).space}
    assert names == REFERENCE.keys() - {"epochs"}


@pytest.mark.parametrize("model", BUILDERS)
def test_the_wide_space_has_all_of_the_builder_and_of_the_training(model):
    names = {entry.name for entry in space(model={"model": model}).space}
    assert names >= {"learning_rate", "label_smoothing", "batch_size", "transpose", "schedule"}


def test_variations_are_searched_where_there_is_something_to_vary():
    of_rolls = {"velocity_dropout", "note_dropout", "jitter"}
    names = {entry.name for entry in space().space}
    assert names >= {"average", "mixup", *of_rolls}
    without = {entry.name for entry in space(encoder={"channels": ("binary",)}).space}
    assert names - without == {"velocity_dropout"}
    sequences = space(model={"model": "descriptor_lstm"}, encoder={"encoder": "descriptors"})
    assert not of_rolls & {entry.name for entry in sequences.space}


def test_what_the_study_sets_is_not_searched():
    hp = space(model={"hyperparameters": {"width": 16}}, training={"batch_size": 8, "class_weights": False})
    kinds = {entry.name: type(entry).__name__ for entry in hp.space}
    assert [kinds[name] for name in ("width", "batch_size", "class_weights")] == ["Fixed"] * 3
    assert kinds["num_blocks"] == "Int"
    assert (hp.values["width"], hp.values["batch_size"], hp.values["class_weights"]) == (16, 8, False)


@pytest.mark.parametrize("kind", ["reference", "wide"])
def test_what_is_set_has_an_effect_only_where_it_can(kind):
    wanted = {"learning_rate": 0.003, "num_layers": 1}
    hp = space(SearchConfig(space=kind), model={"model": "lstm", "hyperparameters": wanted})
    adam, sgd = draw(hp, optimizer="adam"), draw(hp, optimizer="sgd")
    assert (adam["learning_rate"], adam["num_layers"], sgd["num_layers"]) == (0.003, 1, 1)
    assert "learning_rate" not in sgd


def test_parents_of_what_is_set_stay_in_a_narrow_space():
    """The reference does not search the optimizer's momentum, which hangs on the optimizer."""
    hp = space(
        SearchConfig(space="reference"), model={"hyperparameters": {"momentum": 0.0, "optimizer": "sgd"}}
    )
    assert draw(hp)["momentum"] == 0.0
    assert draw(hp)["optimizer"] == "sgd"


def test_a_trial_keeps_what_it_does_not_search():
    config = Config("example").replace(training={"epochs": 7, "patience": None})
    found = configured(config, {"batch_size": 32, "width": 128, "tuner/round": 1})
    assert (found.training.epochs, found.training.patience, found.training.batch_size) == (7, None, 32)
    assert found.model.hyperparameters == {"width": 128}
    assert found.split == config.split


def test_the_space_can_be_drawn_from_by_keras_tuner():
    oracle = keras_tuner.oracles.RandomSearchOracle(
        objective=keras_tuner.Objective("val_macro_f1", "max"), hyperparameters=space(), seed=1
    )
    assert all(oracle.populate_space(str(number))["values"] for number in range(5))
