"""What the tests of models share: small chunks, and precision that is put back."""

import importlib

import numpy as np
import pytest

from models import BUILDERS


@pytest.fixture
def chunks() -> np.ndarray:
    """Eight chunks of three seconds, `(chunk, pitch, frame, channel)`, as sparse as music."""
    rng = np.random.default_rng(7)
    sounding = (rng.random((8, 128, 30, 1)) < 0.03).astype(np.float32)
    return np.concatenate([sounding, sounding * rng.random(sounding.shape, np.float32)], axis=3)


@pytest.fixture
def sequences() -> np.ndarray:
    """Eight sequences of ten steps, `(sequence, step, descriptor)`, centred as descriptors are."""
    return np.random.default_rng(8).normal(size=(8, 10, 14)).astype(np.float32)


@pytest.fixture
def messages() -> np.ndarray:
    """Eight windows of twelve messages, `(window, message, feature)`: a type, and numbers around 0."""
    rng = np.random.default_rng(9)
    numbers = rng.normal(size=(8, 12, 8)).astype(np.float32)
    numbers[..., 0] = rng.integers(0, 26, (8, 12))
    return numbers


@pytest.fixture
def examples(chunks, sequences, messages):
    """Returns a function that gives what a builder reads, by its name."""

    def examples_of(name):
        bags = np.stack([chunks, chunks[::-1]], axis=1)
        by_rank = {"chunk": chunks, "sequence": sequences, "messages": messages, "bag": bags}
        return by_rank[importlib.import_module(BUILDERS[name]).RANK]

    return examples_of


@pytest.fixture
def bfloat16():
    """Keras computes in bfloat16 while the test runs."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)
