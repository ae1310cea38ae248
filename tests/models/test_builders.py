"""Every network in the table keeps the contract of a builder."""

import importlib
import re
import subprocess
import sys

import keras
import keras_tuner
import numpy as np
import pytest

from models import BUILDERS, saving

NUM_CLASSES = 4

# A saved run is described by these names: changing one is a visible decision.
DEFAULTS = {
    "cnn_reference": {
        "width": 32,
        "num_blocks": 2,
        "kernel_size": 3,
        "normalization": "none",
        "pooling": "max",
        "dense_units": 128,
        "init": "glorot_uniform",
        "dropout": 0.5,
        "label_smoothing": 0.0,
        "optimizer": "adam",
        "learning_rate": 1e-3,
    },
    "frame_cnn": {
        "width": 192,
        "num_blocks": 5,
        "kernel_size": 5,
        "connections": "plain",
        "normalization": "batch",
        "pooling": "max",
        "time_pooling": "average_and_maximum",
        "init": "glorot_uniform",
        "dropout": 0.1,
        "label_smoothing": 0.0,
        "optimizer": "adamw",
        "learning_rate": 2e-3,
        "weight_decay": 1e-2,
    },
    "bag_attention": {
        "width": 192,
        "num_blocks": 5,
        "kernel_size": 5,
        "connections": "plain",
        "normalization": "batch",
        "pooling": "max",
        "time_pooling": "average_and_maximum",
        "init": "glorot_uniform",
        "dropout": 0.1,
        "attention_units": 64,
        "label_smoothing": 0.0,
        "optimizer": "adamw",
        "learning_rate": 2e-3,
        "weight_decay": 1e-2,
    },
    "message_lstm": {
        "units": 384,
        "num_layers": 2,
        "time_pooling": "last",
        "type_features": 4,
        "init": "glorot_uniform",
        "dropout": 0.2,
        "label_smoothing": 0.0,
        "optimizer": "adamw",
        "learning_rate": 4.761974698772928e-5,
        "weight_decay": 1e-2,
    },
    "descriptor_lstm": {
        "cell": "lstm",
        "units": 128,
        "num_layers": 2,
        "direction": "forward",
        "normalization": "none",
        "time_pooling": "last",
        "init": "glorot_uniform",
        "dropout": 0.2,
        "label_smoothing": 0.0,
        "optimizer": "adam",
        "learning_rate": 1e-3,
    },
    "lstm": {
        "frames_per_step": 2,
        "cell": "lstm",
        "units": 128,
        "num_layers": 2,
        "direction": "forward",
        "normalization": "none",
        "time_pooling": "last",
        "init": "glorot_uniform",
        "dropout": 0.2,
        "label_smoothing": 0.0,
        "optimizer": "adam",
        "learning_rate": 1e-3,
    },
    "cnn": {
        "width": 24,
        "num_blocks": 4,
        "kernel_size": 3,
        "normalization": "batch",
        "pooling": "max",
        "init": "glorot_uniform",
        "dropout": 0.1,
        "label_smoothing": 0.0,
        "optimizer": "adamw",
        "learning_rate": 2e-3,
        "weight_decay": 1e-2,
    },
    "resnet": {
        "width": 32,
        "num_stages": 3,
        "blocks_per_stage": 1,
        "stem_size": 5,
        "normalization": "batch",
        "init": "glorot_uniform",
        "dropout": 0.1,
        "label_smoothing": 0.0,
        "optimizer": "adamw",
        "learning_rate": 2e-3,
        "weight_decay": 1e-2,
    },
    "crnn": {
        "width": 24,
        "num_blocks": 3,
        "units": 96,
        "normalization": "batch",
        "time_pooling": "average_and_maximum",
        "init": "glorot_uniform",
        "dropout": 0.1,
        "label_smoothing": 0.0,
        "optimizer": "adamw",
        "learning_rate": 2e-3,
        "weight_decay": 1e-2,
    },
    "pitch_cnn": {
        "harmonies": "octaves_and_fifths",
        "pitch_filters": 32,
        "pitch_kernel": 5,
        "register_size": 24,
        "width": 192,
        "num_blocks": 4,
        "kernel_size": 5,
        "normalization": "batch",
        "time_pooling": "average_and_maximum",
        "init": "glorot_uniform",
        "dropout": 0.1,
        "label_smoothing": 0.0,
        "optimizer": "adamw",
        "learning_rate": 2e-3,
        "weight_decay": 1e-2,
    },
    "transformer": {
        "frames_per_step": 5,
        "width": 192,
        "num_blocks": 4,
        "num_heads": 4,
        "expansion": 2,
        "time_pooling": "average_and_maximum",
        "init": "glorot_uniform",
        "dropout": 0.1,
        "label_smoothing": 0.0,
        "optimizer": "adamw",
        "learning_rate": 1e-3,
        "weight_decay": 1e-2,
    },
}

# The defaults of those that have no effect on the documented model: with which others, and which.
CONDITIONAL_DEFAULTS = {
    "cnn_reference": {
        ("optimizer", "adamw"): {"learning_rate": 1e-3, "weight_decay": 1e-2},
        ("optimizer", "sgd"): {"sgd_learning_rate": 1e-2, "momentum": 0.0},
    },
    "frame_cnn": {
        ("optimizer", "adam"): {"learning_rate": 2e-3},
        ("optimizer", "sgd"): {"sgd_learning_rate": 2e-2, "momentum": 0.9},
    },
    "message_lstm": {
        ("optimizer", "adam"): {"learning_rate": 4.761974698772928e-5},
        ("optimizer", "sgd"): {"sgd_learning_rate": 5e-2, "momentum": 0.9},
    },
    "descriptor_lstm": {
        ("optimizer", "adamw"): {"learning_rate": 1e-3, "weight_decay": 1e-2},
        ("optimizer", "sgd"): {"sgd_learning_rate": 5e-2, "momentum": 0.9},
    },
    "lstm": {
        ("optimizer", "adamw"): {"learning_rate": 1e-3, "weight_decay": 1e-2},
        ("optimizer", "sgd"): {"sgd_learning_rate": 5e-2, "momentum": 0.9},
    },
    **{
        name: {
            ("optimizer", "adam"): {"learning_rate": learning_rate},
            ("optimizer", "sgd"): {"sgd_learning_rate": 2e-2, "momentum": 0.9},
        }
        for name, learning_rate in {
            **dict.fromkeys(("cnn", "resnet", "crnn", "pitch_cnn", "bag_attention"), 2e-3),
            "transformer": 1e-3,
        }.items()
    },
}

# For four classes.
NUM_PARAMETERS = {
    ("cnn_reference", (128, 150, 1)): 8_866_820,  # the notebook's own figure
    ("cnn_reference", (128, 150, 2)): 8_867_108,
    ("descriptor_lstm", (10, 2)): 116_740,  # the notebook's own figure
    ("descriptor_lstm", (10, 14)): 122_884,
    ("message_lstm", (24, 8)): 4_761_732,  # for six classes see test_message_lstm
    ("frame_cnn", (128, 150, 1)): 832_900,
    ("frame_cnn", (128, 150, 2)): 923_140,
    ("bag_attention", (8, 128, 150, 1)): 882_244,
    ("bag_attention", (4, 128, 150, 2)): 972_484,
    ("lstm", (128, 150, 1)): 181_252,
    ("lstm", (128, 150, 2)): 246_788,
    ("cnn", (128, 150, 1)): 220_924,
    ("cnn", (128, 150, 2)): 221_140,
    ("resnet", (128, 150, 1)): 309_668,
    ("resnet", (128, 150, 2)): 310_468,
    ("crnn", (128, 150, 1)): 166_012,
    ("crnn", (128, 150, 2)): 166_228,
    ("pitch_cnn", (128, 150, 1)): 682_980,
    ("pitch_cnn", (128, 150, 2)): 685_380,
    ("transformer", (128, 150, 1)): 1_286_212,
    ("transformer", (128, 150, 2)): 1_376_452,
}

SHAPES = {"chunk": (128, 30, 1), "sequence": (10, 14), "messages": (12, 8), "bag": (3, 128, 30, 1)}
"""Of a small example, by what a builder reads."""


def rank(name):
    return importlib.import_module(BUILDERS[name]).RANK


def build(name, input_shape, **values):
    hp = keras_tuner.HyperParameters()
    hp.values.update(values)
    return importlib.import_module(BUILDERS[name]).build(hp, input_shape, NUM_CLASSES)


def test_every_builder_is_frozen_here():
    assert set(DEFAULTS) == set(BUILDERS) == {name for name, _ in NUM_PARAMETERS} == set(CONDITIONAL_DEFAULTS)


@pytest.mark.parametrize("name", DEFAULTS)
def test_names_and_defaults_of_the_hyperparameters(name):
    hp = keras_tuner.HyperParameters()
    importlib.import_module(BUILDERS[name]).build(hp, SHAPES[rank(name)], NUM_CLASSES)
    assert hp.values == DEFAULTS[name]
    assert list(hp.values) == list(DEFAULTS[name])  # the order in which they are listed to users


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_of_what_other_values_bring_with_them(name):
    for (parent, value), expected in CONDITIONAL_DEFAULTS[name].items():
        hp = keras_tuner.HyperParameters()
        hp.values[parent] = value
        importlib.import_module(BUILDERS[name]).build(hp, SHAPES[rank(name)], NUM_CLASSES)
        assert {key: hp.values[key] for key in hp.values if key not in DEFAULTS[name]} | expected == expected
        assert expected.items() <= hp.values.items()


@pytest.mark.parametrize(("name", "shape"), NUM_PARAMETERS, ids=str)
def test_number_of_parameters(name, shape):
    assert build(name, shape).count_params() == NUM_PARAMETERS[name, shape]


@pytest.mark.parametrize("name", BUILDERS)
def test_declares_what_one_example_is(name):
    others = {"descriptor_lstm": "sequence", "message_lstm": "messages", "bag_attention": "bag"}
    assert rank(name) == others.get(name, "chunk")


@pytest.mark.parametrize("name", BUILDERS)
def test_gives_probabilities(name, examples):
    chunks = examples(name)
    probabilities = build(name, chunks.shape[1:]).predict(chunks, verbose=0)
    assert probabilities.shape == (len(chunks), NUM_CLASSES)
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", BUILDERS)
def test_learns_a_batch_by_heart(name, examples):
    chunks = examples(name)
    keras.utils.set_random_seed(0)
    model = build(name, chunks.shape[1:])
    labels = np.arange(len(chunks)) % NUM_CLASSES
    before = model.evaluate(chunks, labels, verbose=0)[0]
    # Of these, normalisation's running means still lag behind the weights after 30.
    epochs = 60 if name in ("cnn", "crnn", "pitch_cnn") else 30
    model.fit(chunks, labels, epochs=epochs, verbose=0)
    assert model.evaluate(chunks, labels, verbose=0)[0] < before


@pytest.mark.parametrize("name", BUILDERS)
def test_a_saved_model_predicts_the_same(name, examples, tmp_path):
    chunks = examples(name)
    model = build(name, chunks.shape[1:])
    model.fit(chunks, np.zeros(len(chunks)), verbose=0)  # so that no weight is as it began
    saving.save(model, tmp_path / "model.h5", description={})
    loaded, _ = saving.load(tmp_path / "model.h5")
    np.testing.assert_array_equal(loaded.predict(chunks, verbose=0), model.predict(chunks, verbose=0))


@pytest.mark.parametrize("name", BUILDERS)
def test_trains_in_bfloat16_and_is_saved_in_float32(name, examples, tmp_path, bfloat16):
    chunks = examples(name)
    model = build(name, chunks.shape[1:])
    assert model.output.dtype == "float32"
    model.fit(chunks, np.zeros(len(chunks)), verbose=0)
    saving.save(model, tmp_path / "model.h5", description={})
    loaded, _ = saving.load(tmp_path / "model.h5")
    assert {layer.compute_dtype for layer in loaded.layers[1:]} == {"float32"}  # after the input
    np.testing.assert_allclose(loaded.predict(chunks, verbose=0), model.predict(chunks, verbose=0), atol=0.05)


@pytest.mark.parametrize("name", BUILDERS)
def test_refuses_a_shape_with_other_axes(name):
    shape, axes = {
        "chunk": ((128, 150), r"\(pitch, frame, channel\), for example \(128, 150, 2\)"),
        "sequence": ((128, 150, 1), r"\(step, descriptor\), for example \(10, 14\)"),
        "messages": ((128, 150, 1), r"\(message, feature\), for example \(24, 8\)"),
        "bag": ((128, 150, 1), r"\(chunk, pitch, frame, channel\), for example \(8, 128, 150, 2\)"),
    }[rank(name)]
    with pytest.raises(
        ValueError, match=rf"Expected input_shape = {axes}, but received {re.escape(str(shape))}"
    ):
        build(name, shape)


@pytest.mark.parametrize("name", BUILDERS)
def test_refuses_a_single_class(name):
    with pytest.raises(ValueError, match="at least 2 classes.*num_classes=1"):
        importlib.import_module(BUILDERS[name]).build(keras_tuner.HyperParameters(), SHAPES[rank(name)], 1)


CROPPING = ("frame_cnn", "cnn", "resnet", "crnn", "pitch_cnn", "transformer")
"""Builders that leave out the pitches beyond a piano."""


@pytest.mark.parametrize("name", CROPPING)
def test_refuses_other_pitches_than_midi_has(name):
    with pytest.raises(ValueError, match=r"pitches 0 to 127.*\(88, 150, 1\)"):
        build(name, (88, 150, 1))


@pytest.mark.parametrize("name", CROPPING)
def test_hears_the_piano_transposed_by_three_semitones(name, chunks):
    model = build(name, chunks.shape[1:])
    edges = np.zeros_like(chunks[:3])
    edges[1, 21 - 3], edges[2, 108 + 3] = 1, 1
    silence, lowest, highest = model.predict(edges, verbose=0)
    assert not np.array_equal(silence, lowest)
    assert not np.array_equal(silence, highest)


def test_the_pitch_cnn_hears_intervals_wherever_they_are(chunks):
    """Over all pitches at once, a transposition changes nothing; by registers it does."""
    c_and_g, d_and_a = (np.zeros_like(chunks[:1]) for _ in range(2))
    c_and_g[0, [60, 67], 3:20] = 1
    d_and_a[0, [62, 69], 3:20] = 1
    for register_size, is_same in ((94, True), (12, False)):
        model = build("pitch_cnn", chunks.shape[1:], register_size=register_size)
        one, other = (model.predict(chunk, verbose=0) for chunk in (c_and_g, d_and_a))
        assert np.allclose(one, other, atol=1e-6) == is_same


def test_laid_beside_itself_a_place_sees_the_pitches_asked_for(chunks):
    from models.pitch_cnn import beside_itself

    inputs = keras.Input(chunks.shape[1:])
    found = keras.Model(inputs, beside_itself(inputs, (-7, 0, 12))).predict(chunks, verbose=0)
    assert found.shape == (*chunks.shape[:-1], 3 * chunks.shape[-1])
    below, here, above = np.split(found, 3, axis=-1)
    np.testing.assert_array_equal(here, chunks)
    np.testing.assert_array_equal(below[:, 7:], chunks[:, :-7])
    np.testing.assert_array_equal(above[:, :-12], chunks[:, 12:])
    assert not below[:, :7].any() and not above[:, -12:].any()


def test_the_transformer_knows_where_a_step_stands(chunks):
    model = build("transformer", chunks.shape[1:], frames_per_step=5)
    later = np.roll(chunks, 5, axis=2)  # the same steps, in another order
    answers = model.predict(chunks, verbose=0)
    assert not np.allclose(answers, model.predict(later, verbose=0), atol=1e-5)
    model.get_layer("positions").set_weights([np.zeros((6, 192), np.float32)])
    answers = model.predict(chunks, verbose=0)
    np.testing.assert_allclose(answers, model.predict(later, verbose=0), atol=1e-5)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_recurrent_layer_is_of_the_cell_asked_for(cell):
    model = build("lstm", (128, 30, 1), cell=cell, direction="both")
    assert model.get_layer(f"both_{cell}_1").forward_layer.__class__.__name__ == cell.upper()


def test_the_tables_are_read_without_importing_keras_or_sklearn():
    code = (
        "import sys, models, models.baselines, models.saving;"
        "print([name for name in ('keras', 'tensorflow', 'sklearn') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
