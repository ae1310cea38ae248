"""What helps rare composers? Weights in training and adjusted answers, compared on validation works.

    python -m experiments.imbalance --corpus midi_classics --pieces clean --data-home PATH --sample 0.3 --epochs 6
    python -m experiments.imbalance --smoke

Trains the network of `all_composers` once for each balance: without weights, with weights inverse to the root of the
chunks, and inverse to the chunks, unless others are asked for. Each answers for the validation works as it is, and with
some of the log prior taken off its logits. The test works are not touched, and the network of the last epoch is kept,
so that no epoch is chosen for one of them. Started again with --resume, it goes on, also with other balances;
`leaderboard --publish` takes its folder.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.all_composers import DEFAULT, configure
from experiments.engine import records
from experiments.engine.command import Command, as_sentences, configuration, parts_of, read_arguments
from experiments.engine.config import Config, Places
from experiments.engine.publishing import IMBALANCE, MADE_FOR
from features.errors import InputError

SCORES = ("macro_f1", "balanced_accuracy", "accuracy", "top_5_accuracy", "log_loss")

MEASURED = tuple(f"{level}_{name}" for level in ("piece", "chunk") for name in SCORES)

SET_HERE = {
    "class_weights": "give --balances",
    "balance": "give --balances",
    "logit_adjustment": "give --adjustments",
    "patience": "the network of the last epoch is kept, so give --epochs",
}
"""Flags of the training that have no say here, and what to do instead."""

INTERVAL = ("piece_macro_f1_low", "piece_macro_f1_high")
"""Of the macro-F1 by piece, 95 % by bootstrap over works."""


@dataclass(frozen=True)
class Arguments(Command):
    """What to train, and on what."""

    balances: tuple[float, ...] = (0.0, 0.5, 1.0)
    """How strongly rare composers weigh in training: a network for each."""
    adjustments: tuple[float, ...] = (0.0, 0.25, 0.5, 1.0)
    """How much of the log prior is taken off the answers: a row for each."""

    def __post_init__(self) -> None:
        """Refuses what cannot be compared before anything is trained."""
        for name in ("balances", "adjustments"):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values) or not all(0 <= value <= 2 for value in values):
                given = " ".join(f"{value:g}" for value in values) or "none"
                raise InputError(
                    f"Expected {name} to be different numbers from 0 to 2, but received {given}."
                )
        if self.split.fold == "all":
            raise InputError(
                "Remedies are compared on one fold; give its number with --fold, or leave it out."
            )
        for name, instead in SET_HERE.items():
            if getattr(self.training, name) != getattr(DEFAULT.training, name):
                flag = f"--{name.replace('_', '-')}"
                raise InputError(f"{flag} is set for each remedy by itself; {instead}, and leave it out.")


@as_sentences
def main(argv: Sequence[str] | None = None) -> None:
    """Trains the networks and prints what each remedy comes to."""
    asked = read_arguments(
        Arguments, argv, description=__doc__, name="imbalance", default=Arguments(**parts_of(DEFAULT))
    )
    config, places = configuration(asked, DEFAULT)
    config = configure(config).replace(training={"patience": None})
    folder = compare(config, places, balances=asked.balances, adjustments=asked.adjustments)
    print_rows(records.read_json(folder / "metrics.json"))
    print(f"Folder: {folder}")


def compare(
    config: Config, places: Places, *, balances: Sequence[float], adjustments: Sequence[float]
) -> Path:
    """Trains a network for each balance, in one folder, and scores all remedies; returns the folder."""
    from experiments.engine.continuing import keep_split
    from experiments.engine.runner import (
        Study,
        check_names,
        check_sampling,
        prepare,
        report_left_out,
        split_of,
    )

    check_names(config)
    dataset = prepare(config, places)
    check_sampling(config, dataset)
    report_left_out(dataset)
    split = split_of(Study(config, places, dataset))
    from experiments.engine.networks import check_network, check_teachers

    check_network(config, dataset)
    check_teachers(config, dataset, split, places.teachers)
    plain = _without_remedy(config)
    if begun := records.folder_to_resume(plain, places):
        (begun / "metrics.json").unlink(missing_ok=True)  # until it is finished again
    with records.run_folder(plain, places) as folder:
        keep_split(folder, dataset, split)
        compared = {"balances": list(balances), "adjustments": list(adjustments)}
        records.write_json(folder / MADE_FOR[IMBALANCE], {"config": plain.to_dict()} | compared)
        rows = []
        for balance in balances:
            print(f"Balance {balance:g}", file=sys.stderr)
            part = plain.replace(training={"class_weights": True, "balance": balance})
            trained_in = folder / f"balance-{balance:g}"
            how = {"folder": trained_in, "teachers": places.teachers, "adjustments": adjustments}
            rows += score(part, dataset, split, **how)
        records.write_csv(folder / "imbalance.csv", ("balance", "adjustment", *MEASURED, *INTERVAL), rows)
        records.write_json(folder / "metrics.json", _describe(plain, dataset) | {"rows": rows})
    return folder


def _describe(config: Config, dataset: Any) -> dict[str, Any]:
    """Returns what was compared on, as `metrics.json` has it."""
    from experiments.engine.telling import encoder_name, pieces_name

    return {
        **{"corpus": config.corpus.corpus, "pieces": pieces_name(config.corpus)},
        **{"protocol": config.split.protocol, "fold": config.split.fold, "seed": config.training.seed},
        **{"encoder": encoder_name(config.encoder, dataset.encoder), "model": config.model.model},
    }


def score(
    config: Config,
    dataset: Any,
    split: Any,
    *,
    folder: Path,
    adjustments: Sequence[float],
    teachers: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Trains one network, and returns a row for each adjustment that changes its answers.

    Its folder gets `config.json`, with which it was trained.
    """
    from experiments.engine.answering import answer, reads_bags
    from experiments.engine.imbalance import logit_offsets
    from experiments.engine.networks import train_network
    from experiments.engine.sampling import heard_shares
    from features.splits.protocols import TRAIN, VALIDATION

    folder.mkdir(exist_ok=True)
    records.write_json(folder / "config.json", config.to_dict())
    network = train_network(config, dataset, split, folder=folder, teachers=teachers)
    indices, heard = split.indices(VALIDATION), split.indices(TRAIN)
    bag = config.answering.bag if reads_bags(network.model) else None
    shares = heard_shares(dataset, heard, config.training, bag=bag)
    rows = []
    for adjustment in adjustments if config.training.balance != 1 else (0.0,):
        training = config.replace(training={"logit_adjustment": adjustment}).training
        offsets = logit_offsets(dataset.chunk_labels[heard], len(dataset.classes), training, shares=shares)
        found = answer(network.model, network.dataset, indices, config.answering, offsets=offsets)
        levels = {level: found[level].scores() for level in ("piece", "chunk")}
        rows.append(
            {"balance": config.training.balance, "adjustment": adjustment}
            | {f"{level}_{name}": scores[name] for level, scores in levels.items() for name in SCORES}
            | {name: levels["piece"][name.removeprefix("piece_")] for name in INTERVAL}
        )
    return rows


def print_rows(found: dict[str, Any]) -> None:
    """Prints a row for each remedy, with the best value of each column in bold."""
    from rich.table import Table
    from rich.text import Text

    from experiments.engine.intervals import interval_of
    from experiments.engine.terminal import console

    rows = found["rows"]
    title = f"{found['corpus']}, protocol {found['protocol']}, fold {found['fold']}: validation works"
    table = Table(title=title, caption="95 % intervals by bootstrap over works.")
    for heading in ("balance", "adjustment", *(name.replace("_", "\n", 1) for name in MEASURED)):
        table.add_column(heading.replace("_", " "), justify="right", no_wrap=True)
    best = {name: (min if name.endswith("log_loss") else max)(row[name] for row in rows) for name in MEASURED}
    for row in rows:
        intervals = {"piece_macro_f1": interval_of(row, "piece_macro_f1", ".2f")}
        cells = [
            Text(f"{row[name]:.3f}{intervals.get(name, '')}", style="bold" if row[name] == best[name] else "")
            for name in MEASURED
        ]
        table.add_row(f"{row['balance']:g}", f"{row['adjustment']:g}", *cells)
    console(at_least=175).print(table)


def _without_remedy(config: Config) -> Config:
    """The configuration that all remedies have in common; it names the folder."""
    alike = {"class_weights": False, "balance": 1.0, "logit_adjustment": 0.0}
    return Config("imbalance", **parts_of(config)).replace(training=alike)


if __name__ == "__main__":
    main()
