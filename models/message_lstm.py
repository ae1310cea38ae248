"""Bidirectional LSTM layers over MIDI messages: by default those of EraClassifierBiLSTM-4.76M.

Two layers of 384 units each way, leaky ReLU, dropout, AdamW at 4.76e-5: 4,763,270 parameters for six classes, the
reference's 4.76 million. Its larger sibling has 2,048 units: 134,455,430. The type of a message, a number without an
order, becomes a few learned ones; the reference fed it in as it is. `models.lstm` reads the frames of a piano roll.
"""

import keras
from keras import layers

from models.blocks import (
    average_over_time,
    check_arguments,
    class_probabilities,
    compile_classifier,
    maximum_over_time,
    one_of,
    unchanged,
)
from models.choices import Rates, choose_init, choose_label_smoothing, choose_optimizer

RANK = "messages"

NUM_TYPES = 32
"""More than there are types of messages; see `features.encoders.message_tables`."""

SLOPE = 0.01
"""Of the leaky ReLU below zero, as in PyTorch."""

REFERENCE_RATE = 4.761974698772928e-5

TIME_POOLING = {"last": unchanged, "average": average_over_time, "maximum": maximum_over_time}
# The last LSTM gives the end of each direction by itself.


def build(hp, input_shape: tuple[int, int], num_classes: int) -> keras.Model:
    """Builds and compiles the network.

    Args:
        hp: `keras_tuner.HyperParameters`; uses

            - `units` (of each LSTM and direction), `num_layers`, `time_pooling` (of the last LSTM), `type_features`
              (learned numbers that stand for a type);
            - `init` (of what reads the input of each LSTM) and `dropout` (after each LSTM);
            - `label_smoothing`, and those of `models.choices.choose_optimizer`.
        input_shape: `(message, feature)`; feature 0 is the type.
        num_classes: how many classes to tell apart.

    Returns:
        A compiled model from `(batch, message, feature)` to `(batch, class)`.

    Raises:
        ValueError: if `input_shape` has not two axes, or there are fewer than two classes.
    """
    check_arguments(input_shape, num_classes, axes=("message", "feature"))
    units = hp.Choice("units", [128, 256, 384], default=384)
    num_layers = hp.Int("num_layers", 1, 3, default=2)
    time_pooling = hp.Choice("time_pooling", list(TIME_POOLING), default="last")
    type_features = hp.Choice("type_features", [2, 4, 8], default=4)
    init = choose_init(hp)
    dropout = hp.Float("dropout", 0.0, 0.5, default=0.2)
    label_smoothing = choose_label_smoothing(hp)
    optimizer = choose_optimizer(
        hp, "adamw", adam=Rates(2e-5, REFERENCE_RATE, 5e-3), sgd=Rates(1e-2, 5e-2, 1e-1), momentum=0.9
    )

    inputs = keras.Input(input_shape, name="messages")
    x = types_and_numbers(inputs, type_features)
    for number in range(1, num_layers + 1):
        is_last = number == num_layers
        lstm = layers.LSTM(
            units,
            return_sequences=not is_last or time_pooling != "last",
            kernel_initializer=init,
            name=f"lstm_{number}",
        )
        x = layers.Bidirectional(lstm, name=f"both_lstm_{number}")(x)
        x = one_of("time_pooling", time_pooling, TIME_POOLING)(x) if is_last else x
        x = layers.LeakyReLU(negative_slope=SLOPE, name="leaky_relu")(x) if is_last else x
        x = layers.Dropout(dropout, name=f"dropout_{number}")(x)

    outputs = class_probabilities(x, num_classes)
    model = keras.Model(inputs, outputs, name="message_lstm")
    return compile_classifier(model, optimizer, label_smoothing=label_smoothing)


def types_and_numbers(messages: keras.KerasTensor, type_features: int) -> keras.KerasTensor:
    """Replaces the type by learned numbers: `(batch, message, feature)` to `(batch, message, more features)`."""
    _, num_messages, num_features = messages.shape
    features_first = layers.Permute((2, 1), name="features_first")(messages)
    types = layers.Cropping1D((0, num_features - 1), name="types")(features_first)
    types = layers.Reshape((num_messages,), name="type_numbers")(types)
    numbers = layers.Cropping1D((1, 0), name="numbers")(features_first)
    learned = layers.Embedding(NUM_TYPES, type_features, name="type_embedding")(types)
    return layers.Concatenate(name="types_and_numbers")(
        [learned, layers.Permute((2, 1), name="messages_first")(numbers)]
    )
