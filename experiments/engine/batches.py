"""Batches of chunks: varied and shuffled for training, as they stand for answers.

A training batch is a pure function of the seed, the epoch and its number, so that a training that goes on sees what one
that was never interrupted would have seen.
"""

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import keras
import numpy as np

from experiments.engine.config import TrainingConfig
from experiments.engine.imbalance import class_weights
from experiments.engine.sampling import bags_of_pieces, draw, drawing_shares, heard_shares
from features.auxiliary import by_others
from features.datasets import Dataset
from features.variations import presence_channel, with_even_velocities, with_varied_notes

QUIETEST = 0.2
"""Of all files without dynamics, hardly one is quieter than this share of the greatest velocity."""


@dataclass(frozen=True)
class Targets:
    """What chunks are trained towards, beside their labels.

    Attributes:
        answers: A teacher's, for each training chunk, shape `(chunks of the data set, classes)`; the rows of others
            are not read.
        share: How much of a target they are; the label is the rest.
    """

    answers: np.ndarray
    share: float


def read_examples(dataset: Dataset, indices: np.ndarray, changes: dict[str, np.ndarray]) -> np.ndarray:
    """Returns chunks, or bags of them.

    Args:
        dataset: What they are taken from.
        indices: Of chunks, shape `(n,)`, or of bags of chunks, shape `(n, bag)`.
        changes: What else to tell `Dataset.chunks`, each of the shape of `indices`.

    Returns:
        float32 array of shape `indices.shape + chunk_shape`.
    """
    chunks = dataset.chunks(indices.ravel(), **{name: values.ravel() for name, values in changes.items()})
    return chunks.reshape(*indices.shape, *chunks.shape[1:])


class TrainingChunks(keras.utils.PyDataset):
    """Shuffled, varied training batches, epoch after epoch without end.

    It is asked for one batch after another through all epochs (`num_batches` is None), because
    prefetching crosses the border between epochs before any callback could reshuffle.

    Args:
        dataset: What the chunks are taken from.
        indices: The training chunks.
        config: How they are varied.
        first_epoch: Where to begin.
        bag: How many chunks of a piece an example is; None for one chunk without an axis for it.
        targets: What else to train towards than labels.
    """

    def __init__(
        self,
        dataset: Dataset,
        indices: np.ndarray,
        config: TrainingConfig,
        *,
        first_epoch: int,
        bag: int | None = None,
        targets: Targets | None = None,
    ):
        super().__init__()
        self.dataset, self.indices, self.config = dataset, indices, config
        self.bag, self.targets = bag, targets
        # An epoch is as long as it is without others.
        asked = indices[~by_others(dataset, dataset.chunk_labels[indices])]
        num_examples = len(asked) if bag is None else int(bags_of_pieces(dataset, asked, bag).sum())
        self.num_examples = max(1, config.drawn_of(num_examples * (bag or 1)) // (bag or 1))
        self.batch_size = min(max(1, config.batch_size // (bag or 1)), self.num_examples)
        self.steps_per_epoch = self.num_examples // self.batch_size
        self.first_step = first_epoch * self.steps_per_epoch
        is_even = not (config.sampling or config.auxiliary)
        self.shares = None if is_even else drawing_shares(dataset, indices, config)
        self.weights = self._class_weights() if config.class_weights else None
        self._plan = lru_cache(maxsize=2)(self._plan_epoch)

    def _class_weights(self) -> np.ndarray:
        """Weighs rare composers more, among those who are asked about and among the others, 1 on average of either."""
        labels, num_classes = self.dataset.chunk_labels[self.indices], len(self.dataset.classes)
        shares = heard_shares(self.dataset, self.indices, self.config, bag=self.bag)
        is_other, weigh = by_others(self.dataset, labels), partial(class_weights, balance=self.config.balance)
        if not is_other.any():
            return weigh(labels, num_classes, shares=shares)
        parts = [(labels[part], shares[part] / shares[part].sum()) for part in (~is_other, is_other)]
        return sum(weigh(of_part, num_classes, shares=drawn) for of_part, drawn in parts)

    @property
    def num_batches(self) -> None:
        return None

    def __getitem__(self, step: int) -> tuple[np.ndarray, ...]:
        epoch, batch = divmod(self.first_step + step, self.steps_per_epoch)
        order, changes, variations = self._plan(epoch)
        places = slice(batch * self.batch_size, (batch + 1) * self.batch_size)
        indices = order[places]
        chunks = read_examples(
            self.dataset, indices, {name: values[places] for name, values in changes.items()}
        )
        of_batch = {name: values[places] for name, values in variations.items()}
        chunks = self._varied(chunks, of_batch)
        firsts = indices if self.bag is None else indices[:, 0]
        if self.config.mixup or self.targets is not None:
            return self._softened(chunks, firsts, of_batch.get("mixed"))
        labels = self.dataset.chunk_labels[firsts]
        return (chunks, labels) if self.weights is None else (chunks, labels, self.weights[labels])

    def _plan_epoch(self, epoch: int) -> tuple[np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Returns the examples in order, what to tell `Dataset.chunks` of them, and what else becomes of them."""
        config, rng = self.config, np.random.default_rng([self.config.seed, epoch])
        furthest = config.transpose
        half = self.dataset.encoder.chunk_frames // 2 if config.move else 0
        order = self._order(rng)
        # What is heard together is in one key and at one tempo.
        together = order.shape[:1] + (1,) * (order.ndim - 1)
        changes = {
            "semitones": rng.integers(-furthest, furthest + 1, together),
            "later": rng.integers(-half, half + 1, order.shape),
        }
        if config.tempo:  # drawn last, so that all else is drawn as it is without; and so are those below
            most = np.log1p(config.tempo)
            changes["rates"] = np.exp(rng.uniform(-most, most, together))
        if config.renderings:
            changes["renderings"] = rng.integers(0, config.renderings + 1, together)
        changes = {name: np.broadcast_to(values, order.shape) for name, values in changes.items()}
        return order, changes, self._plan_variations(rng, len(order))

    def _order(self, rng: np.random.Generator) -> np.ndarray:
        """Draws the chunks of an epoch, `(chunks,)`, or its bags, `(bags, bag)`."""
        if self.bag is not None:
            return self._bags(rng)[: self.num_examples]
        if self.shares is None:
            return rng.permutation(self.indices)[: self.num_examples]
        return rng.permutation(np.repeat(self.indices, draw(self.shares, self.num_examples, rng)))

    def _bags(self, rng: np.random.Generator) -> np.ndarray:
        """Draws bags: the chunks of each piece in random order, from the beginning again where they do not fill one."""
        chunk_pieces = self.dataset.chunk_pieces[self.indices]
        num_bags = bags_of_pieces(self.dataset, self.indices, self.bag)
        if self.shares is not None:
            shares = np.bincount(chunk_pieces, self.shares, len(num_bags))
            num_bags = draw(shares, num_bags.sum(), rng)
        bags = [
            np.resize(rng.permutation(self.indices[chunk_pieces == piece]), (num_bags[piece], self.bag))
            for piece in np.flatnonzero(num_bags)
        ]
        return rng.permutation(np.concatenate(bags))

    def _plan_variations(self, rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
        """Draws what is done to examples once they are decoded, alike for all of a bag."""
        config, variations = self.config, {}
        if config.velocity_dropout:
            is_even = rng.random(count) < config.velocity_dropout
            variations["levels"] = np.where(is_even, rng.uniform(QUIETEST, 1, count), np.nan)
        if config.note_dropout or config.jitter:
            variations["seeds"] = rng.integers(0, 2**62, count)
        if config.mixup:
            variations["mixed"] = rng.beta(config.mixup, config.mixup, count)
        return variations

    def _varied(self, examples: np.ndarray, variations: dict[str, np.ndarray]) -> np.ndarray:
        """Returns examples with other notes and velocities, and mixed with each other."""
        config, bag = self.config, self.bag or 1
        kinds = getattr(self.dataset.encoder, "channels", ())
        chunks = examples.reshape(-1, *examples.shape[-3:]) if variations else examples
        if "seeds" in variations:
            seeds = np.repeat(variations["seeds"], bag) + np.arange(len(chunks))
            how = {"left_out": config.note_dropout, "jitter": config.jitter}
            how["channel"] = presence_channel(kinds)
            chunks = with_varied_notes(chunks, seeds, **how)
        if "levels" in variations:
            levels = np.repeat(variations["levels"], bag)
            chunks = with_even_velocities(chunks, levels, channel=kinds.index("velocity"))
        examples = chunks.reshape(examples.shape)
        return _mixed(examples, variations["mixed"]) if "mixed" in variations else examples

    def _softened(
        self, chunks: np.ndarray, indices: np.ndarray, mixed: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns a batch whose targets are distributions over the classes, each with its weight."""
        labels = self.dataset.chunk_labels[indices]
        targets = np.eye(len(self.dataset.classes), dtype=np.float32)[labels]
        if self.targets is not None:
            targets += self.targets.share * (self.targets.answers[indices] - targets)
        if (
            self.weights is not None
        ):  # those of the labels: a teacher's answers hold those of its own training
            targets *= self.weights[labels, np.newaxis]
        if mixed is not None:
            targets = _mixed(targets, mixed)
        weights = targets.sum(axis=1, keepdims=True)
        return chunks, targets / weights, weights[:, 0]


def _mixed(values: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Mixes each row of a batch with the one that is as far from its other end (Zhang et al., mixup, 2018)."""
    shares = shares.reshape(-1, *[1] * (values.ndim - 1)).astype(values.dtype)
    return shares * values + (1 - shares) * values[::-1]


class ChunksInOrder(keras.utils.PyDataset):
    """Batches of chunks, or of bags of them, for prediction; see `read_examples`."""

    def __init__(self, dataset: Dataset, indices: np.ndarray, *, batch_size: int = 64, **changes: Any):
        super().__init__()
        self.dataset, self.indices, self.changes = dataset, indices, changes
        self.batch_size = max(1, batch_size // (indices.shape[1] if indices.ndim == 2 else 1))

    @property
    def num_batches(self) -> int:
        return -(-len(self.indices) // self.batch_size)

    def __getitem__(self, batch: int) -> tuple[np.ndarray]:
        places = slice(batch * self.batch_size, (batch + 1) * self.batch_size)
        changes = {name: values[places] for name, values in self.changes.items()}
        return (read_examples(self.dataset, self.indices[places], changes),)
