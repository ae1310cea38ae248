"""Answers changed after training, in the network itself: a saved file then answers so too."""

import numpy as np

from models.blocks import HEAD


def adjust_logits(model, offsets: np.ndarray) -> None:
    """Takes a number off the logit of each class, by changing the bias of the last layer.

    Args:
        model: a network whose head is `models.blocks.class_probabilities`.
        offsets: what is taken off, shape `(classes,)`.

    Raises:
        ValueError: if the network has no such head for as many classes.
    """
    names = [layer.name for layer in model.layers]
    bias = model.get_layer(HEAD).bias if HEAD in names else None
    if bias is None or tuple(bias.shape) != np.shape(offsets):
        raise ValueError(
            f"Expected a last layer named {HEAD!r} with a bias for {np.shape(offsets)} classes, but {model.name} has "
            f"{None if bias is None else tuple(bias.shape)}; end the network in models.blocks.class_probabilities."
        )
    bias.assign(bias.numpy() - np.asarray(offsets, dtype="float32"))
