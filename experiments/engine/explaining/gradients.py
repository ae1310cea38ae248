"""Integrated gradients, with whatever backend Keras has.

Keras has no function that returns gradients under every backend, but it trains under every one. So a frozen copy of
the network reads chunks to each of which one trainable array is added, and is trained for one step of plain gradient
descent, at learning rate 1: the array, which was zero, is then the gradient, exactly.
"""

import functools

import keras
import numpy as np

from models.saving import in_float32

POINTS = 64
"""Between silence and a chunk; with so many, sums of weights were right to 1 % on chunks of the default network."""


class Nudged(keras.Model):
    """A network that reads chunks to each of which one trainable array, at first zero, is added.

    Not a functional model: that would hand the training mode down to the dropout of the network, which is none of the
    answer.
    """

    def __init__(self, network: keras.Model):
        super().__init__()
        self.network = network
        # A network that reads bags, of any size, reads each chunk in a bag of its own.
        shape = tuple(size or 1 for size in network.input_shape[1:])
        self.nudge = self.add_weight(shape=shape, initializer="zeros", name="nudge")

    def call(self, chunks: keras.KerasTensor) -> keras.KerasTensor:
        return self.network(chunks + self.nudge, training=False)


class IntegratedGradients:
    """How much each cell of a chunk speaks for a class: integrated gradients from silence (Sundararajan et al., 2017).

    What is explained are the log-odds of the class, `log(p / (1 - p))`, which do not stop growing when the network is
    all but certain. The weights of all cells add up to the log-odds of the chunk less those of silence; cells that are
    silent have weight 0.

    Args:
        model: From `(batch, ...)` to probabilities `(batch, class)`; it is not changed.
        points: How many chunks, from all but silence to all but the whole, the gradient is averaged over.
    """

    def __init__(self, model: keras.Model, *, points: int = POINTS):
        frozen = in_float32(model)
        frozen.trainable = False
        self._nudged = Nudged(frozen)
        self._nudged.compile(optimizer=keras.optimizers.SGD(1.0), loss=_negative_log_odds)
        self._num_classes = frozen.output_shape[-1]
        self._shares = (np.arange(points, dtype=np.float32) + 0.5) / points

    def __call__(self, chunk: np.ndarray, wanted: int) -> np.ndarray:
        """Returns the weight of each cell, shaped like the chunk.

        Args:
            chunk: What the network reads, without the batch axis.
            wanted: The class that the weights speak for.
        """
        example = chunk.reshape(self._nudged.nudge.shape)
        path = np.multiply.outer(self._shares, example)
        targets = np.zeros((len(path), self._num_classes), np.float32)
        targets[:, wanted] = 1
        self._nudged.nudge.assign(np.zeros_like(example))
        self._nudged.train_on_batch(path, targets)
        return chunk * keras.ops.convert_to_numpy(self._nudged.nudge).reshape(chunk.shape)


@functools.lru_cache(maxsize=1)
def of_model(model: keras.Model) -> IntegratedGradients:
    """Returns the integrated gradients of a model; the same again when the same model is asked for next."""
    return IntegratedGradients(model)


def log_odds(probabilities: np.ndarray, wanted: int) -> np.ndarray:
    """Returns `log(p / (1 - p))` of one class, float64 `(chunks,)`, exact also where `p` is rounded to 1.

    Args:
        probabilities: `(chunks, classes)`.
        wanted: The class.

    Example:
        >>> log_odds(np.array([[0.5, 0.25, 0.25], [0.9, 0.05, 0.05]]), 0).round(3).tolist()
        [0.0, 2.197]
    """
    others = np.delete(probabilities.astype(np.float64), wanted, axis=1).sum(axis=1)
    return np.log(np.maximum(probabilities[:, wanted], LEAST)) - np.log(np.maximum(others, LEAST))


LEAST = 1e-30
"""Probability that is still told from 0."""


def _negative_log_odds(targets: keras.KerasTensor, probabilities: keras.KerasTensor) -> keras.KerasTensor:
    mine, others = (
        keras.ops.maximum(keras.ops.sum(part * probabilities, axis=-1), LEAST)
        for part in (targets, 1 - targets)
    )
    return keras.ops.log(others) - keras.ops.log(mine)
