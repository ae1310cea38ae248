"""What the tests of models share: small chunks, and precision that is put back."""

import numpy as np
import pytest


@pytest.fixture
def chunks() -> np.ndarray:
    """Eight chunks of three seconds, `(chunk, pitch, frame, channel)`, as sparse as music."""
    rng = np.random.default_rng(7)
    sounding = (rng.random((8, 128, 30, 1)) < 0.03).astype(np.float32)
    return np.concatenate([sounding, sounding * rng.random(sounding.shape, np.float32)], axis=3)


@pytest.fixture
def bfloat16():
    """Keras computes in bfloat16 while the test runs."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)
