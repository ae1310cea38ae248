"""Runs the baselines on the same split as the network, and keeps their answers by piece."""

import os
from pathlib import Path

import numpy as np
from tqdm import tqdm

from experiments.engine.predictions import Predictions, of_pieces, read_predictions, voted, write_predictions
from features.datasets import Dataset
from features.splits.protocols import TEST, TRAIN, Split
from models.baselines import BASELINES, Baseline
from models.histograms import chunk_histograms

HISTOGRAM_BATCH = 1024
"""Chunks decoded at a time: 150 MB."""

NUM_PITCHES = 128
"""On the first axis of every piano roll."""


def run_baselines(
    dataset: Dataset, split: Split, *, seed: int, folder: Path, show: bool = True
) -> dict[str, Predictions]:
    """Trains every baseline on the training part and returns its answers for the test pieces.

    Histograms are counted in piano rolls: with an encoder of another kind those baselines are left out.
    Answers that an interrupted run has already written are read back.

    Args:
        dataset: The corpus.
        split: Which chunks are trained on.
        seed: Of the forests.
        folder: The run folder; gets `predictions-<baseline>.csv`.
        show: Whether to show progress.
    """
    histograms = None
    answers = {}
    usable = {name: baseline for name, baseline in BASELINES.items() if _can_read(baseline, dataset)}
    for name, baseline in tqdm(usable.items(), desc="Baselines", unit="model", disable=not show):
        path = folder / f"predictions-{name}.csv"
        if not path.exists():
            if baseline.reads == "histograms":
                histograms = all_histograms(dataset) if histograms is None else histograms
                write_predictions(path, _from_histograms(baseline, histograms, dataset, split, seed=seed))
            else:
                write_predictions(path, _from_fingerprints(baseline, dataset, split, seed=seed))
        answers[name] = read_predictions(path)
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
    baseline: Baseline, histograms: np.ndarray, dataset: Dataset, split: Split, *, seed: int
) -> Predictions:
    train, test = split.indices(TRAIN), split.indices(TEST)
    model = baseline.build(seed, os.cpu_count() or 1)
    model.fit(histograms[train], dataset.chunk_labels[train])
    return voted(dataset, test, model.predict_proba(histograms[test]))


def _from_fingerprints(baseline: Baseline, dataset: Dataset, split: Split, *, seed: int) -> Predictions:
    """Trains on each training piece once, and asks about each test piece once."""
    train, test = (np.unique(dataset.chunk_pieces[split.indices(side)]) for side in (TRAIN, TEST))
    model = baseline.build(seed, os.cpu_count() or 1)
    model.fit(dataset.fingerprints[train], dataset.labels[train])
    return of_pieces(dataset, test, model.predict_proba(dataset.fingerprints[test]))
