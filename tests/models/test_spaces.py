"""Whatever a search draws from what a builder declares can be built, trained, saved and loaded."""

import dataclasses
import importlib
import itertools
import json

import h5py
import keras_tuner
import numpy as np
import pytest

from experiments.engine.config import TrainingConfig
from models import BUILDERS, saving

NUM_CLASSES = 4
MAX_PARAMETERS = 20_000_000
NUM_DRAWS = 30

# What is drawn with the most parameters: of the reference CNN with the least pooling, which feeds the dense layer.
LARGEST = {
    "cnn_reference": {"width": 64, "num_blocks": 2, "kernel_size": 3, "dense_units": 128},
    "frame_cnn": {"width": 320, "num_blocks": 6, "kernel_size": 7},
    "bag_attention": {"width": 320, "num_blocks": 6, "kernel_size": 7, "attention_units": 128},
    "descriptor_lstm": {"units": 256, "num_layers": 3, "direction": "both"},
    "message_lstm": {"units": 384, "num_layers": 3},
    "lstm": {"units": 256, "num_layers": 3, "direction": "both"},
    "cnn": {"width": 32, "num_blocks": 5, "kernel_size": 5},
    "resnet": {"width": 48, "num_stages": 4, "blocks_per_stage": 2},
    "crnn": {"width": 32, "num_blocks": 4, "units": 128},
    "pitch_cnn": {"pitch_filters": 32, "register_size": 12, "width": 256, "num_blocks": 5, "kernel_size": 7},
    "transformer": {"frames_per_step": 10, "width": 256, "num_blocks": 6, "expansion": 4},
}

SMALL = {"chunk": (128, 30, 1), "sequence": (10, 14), "messages": (12, 8), "bag": (3, 128, 30, 1)}
LARGE = {
    "chunk": [(128, 150, 1), (128, 150, 2)],
    "sequence": [(100, 14), (10, 16)],
    "messages": [(24, 8), (96, 8)],
    "bag": [(8, 128, 150, 1), (4, 128, 150, 2)],
}
"""Shapes of an example, by what a builder reads."""

REFERENCE = {"optimizer": ["adam", "sgd"], "init": ["glorot_uniform", "he_normal"], "dropout": [0.4, 0.5]}


def build(name, input_shape, values=None):
    """Returns the model, and the hyper-parameters as the builder left them."""
    hp = keras_tuner.HyperParameters()
    hp.values.update(values or {})
    return importlib.import_module(BUILDERS[name]).build(hp, input_shape, NUM_CLASSES), hp


def rank(name):
    return importlib.import_module(BUILDERS[name]).RANK


def space_of(name):
    return build(name, SMALL[rank(name)])[1].space


def choose(space, value_of):
    """Gives every hyper-parameter that has an effect the value that `value_of` says."""
    hp = keras_tuner.HyperParameters()
    for parameter in space:
        hp.merge([parameter])
        if hp.is_active(parameter):
            hp.values[parameter.name] = value_of(parameter)
    return hp.values


def draw(space, seed):
    seeds = itertools.count(1000 * seed)
    return choose(space, lambda parameter: parameter.random_sample(next(seeds)))


def covering(space):
    """A few settings, in which every value of every choice occurs."""
    discrete = [p for p in space if not isinstance(p, keras_tuner.engine.hyperparameters.Float)]
    count = max(len(list(parameter.values)) for parameter in discrete)

    def value(parameter, number):
        if parameter in discrete:
            values = list(parameter.values)
            return values[number % len(values)]
        return parameter.prob_to_value((number + 0.5) / count)

    return [
        choose(space, lambda parameter, number=number: value(parameter, number)) for number in range(count)
    ]


def describe(model):
    """All that a hyper-parameter may change, as text."""
    optimizer = model.optimizer.get_config()
    optimizer.pop("name")  # Keras counts optimizers
    loss = model.loss if isinstance(model.loss, str) else model.loss.get_config()
    return json.dumps([model.get_config(), optimizer, loss], default=str)


@pytest.mark.parametrize("name", BUILDERS)
def test_names_are_plain_and_stand_once(name):
    names = [parameter.name for parameter in space_of(name)]
    assert len(names) == len(set(names))  # keras-tuner drops the value of a name in two scopes
    assert all(word.isidentifier() and word.islower() for word in names)
    assert not set(names) & {field.name for field in dataclasses.fields(TrainingConfig)}


@pytest.mark.parametrize("name", BUILDERS)
def test_any_build_declares_the_whole_space(name):
    space = space_of(name)
    for values in covering(space):
        _, hp = build(name, SMALL[rank(name)], values)
        assert [p.get_config() for p in hp.space] == [p.get_config() for p in space]
        assert hp.values == values


@pytest.mark.parametrize("name", BUILDERS)
def test_any_draw_is_built_and_is_no_giant(name):
    space = space_of(name)
    draws = [draw(space, seed) for seed in range(NUM_DRAWS)]
    for number, values in enumerate([LARGEST[name], *covering(space), *draws]):
        model, _ = build(name, LARGE[rank(name)][number % 2], values)
        assert model.output_shape == (None, NUM_CLASSES)
        assert model.count_params() < MAX_PARAMETERS, values
    assert set().union(*draws) == {parameter.name for parameter in space}  # conditional ones, too


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("name", BUILDERS)
def test_every_choice_trains_and_survives_saving(name, policy, examples, tmp_path, request):
    chunks = examples(name)
    if policy == "mixed_bfloat16":
        request.getfixturevalue("bfloat16")
    settings = covering(space_of(name))
    half = len(settings) // 2  # enough for both values of a choice between two
    for values in settings[:half] if policy == "float32" else settings[half:]:
        model, _ = build(name, chunks.shape[1:], values)
        loss, _ = model.train_on_batch(chunks, np.arange(len(chunks)) % NUM_CLASSES)
        assert np.isfinite(loss), values
        probabilities = model.predict_on_batch(chunks)
        assert probabilities.dtype == np.float32
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)

        saving.save(model, tmp_path / "model.h5", description={})
        with h5py.File(tmp_path / "model.h5") as file:  # our loss would be unknown elsewhere
            assert "training_config" not in file.attrs
        loaded, _ = saving.load(tmp_path / "model.h5")
        expected = saving.in_float32(model).predict_on_batch(chunks)
        np.testing.assert_array_equal(loaded.predict_on_batch(chunks), expected)


@pytest.mark.parametrize("name", BUILDERS)
def test_every_hyperparameter_changes_something(name):
    for parameter in space_of(name):
        needed = {need.name: need.values[0] for need in parameter.conditions}
        described = {
            describe(build(name, SMALL[rank(name)], needed | {parameter.name: value})[0])
            for value in (parameter.prob_to_value(0.01), parameter.prob_to_value(0.99))
        }
        assert len(described) == 2, parameter.name


@pytest.mark.parametrize("name", BUILDERS)
def test_a_search_may_declare_the_space_of_the_reference_first(name):
    described = set()
    for values in itertools.product(*REFERENCE.values()):
        hp = keras_tuner.HyperParameters()
        for key, choices in REFERENCE.items():
            hp.Choice(key, choices)
        hp.values.update(zip(REFERENCE, values, strict=True))
        model = importlib.import_module(BUILDERS[name]).build(hp, SMALL[rank(name)], NUM_CLASSES)
        assert [hp.get(key) for key in REFERENCE] == list(values)
        assert all(list(p.values) == REFERENCE[p.name] for p in hp.space if p.name in REFERENCE)
        described.add(describe(model))
    assert len(described) == 8
