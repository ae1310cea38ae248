"""A bag is heard as a whole: in any order, of any size, and a chunk over and over is that chunk."""

import keras
import keras_tuner
import numpy as np
import pytest

from models.bag_attention import build


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(2)
    hp = keras_tuner.HyperParameters()
    hp.values.update({"width": 16, "num_blocks": 3})
    return build(hp, (4, 128, 30, 2), 3)


def test_the_order_of_a_bag_does_not_matter(model, chunks):
    bags = chunks.reshape(2, 4, *chunks.shape[1:])
    answers = model.predict(bags, verbose=0)
    np.testing.assert_allclose(model.predict(bags[:, [2, 0, 3, 1]], verbose=0), answers, rtol=1e-4)
    assert not np.allclose(answers[0], answers[1], rtol=1e-3)


def test_a_chunk_over_and_over_is_that_chunk(model, chunks):
    alone = model.predict(chunks[:, None], verbose=0)
    np.testing.assert_allclose(model.predict(np.stack([chunks] * 5, axis=1), verbose=0), alone, rtol=1e-4)


def test_a_bag_lies_among_its_chunks_and_not_in_their_middle(model, chunks):
    """The weights are learnt: with other scores, another chunk counts most."""
    scores = model.get_layer("scores")
    weights = scores.get_weights()
    before = model.predict(chunks[None], verbose=0)
    scores.set_weights([-30 * weights[0]])
    after = model.predict(chunks[None], verbose=0)
    scores.set_weights(weights)
    assert not np.allclose(before, after, rtol=1e-3)
