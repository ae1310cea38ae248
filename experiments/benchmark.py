"""How fast is it, beside the alternative? Times things in turn, in one run on one machine.

    python -m experiments.benchmark builders
    python -m experiments.benchmark builders --precision float32 --batch-size 32

`builders` takes training steps of every builder in turn, round after round, and prints the ratio of each one's
median to the reference CNN's. Machines are noisy: only ratios within one run mean anything.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import tyro

from experiments.engine.command import as_sentences, read_arguments
from models import BUILDERS

REFERENCE = "cnn_reference"


@dataclass(frozen=True)
class Arguments:
    """What to time."""

    what: tyro.conf.Positional[Literal["builders"]] = "builders"
    """builders: a training step of each."""
    rounds: int = 10
    """How often each is timed, in turn; one more round goes first and is not counted."""
    batch_size: int = 32
    """Chunks a step."""
    num_channels: int = 2
    """Channels of a chunk."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Precision of training; auto: bfloat16 on processors that compute in it, else float32."""


@as_sentences
def main(argv: Sequence[str] | None = None) -> None:
    """Times what the command line asks for and prints a table of medians and ratios."""
    arguments = read_arguments(Arguments, argv, description=__doc__, name="benchmark")
    from rich.console import Console
    from rich.table import Table

    steps, parameters = training_steps(arguments)
    seconds = time_in_turn(steps, rounds=arguments.rounds)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    table = Table(title=f"A training step on {arguments.batch_size} chunks, {arguments.precision}")
    for heading in ("builder", "parameters", "median ms", "min-max ms", f"ratio to {REFERENCE}"):
        table.add_column(heading, justify="left" if heading == "builder" else "right")
    for name, values in seconds.items():
        low, high = min(values) * 1000, max(values) * 1000
        ratio = f"{median[name] / median[REFERENCE]:.2f}"
        table.add_row(name, f"{parameters[name]:,}", f"{median[name] * 1000:.0f}", f"{low:.0f}-{high:.0f}", ratio)
    Console().print(table)


def training_steps(arguments: Arguments) -> tuple[dict[str, Callable[[], None]], dict[str, int]]:
    """Returns a training step of each builder, on the same made-up chunks, and its number of parameters."""
    import keras_tuner
    import numpy as np

    from experiments.engine.device import computing_in
    from experiments.engine.tables import module_of

    rng = np.random.default_rng(0)
    shape, num_classes = (128, 150, arguments.num_channels), 4
    chunks = (rng.random((arguments.batch_size, *shape)) < 0.03).astype(np.float32)  # as sparse as real ones
    labels = rng.integers(0, num_classes, arguments.batch_size)
    with computing_in(arguments.precision):
        networks = {
            name: module_of(BUILDERS, name, kind="model").build(keras_tuner.HyperParameters(), shape, num_classes)
            for name in BUILDERS
        }
    steps = {
        name: lambda network=network: network.train_on_batch(chunks, labels) for name, network in networks.items()
    }
    return steps, {name: network.count_params() for name, network in networks.items()}


def time_in_turn(steps: Mapping[str, Callable[[], None]], *, rounds: int) -> dict[str, list[float]]:
    """Returns the seconds of each step, round after round, so that a slow moment meets them all.

    Example:
        >>> [len(seconds) for seconds in time_in_turn({"a": int, "b": float}, rounds=3).values()]
        [3, 3]
    """
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + 1):
        for name, step in steps.items():
            started = time.perf_counter()
            step()
            if number > 0:
                seconds[name].append(time.perf_counter() - started)
    return seconds


if __name__ == "__main__":
    main()
