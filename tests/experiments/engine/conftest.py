"""A small stand-in for a data set, and a network with all the state that a checkpoint must hold."""

from dataclasses import dataclass, field

import numpy as np
import pytest

CHUNK_SHAPE = (12, 8, 1)


@dataclass(frozen=True)
class Sketch:
    """As much of an encoder as training reads."""

    chunk_frames: int = CHUNK_SHAPE[1]
    chunk_shape: tuple[int, int, int] = CHUNK_SHAPE


@dataclass(frozen=True)
class Music:
    """As much of a data set as training reads: 41 chunks, which say how they were asked for."""

    encoder: Sketch = Sketch()
    classes: tuple[str, ...] = ("Ada", "Bela")
    chunk_labels: np.ndarray = field(default_factory=lambda: (np.arange(41) % 3 == 0).astype(int))
    chunk_pieces: np.ndarray = field(default_factory=lambda: np.arange(41) // 5)
    pieces: tuple[str, ...] = tuple("abcdefghi")
    works: tuple[str, ...] = tuple("aabcccccd")
    sources: tuple[str, ...] = tuple("xxxxyyyyy")
    writers: tuple[str, ...] = tuple("pppqqqqqq")
    num_auxiliary: int = 0

    def chunks(self, indices, *, semitones=None, later=None, rates=None) -> np.ndarray:
        chunks = np.random.default_rng(5).random((41, *CHUNK_SHAPE), np.float32)[indices]
        chunks[:, :6] += self.chunk_labels[indices, None, None, None]
        for change, row in ((rates, 9), (semitones, 10), (later, 11)):
            chunks[:, row, 0, 0] = 0 if change is None else change
        return chunks


@pytest.fixture
def music() -> Music:
    return Music()


@pytest.fixture
def make_model():
    """Returns a function that builds one and the same network, with dropout and normalisation."""
    import keras

    def make():
        keras.utils.set_random_seed(3)
        inputs = keras.Input(CHUNK_SHAPE)
        x = keras.layers.Flatten()(inputs)
        x = keras.layers.Dense(6)(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.Dropout(0.4)(x)
        model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x))
        model.compile(
            keras.optimizers.AdamW(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        return model

    return make
