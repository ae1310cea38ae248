"""The data of the variants: prepared once for all that hear the same, and the same that the comparison began with."""

from pathlib import Path

import numpy as np

from experiments.engine import records
from experiments.engine.config import Config, TrainingConfig
from experiments.engine.continuing import keep_split
from experiments.engine.runner import Study, knowing_its_split, prepare
from features.datasets import Dataset
from features.splits.protocols import NO_SIDE, Split

PREPARED_FOR = ("renderings", "humanise", "auxiliary")
"""Settings of the training on which data depends."""


class PreparedData:
    """What the variants of a recipe hear: its own data, and of others those that were asked for last.

    Args:
        folder: Of the comparison; gets the splits, and digests of the music.
        study: The recipe with its data.
        sides: The side of each piece, by fold.

    Raises:
        InputError: The comparison began with other music, or divided otherwise.
    """

    def __init__(self, folder: Path, study: Study, sides: dict[int, dict[str, str]]):
        self.folder, self.places, self.sides = folder, study.places, sides
        own = _as_prepared(study.config)
        self._own = {own.digest(): self._as_begun(own, study.dataset)}
        self._known = self._own

    def of(self, config: Config) -> Dataset:
        """Returns the data of a variant, which knows what intervals have to draw as a whole.

        Raises:
            InputError: It cannot be prepared, or is not what the comparison began with.
        """
        wanted = _as_prepared(config)
        if wanted.digest() not in self._known:
            self._known = self._own  # the last one makes room
            self._known = self._own | {wanted.digest(): self._as_begun(wanted, prepare(wanted, self.places))}
        return self._known[wanted.digest()]

    def split(self, dataset: Dataset, fold: int) -> Split:
        """Returns the split of a fold; other encodings have other chunks, but not other sides."""
        side_of = self.sides[fold]
        return Split(np.array([side_of.get(name, NO_SIDE) for name in pieces_of_chunks(dataset)]))

    def _as_begun(self, config: Config, dataset: Dataset) -> Dataset:
        for fold in self.sides:
            kept = self.folder / "data" / config.digest() / str(fold)
            kept.mkdir(parents=True, exist_ok=True)
            with records.open_folder(kept):
                keep_split(kept, dataset, self.split(dataset, fold))
        return knowing_its_split(Study(config, self.places, dataset)).dataset


def pieces_of_chunks(dataset: Dataset) -> list[str]:
    """Returns the name of the piece of each chunk."""
    return [dataset.pieces[piece] for piece in dataset.chunk_pieces]


def _as_prepared(config: Config) -> Config:
    """Returns as much of a configuration as its data depends on, whatever the fold."""
    training = TrainingConfig(**{name: getattr(config.training, name) for name in PREPARED_FOR})
    prepared = Config(config.experiment, config.corpus, config.encoder, config.split, training=training)
    return prepared.replace(split={"fold": "all"})
