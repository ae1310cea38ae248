"""A network that was trained to tell more classes apart than it is asked about."""

import keras

from models.blocks import HEAD, class_probabilities


def narrow(model: keras.Model, num_classes: int) -> keras.Model:
    """Returns a network with the same layers but the last, which tells the first classes apart.

    Its answers are those of the whole network, given that it is one of these classes. The layers before are shared:
    when they learn more, call `follow`.

    Args:
        model: a network whose head is `models.blocks.class_probabilities`.
        num_classes: how many classes to keep.

    Returns:
        A model from the same input to `(batch, num_classes)`, not compiled.
    """
    probabilities = class_probabilities(model.get_layer(HEAD).input, num_classes)
    narrowed = keras.Model(model.input, probabilities, name=model.name)
    follow(narrowed, model)
    return narrowed


def follow(narrowed: keras.Model, model: keras.Model) -> None:
    """Gives a narrowed network the head that the whole one has by now.

    Args:
        narrowed: as `narrow` returned it.
        model: of which.
    """
    kernel, bias = model.get_layer(HEAD).get_weights()
    num_classes = narrowed.output_shape[-1]
    narrowed.get_layer(HEAD).set_weights([kernel[:, :num_classes], bias[:num_classes]])
