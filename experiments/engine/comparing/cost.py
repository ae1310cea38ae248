"""What a model costs: its size on disk, and the time and memory of its answers, measured in a process of its own."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from experiments.engine.comparing.candidates import Candidate
from experiments.engine.environment import environment
from experiments.engine.saved_models import load_saved_model
from experiments.engine.speed.timing import (
    ONE_THREAD,
    in_new_process,
    peak_bytes,
    start_alone,
    time_in_turn,
)

NUM_CHUNKS, BATCH_SIZE = 256, 64

ROUNDS = 3
"""The best of them counts: what else the machine does can only slow a model down."""


@dataclass(frozen=True)
class Cost:
    """What a model costs; None where there is no `.h5` file, or the system does not tell.

    Attributes:
        parameters: Number of weights.
        file_bytes: Size of the `.h5` file.
        chunks_per_second: On one core of this machine, at best.
        slowest_chunks_per_second: At worst.
        peak_bytes: The most memory of a process that loads it and answers, libraries included.
    """

    parameters: int
    file_bytes: int | None = None
    chunks_per_second: float | None = None
    slowest_chunks_per_second: float | None = None
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
    with environment(ONE_THREAD):
        rates, peak = in_new_process(time_silence, candidate.file, candidate.described, start=start_alone)
    return replace(cost, chunks_per_second=max(rates), slowest_chunks_per_second=min(rates), peak_bytes=peak)


def time_silence(file: Path, described: Mapping[str, Any] | None) -> tuple[list[float], int | None]:
    """Asks a model about silent chunks, several times; what they hold changes nothing.

    Args:
        file: Its `.h5` file.
        described: What it is, if it has no `.json`.

    Returns:
        The chunks a second of each time, and the most memory that this process ever had.
    """
    saved = load_saved_model(file, description=described)
    shape = [size or 1 for size in saved.model.input_shape[1:]]
    bag_size = math.prod(shape) // math.prod(
        saved.encoder.chunk_shape
    )  # 1, unless it answers for several at once
    silence = np.zeros((-(-NUM_CHUNKS // bag_size), *shape), np.float32)
    ask = partial(saved.model.predict, silence, batch_size=max(BATCH_SIZE // bag_size, 1), verbose=0)
    seconds = time_in_turn({"ask": ask}, rounds=ROUNDS)["ask"]
    return [len(silence) * bag_size / each for each in seconds], peak_bytes()
