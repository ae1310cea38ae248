"""The default network: a one-dimensional convolution over frames, with pitches as channels.

A convolution over pitch says that a chord means the same on every step of the keyboard, and
pays for it at 128 x 150 places. Here each frame is one vector of all its pitches and filters
slide over time alone: a tenth of the reference CNN's parameters and a fraction of its time.
What sliding over pitch would have taught, the runner teaches by transposing the training
chunks a few semitones up and down.
"""

import keras
from keras import layers

from models.blocks import check_arguments, class_probabilities, compile_classifier, frames_first

RANK = "chunk"

NUM_PITCHES = 128
# A piano has pitches 21 to 108 and little music leaves it: three more on either side leave
# room for transposed chunks, and the other 34 pitches would cost a quarter of the first layer.
LOWEST_PITCH, HIGHEST_PITCH = 18, 111


def build(hp, input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Builds and compiles the frame CNN.

    Args:
        hp: `keras_tuner.HyperParameters`; uses `width` (filters of each convolution),
            `num_blocks`, `kernel_size` (frames), `dropout` (inside the body; the head has
            twice as much), `weight_decay` and `learning_rate` (of AdamW).
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
    dropout = hp.Float("dropout", 0.0, 0.3, step=0.05, default=0.1)
    weight_decay = hp.Float("weight_decay", 1e-4, 1e-1, sampling="log", default=1e-2)
    learning_rate = hp.Float("learning_rate", 3e-4, 1e-2, sampling="log", default=2e-3)

    inputs = keras.Input(input_shape, name="chunk")

    outside = (LOWEST_PITCH, NUM_PITCHES - 1 - HIGHEST_PITCH)
    x = layers.Cropping2D((outside, (0, 0)), name="piano_range")(inputs)
    x = frames_first(x)
    for number in range(1, num_blocks + 1):
        x = conv_block(x, width, kernel_size=kernel_size, name=f"block_{number}")
        if number in (1, 3):  # later blocks hear further, at half the cost each time
            x = layers.MaxPooling1D(2, name=f"pool_{number}")(x)
        x = layers.Dropout(dropout, name=f"dropout_{number}")(x)
    average = layers.GlobalAveragePooling1D(name="average_over_time")(x)
    maximum = layers.GlobalMaxPooling1D(name="maximum_over_time")(x)
    x = layers.Concatenate(name="average_and_maximum")([average, maximum])
    x = layers.Dropout(2 * dropout, name="dropout_head")(x)

    outputs = class_probabilities(x, num_classes)
    optimizer = keras.optimizers.AdamW(learning_rate, weight_decay=weight_decay)
    return compile_classifier(keras.Model(inputs, outputs, name="frame_cnn"), optimizer)


def conv_block(x: keras.KerasTensor, width: int, *, kernel_size: int, name: str) -> keras.KerasTensor:
    """Convolution over frames, normalisation, ReLU: `(batch, frame, any)` to `(batch, frame, width)`."""
    # Batch normalisation subtracts the mean: a bias before it would have no effect.
    x = layers.Conv1D(width, kernel_size, padding="same", use_bias=False, name=f"{name}_conv")(x)
    # Keras' momentum of 0.99 needs hundreds of steps to know the mean: several epochs of a small corpus.
    x = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)
