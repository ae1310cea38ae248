"""How fast builders train and answer on more and more of a corpus, and how much memory that takes."""

import dataclasses
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from experiments.engine.config import Config, ModelConfig
from experiments.engine.speed.settings import Scaling
from experiments.engine.speed.tables import megabytes, print_table
from experiments.engine.speed.timing import in_new_process, peak_bytes
from experiments.engine.zoo.candidates import ZooSettings, candidates_for
from experiments.four_composers import configure
from models import BUILDERS

WARM_UP_STEPS = 3

ANSWERED_AT_ONCE = 64
"""Chunks of a batch that is answered for; bags of a size that divides this fill it."""

WHAT_COUNTS = """
Each row: a new process with all cores, which reads the corpus from its store, trains on shuffled batches of all its
chunks as a study does, and then answers for chunks in their order; a few batches go first and are not counted. Input is
how long making the batches alone would take, as a share of training; it is done while the network computes. Peak memory
is that of the process, libraries included. To the first: chunks a second in training, as a multiple of those of the
same builder on the smallest part; 1 means that an epoch takes time in proportion to the corpus."""

HEADINGS = ("builder", "sample", "chunks", "trained a s", "to the first", "input", "answered a s", "peak MB")


@dataclass(frozen=True)
class Rates:
    """What a process measured.

    Attributes:
        num_chunks: Of the part of the corpus.
        trained: Chunks a second in training.
        made: Chunks a second that batches are made of, without training.
        answered: Chunks a second that answers are given for.
        peak_bytes: The most memory the process ever had; None where the system does not tell.
    """

    num_chunks: int
    trained: float
    made: float
    answered: float
    peak_bytes: int | None


def benchmark(asked: Scaling) -> None:
    """Measures every builder on every part, and prints a row for each."""
    table = []
    candidates = candidates_for(ZooSettings(builders=asked.builders), asked.encoder.encoder)
    for name, model in candidates.items():
        first = None
        for sample in sorted(asked.samples):
            print(f"{name}, {sample:g} of the works", file=sys.stderr)
            rates = in_new_process(measure, asked, model, sample)
            first = first or rates
            table.append(_row(name, sample, rates, first))
    title = f"{asked.corpus.corpus}: training and answering, {asked.training.precision}"
    print_table(title, HEADINGS, table, output=asked.output)
    print(WHAT_COUNTS)


def measure(asked: Scaling, network: ModelConfig, sample: float) -> Rates:
    """Measures one builder on a part of the corpus."""
    import numpy as np

    from experiments.engine.batches import ChunksInOrder, TrainingChunks
    from experiments.engine.device import computing_in
    from experiments.engine.networks import build, check_network
    from experiments.engine.runner import prepare
    from experiments.engine.tables import module_of
    from models.soft_targets import expect_distributions

    corpus = dataclasses.replace(asked.corpus, sample=sample)
    config = configure(
        Config(
            "benchmark",
            corpus=corpus,
            encoder=asked.encoder,
            model=network,
            training=asked.training,
        )
    )
    builder, dataset = module_of(BUILDERS, network.model, kind="model"), prepare(config, asked.places)
    check_network(config, dataset)
    indices = np.arange(len(dataset.chunk_pieces))
    dataset, bag = dataset.fitted(indices), config.answering.bag if builder.RANK == "bag" else None
    with computing_in(config.training.precision):
        model, _ = build(builder, network.hyperparameters, dataset)
        if config.training.mixup:
            expect_distributions(model)
    batches = TrainingChunks(dataset, indices, config.training, first_epoch=0, bag=bag)
    shape = (-1,) if bag is None else (-1, bag)

    def train(steps: int) -> None:
        model.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0)

    def answer(steps: int) -> None:  # in whole batches: for others the network would be traced anew
        chunks = np.resize(indices, steps * ANSWERED_AT_ONCE).reshape(shape)
        model.predict(ChunksInOrder(dataset, chunks, batch_size=ANSWERED_AT_ONCE), verbose=0)

    def make(steps: int) -> None:
        for step in range(steps):
            batches[step]

    trained_at_once = batches.batch_size * (bag or 1)
    tasks = ((train, trained_at_once), (make, trained_at_once), (answer, ANSWERED_AT_ONCE))
    rates = [at_once * asked.steps / _seconds(task, asked.steps) for task, at_once in tasks]
    return Rates(len(indices), *rates, peak_bytes())


def _seconds(task: Callable[[int], None], steps: int) -> float:
    """Returns how long a number of batches takes after a few of them."""
    task(WARM_UP_STEPS)
    started = time.perf_counter()
    task(steps)
    return time.perf_counter() - started


def _row(name: str, sample: float, rates: Rates, first: Rates) -> tuple[str, ...]:
    return (
        name,
        f"{sample:g}",
        f"{rates.num_chunks:,}",
        f"{rates.trained:,.0f}",
        f"{rates.trained / first.trained:.2f}",
        f"{rates.trained / rates.made:.0%}",
        f"{rates.answered:,.0f}",
        megabytes(rates.peak_bytes),
    )
