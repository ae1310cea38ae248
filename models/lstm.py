"""LSTM or GRU layers over the frames of a chunk: two LSTM layers, by default.

The default layers are those of the composer classification notebook (128 units, dropout, 64
units, dropout, Adam at 0.001); the input is not. The notebook read windows of ten consecutive
*files*, two numbers each; this network reads the notes, frame by frame.
"""

from dataclasses import dataclass

import keras
from keras import layers

from models.blocks import (
    TIME_POOLING,
    check_arguments,
    class_probabilities,
    compile_classifier,
    frames_first,
    normalize,
    one_of,
    unchanged,
)
from models.choices import Rates, choose_init, choose_label_smoothing, choose_optimizer

RANK = "chunk"

CELLS = {"lstm": layers.LSTM, "gru": layers.GRU}
DIRECTIONS = {
    "forward": unchanged,
    "both": lambda recurrent: layers.Bidirectional(recurrent, name=f"both_{recurrent.name}"),
}
# The last layer gives its last step alone by itself.
STEP_POOLING = {"last": unchanged} | TIME_POOLING


def build(hp, input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Builds and compiles the LSTM.

    Args:
        hp: `keras_tuner.HyperParameters`; uses

            - `frames_per_step` (this many frames are averaged before the first layer, which
              shortens the sequence and the time to train it), `cell` (`"gru"`: that of Cho et
              al., 2014), `units` (of the first layer; each further one has half as many),
              `num_layers`, `direction` (`"both"`: as many units again read backwards),
              `normalization` (after each layer) and `time_pooling` (of the steps of the last
              layer);
            - `init` (initialises what reads the input of each layer) and `dropout` (after each
              layer);
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
    """What recurrent layers are like; see `build`."""

    cell: str
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
        cell=hp.Choice("cell", list(CELLS), default="lstm"),
        units=hp.Choice("units", [64, 128, 256], default=128),
        num_layers=hp.Int("num_layers", 1, 3, default=2),
        direction=hp.Choice("direction", ["forward", "both"], default="forward"),
        normalization=hp.Choice("normalization", ["none", "layer"], default="none"),
        time_pooling=hp.Choice("time_pooling", list(STEP_POOLING), default="last"),
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
        recurrent = one_of("cell", like.cell, CELLS)(
            like.units // 2 ** (number - 1),
            return_sequences=not is_last or like.time_pooling != "last",
            kernel_initializer=like.init,
            name=f"{like.cell}_{number}",
        )
        x = one_of("direction", like.direction, DIRECTIONS)(recurrent)(x)
        x = normalize(x, like.normalization, name=f"norm_{number}")
        if is_last:
            x = one_of("time_pooling", like.time_pooling, STEP_POOLING)(x)
        x = layers.Dropout(like.dropout, name=f"dropout_{number}")(x)
    return x
