"""What a network answers for chunks and for pieces, asked once or in several ways whose mean is taken.

A chunk is always answered for by what is heard in it, so that scores by chunk stay those of 15 seconds of music. With
`answer_overlap` a piece is also read from places between its chunks, which count in the answer for the piece like
chunks do. With `answer_transpose` whatever is read is read in several keys: a work is as much its composer's in any.
A network that reads bags hears a piece in bags of all its chunks, and a chunk in a bag of its own.
"""

from functools import partial

import keras
import numpy as np

from experiments.engine.batches import ChunksInOrder
from experiments.engine.config import AnswerConfig
from experiments.engine.evaluation import vote
from experiments.engine.imbalance import adjusted
from experiments.engine.predictions import Predictions, of_chunks, of_pieces
from features.datasets import Dataset
from features.errors import InputError

AXES_OF_BAGS = 5
"""Of the input of a network that reads bags: batch, chunk of the bag, pitch, frame, channel."""

FEW_BATCHES = 4
"""Up to these, batches are asked one by one: `predict` has the next one made while the network computes, but takes
longer to begin than most pieces take in all."""


def answer(
    model: keras.Model,
    dataset: Dataset,
    indices: np.ndarray,
    config: AnswerConfig = AnswerConfig(),  # noqa: B008
    *,
    offsets: np.ndarray | None = None,
) -> dict[str, Predictions]:
    """Returns answers by `"chunk"` and by `"piece"`.

    Args:
        model: What is asked.
        dataset: The chunks.
        indices: Which of them.
        config: In how many ways.
        offsets: What is taken off the logit of each class, shape `(classes,)`; None for nothing.
    """
    ask = partial(_ask, model, dataset, config=config, offsets=offsets)
    chunks = answer_chunks(model, dataset, indices, config, offsets=offsets)
    between, later = places_between(dataset, indices, config)
    if reads_bags(model):
        bags = bags_of(dataset, *_together(indices, between, later), size=config.bag)
        votes, groups = ask(bags[..., 0], later=bags[..., 1]), dataset.chunk_pieces[bags[:, 0, 0]]
    else:
        votes, groups = chunks, dataset.chunk_pieces[indices]
        if len(between):
            votes = np.concatenate([votes, ask(between, later=later)])
            groups = np.concatenate([groups, dataset.chunk_pieces[between]])
    return {
        "chunk": of_chunks(dataset, indices, chunks),
        "piece": of_pieces(dataset, *vote(votes, groups)),
    }


def answer_chunks(
    model: keras.Model,
    dataset: Dataset,
    indices: np.ndarray,
    config: AnswerConfig = AnswerConfig(),  # noqa: B008
    *,
    offsets: np.ndarray | None = None,
) -> np.ndarray:
    """Returns the probabilities of chunks, each of what is heard in it, shape `(indices, classes)`; see `answer`."""
    return _ask(
        model,
        dataset,
        indices[:, np.newaxis] if reads_bags(model) else indices,
        config=config,
        offsets=offsets,
    )


def reads_bags(model: keras.Model) -> bool:
    """Whether a network reads bags of chunks."""
    return len(model.input_shape) == AXES_OF_BAGS


def places_between(
    dataset: Dataset, indices: np.ndarray, config: AnswerConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Returns where else pieces are read: between chunks of a piece that follow each other, if both are asked for.

    So nothing is heard of a chunk that is not asked for: under the protocol `chunk`, training has heard it.

    Returns:
        Chunks, and how many frames later than these to begin, both `(places,)`.
    """
    befores = indices[np.isin(indices + 1, indices)]
    befores = befores[dataset.chunk_pieces[befores] == dataset.chunk_pieces[befores + 1]]
    hop = getattr(dataset.encoder, "hop", None) or dataset.encoder.chunk_frames
    steps = np.arange(1, config.answer_overlap) * hop // config.answer_overlap
    return np.repeat(befores, len(steps)), np.tile(steps, len(befores))


def _together(indices: np.ndarray, between: np.ndarray, later: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns chunks, and places between them, as one list: chunks, and how many frames later to begin."""
    return np.concatenate([indices, between]), np.concatenate([np.zeros(len(indices), int), later])


def bags_of(dataset: Dataset, indices: np.ndarray, later: np.ndarray, *, size: int) -> np.ndarray:
    """Returns bags of all places of each piece, spread over the piece; the first ones again where they are too few.

    Args:
        dataset: The chunks.
        indices: Chunks, shape `(places,)`.
        later: How many frames later to begin, shape `(places,)`.
        size: Chunks of a bag.

    Returns:
        Chunks, and how many frames later to begin, `(bags, size, 2)`.
    """
    places = np.stack([indices, later], axis=1)[np.lexsort((later, indices))]
    pieces = dataset.chunk_pieces[places[:, 0]]
    bags = []
    for own in np.split(places, np.flatnonzero(np.diff(pieces)) + 1):
        num_bags = -(-len(own) // size)
        bags.append(np.resize(own, (size, num_bags, 2)).swapaxes(0, 1))
    return np.concatenate(bags)


def _ask(
    model: keras.Model,
    dataset: Dataset,
    indices: np.ndarray,
    *,
    config: AnswerConfig,
    offsets: np.ndarray | None,
    **changes: np.ndarray,
) -> np.ndarray:
    """Returns the joint answers of chunks, or bags of them, read in every key that is asked for."""
    furthest = config.answer_transpose
    if furthest == 0:
        answers = predict(model, dataset, indices, **changes)
        return answers if offsets is None else adjusted(answers, offsets)
    answers = [
        predict(model, dataset, indices, semitones=np.full(indices.shape, semitones), **changes)
        for semitones in range(-furthest, furthest + 1)
    ]
    keys = np.tile(np.arange(len(indices)), len(answers))
    joint = np.concatenate(answers)
    return vote(joint if offsets is None else adjusted(joint, offsets), keys)[1]


def predict(model: keras.Model, dataset: Dataset, indices: np.ndarray, **changes: np.ndarray) -> np.ndarray:
    """Returns the probabilities of chunks, or of bags of them, shape `(examples, classes)`.

    Args:
        model: What is asked.
        dataset: The chunks.
        indices: Which of them, shape `(examples,)`, or `(examples, bag)` for a network that reads bags.
        **changes: What else to tell `Dataset.chunks`, of the same shape.

    Raises:
        InputError: Some are no numbers, because training has diverged.
    """
    batches = ChunksInOrder(dataset, indices, **changes)
    if 0 < batches.num_batches <= FEW_BATCHES:
        answers = [model.predict_on_batch(*batches[number]) for number in range(batches.num_batches)]
        probabilities = np.concatenate(answers)
    else:
        probabilities = model.predict(batches, verbose=0)
    if not np.isfinite(probabilities).all():
        raise InputError(
            "The network's answers are no numbers: its training has diverged; take a lower learning rate."
        )
    return probabilities
