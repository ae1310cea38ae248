"""A residual CNN over pitch and time: what a block is given is added to what it returns.

He et al., Deep residual learning for image recognition (2016), much smaller. For composers in
piano rolls see Kim et al., Deep composer classification using symbolic representation (2020),
whose ResNet-50 read onsets and notes of MAESTRO.
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
    piano_range,
)
from models.choices import choose_adamw, choose_init, choose_label_smoothing

RANK = "chunk"


def build(hp, input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Builds and compiles the residual CNN.

    Args:
        hp: `keras_tuner.HyperParameters`; uses

            - `width` (filters of the first stage; each further one has twice as many, at every
              other place), `num_stages`, `blocks_per_stage` (of two convolutions each),
              `stem_size` (semitones and frames that the first convolution sees) and
              `normalization` (after each convolution);
            - `init` (initialises the convolutions) and `dropout` (after each stage; the head
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
    width = hp.Choice("width", [16, 24, 32, 48], default=32)
    num_stages = hp.Int("num_stages", 2, 4, default=3)
    blocks_per_stage = hp.Int("blocks_per_stage", 1, 2, default=1)
    stem_size = hp.Choice("stem_size", [3, 5, 7], default=5)
    normalization = hp.Choice("normalization", ["batch", "layer"], default="batch")
    init = choose_init(hp)
    dropout = hp.Float("dropout", 0.0, 0.3, default=0.1)
    label_smoothing = choose_label_smoothing(hp)
    optimizer = choose_adamw(hp)
    like = {"init": init, "normalization": normalization}

    inputs = keras.Input(input_shape, name="chunk")

    # Every other place from the start: a chunk's full size would take most of the time.
    x = conv_block(piano_range(inputs), width, kernel_size=stem_size, strides=2, name="stem", **like)
    for stage in range(1, num_stages + 1):
        for block in range(1, blocks_per_stage + 1):
            strides = 2 if block == 1 and stage > 1 else 1
            name = f"stage_{stage}_block_{block}"
            x = residual_block(x, width * 2 ** (stage - 1), strides=strides, name=name, **like)
        x = layers.Dropout(dropout, name=f"dropout_{stage}")(x)
    x = average_and_maximum_2d(x)
    x = head_dropout(x, dropout)

    outputs = class_probabilities(x, num_classes)
    model = keras.Model(inputs, outputs, name="resnet")
    return compile_classifier(model, optimizer, label_smoothing=label_smoothing)


def residual_block(
    x: keras.KerasTensor, filters: int, *, strides: int, name: str, **like: str
) -> keras.KerasTensor:
    """Two convolutions, and what they are given added to it.

    Takes `(batch, pitch, frame, any)`, gives `(batch, pitch, frame, filters)`, every `strides`-th place.
    """
    shortcut = x
    if strides > 1 or x.shape[-1] != filters:
        shortcut = conv_block(
            x, filters, kernel_size=1, strides=strides, name=f"{name}_shortcut", is_linear=True, **like
        )
    x = conv_block(x, filters, kernel_size=3, strides=strides, name=f"{name}_first", **like)
    x = conv_block(x, filters, kernel_size=3, name=f"{name}_second", is_linear=True, **like)
    x = layers.Add(name=f"{name}_sum")([shortcut, x])
    return layers.ReLU(name=f"{name}_relu")(x)
