"""Cells of the tables: what a row of published runs, one a seed, says under a heading."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from experiments import STUDIES
from experiments.engine.boards.seeds import Seeds
from experiments.engine.config import ADDED_LATER, Config
from experiments.engine.intervals import interval_of
from experiments.engine.tables import module_of

Cell = Callable[[Seeds], str]


def table(numbered: Sequence[tuple[int, Seeds]], columns: dict[str, Cell], root: Path) -> list[str]:
    """Returns the lines of a table: a row for each configuration, with links to the runs of its seeds.

    Args:
        numbered: The rows, with their numbers.
        columns: A heading, and what makes its cell.
        root: The folder of the page, from which the links lead.
    """
    head = ["", *columns, "seeds (range)"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for number, group in numbered:
        cells = [str(number), *(cell(group) for cell in columns.values()), links(group, root)]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def split(group: Seeds) -> str:
    """The protocol, and the fold if it is one of several."""
    metrics = group.metrics
    return metrics["protocol"] + (f" {metrics['fold']}" if metrics["fold"] != "all" else "")


def model(group: Seeds) -> str:
    """The name of the builder, and what of it, of its training and of how it is asked is not as in its study."""
    return model_of(Config.from_dict(group.runs[0].config))


def model_of(config: Config) -> str:
    """The same of the model of one configuration."""
    is_study = config.experiment in STUDIES
    usual = module_of(STUDIES, config.experiment, kind="study").DEFAULT if is_study else Config("")
    return with_settings(config.model.model, config, usual)


def with_settings(name: str, config: Config, usual: Config) -> str:
    """Returns the name of a model and the settings by which it differs from others of the same name.

    Args:
        name: Of the model.
        config: Of its run.
        usual: That of the study without any flag.

    Example:
        >>> config = Config("example").replace(training={"mixup": 0.2, "sampling": ("composer", "work")})
        >>> with_settings("lstm", config.replace(model={"hyperparameters": {"units": 64}}), Config("example"))
        'lstm (units 64, mixup 0.2, sampling composer+work)'
    """
    settings = dict(config.model.hyperparameters)
    for part in ("training", "answering"):
        own, others = getattr(config, part), getattr(usual, part)
        later = [field.name for field in dataclasses.fields(own) if field.metadata == ADDED_LATER]
        settings |= {key: getattr(own, key) for key in later if getattr(own, key) != getattr(others, key)}
    words = [f"{key.replace('_', ' ')} {_shown(value)}" for key, value in settings.items()]
    return f"{name} ({', '.join(words)})" if words else name


def _shown(value: Any) -> str:
    return ("+".join(value) or "none") if isinstance(value, tuple) else str(value)


def channels(group: Seeds) -> str:
    """The encoding, of which piano rolls need not be named."""
    return group.metrics["encoder"].removeprefix("piano_roll:")


def headline(group: Seeds) -> str:
    """The macro-F1 by piece with its interval, of works enough for one."""
    found = group.piece_macro_f1()
    return f"**{found['macro_f1']:.3f}**{interval_of(found, 'macro_f1')}"


def training(group: Seeds) -> str:
    """How long the network was trained, on average over the seeds: epochs (of all folds together) and minutes."""
    epochs, seconds = group.mean("num_epochs"), group.mean("train_seconds")
    return f"{epochs:.0f} epochs, {seconds / 60:.0f} min"


def links(group: Seeds, root: Path) -> str:
    """How many seeds there are, a link to each run, and between which scores they lie."""
    scores = [run.metrics["test"]["piece"]["macro_f1"] for run in group.runs]
    linked = (f"[{run.metrics['seed']}]({run.folder.relative_to(root).as_posix()})" for run in group.runs)
    spread = f" ({min(scores):.3f}–{max(scores):.3f})" if len(scores) > 1 else ""
    return f"{len(scores)}: {' '.join(linked)}{spread}"


def mean(*names: str) -> Cell:
    """Makes cells with the mean of a score of the test part; empty if a run lacks it.

    Args:
        names: The keys that lead to it.
    """

    def cell(group: Seeds) -> str:
        found = group.mean("test", *names)
        return "" if found is None else f"{found:.3f}"

    return cell
