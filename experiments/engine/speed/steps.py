"""How long a training step of every builder takes, beside the reference CNN's."""

import statistics
from collections.abc import Callable
from types import ModuleType

from experiments.engine.speed.settings import Builders
from experiments.engine.speed.tables import print_table
from experiments.engine.speed.timing import time_in_turn
from experiments.engine.tables import module_of
from models import BUILDERS

REFERENCE = "cnn_reference"


def benchmark(asked: Builders) -> None:
    """Times training steps and prints a row for each builder."""
    steps, parameters = training_steps(asked)
    seconds = time_in_turn(steps, rounds=asked.rounds)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    rows = [
        (
            name,
            f"{parameters[name]:,}",
            f"{median[name] * 1000:.0f}",
            f"{min(values) * 1000:.0f}-{max(values) * 1000:.0f}",
            f"{median[name] / median[REFERENCE]:.2f}",
        )
        for name, values in seconds.items()
    ]
    headings = ("builder", "parameters", "median ms", "min-max ms", f"ratio to {REFERENCE}")
    title = f"A training step on {asked.batch_size} chunks, {asked.precision}"
    print_table(title, headings, rows, output=asked.output)


def training_steps(asked: Builders) -> tuple[dict[str, Callable[[], None]], dict[str, int]]:
    """Returns a training step of each builder of chunks, on the same made-up ones, and its number of parameters."""
    import keras_tuner
    import numpy as np

    from experiments.engine.device import computing_in

    rng = np.random.default_rng(0)
    shape, num_classes = (128, 150, asked.num_channels), 4
    chunks = (rng.random((asked.batch_size, *shape)) < 0.03).astype(np.float32)  # as sparse as real ones
    labels = rng.integers(0, num_classes, asked.batch_size)
    with computing_in(asked.precision):
        networks = {
            name: builder.build(keras_tuner.HyperParameters(), shape, num_classes)
            for name, builder in builders_of_chunks().items()
        }
    steps = {
        name: lambda network=network: network.train_on_batch(chunks, labels)
        for name, network in networks.items()
    }
    return steps, {name: network.count_params() for name, network in networks.items()}


def builders_of_chunks() -> dict[str, ModuleType]:
    """Returns the builders of networks that read one chunk, by name."""
    builders = {name: module_of(BUILDERS, name, kind="model") for name in BUILDERS}
    return {name: builder for name, builder in builders.items() if builder.RANK == "chunk"}
