"""The network to beat: the two-dimensional CNN of the composer classification notebook.

Two convolutions over pitch and time, then a dense layer that holds 99.8 % of the parameters:
8,866,820 in all for input `(128, 150, 1)` and four classes.
"""

from functools import partial

import keras
from keras import layers

from models.blocks import check_arguments, class_probabilities, compile_classifier, normalize, one_of
from models.choices import Rates, choose_init, choose_label_smoothing, choose_optimizer

RANK = "chunk"

POOLING = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}


def build(hp, input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Builds and compiles the reference CNN.

    The defaults are the notebook's fixed model: Adam runs at Keras' default learning rate of
    0.001, SGD at 0.01 without momentum. The largest model that can be drawn for
    `(128, 150, 2)` has 18 million parameters.

    Args:
        hp: `keras_tuner.HyperParameters`; uses

            - `width` (filters of the first convolution; each further one has twice as many),
              `num_blocks` (convolutions), `kernel_size` (semitones and frames),
              `normalization` (after each convolution), `pooling` and `dense_units`;
            - `init` (initialises every layer but the last) and `dropout` (after each pooling
              and after the dense layer);
            - `label_smoothing`, and those of `models.choices.choose_optimizer`.
        input_shape: `(pitch, frame, channel)`.
        num_classes: how many composers to tell apart.

    Returns:
        A compiled model from `(batch, pitch, frame, channel)` to `(batch, class)`.

    Raises:
        ValueError: if `input_shape` has not three axes, or there are fewer than two classes.
    """
    check_arguments(input_shape, num_classes)
    width = hp.Choice("width", [16, 32, 64], default=32)
    num_blocks = hp.Int("num_blocks", 2, 4, default=2)
    kernel_size = hp.Choice("kernel_size", [3, 5], default=3)
    normalization = hp.Choice("normalization", ["none", "batch"], default="none")
    pooling = hp.Choice("pooling", ["max", "average"], default="max")
    dense_units = hp.Choice("dense_units", [32, 64, 128], default=128)
    init = choose_init(hp)
    dropout = hp.Float("dropout", 0.0, 0.6, default=0.5)
    label_smoothing = choose_label_smoothing(hp)
    optimizer = choose_optimizer(hp, "adam", adam=Rates(1e-4, 1e-3, 3e-3), sgd=Rates(1e-3, 1e-2, 3e-2))

    inputs = keras.Input(input_shape, name="chunk")

    x = inputs
    for number in range(1, num_blocks + 1):
        filters = width * 2 ** (number - 1)
        x = conv_block(
            x, filters, kernel_size=kernel_size, init=init, normalization=normalization, number=number
        )
        x = one_of("pooling", pooling, POOLING)(2, name=f"pool_{number}")(x)
        x = layers.Dropout(dropout, name=f"dropout_{number}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(dense_units, activation="relu", kernel_initializer=init, name="dense")(x)
    x = layers.Dropout(dropout, name=f"dropout_{num_blocks + 1}")(x)

    outputs = class_probabilities(x, num_classes)
    model = keras.Model(inputs, outputs, name="cnn_reference")
    return compile_classifier(model, optimizer, label_smoothing=label_smoothing)


def conv_block(
    x: keras.KerasTensor, filters: int, *, kernel_size: int, init: str, normalization: str, number: int
) -> keras.KerasTensor:
    """Convolution over pitch and time, normalisation if any, ReLU.

    Takes `(batch, pitch, frame, any)`, gives `(batch, pitch, frame, filters)`, without the
    border for the first two.
    """
    # The notebook's two convolutions lose the border; further ones would have too little left to lose.
    padding = "valid" if number <= 2 else "same"
    convolution = partial(
        layers.Conv2D, filters, kernel_size, padding=padding, kernel_initializer=init, name=f"conv_{number}"
    )
    if normalization == "none":
        return convolution(activation="relu")(x)
    # Normalisation subtracts the mean: a bias before it would have no effect.
    x = normalize(convolution(use_bias=False)(x), normalization, name=f"norm_{number}")
    return layers.ReLU(name=f"relu_{number}")(x)
