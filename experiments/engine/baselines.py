"""Runs the baselines on the same split as the network, and keeps their answers by piece."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from experiments.engine.predictions import Predictions, of_pieces, read_predictions, voted, write_predictions
from features.datasets import Dataset
from features.splits.protocols import TEST, TRAIN, VALIDATION, Split
from models.baselines import BASELINES, Baseline
from models.histograms import chunk_histograms

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
    usable = {name: baseline for name, baseline in BASELINES.items() if _can_read(baseline, dataset)}
    for name, baseline in tqdm(usable.items(), desc="Baselines", unit="model", disable=not show):
        paths = {TEST: folder / f"predictions-{name}.csv"}
        if name == STACKED:
            paths[VALIDATION] = folder / f"predictions-{name}-validation.csv"
        if not all(path.exists() for path in paths.values()):
            if baseline.reads == "histograms":
                histograms = all_histograms(dataset) if histograms is None else histograms
                made = _from_histograms(baseline, histograms, dataset, split, seed=seed, sides=paths)
            else:
                made = _from_fingerprints(baseline, dataset, split, seed=seed, sides=paths)
            for side, path in paths.items():
                write_predictions(path, made[side])
        answers[name] = {side: read_predictions(path) for side, path in paths.items()}
    return answers


def _can_read(baseline: Baseline, dataset: Dataset) -> bool:
    shape = dataset.encoder.chunk_shape
    return baseline.reads != "histograms" or (len(shape) == 3 and shape[0] == NUM_PITCHES)


def all_histograms(dataset: Dataset) -> np.ndarray:
    """Returns the histograms of every chunk, shape `(chunks, features)`."""
    channels = list(getattr(dataset.encoder, "channels", ()))
    velocity = channels.index("velocity") if "velocity" in channels else None
    total = len(dataset.chunk_pieces)
    batches = [
        np.arange(start, min(start + HISTOGRAM_BATCH, total)) for start in range(0, total, HISTOGRAM_BATCH)
    ]
    return np.concatenate(
        [chunk_histograms(dataset.chunks(batch), velocity_channel=velocity) for batch in batches]
    )


def _from_histograms(
    baseline: Baseline,
    histograms: np.ndarray,
    dataset: Dataset,
    split: Split,
    *,
    seed: int,
    sides: Iterable[str],
) -> dict[str, Predictions]:
    model, train = baseline.build(seed, os.cpu_count() or 1), split.indices(TRAIN)
    model.fit(histograms[train], dataset.chunk_labels[train])
    chunks = {side: split.indices(side) for side in sides}
    return {
        side: voted(dataset, indices, model.predict_proba(histograms[indices]))
        for side, indices in chunks.items()
    }


def _from_fingerprints(
    baseline: Baseline, dataset: Dataset, split: Split, *, seed: int, sides: Iterable[str]
) -> dict[str, Predictions]:
    """Trains on each training piece once, and asks about each other piece once."""
    pieces = {side: np.unique(dataset.chunk_pieces[split.indices(side)]) for side in (TRAIN, *sides)}
    train = pieces.pop(TRAIN)
    model = baseline.build(seed, os.cpu_count() or 1)
    model.fit(dataset.fingerprints[train], dataset.labels[train])
    return {
        side: of_pieces(dataset, indices, model.predict_proba(dataset.fingerprints[indices]))
        for side, indices in pieces.items()
    }
