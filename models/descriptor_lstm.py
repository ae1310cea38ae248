"""The LSTM of the composer classification notebook, over descriptors: a few numbers a step.

128 units, dropout, 64 units, dropout, softmax, Adam at 0.001. The notebook's steps were ten consecutive *files* with
two numbers each; in our study they are ten times five seconds of one piece. `models.lstm` reads notes instead.
"""

import keras

from models.blocks import check_arguments, class_probabilities, compile_classifier
from models.choices import choose_label_smoothing
from models.lstm import choose_lstm_layers, choose_lstm_optimizer, lstm_layers

RANK = "sequence"


def build(hp, input_shape: tuple[int, int], num_classes: int) -> keras.Model:
    """Builds and compiles the LSTM.

    Args:
        hp: `keras_tuner.HyperParameters`; uses those of `models.lstm`, but for `frames_per_step`.
        input_shape: `(step, descriptor)`.
        num_classes: how many composers to tell apart.

    Returns:
        A compiled model from `(batch, step, descriptor)` to `(batch, class)`.

    Raises:
        ValueError: if `input_shape` has not two axes, or there are fewer than two classes.
    """
    check_arguments(input_shape, num_classes, axes=("step", "descriptor"))
    like = choose_lstm_layers(hp)
    label_smoothing = choose_label_smoothing(hp)
    optimizer = choose_lstm_optimizer(hp)

    inputs = keras.Input(input_shape, name="sequence")
    x = lstm_layers(inputs, like)
    outputs = class_probabilities(x, num_classes)
    model = keras.Model(inputs, outputs, name="descriptor_lstm")
    return compile_classifier(model, optimizer, label_smoothing=label_smoothing)
