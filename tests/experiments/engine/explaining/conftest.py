"""A model whose reasons are known: it listens to one pitch and to nothing else."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from experiments.engine.explaining import note_attributions
from experiments.engine.heard import Heard
from experiments.engine.saved_models import SavedModel
from features.encoders.piano_roll import PianoRoll
from features.midi import notes_to_midi, read_events, read_notes

TOLD_BY = 60
"""The pitch by which the model tells Ada from the others; 62 speaks for Bela."""


def make_listener():
    """Returns a network that compares how long two pitches sound: one for Ada, one for Bela, and Cleo in between."""
    keras.utils.set_random_seed(0)
    chunk = keras.Input((128, 150, 1), name="chunk")
    x = layers.Reshape((128, 150), name="pitches")(chunk)
    x = layers.Dropout(0.5, name="dropout")(x)
    x = layers.AveragePooling1D(1, name="pool")(x)
    x = layers.GlobalAveragePooling1D(data_format="channels_first", name="shares")(x)
    x = layers.Dense(8, activation="relu", name="hidden")(x)
    probabilities = layers.Dense(3, activation="softmax", name="probabilities")(x)
    model = keras.Model(chunk, probabilities)
    hidden, head = np.zeros((128, 8)), np.zeros((8, 3))
    hidden[TOLD_BY, 0] = hidden[62, 1] = 10
    head[0, 0] = head[1, 1] = 1
    model.get_layer("hidden").set_weights([hidden, np.zeros(8)])
    model.get_layer("probabilities").set_weights([head, np.zeros(3)])
    return model


@pytest.fixture(scope="session")
def listener():
    """The model, as if it were loaded."""
    nobody = Heard(frozenset(), frozenset())
    encoder = PianoRoll(channels=("binary",))
    description = {"encoder": {"name": "piano_roll", "settings": encoder.settings()}}
    return SavedModel(
        Path("model.h5"), make_listener(), encoder, ("Ada", "Bela", "Cleo"), nobody, nobody, description
    )


@pytest.fixture(scope="session")
def make_notes():
    """Returns a function that reads notes, given as start and end in beats and a pitch, at two beats a second."""

    def make(notes, **settings):
        ticks = [(round(480 * start), round(480 * end), pitch) for start, end, pitch in notes]
        return read_notes(read_events(notes_to_midi(ticks, **settings)))

    return make


@pytest.fixture(scope="session")
def scale(make_notes):
    """Half a minute and more: 59, 60, 61 and 62 in turn, half a second each, over a long low note."""
    return make_notes([(beat, beat + 1, 59 + beat % 4) for beat in range(72)] + [(0, 72, 40)])


@pytest.fixture(scope="session")
def explained(listener, scale):
    """The explanation of what the model answers about the scale."""
    return note_attributions(listener, scale)
