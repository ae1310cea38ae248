"""The default network: a one-dimensional convolution over frames, with pitches as channels.

A convolution over pitch says that a chord means the same on every step of the keyboard, and
pays for it at 128 x 150 places. Here each frame is one vector of all its pitches and filters
slide over time alone: a tenth of the reference CNN's parameters and a fraction of its time.
What sliding over pitch would have taught, the runner teaches by transposing the training
chunks a few semitones up and down.
"""

import keras
from keras import layers

from models.blocks import (
    TIME_POOLING,
    check_arguments,
    class_probabilities,
    compile_classifier,
    conv_block,
    frames_first,
    head_dropout,
    one_of,
    piano_range,
)
from models.choices import choose_adamw, choose_init, choose_label_smoothing

RANK = "chunk"

POOLING = {"max": layers.MaxPooling1D, "average": layers.AveragePooling1D}


def build(hp, input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Builds and compiles the frame CNN.

    Args:
        hp: `keras_tuner.HyperParameters`; uses

            - `width` (filters of each convolution), `num_blocks`, `kernel_size` (frames),
              `connections` (`"residual"`: what a block is given is added to what it returns),
              `normalization` (in each block), `pooling` (of two frames, after blocks 1 and 3)
              and `time_pooling` (of all frames, at the end);
            - `init` (initialises the convolutions) and `dropout` (inside the body; the head
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

    inputs = keras.Input(input_shape, name="chunk")
    x = frame_features(hp, inputs)
    outputs = class_probabilities(x, num_classes)

    label_smoothing, optimizer = choose_label_smoothing(hp), choose_adamw(hp)
    model = keras.Model(inputs, outputs, name="frame_cnn")
    return compile_classifier(model, optimizer, label_smoothing=label_smoothing)


def frame_features(hp, chunks: keras.KerasTensor) -> keras.KerasTensor:
    """The body: `(batch, 128, frame, channel)` to `(batch, feature)`; see `build`."""
    width = hp.Choice("width", [128, 192, 256, 320], default=192)
    num_blocks = hp.Int("num_blocks", 3, 6, default=5)
    kernel_size = hp.Choice("kernel_size", [3, 5, 7], default=5)
    connections = hp.Choice("connections", ["plain", "residual"], default="plain")
    normalization = hp.Choice("normalization", ["batch", "layer"], default="batch")
    pooling = hp.Choice("pooling", ["max", "average"], default="max")
    time_pooling = hp.Choice("time_pooling", list(TIME_POOLING), default="average_and_maximum")
    init = choose_init(hp)
    dropout = hp.Float("dropout", 0.0, 0.3, default=0.1)

    x = frames_first(piano_range(chunks))
    for number in range(1, num_blocks + 1):
        name = f"block_{number}"
        block = conv_block(
            x, width, kernel_size=kernel_size, init=init, normalization=normalization, name=name
        )
        if connections == "residual" and number > 1:  # the first changes the number of features
            block = layers.Add(name=f"{name}_sum")([x, block])
        x = block
        if number in (1, 3):  # later blocks hear further, at half the cost each time
            x = one_of("pooling", pooling, POOLING)(2, name=f"pool_{number}")(x)
        x = layers.Dropout(dropout, name=f"dropout_{number}")(x)
    x = one_of("time_pooling", time_pooling, TIME_POOLING)(x)
    return head_dropout(x, dropout)
