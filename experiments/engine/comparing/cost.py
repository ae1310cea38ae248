"""What a model costs: its size on disk, and the time and memory of its answers, measured in a process of its own."""

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from experiments.engine.comparing.candidates import Candidate
from experiments.engine.saved_models import SavedModel, load_saved_model
from experiments.engine.speed.timing import measure_alone

NUM_CHUNKS, BATCH_SIZE = 256, 64


_LOADED: dict[Path, SavedModel] = {}
"""So that loading is over before the clock starts."""


@dataclass(frozen=True)
class Cost:
    """What a model costs; None where there is no `.h5` file, or the system does not tell.

    Attributes:
        parameters: Number of weights.
        file_bytes: Size of the `.h5` file.
        chunks_per_second: On one core of this machine.
        peak_bytes: The most memory of a process that loads it and answers, libraries included.
    """

    parameters: int
    file_bytes: int | None = None
    chunks_per_second: float | None = None
    peak_bytes: int | None = None


def cost_of(candidate: Candidate, *, speed: bool) -> Cost:
    """Returns what a model costs.

    Args:
        candidate: The model.
        speed: Whether to measure time and memory, which takes a quarter of a minute.
    """
    if candidate.file is None:
        return Cost(candidate.num_parameters)
    cost = Cost(candidate.num_parameters, candidate.file.stat().st_size)
    if not speed:
        return cost
    with tempfile.TemporaryDirectory() as folder:
        task = partial(answer_silence, candidate.file, candidate.described)
        measured = measure_alone(task, range(NUM_CHUNKS), Path(folder) / "alone")
    return Cost(cost.parameters, cost.file_bytes, NUM_CHUNKS / measured.seconds, measured.peak_bytes)


def answer_silence(
    file: Path, described: Mapping[str, Any] | None, items: Sequence[int], folder: Path, *, progress: bool
) -> None:
    """Asks a model about so many silent chunks, and about one batch at least; what they hold changes nothing.

    Args:
        file: Its `.h5` file, loaded once.
        described: What it is, if it has no `.json`.
        items: As many as chunks are wanted.
        folder: Not used: nothing is written.
        progress: Not heeded: it takes seconds.
    """
    if file not in _LOADED:
        _LOADED[file] = load_saved_model(file, description=described)
    saved = _LOADED[file]
    shape = [size or 1 for size in saved.model.input_shape[1:]]
    bag_size = math.prod(shape) // math.prod(
        saved.encoder.chunk_shape
    )  # 1, unless it answers for several at once
    silence = np.zeros((-(-max(len(items), BATCH_SIZE) // bag_size), *shape), np.float32)
    saved.model.predict(silence, batch_size=max(BATCH_SIZE // bag_size, 1), verbose=0)
