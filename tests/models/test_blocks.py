"""The loss with smoothed labels is what its formula says, and plain cross-entropy without smoothing."""

import keras
import numpy as np
import pytest

from models.blocks import (
    TIME_POOLING,
    SmoothedCrossentropy,
    attention_over_time,
    compile_classifier,
    normalize,
    one_of,
)

LABELS = np.array([0, 2, 1, 1])
PROBABILITIES = np.random.default_rng(0).dirichlet(np.ones(3), 4).astype(np.float32)


@pytest.mark.parametrize("weights", [None, np.array([1, 2, 0, 0.5], np.float32)])
def test_without_smoothing_it_is_cross_entropy(weights):
    plain = keras.losses.SparseCategoricalCrossentropy()
    losses = [
        float(loss(LABELS, PROBABILITIES, sample_weight=weights))
        for loss in (SmoothedCrossentropy(0.0), plain)
    ]
    np.testing.assert_allclose(*losses, rtol=1e-6)


@pytest.mark.parametrize("share", [0.05, 0.2])
@pytest.mark.parametrize("labels", [LABELS, LABELS[:, None]], ids=["flat", "column"])
def test_smoothing_is_its_formula(share, labels):
    surprise = -np.log(PROBABILITIES)
    expected = (1 - share) * surprise[np.arange(4), LABELS] + share * surprise.mean(axis=1)
    loss = SmoothedCrossentropy(share, reduction="none")(labels, PROBABILITIES)
    np.testing.assert_allclose(np.asarray(loss), expected, rtol=1e-5)


def test_the_smoothed_loss_comes_back_from_its_config():
    loss = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(SmoothedCrossentropy(0.1))
    )
    assert isinstance(loss, SmoothedCrossentropy)
    assert loss.label_smoothing == 0.1


def test_the_loss_is_named_unless_labels_are_smoothed():
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(inputs))
    assert compile_classifier(model, "adam").loss == "sparse_categorical_crossentropy"
    assert compile_classifier(model, "adam", label_smoothing=0.1).loss.label_smoothing == 0.1
    assert model.train_on_batch(np.ones((4, 2)), LABELS, return_dict=True).keys() == {"loss", "accuracy"}


def test_normalizing_by_nothing_adds_nothing():
    x = keras.Input((5, 2))
    assert normalize(x, "none", name="norm") is x


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_normalizing_keeps_the_shape(normalization):
    assert normalize(keras.Input((5, 2)), normalization, name="norm").shape == (None, 5, 2)


@pytest.mark.parametrize("name", TIME_POOLING)
def test_a_frame_that_is_repeated_is_pooled_to_itself(name):
    inputs = keras.Input((3, 2))
    frame = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    pooled = keras.Model(inputs, TIME_POOLING[name](inputs)).predict(np.stack([frame] * 3, axis=1), verbose=0)
    expected = np.tile(frame, 2 if name == "average_and_maximum" else 1)
    np.testing.assert_allclose(pooled, expected, rtol=1e-5)


def test_attention_weighs_frames_by_their_scores():
    inputs = keras.Input((4, 2))
    model = keras.Model(inputs, attention_over_time(inputs))
    kernel = np.array([[2.0], [0.0]], np.float32)
    model.get_layer("attention_scores").set_weights([kernel, np.zeros(1, np.float32)])
    frames = np.random.default_rng(0).normal(size=(3, 4, 2)).astype(np.float32)
    weights = np.exp(2 * frames[..., :1])
    expected = (weights * frames).sum(axis=1) / weights.sum(axis=1)
    np.testing.assert_allclose(model.predict(frames, verbose=0), expected, rtol=1e-5)


def test_an_unknown_word_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="Expected pooling to be one of max, average, but received 'min'"):
        one_of("pooling", "min", {"max": 1, "average": 2})
