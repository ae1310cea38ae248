"""How long a training step of every builder takes, beside the reference CNN's."""

import statistics
from collections.abc import Callable
from functools import partial

from experiments.engine.config import AnswerConfig
from experiments.engine.speed.settings import Builders
from experiments.engine.speed.tables import print_table
from experiments.engine.speed.timing import time_in_turn
from experiments.engine.tables import module_of
from experiments.engine.zoo.candidates import ZooSettings, candidates_for
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
    """Returns a training step of each network that reads chunks, or bags, and its number of parameters.

    All have the same made-up chunks.
    """
    import keras_tuner
    import numpy as np

    from experiments.engine.device import computing_in

    rng = np.random.default_rng(0)
    shape, num_classes = (128, 150, asked.num_channels), 4
    chunks = (rng.random((asked.batch_size, *shape)) < 0.03).astype(np.float32)  # as sparse as real ones
    labels = rng.integers(0, num_classes, asked.batch_size)
    size = min(AnswerConfig.bag, asked.batch_size)
    bags = np.resize(chunks, (asked.batch_size // size, size, *shape))
    steps, parameters = {}, {}
    for name, model in candidates_for(ZooSettings(), "piano_roll").items():
        builder = module_of(BUILDERS, model.model, kind="model")
        inputs = bags if builder.RANK == "bag" else chunks
        hp = keras_tuner.HyperParameters()
        hp.values.update(model.hyperparameters)
        with computing_in(asked.precision):
            network = builder.build(hp, inputs.shape[1:], num_classes)
        steps[name] = partial(network.train_on_batch, inputs, labels[: len(inputs)])
        parameters[name] = network.count_params()
    return steps, parameters
