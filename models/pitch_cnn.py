"""A front end that hears intervals rather than keys, and then the frame CNN's body over time.

At every pitch the first convolution sees the pitches an octave, a fifth and a fourth away beside
those around it, as far apart as they are: the roll is laid over itself, shifted (after Bittner et
al., Deep salience representations for F0 estimation, 2017, who stack harmonics of a spectrum). The
same filters serve every pitch. Then the greatest value of each register is kept, so that a
transposition within a register changes little, and frames become vectors.
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

HARMONIES = {
    "octaves": (-12, 0, 12),
    "octaves_and_fifths": (-12, -7, 0, 7, 12),
    "consonances": (-24, -12, -7, -5, 0, 5, 7, 12, 24),
}
"""By how many semitones the rolls are shifted that a filter sees at once."""


def build(hp, input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Builds and compiles the pitch CNN.

    Args:
        hp: `keras_tuner.HyperParameters`; uses

            - `harmonies` (what a filter of the front end sees beside the pitches around it),
              `pitch_filters` and `pitch_kernel` (semitones) of the front end, `register_size`
              (semitones of which the greatest value is kept);
            - `width` (filters of each convolution over time), `num_blocks` (of these),
              `kernel_size` (frames), `normalization` (in each block) and `time_pooling` (of
              all frames, at the end);
            - `init` (initialises the convolutions) and `dropout` (after each block; the head
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
    harmonies = hp.Choice("harmonies", list(HARMONIES), default="octaves_and_fifths")
    pitch_filters = hp.Choice("pitch_filters", [16, 24, 32], default=32)
    pitch_kernel = hp.Choice("pitch_kernel", [3, 5], default=5)
    register_size = hp.Choice("register_size", [12, 24, 47, 94], default=24)
    width = hp.Choice("width", [128, 192, 256], default=192)
    num_blocks = hp.Int("num_blocks", 2, 5, default=4)
    kernel_size = hp.Choice("kernel_size", [3, 5, 7], default=5)
    normalization = hp.Choice("normalization", ["batch", "layer"], default="batch")
    time_pooling = hp.Choice("time_pooling", list(TIME_POOLING), default="average_and_maximum")
    init = choose_init(hp)
    dropout = hp.Float("dropout", 0.0, 0.3, default=0.1)
    label_smoothing = choose_label_smoothing(hp)
    optimizer = choose_adamw(hp)
    like = {"init": init, "normalization": normalization}

    inputs = keras.Input(input_shape, name="chunk")

    x = beside_itself(piano_range(inputs), one_of("harmonies", harmonies, HARMONIES))
    # Every other frame: at all of them, this layer would take longer than all the others.
    x = conv_block(x, pitch_filters, kernel_size=(pitch_kernel, 3), strides=(1, 2), name="intervals", **like)
    x = layers.MaxPooling2D((register_size, 1), padding="same", name="registers")(x)
    x = layers.Dropout(dropout, name="dropout_intervals")(x)
    x = frames_first(x)
    for number in range(1, num_blocks + 1):
        x = conv_block(x, width, kernel_size=kernel_size, name=f"block_{number}", **like)
        if number == 2:  # later blocks hear further, at half the cost
            x = layers.MaxPooling1D(2, padding="same", name=f"pool_{number}")(x)
        x = layers.Dropout(dropout, name=f"dropout_{number}")(x)
    x = one_of("time_pooling", time_pooling, TIME_POOLING)(x)
    x = head_dropout(x, dropout)

    outputs = class_probabilities(x, num_classes)
    model = keras.Model(inputs, outputs, name="pitch_cnn")
    return compile_classifier(model, optimizer, label_smoothing=label_smoothing)


def beside_itself(chunks: keras.KerasTensor, semitones: tuple[int, ...]) -> keras.KerasTensor:
    """Lays chunks over themselves, shifted along pitch; beyond the ends is silence.

    Args:
        chunks: `(batch, pitch, frame, channel)`.
        semitones: how far; place `p` of the result sees the pitch `p + semitones` of each.

    Returns:
        `(batch, pitch, frame, channel * shifts)`.
    """
    shifted = []
    for shift in semitones:
        below, above = max(shift, 0), max(-shift, 0)
        name = f"shift_{'down' if shift > 0 else 'up'}_{abs(shift)}"
        x = chunks
        if shift:
            x = layers.Cropping2D(((below, above), (0, 0)), name=f"{name}_crop")(x)
            x = layers.ZeroPadding2D(((above, below), (0, 0)), name=f"{name}_pad")(x)
        shifted.append(x)
    return layers.Concatenate(name="beside_itself")(shifted)
