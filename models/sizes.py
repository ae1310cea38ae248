"""How many numbers a network works with at once, told from shapes alone: nothing is computed, and no room is made.

What a layer gives does not tell: a network in a layer may make much of little and little of it again, and attention,
for one, compares each step with every other before it gives as many steps as it took.
"""

import math
from collections.abc import Iterator

import keras
from keras import layers

from models.bag_attention import ChunksOfBags

Shape = tuple[int | None, ...]

GATES = 4
"""Of an LSTM, which has the most."""

UNROLLED_STEP = 10_000
"""What a step of an unrolled layer takes, in numbers: each gets operations of its own."""


def numbers_of(
    layer: keras.Layer, inputs: list[Shape], outputs: list[Shape], *, times: float = 1
) -> Iterator[float]:
    """Yields how many numbers a layer, and each layer in it, holds for one example; infinity where that is not fixed.

    Args:
        layer: A network, or a layer of one, built.
        inputs: Shapes of what it reads, with the batch axis.
        outputs: Shapes of what it gives.
        times: How often it is computed for an example at once.

    Example:
        >>> model = keras.Sequential([keras.Input((3,)), layers.RepeatVector(50), layers.GlobalMaxPooling1D()])
        >>> max(numbers_of(model, [(None, 3)], [(None, 3)]))
        150
    """
    yield from (times * count(shape) for shape in (*inputs, *outputs))
    if isinstance(layer, keras.Model):
        # Chunks out of their bags count as examples, so what is made of them comes as often as there are chunks.
        times *= math.prod(
            count(part.input.shape[:2]) for part in layer.layers if isinstance(part, ChunksOfBags)
        )
        for part in layer.layers:
            yield from numbers_of(part, shapes(part.input), shapes(part.output), times=times)
    elif isinstance(layer, layers.TimeDistributed):
        of_step = [[(shape[0], *shape[2:]) for shape in side] for side in (inputs, outputs)]
        yield from numbers_of(layer.layer, *of_step, times=times * count(inputs[0][:2]))
    elif isinstance(layer, layers.Bidirectional):
        for part in (layer.forward_layer, layer.backward_layer):
            yield from numbers_of(part, inputs, outputs, times=times)
    elif isinstance(layer, layers.Wrapper):
        yield from numbers_of(layer.layer, inputs, outputs, times=times)
    elif isinstance(layer, layers.Attention | layers.MultiHeadAttention):
        yield times * _attended(layer, inputs)
    elif isinstance(layer, layers.RNN):
        yield times * _remembered(layer, inputs[0], outputs[0])
    elif hasattr(layer, "dilation_rate"):
        yield times * _spread(layer, inputs[0])


def count(shape: Shape) -> float:
    """Returns how many numbers one example has.

    Example:
        >>> count((None, 3, 2)), count((None, None, 2))
        (6, inf)
    """
    return math.prod(math.inf if size is None else size for size in shape[1:])


def shapes(tensors: keras.KerasTensor | list[keras.KerasTensor]) -> list[Shape]:
    """Returns the shapes of one tensor, or of several however they are nested."""
    return [tensor.shape for tensor in keras.tree.flatten(tensors)]


def _attended(layer: keras.Layer, inputs: list[Shape]) -> float:
    """Each step of the query with each of the values, in every head, or the heads' own features."""
    settings = layer.get_config()
    steps = [count(shape[:-1]) for shape in inputs]
    heads = settings.get("num_heads", 1)
    if isinstance(layer, layers.AdditiveAttention) or settings.get("score_mode") == "concat":
        heads = inputs[0][-1]  # they are compared feature by feature
    features = max(settings.get(name) or 1 for name in ("key_dim", "value_dim"))
    return heads * max(steps[0] * max(steps[1:] or steps), max(steps) * features)


def _remembered(layer: layers.RNN, read: Shape, given: Shape) -> float:
    """The gates of all steps, which some implementations compute at once."""
    steps = count(read[:2])
    of_step = count((None, *given[2:])) if layer.return_sequences else count(given)
    return steps * (max(UNROLLED_STEP, GATES * of_step) if layer.unroll else GATES * of_step)


def _spread(layer: keras.Layer, read: Shape) -> float:
    """What a convolution reads, padded as some implementations do where its kernel has gaps."""
    rank = len(layer.kernel_size)
    axes = slice(-rank, None) if layer.data_format == "channels_first" else slice(-rank - 1, -1)
    padded = (
        size + kernel * gap
        for size, kernel, gap in zip(read[axes], layer.kernel_size, layer.dilation_rate, strict=True)
    )
    return count(read) // math.prod(read[axes]) * math.prod(padded) * getattr(layer, "depth_multiplier", 1)
