"""Convolutions over pitch and time that a recurrent layer reads: what sounds, and then what follows what.

The kind of network that Kong et al., Large-scale MIDI-based composer classification (2020), trained
on GiantMIDI-Piano: convolutions, the mean over pitch, and gated recurrent units in both directions.
Theirs had 30 seconds of 88 pitches at 100 frames a second; this one is a fraction of it.
"""

import keras
from keras import layers

from models.blocks import (
    TIME_POOLING,
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

SHRINKING_BLOCKS = 2
"""Blocks after which time is halved, too: 37 steps are left of 150, as a recurrent layer takes one after another."""


def build(hp, input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Builds and compiles the CRNN.

    Args:
        hp: `keras_tuner.HyperParameters`; uses

            - `width` (filters of the first convolution; each further one has twice as many),
              `num_blocks` (convolutions, after each of which pitch is halved, and time after
              the first two), `units` (of the recurrent layer, in either direction),
              `normalization` (in each block) and `time_pooling` (of the steps, at the end);
            - `init` (initialises the convolutions, and what reads the input of the recurrent
              layer) and `dropout` (after each block; the head has twice as much, but at most
              0.6);
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
    num_blocks = hp.Int("num_blocks", 2, 4, default=3)
    units = hp.Choice("units", [64, 96, 128], default=96)
    normalization = hp.Choice("normalization", ["batch", "layer"], default="batch")
    time_pooling = hp.Choice("time_pooling", list(TIME_POOLING), default="average_and_maximum")
    init = choose_init(hp)
    dropout = hp.Float("dropout", 0.0, 0.3, default=0.1)
    label_smoothing = choose_label_smoothing(hp)
    optimizer = choose_adamw(hp)

    inputs = keras.Input(input_shape, name="chunk")

    x = piano_range(inputs)
    for number in range(1, num_blocks + 1):
        filters, name = width * 2 ** (number - 1), f"block_{number}"
        x = conv_block(x, filters, kernel_size=3, init=init, normalization=normalization, name=name)
        size = (2, 2 if number <= SHRINKING_BLOCKS else 1)
        x = layers.MaxPooling2D(size, padding="same", name=f"pool_{number}")(x)
        x = layers.Dropout(dropout, name=f"dropout_{number}")(x)
    x = average_over_pitch(x)
    recurrent = layers.GRU(units, return_sequences=True, kernel_initializer=init, name="gru")
    x = layers.Bidirectional(recurrent, name="both_gru")(x)
    x = one_of("time_pooling", time_pooling, TIME_POOLING)(x)
    x = head_dropout(x, dropout)

    outputs = class_probabilities(x, num_classes)
    model = keras.Model(inputs, outputs, name="crnn")
    return compile_classifier(model, optimizer, label_smoothing=label_smoothing)


def average_over_pitch(images: keras.KerasTensor) -> keras.KerasTensor:
    """The mean of each feature over pitch: `(batch, pitch, frame, feature)` to `(batch, frame, feature)`."""
    _, num_pitches, num_frames, num_features = images.shape
    x = layers.AveragePooling2D((num_pitches, 1), name="average_over_pitch")(images)
    return layers.Reshape((num_frames, num_features), name="steps")(x)
