"""The frame CNN over several chunks of a piece, of which those that tell most count most.

The label belongs to the piece, not to each of its chunks: an opening in octaves may be anybody's. So this network is
trained on bags of chunks of one piece (multiple-instance learning). Each chunk becomes a vector; gated attention (Ilse
et al., Attention-based deep multiple instance learning, 2018) says how much each counts,

    score = w . (tanh(V x) * sigmoid(U x)),    weights = softmax(scores),

and what is told apart is their weighted mean. It takes bags of any size, one chunk included.
"""

import keras
from keras import layers, ops

from models.blocks import check_arguments, class_probabilities, compile_classifier
from models.choices import choose_adamw, choose_label_smoothing
from models.frame_cnn import frame_features

RANK = "bag"


def build(hp, input_shape: tuple[int, int, int, int], num_classes: int) -> keras.Model:
    """Builds and compiles the network.

    Args:
        hp: `keras_tuner.HyperParameters`; uses those of the frame CNN, and `attention_units` (of each of the two
            layers behind the scores).
        input_shape: `(chunk, 128, frame, channel)`; how many chunks it says does not matter.
        num_classes: how many composers to tell apart.

    Returns:
        A compiled model from `(batch, chunk, 128, frame, channel)` to `(batch, class)`.

    Raises:
        ValueError: if `input_shape` has not four axes or not 128 pitches, or there are fewer than two classes.
    """
    check_arguments(input_shape, num_classes, axes=("chunk", "pitch", "frame", "channel"))

    inputs = keras.Input((None, *input_shape[1:]), name="bag")
    x = frame_features(hp, ChunksOfBags(name="chunks")(inputs))
    units = hp.Choice("attention_units", [32, 64, 128], default=64)
    gated = layers.Multiply(name="gated")(
        [
            layers.Dense(units, activation="tanh", name="content")(x),
            layers.Dense(units, activation="sigmoid", name="gate")(x),
        ]
    )
    scores = layers.Dense(1, use_bias=False, name="scores")(gated)
    x = MeanOfBags(name="mean_of_bag")([x, scores, inputs])
    outputs = class_probabilities(x, num_classes)

    label_smoothing, optimizer = choose_label_smoothing(hp), choose_adamw(hp)
    model = keras.Model(inputs, outputs, name="bag_attention")
    return compile_classifier(model, optimizer, label_smoothing=label_smoothing)


@keras.saving.register_keras_serializable(package="rollcall")
class ChunksOfBags(layers.Layer):
    """Takes bags apart: `(batch, chunk, ...)` to `(batch * chunk, ...)`."""

    def call(self, bags: keras.KerasTensor) -> keras.KerasTensor:
        return ops.reshape(bags, (-1, *bags.shape[2:]))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (None, *input_shape[2:])


@keras.saving.register_keras_serializable(package="rollcall")
class MeanOfBags(layers.Layer):
    """Averages what was made of chunks, weighted by the softmax of scores over their bag.

    Takes features `(batch * chunk, feature)`, scores `(batch * chunk, 1)`, and the bags that they were made of; gives
    `(batch, feature)`.
    """

    def call(self, inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
        features, scores, bags = inputs
        size = ops.shape(bags)[1]
        features, scores = (ops.reshape(made, (-1, size, made.shape[-1])) for made in (features, scores))
        # Not `softmax`, which warns of bags of one.
        weights = ops.exp(scores - ops.max(scores, axis=1, keepdims=True))
        return ops.sum(weights * features, axis=1) / ops.sum(weights, axis=1)

    def compute_output_shape(self, input_shapes: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        return input_shapes[2][0], input_shapes[0][-1]
