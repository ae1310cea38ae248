"""Networks that learn from distributions over the classes, not from labels: mixtures, and answers of others."""

import keras


def expect_distributions(model: keras.Model) -> None:
    """Compiles a classifier anew, with the optimizer and the label smoothing that it has.

    Args:
        model: as `models.blocks.compile_classifier` returned it, for integer labels.
    """
    smoothing = getattr(model.loss, "label_smoothing", 0.0)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)
    model.compile(model.optimizer, loss, metrics=[keras.metrics.CategoricalAccuracy("accuracy")])
