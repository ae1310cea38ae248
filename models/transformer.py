"""A small transformer: every half second of a chunk looks at every other one.

A step is a few frames at once, as an image's patches are (Dosovitskiy et al., An image is worth
16x16 words, 2021); each block normalises before it attends (Xiong et al., On layer normalization
in the transformer architecture, 2020), which needs no warm-up. The attention is that of Vaswani
et al., Attention is all you need (2017). Where a step stands is learnt.
"""

import keras
from keras import layers

from models.blocks import (
    TIME_POOLING,
    check_arguments,
    class_probabilities,
    compile_classifier,
    frames_first,
    head_dropout,
    one_of,
    piano_range,
)
from models.choices import choose_adamw, choose_init, choose_label_smoothing

RANK = "chunk"


def build(hp, input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Builds and compiles the transformer.

    Args:
        hp: `keras_tuner.HyperParameters`; uses

            - `frames_per_step`, `width` (features of a step), `num_blocks`, `num_heads` (of the
              attention; they share the width), `expansion` (of the dense layer in a block, in
              widths) and `time_pooling` (of the steps, at the end);
            - `init` (initialises all but the attention and the last layer) and `dropout` (of
              attention weights, and of what a block adds; the head has twice as much, but at
              most 0.6);
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
    frames_per_step = hp.Choice("frames_per_step", [2, 3, 5, 10], default=5)
    width = hp.Choice("width", [96, 128, 192, 256], default=192)
    num_blocks = hp.Int("num_blocks", 2, 6, default=4)
    num_heads = hp.Choice("num_heads", [2, 4, 8], default=4)
    expansion = hp.Choice("expansion", [2, 4], default=2)
    time_pooling = hp.Choice("time_pooling", list(TIME_POOLING), default="average_and_maximum")
    init = choose_init(hp)
    dropout = hp.Float("dropout", 0.0, 0.3, default=0.1)
    label_smoothing = choose_label_smoothing(hp)
    optimizer = choose_adamw(hp, 1e-3)

    inputs = keras.Input(input_shape, name="chunk")

    x = layers.Conv1D(
        width,
        frames_per_step,
        strides=frames_per_step,
        padding="same",
        kernel_initializer=init,
        name="steps",
    )(frames_first(piano_range(inputs)))
    x = Positions(name="positions")(x)
    for number in range(1, num_blocks + 1):
        x = attention_block(
            x, num_heads=num_heads, expansion=expansion, dropout=dropout, init=init, name=f"block_{number}"
        )
    x = layers.LayerNormalization(name="norm")(x)
    x = one_of("time_pooling", time_pooling, TIME_POOLING)(x)
    x = head_dropout(x, dropout)

    outputs = class_probabilities(x, num_classes)
    model = keras.Model(inputs, outputs, name="transformer")
    return compile_classifier(model, optimizer, label_smoothing=label_smoothing)


def attention_block(
    x: keras.KerasTensor, *, num_heads: int, expansion: int, dropout: float, init: str, name: str
) -> keras.KerasTensor:
    """Adds to each step what it finds in the others, and then what it makes of that; the shape stays.

    Args:
        x: `(batch, step, feature)`.
        num_heads: of the attention.
        expansion: features of the hidden layer, as a multiple.
        dropout: of attention weights, and of what is added.
        init: how the dense layers begin.
        name: with which the names of the layers begin.
    """
    width = x.shape[-1]
    y = layers.LayerNormalization(name=f"{name}_norm_1")(x)
    y = layers.MultiHeadAttention(num_heads, width // num_heads, dropout=dropout, name=f"{name}_attention")(
        y, y
    )
    y = layers.Dropout(dropout, name=f"{name}_dropout_1")(y)
    x = layers.Add(name=f"{name}_sum_1")([x, y])
    y = layers.LayerNormalization(name=f"{name}_norm_2")(x)
    y = layers.Dense(expansion * width, activation="gelu", kernel_initializer=init, name=f"{name}_hidden")(y)
    y = layers.Dense(width, kernel_initializer=init, name=f"{name}_output")(y)
    y = layers.Dropout(dropout, name=f"{name}_dropout_2")(y)
    return layers.Add(name=f"{name}_sum_2")([x, y])


@keras.saving.register_keras_serializable(package="rollcall")
class Positions(layers.Layer):
    """Adds to each step a vector of its place, which is learnt: `(batch, step, feature)` keeps its shape."""

    def build(self, input_shape: tuple[int | None, int, int]) -> None:
        self.vectors = self.add_weight(
            shape=input_shape[1:], initializer=keras.initializers.RandomNormal(stddev=0.02), name="vectors"
        )

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return x + self.vectors

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape
