"""Runs the baselines on the same split as the network, and keeps their answers by piece."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from experiments.engine.predictions import (
    Predictions,
    of_chunks,
    of_pieces,
    read_predictions,
    voted,
    write_predictions,
)
from features.datasets import Dataset
from features.splits.protocols import TEST, TRAIN, VALIDATION, Split
from features.variations import presence_channel
from models.baselines import BASELINES
from models.histograms import chunk_histograms
from models.piece_histograms import piece_histograms

HISTOGRAM_BATCH = 1024
"""Chunks decoded at a time: 150 MB."""

NUM_PITCHES = 128
"""On the first axis of every piano roll."""


STACKED = "fingerprint"
"""The baseline that is stacked with the network, and so has to answer for the validation pieces too."""


def run_baselines(
    dataset: Dataset, split: Split, *, seed: int, folder: Path, show: bool = True
) -> dict[str, dict[str, Predictions]]:
    """Trains every baseline on the training part and returns its answers by piece.

    Histograms are counted in piano rolls: with an encoder of another kind those baselines are left out.
    Answers that an interrupted run has already written are read back.

    Args:
        dataset: The corpus.
        split: Which chunks are trained on.
        seed: Of the forests.
        folder: The run folder; gets `predictions-<baseline>.csv`.
        show: Whether to show progress.

    Returns:
        For each baseline its answers for the `"test"` pieces; of the one that is stacked, also those for
        the `"validation"` pieces, which are kept as `predictions-<baseline>-validation.csv`.
    """
    histograms = None
    answers = {}
    for name in tqdm(usable_baselines(dataset), desc="Baselines", unit="model", disable=not show):
        paths = {TEST: folder / f"predictions-{name}.csv"}
        if name == STACKED:
            paths[VALIDATION] = folder / f"predictions-{name}-validation.csv"
        if not all(path.exists() for path in paths.values()):
            if reads_notes(name) and histograms is None:
                histograms = all_histograms(dataset)
            made = answer_baseline(name, dataset, split, seed=seed, sides=paths, histograms=histograms)
            for side, path in paths.items():
                write_predictions(path, made[side]["piece"])
        answers[name] = {side: read_predictions(path) for side, path in paths.items()}
    return answers


def usable_baselines(dataset: Dataset) -> list[str]:
    """Returns the names of the baselines that can read a data set; histograms are counted in piano rolls."""
    shape = dataset.encoder.chunk_shape
    has_rolls = len(shape) == 3 and shape[0] == NUM_PITCHES
    return [name for name in BASELINES if has_rolls or not reads_notes(name)]


def reads_notes(name: str) -> bool:
    """Whether a baseline reads what is counted in piano rolls, rather than what the file reveals."""
    return BASELINES[name].reads != "fingerprint"


def answer_baseline(
    name: str,
    dataset: Dataset,
    split: Split,
    *,
    seed: int,
    sides: Iterable[str],
    histograms: np.ndarray | None = None,
) -> dict[str, dict[str, Predictions]]:
    """Trains one baseline on the training part and returns its answers.

    Args:
        name: Of the baseline.
        dataset: The corpus.
        split: Which chunks are trained on. What reads pieces trains on each of theirs once.
        seed: Of the forests.
        sides: What to ask about.
        histograms: What `all_histograms` returned; not needed by what reads fingerprints.

    Returns:
        For each side the answers by `"piece"`, and by `"chunk"` of a baseline that reads chunks.
    """
    reads_chunks = BASELINES[name].reads == "histograms"
    rows = {side: split.indices(side) for side in (TRAIN, *sides)}
    tables = {
        side: _table(BASELINES[name].reads, dataset, chunks, histograms) for side, chunks in rows.items()
    }
    if not reads_chunks:
        rows = {side: np.unique(dataset.chunk_pieces[chunks]) for side, chunks in rows.items()}
    labels = (dataset.chunk_labels if reads_chunks else dataset.labels)[rows.pop(TRAIN)]
    examples = tables.pop(TRAIN)
    asked = np.concatenate([*tables.values()])  # at once: a forest that passes is grown each time it is asked
    probabilities = ask_baseline(name, examples, labels, asked, num_classes=len(dataset.classes), seed=seed)
    ends = np.cumsum([len(indices) for indices in rows.values()])[:-1]
    levels = {"chunk": of_chunks, "piece": voted} if reads_chunks else {"piece": of_pieces}
    return {
        side: {level: make(dataset, indices, of_side) for level, make in levels.items()}
        for (side, indices), of_side in zip(rows.items(), np.split(probabilities, ends), strict=True)
    }


def _table(reads: str, dataset: Dataset, chunks: np.ndarray, histograms: np.ndarray | None) -> np.ndarray:
    """What a baseline reads of the chunks named: a row for each, or for each of their pieces in rising order."""
    if reads == "histograms":
        return histograms[chunks]
    pieces = dataset.chunk_pieces[chunks]
    if reads == "fingerprint":
        return dataset.fingerprints[np.unique(pieces)]
    return piece_histograms(histograms[chunks], pieces)


def ask_baseline(
    name: str, examples: np.ndarray, labels: np.ndarray, asked: np.ndarray, *, num_classes: int, seed: int
) -> np.ndarray:
    """Trains one baseline on a table, and returns its answers for the rows of another, shape `(asked, classes)`.

    Classes without an example have the probability 0.

    Args:
        name: Of the baseline.
        examples: Shape `(examples, features)`.
        labels: Class of each example, shape `(examples,)`.
        asked: Shape `(asked, features)`.
        num_classes: Number of classes.
        seed: Of the forests.
    """
    model = BASELINES[name].build(seed, os.cpu_count() or 1)
    model.fit(examples, labels)
    probabilities = np.zeros((len(asked), num_classes))
    probabilities[:, model.classes_] = model.predict_proba(asked)
    return probabilities


def all_histograms(dataset: Dataset) -> np.ndarray:
    """Returns the histograms of every chunk, in whatever order its channels are, shape `(chunks, features)`."""
    channels = list(getattr(dataset.encoder, "channels", ()))
    order = list(range(dataset.encoder.chunk_shape[-1]))
    order.insert(0, order.pop(presence_channel(channels)))
    velocity = order.index(channels.index("velocity")) if "velocity" in channels else None
    total = len(dataset.chunk_pieces)
    batches = [
        np.arange(start, min(start + HISTOGRAM_BATCH, total)) for start in range(0, total, HISTOGRAM_BATCH)
    ]
    return np.concatenate(
        [chunk_histograms(dataset.chunks(batch)[..., order], velocity_channel=velocity) for batch in batches]
    )
