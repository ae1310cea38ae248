"""What the networks share: the check of their arguments, a change of axes, the head."""

import keras
from keras import layers


def check_arguments(input_shape: tuple[int, int, int], num_classes: int) -> None:
    """Refuses what no builder of chunks can use.

    Args:
        input_shape: should be `(pitch, frame, channel)`, without the batch axis.
        num_classes: should be at least 2.

    Raises:
        ValueError: if either is not so.
    """
    if len(input_shape) != 3:
        raise ValueError(
            "Expected input_shape = (pitch, frame, channel), for example (128, 150, 2), "
            f"but received {tuple(input_shape)}; leave out the batch axis and keep the channel axis."
        )
    if num_classes < 2:
        raise ValueError(
            f"Expected at least 2 classes to tell apart, but received num_classes={num_classes}; "
            "name at least two composers."
        )


def frames_first(chunks: keras.KerasTensor) -> keras.KerasTensor:
    """Turns images of pitch and time into sequences of frames.

    Args:
        chunks: `(batch, pitch, frame, channel)`.

    Returns:
        `(batch, frame, pitch * channel)`.
    """
    _, num_pitches, num_frames, num_channels = chunks.shape
    x = layers.Permute((2, 1, 3), name="frames_first")(chunks)
    return layers.Reshape((num_frames, num_pitches * num_channels), name="frame_vectors")(x)


def class_probabilities(features: keras.KerasTensor, num_classes: int) -> keras.KerasTensor:
    """The head: one probability a class, in float32 even where the body computes in bfloat16.

    Args:
        features: `(batch, feature)`.
        num_classes: how many classes there are.

    Returns:
        `(batch, class)`; each row sums to 1.
    """
    # Bfloat16 keeps three digits: too few for log-likelihoods that are added up over a piece.
    return layers.Dense(num_classes, activation="softmax", dtype="float32", name="probabilities")(features)


def compile_classifier(model: keras.Model, optimizer: keras.optimizers.Optimizer | str) -> keras.Model:
    """Compiles `model` for integer labels; returns the same model."""
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
