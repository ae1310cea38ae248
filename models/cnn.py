"""A two-dimensional CNN as they are built today: batch normalisation, and pooling over all places at the end.

The reference CNN flattens its last image, so that its dense layer learns every pitch and every
frame by itself. Here the features of all places are averaged (Lin et al., Network in network,
2014) after convolutions that are normalised (Ioffe and Szegedy, 2015): what a figure is does not
depend on the key or the moment, and 8.9 million parameters become a hundred thousand.
"""

import keras
from keras import layers

from models.blocks import (
    average_and_maximum_2d,
    check_arguments,
    class_probabilities,
    compile_classifier,
    conv_block,
    head_dropout,
    one_of,
    piano_range,
)
from models.choices import choose_adamw, choose_init, choose_label_smoothing

RANK = "chunk"

POOLING = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}


def build(hp, input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Builds and compiles the CNN.

    Args:
        hp: `keras_tuner.HyperParameters`; uses

            - `width` (filters of the first convolution; each further one has twice as many),
              `num_blocks` (convolutions), `kernel_size` (semitones and frames),
              `normalization` (in each block) and `pooling` (of two semitones and two frames,
              after each block but the last);
            - `init` (initialises the convolutions) and `dropout` (after each pooling; the head
              has twice as much, but at most 0.6);
            - `label_smoothing`, and those of `models.choices.choose_optimizer`, by default
              AdamW.
        input_shape: `(128, frame, channel)`.
        num_classes: how many composers to tell apart.

    Returns:
        A compiled model from `(batch, 128, frame, channel)` to `(batch, class)`.

    Raises:
        ValueError: if `input_shape` has not three axes or not 128 pitches, or there are
            fewer than two classes.
    """
    check_arguments(input_shape, num_classes)
    width = hp.Choice("width", [16, 24, 32], default=24)
    num_blocks = hp.Int("num_blocks", 3, 5, default=4)
    kernel_size = hp.Choice("kernel_size", [3, 5], default=3)
    normalization = hp.Choice("normalization", ["batch", "layer"], default="batch")
    pooling = hp.Choice("pooling", ["max", "average"], default="max")
    init = choose_init(hp)
    dropout = hp.Float("dropout", 0.0, 0.3, default=0.1)
    label_smoothing = choose_label_smoothing(hp)
    optimizer = choose_adamw(hp)

    inputs = keras.Input(input_shape, name="chunk")

    x = piano_range(inputs)
    for number in range(1, num_blocks + 1):
        x = conv_block(
            x,
            width * 2 ** (number - 1),
            kernel_size=kernel_size,
            init=init,
            normalization=normalization,
            name=f"block_{number}",
        )
        if number < num_blocks:
            x = one_of("pooling", pooling, POOLING)(2, padding="same", name=f"pool_{number}")(x)
            x = layers.Dropout(dropout, name=f"dropout_{number}")(x)
    x = average_and_maximum_2d(x)
    x = head_dropout(x, dropout)

    outputs = class_probabilities(x, num_classes)
    model = keras.Model(inputs, outputs, name="cnn")
    return compile_classifier(model, optimizer, label_smoothing=label_smoothing)
