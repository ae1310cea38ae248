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
    average_and_maximum,
    average_over_time,
    check_arguments,
    class_probabilities,
    compile_classifier,
    frames_first,
    maximum_over_time,
    normalize,
    one_of,
)
from models.choices import Rates, choose_init, choose_label_smoothing, choose_optimizer

RANK = "chunk"

NUM_PITCHES = 128
# A piano has pitches 21 to 108 and little music leaves it: three more on either side leave
# room for transposed chunks, and the other 34 pitches would cost a quarter of the first layer.
LOWEST_PITCH, HIGHEST_PITCH = 18, 111

# Twice the largest dropout of the body that a search draws; with 1 nothing would be left to learn from.
HIGHEST_HEAD_DROPOUT = 0.6

POOLING = {"max": layers.MaxPooling1D, "average": layers.AveragePooling1D}
TIME_POOLING = {
    "average_and_maximum": average_and_maximum,
    "average": average_over_time,
    "maximum": maximum_over_time,
}


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
    if input_shape[0] != NUM_PITCHES:
        raise ValueError(
            f"frame_cnn reads MIDI pitches 0 to 127, so it expected input_shape = (128, frame, channel), "
            f"but received {tuple(input_shape)}; encode all 128 pitches, or take another builder."
        )
    width = hp.Choice("width", [128, 192, 256, 320], default=192)
    num_blocks = hp.Int("num_blocks", 3, 6, default=5)
    kernel_size = hp.Choice("kernel_size", [3, 5, 7], default=5)
    connections = hp.Choice("connections", ["plain", "residual"], default="plain")
    normalization = hp.Choice("normalization", ["batch", "layer"], default="batch")
    pooling = hp.Choice("pooling", ["max", "average"], default="max")
    time_pooling = hp.Choice("time_pooling", list(TIME_POOLING), default="average_and_maximum")
    init = choose_init(hp)
    dropout = hp.Float("dropout", 0.0, 0.3, default=0.1)
    label_smoothing = choose_label_smoothing(hp)
    optimizer = choose_optimizer(
        hp, "adamw", adam=Rates(3e-4, 2e-3, 1e-2), sgd=Rates(2e-3, 2e-2, 5e-2), momentum=0.9
    )

    inputs = keras.Input(input_shape, name="chunk")

    outside = (LOWEST_PITCH, NUM_PITCHES - 1 - HIGHEST_PITCH)
    x = layers.Cropping2D((outside, (0, 0)), name="piano_range")(inputs)
    x = frames_first(x)
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
    x = layers.Dropout(min(2 * dropout, HIGHEST_HEAD_DROPOUT), name="dropout_head")(x)

    outputs = class_probabilities(x, num_classes)
    model = keras.Model(inputs, outputs, name="frame_cnn")
    return compile_classifier(model, optimizer, label_smoothing=label_smoothing)


def conv_block(
    x: keras.KerasTensor, width: int, *, kernel_size: int, init: str, normalization: str, name: str
) -> keras.KerasTensor:
    """Convolution over frames, normalisation, ReLU: `(batch, frame, any)` to `(batch, frame, width)`."""
    convolution = layers.Conv1D(
        width,
        kernel_size,
        padding="same",
        use_bias=False,  # normalisation subtracts the mean: a bias before it would have no effect
        kernel_initializer=init,
        name=f"{name}_conv",
    )
    x = normalize(convolution(x), normalization, name=f"{name}_norm")
    return layers.ReLU(name=f"{name}_relu")(x)
