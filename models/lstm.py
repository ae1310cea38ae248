"""Two LSTM layers over the frames of a chunk.

The layers are those of the composer classification notebook (128 units, dropout, 64 units,
dropout, Adam at 0.001); the input is not. The notebook read windows of ten consecutive
*files*, two numbers each; this network reads the notes, frame by frame.
"""

import keras
from keras import layers

from models.blocks import check_arguments, class_probabilities, compile_classifier, frames_first

RANK = "chunk"


def build(hp, input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Builds and compiles the LSTM.

    Args:
        hp: `keras_tuner.HyperParameters`; uses `frames_per_step` (this many frames are
            averaged before the first LSTM, which shortens the sequence and the time to
            train it), `units` (of the first LSTM; the second has half as many), `dropout`
            and `learning_rate`.
        input_shape: `(pitch, frame, channel)`.
        num_classes: how many composers to tell apart.

    Returns:
        A compiled model from `(batch, pitch, frame, channel)` to `(batch, class)`.

    Raises:
        ValueError: if `input_shape` has not three axes, or there are fewer than two classes.
    """
    check_arguments(input_shape, num_classes)
    frames_per_step = hp.Choice("frames_per_step", [1, 2, 3], default=2)
    units = hp.Choice("units", [64, 128, 256], default=128)
    dropout = hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.2)
    learning_rate = hp.Float("learning_rate", 1e-4, 1e-2, sampling="log", default=1e-3)

    inputs = keras.Input(input_shape, name="chunk")

    x = frames_first(inputs)
    x = layers.AveragePooling1D(frames_per_step, name="average_frames")(x)
    x = layers.LSTM(units, return_sequences=True, name="lstm_1")(x)
    x = layers.Dropout(dropout, name="dropout_1")(x)
    x = layers.LSTM(units // 2, name="lstm_2")(x)
    x = layers.Dropout(dropout, name="dropout_2")(x)

    outputs = class_probabilities(x, num_classes)
    optimizer = keras.optimizers.Adam(learning_rate)
    return compile_classifier(keras.Model(inputs, outputs, name="lstm"), optimizer)
