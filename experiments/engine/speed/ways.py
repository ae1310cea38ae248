"""What makes training on a processor faster, and what does not: many ways of it beside the plain one."""

import dataclasses
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from experiments.engine.batches import TrainingChunks
from experiments.engine.config import Config, TrainingConfig
from experiments.engine.device import computing_in
from experiments.engine.environment import environment
from experiments.engine.networks import build, check_network
from experiments.engine.runner import prepare
from experiments.engine.speed.cells import as_cells, reading_cells
from experiments.engine.speed.settings import Ways
from experiments.engine.speed.tables import print_table
from experiments.engine.speed.timing import ONE_THREAD, start_alone
from experiments.engine.tables import module_of
from experiments.four_composers import configure
from features.datasets import Dataset
from features.errors import InputError
from features.words import counted
from models import BUILDERS
from models.blocks import NUM_PITCHES

PLAIN, ONE_CORE = "plain", "one core"

LOWEST_KEY, HIGHEST_KEY = 21, 108
"""Of a piano with 88 keys."""

WARM_UP_STEPS = 3

WHAT_COUNTS = f"""
Chunks a second in training, batches included, which are made while the network computes: median over rounds. Ratios are
to the plain way in the same round, above 1 where a way is faster: their median, the least and the greatest. First: how
long the first batch takes, for which the network is traced, and XLA compiles it. It is not counted, nor are the first
{WARM_UP_STEPS} batches of a turn, nor is a round before the others. What a way costs in score is not measured.
  {PLAIN}            float32, batches of {TrainingConfig.batch_size}, all cores, no XLA, the network as it is built
  128, 88 pitches  of the rolls, no pitch is left out in the network, or all but the keys of a piano
  strided          the first convolution takes every other frame, in place of the pooling after it
  cells            batches hold what is not zero, and the network begins with a layer that makes rolls of it
  {ONE_CORE}         a process of its own, with one core and one thread"""

HEADINGS = ("way", "chunks a s", "ratio", "min-max", "first s")


@dataclass(frozen=True)
class Way:
    """How a network is trained.

    Attributes:
        precision: `"float32"` or `"bfloat16"`.
        batch_size: Chunks a step.
        xla: Whether the backend's compiler is asked for where Keras would not.
        layers: By the names of layers, settings that differ from the builder's.
        cells: Whether the network is given cells; see `speed.cells`.
    """

    precision: str = "float32"
    batch_size: int = TrainingConfig.batch_size
    xla: bool = False
    layers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    cells: bool = False


@dataclass(frozen=True)
class Turn:
    """What a turn came to: chunks a second, and the seconds of its first batch."""

    rate: float
    first_s: float


Train = Callable[[int], Turn]
"""Goes on training for a number of chunks."""

_HERE: dict[str, Train] = {}
"""What a process that was started goes on with when its turn comes."""


def ways(batch_sizes: Sequence[int]) -> dict[str, Way]:
    """Returns the ways of this process, the plain one first."""
    keys = (LOWEST_KEY, NUM_PITCHES - 1 - HIGHEST_KEY)
    return {
        PLAIN: Way(),
        "bfloat16": Way(precision="bfloat16"),
        "XLA": Way(xla=True),
        "bfloat16, XLA": Way(precision="bfloat16", xla=True),
        **{f"batches of {size}": Way(batch_size=size) for size in batch_sizes},
        "128 pitches": Way(layers={"piano_range": {"cropping": ((0, 0), (0, 0))}}),
        "88 pitches": Way(layers={"piano_range": {"cropping": (keys, (0, 0))}}),
        "strided": Way(layers={"block_1_conv": {"strides": 2}, "pool_1": {"pool_size": 1, "strides": 1}}),
        "cells": Way(cells=True),
    }


def benchmark(asked: Ways) -> None:
    """Trains in every way, in turn, and prints a row for each."""
    trainings = trainings_of(asked, ways(asked.batch_sizes))
    with ProcessPoolExecutor(1, get_context("spawn"), start_alone) as other:
        with environment(ONE_THREAD):
            other.submit(_begin, asked).result()
        trainings[ONE_CORE] = lambda num_chunks: other.submit(_go_on, num_chunks).result()
        turns: dict[str, list[Turn]] = {name: [] for name in trainings}
        for name in tqdm([*trainings] * (asked.rounds + 1), desc="Training in turn", unit="turn"):
            turns[name].append(trainings[name](asked.chunks))
    turn = f"{asked.chunks:,} chunks a turn, {counted(asked.rounds, 'round')}"
    title = f"{asked.corpus.corpus}: training {asked.model.model}, {turn}"
    print_table(title, HEADINGS, rows(turns), output=asked.output)
    print(WHAT_COUNTS)


def trainings_of(asked: Ways, wanted: Mapping[str, Way]) -> dict[str, Train]:
    """Returns what trains a new network in each way, but for ways that the network or its chunks do not know of."""
    if module_of(BUILDERS, asked.model.model, kind="model").RANK != "chunk":
        raise InputError(
            f"{asked.model.model} does not read single chunks of piano rolls; name another --model."
        )
    config = configure(Config("benchmark", asked.corpus, asked.encoder, model=asked.model))
    dataset = prepare(config, asked.places)
    check_network(config, dataset)
    largest = max(way.batch_size for way in wanted.values())
    if len(dataset.chunk_pieces) < largest:
        raise InputError(
            f"Expected {largest} chunks or more, but the corpus has {len(dataset.chunk_pieces)}; take more music, or "
            "smaller --batch-sizes."
        )
    trainings = {name: training(config, dataset, way) for name, way in wanted.items()}
    return {name: train for name, train in trainings.items() if train}


def training(config: Config, dataset: Dataset, way: Way) -> Train | None:
    """Returns what trains a new network in one way; None where there is nothing that this way would change."""
    builder = module_of(BUILDERS, config.model.model, kind="model")
    with computing_in(way.precision):
        model, _ = build(builder, config.model.hyperparameters, dataset)
        if not set(way.layers) <= {layer.name for layer in model.layers}:
            return None
        model = with_other_layers(model, way.layers)
    if way.cells:
        if (dataset := as_cells(dataset)) is None:
            return None
        model = reading_cells(model, dataset.encoder)
    if way.xla:
        model.jit_compile = True
    settings = dataclasses.replace(config.training, batch_size=way.batch_size)
    batches = TrainingChunks(dataset, np.arange(len(dataset.chunk_pieces)), settings, first_epoch=0)

    def train(num_chunks: int) -> Turn:
        steps, clock = num_chunks // way.batch_size, Clock()
        model.fit(batches, steps_per_epoch=WARM_UP_STEPS + steps, shuffle=False, verbose=0, callbacks=[clock])
        times = clock.times
        return Turn(steps * way.batch_size / (times[-1] - times[WARM_UP_STEPS]), times[1] - times[0])

    return train


def with_other_layers(model: keras.Model, changes: Mapping[str, Mapping[str, Any]]) -> keras.Model:
    """Returns a new network, compiled as a given one, with other settings in some of its layers.

    Args:
        model: As its builder returned it.
        changes: Settings by the names of layers.
    """

    def copy(layer: keras.layers.Layer) -> keras.layers.Layer:
        settings = layer.get_config() | changes.get(layer.name, {})
        if isinstance(layer, keras.layers.Reshape):  # its last axis takes what there is
            settings["target_shape"] = (*layer.target_shape[:-1], -1)
        return type(layer).from_config(settings)

    changed = keras.models.clone_model(model, clone_function=copy)
    changed.compile_from_config(model.get_compile_config())
    return changed


class Clock(keras.callbacks.Callback):
    """Notes when training begins, and when each batch is done."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.times = [time.perf_counter()]

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.times.append(time.perf_counter())


def _begin(asked: Ways) -> None:
    _HERE.update(trainings_of(asked, {PLAIN: Way()}))


def _go_on(num_chunks: int) -> Turn:
    return _HERE[PLAIN](num_chunks)


def rows(turns: Mapping[str, Sequence[Turn]]) -> list[tuple[str, ...]]:
    """Returns the table of what turns came to, the first of each being the one that does not count."""
    table = []
    for name, (first, *later) in turns.items():
        ratios = [one.rate / plain.rate for one, plain in zip(later, turns[PLAIN][1:], strict=True)]
        rate = statistics.median(one.rate for one in later)
        cells = (f"{rate:,.0f}", f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f}-{max(ratios):.2f}")
        table.append((name, *cells, f"{first.first_s:.1f}"))
    return table
