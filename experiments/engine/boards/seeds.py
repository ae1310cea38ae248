"""Published runs over their training seeds: a headline is a mean, because one seed may be lucky."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments import STUDIES
from experiments.engine.comparison import combine, differences
from experiments.engine.config import Config
from experiments.engine.predictions import Predictions, read_predictions
from experiments.engine.publishing import has_answers, prediction_files, whole_command
from experiments.engine.records import read_json
from features.splits import LADDER


@dataclass(frozen=True)
class PublishedRun:
    """A published run.

    Attributes:
        folder: Where it lies.
        metrics: Its `metrics.json`.
        config: Its `config.json`.
        command: What it was started with.
    """

    folder: Path
    metrics: dict[str, Any]
    config: dict[str, Any]
    command: str

    def answers(self, name: str) -> Predictions:
        """Returns the answers of a model or a level; see `prediction_files`."""
        return read_predictions(self.folder / prediction_files(self.metrics)[name])


def read_run(folder: Path) -> PublishedRun:
    """Reads a published run folder."""
    metrics, config, made_with = (
        read_json(folder / name) for name in ("metrics.json", "config.json", "environment.json")
    )
    return PublishedRun(folder, metrics, config, whole_command(made_with))


@dataclass(frozen=True)
class Seeds:
    """Runs that differ only in the training seed, and were tested on the same pieces of the same works.

    Attributes:
        runs: By seed.
    """

    runs: tuple[PublishedRun, ...]

    @property
    def metrics(self) -> dict[str, Any]:
        """Those of the first seed, for what all have in common."""
        return self.runs[0].metrics

    def mean(self, *names: str) -> float | None:
        """Returns the mean of a number of `metrics.json`; None if a run lacks it.

        Args:
            names: The keys that lead to it.
        """
        try:
            values = [_at(run.metrics, names) for run in self.runs]
        except KeyError:
            return None
        return sum(values) / len(values)

    def piece_macro_f1(self) -> dict[str, float | None]:
        """Returns the mean macro-F1 by piece with its 95 % interval; see `combine`."""
        if len(self.runs) == 1:
            return self.metrics["test"]["piece"]
        return combine([run.answers("piece") for run in self.runs], [1 / len(self.runs)] * len(self.runs))

    def differences(self) -> dict[str, dict[str, float | None]]:
        """Returns by how much network and stack are better than the fingerprint, on average over the seeds."""
        if len(self.runs) == 1:
            return self.metrics.get("differences", {})
        has_stacked = all("stacked" in run.metrics["test"] for run in self.runs)
        network, stacked, fingerprint = (
            [run.answers(name) for run in self.runs] if name != "stacked" or has_stacked else []
            for name in ("piece", "stacked", "fingerprint")
        )
        return differences(network, stacked, fingerprint)


def over_seeds(runs: Sequence[PublishedRun]) -> list[Seeds]:
    """Returns the runs joined where only the training seed differs: by study, and in the order of the ladder.

    A run that repeats a seed, or was tested on other pieces or works (which change when the code that
    tells works apart does), stands for itself.
    """
    groups: dict[tuple, list[PublishedRun]] = {}
    times: Counter = Counter()
    for run in sorted(runs, key=lambda run: (run.metrics["seed"], run.folder.name)):
        key = (_all_but_the_seed(run), _tested(run))
        times[key, run.metrics["seed"]] += 1
        groups.setdefault((*key, times[key, run.metrics["seed"]]), []).append(run)
    return sorted((Seeds(tuple(group)) for group in groups.values()), key=_place)


def _all_but_the_seed(run: PublishedRun) -> str:
    return json.dumps(Config.from_dict(run.config).replace(training={"seed": 0}).to_dict(), sort_keys=True)


def _tested(run: PublishedRun) -> frozenset | Path:
    """The pieces of the test part with their works; of a run without published answers by piece, the run itself."""
    names = [name for level, name in prediction_files(run.metrics).items() if level != "chunk"]
    if not all(has_answers(run.folder, name) for name in names):
        return run.folder
    answers = run.answers("piece")
    return frozenset(zip(answers.pieces, answers.works, answers.composers, strict=True))


def rung(metrics: Mapping[str, Any]) -> int:
    """Returns the place of a run's protocol on the ladder, the leakiest first; what is not on it comes last."""
    return _index(LADDER, metrics["protocol"])


def _place(group: Seeds) -> tuple:
    metrics, run = group.metrics, group.runs[0]
    asked = (_index(tuple(STUDIES), metrics["experiment"]), metrics["corpus"], metrics["pieces"])
    return (
        *asked,
        rung(metrics),
        str(metrics["fold"]),
        metrics["model"],
        metrics["encoder"],
        metrics["seed"],
        run.folder.name,
    )


def _index(names: Sequence[str], name: str) -> int:
    """Where a name stands; one that is not there comes last."""
    return names.index(name) if name in names else len(names)


def _at(values: dict[str, Any], names: Sequence[str]) -> Any:
    for name in names:
        values = values[name]
    return values
