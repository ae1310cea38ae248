"""How long training takes to the best validation score of the reference CNN: the reference's own, and ours."""

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from experiments.engine.columns import WATCHED
from experiments.engine.config import Config, EncoderConfig, ModelConfig
from experiments.engine.networks import check_network, train_network
from experiments.engine.runner import Study, check_names, prepare, split_of
from experiments.engine.speed.searches import AS_THE_REFERENCE
from experiments.engine.speed.settings import Trainings
from experiments.engine.speed.tables import print_table
from experiments.four_composers import configure

WHAT_COUNTS = """
Seconds are those of training, of all epochs up to the first whose macro-F1 by chunk in the validation part is at least
the best that the reference CNN has in any epoch with the same seed. Validation itself is not counted; building and
tracing the network, in the first epoch, are. The reference CNN has the reference's settings: the channel velocity,
batches of 32, Adam at 0.001, dropout, and nothing else. The test part is not touched."""

HEADINGS = (
    "network",
    "seed",
    "parameters",
    "epochs",
    "s an epoch",
    "best macro-F1",
    "s to the score",
    "times less",
)


@dataclass(frozen=True)
class Outcome:
    """A training that is over: the rows of its history, and how many parameters the network has."""

    history: Sequence[dict[str, float]]
    num_parameters: int

    @property
    def best(self) -> float:
        """The best macro-F1 by chunk on the validation works."""
        return max(row[WATCHED] for row in self.history)

    def seconds_to(self, score: float) -> float | None:
        """Returns the seconds up to the end of the first epoch with this score or more; None if there is none.

        Example:
            >>> history = [{"seconds": 5.0, WATCHED: 0.4}, {"seconds": 4.0, WATCHED: 0.6}]
            >>> Outcome(history, 0).seconds_to(0.5), Outcome(history, 0).seconds_to(0.7)
            (9.0, None)
        """
        for number, row in enumerate(self.history, 1):
            if row[WATCHED] >= score:
                return sum(earlier["seconds"] for earlier in self.history[:number])
        return None


def benchmark(asked: Trainings) -> None:
    """Trains both networks with every seed, in turn, and prints how long either takes to the same score."""
    ours, reference = configurations(asked)
    studies = {}
    for config in (reference, ours):
        check_names(config)
        study = studies[config.model.model] = Study(config, asked.places, prepare(config, asked.places))
        check_network(config, study.dataset)
    measured: dict[str, list[Outcome]] = {name: [] for name in studies}
    for seed in range(ours.training.seed, ours.training.seed + asked.seeds):
        for name, study in studies.items():
            print(f"{name}, seed {seed}", file=sys.stderr)
            measured[name].append(run(study, seed))
    where = f"{asked.corpus.corpus}, {asked.split.protocol} {asked.split.fold}"
    title = f"{where}: training to the reference CNN's best score"
    print_table(title, HEADINGS, rows(measured, first_seed=ours.training.seed), output=asked.output)
    print(WHAT_COUNTS)


def configurations(asked: Trainings) -> tuple[Config, Config]:
    """Returns our configuration, and that of the reference CNN on the same works."""
    ours = configure(
        Config(
            "benchmark",
            corpus=asked.corpus,
            encoder=asked.encoder,
            split=asked.split,
            model=asked.model,
            training=asked.training,
        )
    )
    training = dataclasses.replace(
        AS_THE_REFERENCE,
        epochs=asked.reference_epochs,
        batch_size=32,
        precision=asked.training.precision,
    )
    encoder, model = EncoderConfig(channels=("velocity",)), ModelConfig("cnn_reference")
    return ours, dataclasses.replace(ours, encoder=encoder, model=model, training=training)


def run(study: Study, seed: int) -> Outcome:
    """Trains a network from its beginning, in a folder that goes again."""
    config = study.config.replace(training={"seed": seed})
    with TemporaryDirectory(prefix="benchmark-", dir=study.places.cache_dir) as folder:
        network = train_network(config, study.dataset, split_of(study), folder=Path(folder))
    return Outcome(network.history, network.num_parameters)


def rows(measured: dict[str, list[Outcome]], *, first_seed: int) -> list[tuple[str, ...]]:
    """Returns the table: a row for each seed of each network, the first one being the reference."""
    references = next(iter(measured.values()))
    table = []
    for name, outcomes in measured.items():
        for seed, (reference, one) in enumerate(zip(references, outcomes, strict=True), first_seed):
            taken, theirs = (outcome.seconds_to(reference.best) for outcome in (one, reference))
            table.append((name, str(seed), *_cells(one, taken), f"{theirs / taken:.1f}" if taken else "-"))
    return table


def _cells(one: Outcome, taken: float | None) -> tuple[Any, ...]:
    return (
        f"{one.num_parameters:,}",
        str(len(one.history)),
        f"{sum(row['seconds'] for row in one.history) / len(one.history):.1f}",
        f"{one.best:.3f}",
        "not reached" if taken is None else f"{taken:.1f}",
    )
