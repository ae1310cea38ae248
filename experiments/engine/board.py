"""The tables of published runs: a row a run for machines, a row a configuration, over its seeds, for people."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.engine.comparison import combine, differences
from experiments.engine.config import Config
from experiments.engine.predictions import Predictions, read_predictions
from experiments.engine.publishing import commits_of, prediction_files
from experiments.engine.records import read_json

COLUMNS = (
    *(
        "experiment",
        "run_id",
        "corpus",
        "pieces",
        "protocol",
        "fold",
        "seed",
        "encoder",
        "model",
        "num_classes",
    ),
    *("num_parameters", "chunk_accuracy", "chunk_macro_f1", "piece_accuracy", "piece_macro_f1"),
    *("piece_macro_f1_low", "piece_macro_f1_high", "fingerprint_piece_macro_f1", "majority_piece_macro_f1"),
    *("train_seconds", "device", "commit", "stacked_piece_macro_f1"),
)
"""Of `results/leaderboard.csv`."""

LADDER = ("chunk", "file", "work", "source")
"""Protocols, the more honest the later."""


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
    return PublishedRun(folder, metrics, config, made_with["command"])


def row(run: PublishedRun) -> dict[str, Any]:
    """Returns the row of a run in the leaderboard; what an older run did not measure stays empty."""
    metrics, test = run.metrics, run.metrics["test"]
    same = ("experiment", "run_id", "corpus", "pieces", "protocol", "fold", "seed", "encoder", "model")
    return {name: metrics[name] for name in same} | {
        "num_classes": len(metrics["classes"]),
        "num_parameters": metrics["num_parameters"],
        **{
            f"{level}_{name}": round(test[level][name], 4)
            for level in ("chunk", "piece")
            for name in ("accuracy", "macro_f1")
        },
        "piece_macro_f1_low": round(test["piece"]["macro_f1_low"], 4),
        "piece_macro_f1_high": round(test["piece"]["macro_f1_high"], 4),
        **{
            f"{name}_piece_macro_f1": round(test["baselines"][name]["macro_f1"], 4)
            for name in ("fingerprint", "majority")
        },
        "train_seconds": round(metrics["train_seconds"]),
        "device": metrics["device"],
        "commit": " ".join(commits_of(run.folder)),
        "stacked_piece_macro_f1": round(test["stacked"]["macro_f1"], 4) if "stacked" in test else "",
    }


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

    def piece_macro_f1(self) -> dict[str, float]:
        """Returns the mean macro-F1 by piece with its 95 % interval; see `combine`."""
        if len(self.runs) == 1:
            return self.metrics["test"]["piece"]
        return combine([run.answers("piece") for run in self.runs], [1 / len(self.runs)] * len(self.runs))

    def differences(self) -> dict[str, dict[str, float]]:
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
    """Returns the runs joined where only the training seed differs, in the order of the ladder.

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
    """The pieces of the test part with their works; of a run without published answers, the run itself."""
    if not all((run.folder / name).exists() for name in prediction_files(run.metrics).values()):
        return run.folder
    answers = run.answers("piece")
    return frozenset(zip(answers.pieces, answers.works, answers.composers, strict=True))


def _place(group: Seeds) -> tuple:
    metrics, run = group.metrics, group.runs[0]
    rung = LADDER.index(metrics["protocol"]) if metrics["protocol"] in LADDER else len(LADDER)
    where = (metrics["corpus"], metrics["pieces"], rung, str(metrics["fold"]))
    return (*where, metrics["model"], metrics["encoder"], metrics["seed"], run.folder.name)


def _at(values: dict[str, Any], names: Sequence[str]) -> Any:
    for name in names:
        values = values[name]
    return values


def markdown(runs: Sequence[PublishedRun], root: Path) -> str:
    """Returns the tables of the README: whole studies, then single folds, then the commands.

    Args:
        runs: The published runs.
        root: The folder of the README, from which the links lead.
    """
    if not runs:
        return "No run has been published yet."
    groups = over_seeds(runs)
    whole, single = (
        [g for g in groups if (g.metrics["fold"] == "all") == wanted] for wanted in (True, False)
    )
    numbered = list(enumerate([*whole, *single], 1))
    parts = []
    if whole:
        parts += [
            "**All folds: every piece predicted once**",
            "",
            *_table(numbered[: len(whole)], HEADLINE, root),
            "",
        ]
    if single:
        parts += ["**Single splits**", "", *_table(numbered[len(whole) :], SINGLE, root), ""]
    commands = [f"{run.command}  # {number}" for number, group in numbered for run in group.runs]
    return "\n".join([*parts, "```", *commands, "```"])


def _table(numbered: Sequence[tuple[int, Seeds]], columns: dict[str, Callable], root: Path) -> list[str]:
    head = ["", *columns, "seeds (range)"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for number, group in numbered:
        cells = [str(number), *(cell(group) for cell in columns.values()), _links(group, root)]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _corpus(group: Seeds) -> str:
    metrics = group.metrics
    return metrics["corpus"] + (f" ({metrics['pieces']})" if metrics["pieces"] != "reference" else "")


def _split(group: Seeds) -> str:
    metrics = group.metrics
    return metrics["protocol"] + (f" {metrics['fold']}" if metrics["fold"] != "all" else "")


def _headline(group: Seeds) -> str:
    found = group.piece_macro_f1()
    return f"**{found['macro_f1']:.3f}** ({found['macro_f1_low']:.3f}–{found['macro_f1_high']:.3f})"


def _links(group: Seeds, root: Path) -> str:
    scores = [run.metrics["test"]["piece"]["macro_f1"] for run in group.runs]
    links = (f"[{run.metrics['seed']}]({run.folder.relative_to(root).as_posix()})" for run in group.runs)
    spread = f" ({min(scores):.3f}–{max(scores):.3f})" if len(scores) > 1 else ""
    return f"{len(scores)}: {' '.join(links)}{spread}"


def _mean(*names: str) -> Callable[[Seeds], str]:
    def cell(group: Seeds) -> str:
        mean = group.mean("test", *names)
        return "" if mean is None else f"{mean:.3f}"

    return cell


def _difference(name: str) -> Callable[[Seeds], str]:
    def cell(group: Seeds) -> str:
        found = group.differences().get(f"{name}_minus_fingerprint")
        if found is None:
            return ""
        return f"{found['macro_f1']:+.3f} ({found['macro_f1_low']:+.3f} to {found['macro_f1_high']:+.3f})"

    return cell


def _training(group: Seeds) -> str:
    epochs, seconds = group.mean("num_epochs"), group.mean("train_seconds")
    return f"{epochs:.0f} epochs, {seconds / 60:.0f} min"


COMMON = {
    "corpus": _corpus,
    "split": _split,
    "model": lambda group: group.metrics["model"],
    "channels": lambda group: group.metrics["encoder"].removeprefix("piano_roll:"),
    "piece macro-F1 (95 %)": _headline,
}

HEADLINE = COMMON | {
    "chunk macro-F1": _mean("chunk", "macro_f1"),
    "fingerprint": _mean("baselines", "fingerprint", "macro_f1"),
    "stacked": _mean("stacked", "macro_f1"),
    "network − fingerprint (95 %)": _difference("network"),
    "stacked − fingerprint (95 %)": _difference("stacked"),
}
"""Columns of whole studies: a heading, and what makes its cell."""

SINGLE = COMMON | {
    "piece accuracy": _mean("piece", "accuracy"),
    "chunk macro-F1": _mean("chunk", "macro_f1"),
    **{
        name.replace("_", " "): _mean("baselines", name, "macro_f1")
        for name in ("majority", "fingerprint", "histogram_linear", "histogram_forest")
    },
    "stacked": _mean("stacked", "macro_f1"),
    "training": _training,
}
"""Columns of single splits."""
