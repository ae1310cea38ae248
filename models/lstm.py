"""LSTM layers over the frames of a chunk: two, by default.

The default layers are those of the composer classification notebook (128 units, dropout, 64
units, dropout, Adam at 0.001); the input is not. The notebook read windows of ten consecutive
*files*, two numbers each; this network reads the notes, frame by frame.
"""

from dataclasses import dataclass

import keras
from keras import layers

from models.blocks import (
    average_over_time,
    check_arguments,
    class_probabilities,
    compile_classifier,
    frames_first,
    maximum_over_time,
    normalize,
    one_of,
    unchanged,
)
from models.choices import Rates, choose_init, choose_label_smoothing, choose_optimizer

RANK = "chunk"

DIRECTIONS = {"forward": unchanged, "both": lambda lstm: layers.Bidirectional(lstm, name=f"both_{lstm.name}")}
# The last LSTM gives its last step alone by itself.
TIME_POOLING = {"last": unchanged, "average": average_over_time, "maximum": maximum_over_time}


def build(hp, input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Builds and compiles the LSTM.

    Args:
        hp: `keras_tuner.HyperParameters`; uses

            - `frames_per_step` (this many frames are averaged before the first LSTM, which
              shortens the sequence and the time to train it), `units` (of the first LSTM;
              each further one has half as many), `num_layers`, `direction` (`"both"`: as many
              units again read backwards), `normalization` (after each LSTM) and
              `time_pooling` (of the steps of the last LSTM);
            - `init` (initialises what reads the input of each LSTM) and `dropout` (after each
              LSTM);
            - `label_smoothing`, and those of `models.choices.choose_optimizer`.
        input_shape: `(pitch, frame, channel)`.
        num_classes: how many composers to tell apart.

    Returns:
        A compiled model from `(batch, pitch, frame, channel)` to `(batch, class)`.

    Raises:
        ValueError: if `input_shape` has not three axes, or there are fewer than two classes.
    """
    check_arguments(input_shape, num_classes)
    frames_per_step = hp.Choice("frames_per_step", [1, 2, 3, 5], default=2)
    like = choose_lstm_layers(hp)
    label_smoothing = choose_label_smoothing(hp)
    optimizer = choose_lstm_optimizer(hp)

    inputs = keras.Input(input_shape, name="chunk")

    x = frames_first(inputs)
    x = layers.AveragePooling1D(frames_per_step, name="average_frames")(x)
    x = lstm_layers(x, like)

    outputs = class_probabilities(x, num_classes)
    model = keras.Model(inputs, outputs, name="lstm")
    return compile_classifier(model, optimizer, label_smoothing=label_smoothing)


@dataclass(frozen=True)
class LstmLayers:
    """What LSTM layers are like; see `build`."""

    units: int
    num_layers: int
    direction: str
    normalization: str
    time_pooling: str
    init: str
    dropout: float


def choose_lstm_layers(hp) -> LstmLayers:
    """Returns what the layers are like; by default they are those of the notebook."""
    return LstmLayers(
        units=hp.Choice("units", [64, 128, 256], default=128),
        num_layers=hp.Int("num_layers", 1, 3, default=2),
        direction=hp.Choice("direction", ["forward", "both"], default="forward"),
        normalization=hp.Choice("normalization", ["none", "layer"], default="none"),
        time_pooling=hp.Choice("time_pooling", list(TIME_POOLING), default="last"),
        init=choose_init(hp),
        dropout=hp.Float("dropout", 0.0, 0.5, default=0.2),
    )


def choose_lstm_optimizer(hp) -> keras.optimizers.Optimizer:
    """Returns the optimizer; by default it is that of the notebook."""
    return choose_optimizer(
        hp, "adam", adam=Rates(1e-4, 1e-3, 1e-2), sgd=Rates(1e-2, 5e-2, 1e-1), momentum=0.9
    )


def lstm_layers(x: keras.KerasTensor, like: LstmLayers) -> keras.KerasTensor:
    """Reads a sequence: `(batch, step, any)` to `(batch, feature)`."""
    for number in range(1, like.num_layers + 1):
        is_last = number == like.num_layers
        lstm = layers.LSTM(
            like.units // 2 ** (number - 1),
            return_sequences=not is_last or like.time_pooling != "last",
            kernel_initializer=like.init,
            name=f"lstm_{number}",
        )
        x = one_of("direction", like.direction, DIRECTIONS)(lstm)(x)
        x = normalize(x, like.normalization, name=f"norm_{number}")
        if is_last:
            x = one_of("time_pooling", like.time_pooling, TIME_POOLING)(x)
        x = layers.Dropout(like.dropout, name=f"dropout_{number}")(x)
    return x
