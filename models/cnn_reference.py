"""The network to beat: the two-dimensional CNN of the composer classification notebook.

Two convolutions over pitch and time, then a dense layer that holds 99.8 % of the parameters:
8,866,820 in all for input `(128, 150, 1)` and four classes.
"""

import keras
from keras import layers

from models.blocks import check_arguments, class_probabilities, compile_classifier

RANK = "chunk"


def build(hp, input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Builds and compiles the reference CNN.

    The defaults are the notebook's fixed model, the choices those of its random search.
    Optimizers are named, not configured, as there: Adam runs at Keras' default learning rate
    of 0.001, SGD at 0.01.

    Args:
        hp: `keras_tuner.HyperParameters`; uses `optimizer`, `init` (initialises every layer
            but the last) and `dropout` (after each pooling and after the dense layer).
        input_shape: `(pitch, frame, channel)`.
        num_classes: how many composers to tell apart.

    Returns:
        A compiled model from `(batch, pitch, frame, channel)` to `(batch, class)`.

    Raises:
        ValueError: if `input_shape` has not three axes, or there are fewer than two classes.
    """
    check_arguments(input_shape, num_classes)
    optimizer = hp.Choice("optimizer", ["adam", "sgd"], default="adam")
    init = hp.Choice("init", ["glorot_uniform", "he_normal"], default="glorot_uniform")
    dropout = hp.Choice("dropout", [0.4, 0.5], default=0.5)

    inputs = keras.Input(input_shape, name="chunk")

    x = layers.Conv2D(32, 3, activation="relu", kernel_initializer=init, name="conv_1")(inputs)
    x = layers.MaxPooling2D(2, name="pool_1")(x)
    x = layers.Dropout(dropout, name="dropout_1")(x)
    x = layers.Conv2D(64, 3, activation="relu", kernel_initializer=init, name="conv_2")(x)
    x = layers.MaxPooling2D(2, name="pool_2")(x)
    x = layers.Dropout(dropout, name="dropout_2")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(128, activation="relu", kernel_initializer=init, name="dense")(x)
    x = layers.Dropout(dropout, name="dropout_3")(x)

    outputs = class_probabilities(x, num_classes)
    return compile_classifier(keras.Model(inputs, outputs, name="cnn_reference"), optimizer)
