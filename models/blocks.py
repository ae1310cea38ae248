"""What the networks share: the check of their arguments, changes of axes, blocks, pooling, the head, the loss."""

import keras
from keras import layers

HEAD = "probabilities"
"""Name of the last layer of every network."""


NUM_PITCHES = 128
# A piano has pitches 21 to 108 and little music leaves it: three more on either side leave
# room for transposed chunks, and the other 34 pitches would cost a quarter of the first layer.
LOWEST_PITCH, HIGHEST_PITCH = 18, 111

# Twice the largest dropout of a body that a search draws; with 1 nothing would be left to learn from.
HIGHEST_HEAD_DROPOUT = 0.6

EXAMPLES = {
    ("pitch", "frame", "channel"): (128, 150, 2),
    ("step", "descriptor"): (10, 14),
    ("message", "feature"): (24, 8),
    ("chunk", "pitch", "frame", "channel"): (8, 128, 150, 2),
}
"""What builders read: the axes of one example, and a shape that it may have."""


def check_arguments(
    input_shape: tuple[int, ...],
    num_classes: int,
    *,
    axes: tuple[str, ...] = ("pitch", "frame", "channel"),
) -> None:
    """Refuses what no builder of its kind can use.

    Args:
        input_shape: should have these axes, without the batch axis.
        num_classes: should be at least 2.
        axes: one of `EXAMPLES`.

    Raises:
        ValueError: if either is not so.
    """
    if len(input_shape) != len(axes):
        raise ValueError(
            f"Expected input_shape = ({', '.join(axes)}), for example {EXAMPLES[axes]}, "
            f"but received {tuple(input_shape)}; leave out the batch axis and keep the {axes[-1]} axis."
        )
    if num_classes < 2:
        raise ValueError(
            f"Expected at least 2 classes to tell apart, but received num_classes={num_classes}; "
            "name at least two composers."
        )


def piano_range(chunks: keras.KerasTensor) -> keras.KerasTensor:
    """Leaves out the pitches that hardly any music has.

    Args:
        chunks: `(batch, 128, frame, channel)`.

    Returns:
        `(batch, 94, frame, channel)`, from `LOWEST_PITCH` to `HIGHEST_PITCH`.

    Raises:
        ValueError: if there are not 128 pitches.
    """
    shape = tuple(chunks.shape[1:])
    if shape[0] != NUM_PITCHES:
        raise ValueError(
            f"This builder reads MIDI pitches 0 to 127, so it expected input_shape = (128, frame, channel), "
            f"but received {shape}; encode all 128 pitches, or take another builder."
        )
    outside = (LOWEST_PITCH, NUM_PITCHES - 1 - HIGHEST_PITCH)
    return layers.Cropping2D((outside, (0, 0)), name="piano_range")(chunks)


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


def average_over_time(frames: keras.KerasTensor) -> keras.KerasTensor:
    """The mean of each feature: `(batch, frame, feature)` to `(batch, feature)`."""
    return layers.GlobalAveragePooling1D(name="average_over_time")(frames)


def maximum_over_time(frames: keras.KerasTensor) -> keras.KerasTensor:
    """The greatest value of each feature: `(batch, frame, feature)` to `(batch, feature)`."""
    return layers.GlobalMaxPooling1D(name="maximum_over_time")(frames)


def average_and_maximum(frames: keras.KerasTensor) -> keras.KerasTensor:
    """Both of them, side by side: `(batch, frame, feature)` to `(batch, 2 * feature)`."""
    both = [average_over_time(frames), maximum_over_time(frames)]
    return layers.Concatenate(name="average_and_maximum")(both)


def attention_over_time(frames: keras.KerasTensor) -> keras.KerasTensor:
    """The mean of each feature over frames that weigh as much as a learnt score says (Bahdanau et al., 2015).

    Takes `(batch, frame, feature)`, gives `(batch, feature)`.
    """
    scores = layers.Dense(1, name="attention_scores")(frames)
    weights = layers.Softmax(axis=1, name="attention_weights")(scores)
    pooled = layers.Dot(axes=1, name="attention_over_time")([weights, frames])
    return layers.Flatten(name="attention_vector")(pooled)


TIME_POOLING = {
    "average_and_maximum": average_and_maximum,
    "average": average_over_time,
    "maximum": maximum_over_time,
    "attention": attention_over_time,
}
"""Ways from `(batch, frame, feature)` to one vector."""


def average_and_maximum_2d(images: keras.KerasTensor) -> keras.KerasTensor:
    """Mean and greatest value of each feature: `(batch, pitch, frame, feature)` to `(batch, 2 * feature)`."""
    both = [
        layers.GlobalAveragePooling2D(name="average_over_all")(images),
        layers.GlobalMaxPooling2D(name="maximum_over_all")(images),
    ]
    return layers.Concatenate(name="average_and_maximum")(both)


def head_dropout(features: keras.KerasTensor, dropout: float) -> keras.KerasTensor:
    """Drops features before the head: twice as many as in the body, but at most `HIGHEST_HEAD_DROPOUT`."""
    return layers.Dropout(min(2 * dropout, HIGHEST_HEAD_DROPOUT), name="dropout_head")(features)


def class_probabilities(features: keras.KerasTensor, num_classes: int) -> keras.KerasTensor:
    """The head: one probability a class, in float32 even where the body computes in bfloat16.

    Args:
        features: `(batch, feature)`.
        num_classes: how many classes there are.

    Returns:
        `(batch, class)`; each row sums to 1.
    """
    # Bfloat16 keeps three digits: too few for log-likelihoods that are added up over a piece.
    return layers.Dense(num_classes, activation="softmax", dtype="float32", name=HEAD)(features)


def normalize(x: keras.KerasTensor, normalization: str, *, name: str) -> keras.KerasTensor:
    """Normalises features; the shape stays.

    Args:
        x: `(batch, ..., feature)`.
        normalization: `"batch"`, `"layer"`, or `"none"`, which adds no layer.
        name: of the layer.
    """
    kinds = {
        "none": lambda: unchanged,
        # Keras' momentum of 0.99 needs hundreds of steps to know the mean: several epochs of a small corpus.
        "batch": lambda: layers.BatchNormalization(momentum=0.9, name=name),
        "layer": lambda: layers.LayerNormalization(name=name),
    }
    return one_of("normalization", normalization, kinds)()(x)


def conv_block(
    x: keras.KerasTensor,
    filters: int,
    *,
    kernel_size: int | tuple[int, int],
    init: str,
    normalization: str,
    name: str,
    strides: int | tuple[int, int] = 1,
    is_linear: bool = False,
) -> keras.KerasTensor:
    """Convolution that keeps the border, normalisation, ReLU.

    Args:
        x: `(batch, frame, any)`, or `(batch, pitch, frame, any)`; the convolution is over all axes but the last.
        filters: how many features there are afterwards.
        kernel_size: frames, or pitches and frames.
        init: how kernels begin.
        normalization: see `normalize`.
        name: of the block, with which the names of its layers begin.
        strides: how far from one place to the next.
        is_linear: whether to leave the ReLU out.
    """
    convolution = layers.Conv1D if len(x.shape) == 3 else layers.Conv2D
    x = convolution(
        filters,
        kernel_size,
        strides=strides,
        padding="same",
        use_bias=normalization
        == "none",  # normalisation subtracts the mean: a bias before it would have no effect
        kernel_initializer=init,
        name=f"{name}_conv",
    )(x)
    x = normalize(x, normalization, name=f"{name}_norm")
    return x if is_linear else layers.ReLU(name=f"{name}_relu")(x)


def unchanged(x):
    """Returns `x`: what stands for no layer where one may be chosen."""
    return x


def one_of(name: str, value: str, options: dict):
    """Returns the option of that name.

    Raises:
        ValueError: if there is none; a search draws from the options only, but a user may mistype.

    Example:
        >>> one_of("pooling", "max", {"max": layers.MaxPooling1D, "average": layers.AveragePooling1D}).__name__
        'MaxPooling1D'
    """
    if value not in options:
        raise ValueError(f"Expected {name} to be one of {', '.join(options)}, but received {value!r}.")
    return options[value]


@keras.saving.register_keras_serializable(package="rollcall")
class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy for integer labels, of which a share is spread evenly over all classes.

    Keras smooths one-hot labels only. The loss is `(1 - s) * -log p[label] + s * mean(-log p)`
    for `s = label_smoothing`: a composer who is all but certain costs more than one who is
    likely (Szegedy et al., 2016).

    Args:
        label_smoothing: the share, from 0 to below 1.
    """

    def __init__(self, label_smoothing: float, *, name: str = "smoothed_crossentropy", **settings):
        super().__init__(name=name, **settings)
        self.label_smoothing = label_smoothing

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        labels = keras.ops.cast(keras.ops.reshape(y_true, (-1,)), "int32")
        targets = keras.ops.one_hot(labels, y_pred.shape[-1], dtype=y_pred.dtype)
        return keras.losses.categorical_crossentropy(targets, y_pred, label_smoothing=self.label_smoothing)

    def get_config(self) -> dict:
        return {**super().get_config(), "label_smoothing": self.label_smoothing}


def compile_classifier(
    model: keras.Model, optimizer: keras.optimizers.Optimizer | str, *, label_smoothing: float = 0.0
) -> keras.Model:
    """Compiles `model` for integer labels; returns the same model."""
    loss = SmoothedCrossentropy(label_smoothing) if label_smoothing else "sparse_categorical_crossentropy"
    model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
    return model
