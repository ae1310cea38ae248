"""The trainings that are compared: a recipe, the same without each of its parts, and with what else might help."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from experiments.engine.command import NEEDED, Command, configuration, parts_of, read_arguments
from experiments.engine.config import Config
from features.errors import InputError

PARTS = ("encoder", "model", "training", "answering")
"""Parts of a configuration that a recipe is made of; the others say what it is tried on."""

CONDITIONS = ("epochs", "batch_size", "patience", "chunks_per_epoch", "precision", "seed")
"""Settings of the training that are no part of a recipe: all variants have them in common."""

WHOLE = "as it is"


@dataclass(frozen=True)
class Variant:
    """One of the trainings.

    Attributes:
        name: What it does without, or has beside the recipe, in the words of the command line.
        config: What it is.
    """

    name: str
    config: Config


def variants_of(config: Config, default: Config, also: Sequence[str]) -> list[Variant]:
    """Returns the recipe, the same without each setting that differs from the study's default, and with others.

    A setting that has no effect without another is left out with it.

    Args:
        config: The recipe.
        default: Of the study.
        also: Flags, such as `"mixup 0.2"`: a variant each.

    Raises:
        InputError: There is nothing to leave out and nothing to add, or what is added says what to try it on.

    Example:
        >>> study = Config("four_composers")
        >>> recipe = study.replace(training={"sampling": ("work",), "sampling_power": 0.5, "average": 0.99})
        >>> [variant.name for variant in variants_of(recipe, study, ["mixup 0.2"])]
        ['as it is', 'without average 0.99', 'without sampling work', 'without sampling power 0.5', 'with mixup 0.2']
    """
    variants = [Variant(WHOLE, config)]
    for part in PARTS:
        for name, usual in vars(getattr(default, part)).items():
            value = getattr(getattr(config, part), name)
            if value != usual and not (part == "training" and name in CONDITIONS):
                variants.append(
                    Variant(f"without {_words(name, value)}", _without(config, default, part, name))
                )
    for flags in also:
        variants.append(Variant(f"with {flags.removeprefix('--')}", _with(config, flags)))
    if len(variants) == 1:
        raise InputError(
            "There is nothing to compare: the training is the study's own; give it flags, or name some with --also."
        )
    return variants


def _without(config: Config, default: Config, part: str, name: str) -> Config:
    """Returns a configuration with one setting as the study has it, and those that need it too."""
    dropped = {name} | {other for other, needed in NEEDED.items() if part == "training" and needed == name}
    usual = getattr(default, part)
    return config.replace(**{part: {dropped_name: getattr(usual, dropped_name) for dropped_name in dropped}})


def _with(config: Config, flags: str) -> Config:
    """Returns a configuration changed by flags."""
    words = shlex.split(flags)
    if words and not words[0].startswith("--"):
        words[0] = f"--{words[0]}"
    found = read_arguments(
        Command, words, description="", name="recipe --also", default=Command(**parts_of(config))
    )
    changed, _ = configuration(found, Config(config.experiment))
    _check_same_conditions(flags, config, changed)
    return changed


def _check_same_conditions(flags: str, config: Config, changed: Config) -> None:
    conditions = [
        *((config, changed, part) for part in ("corpus", "split")),
        *((config.training, changed.training, name) for name in CONDITIONS),
    ]
    for before, after, name in conditions:
        if getattr(before, name) != getattr(after, name):
            raise InputError(
                f"--also {flags!r} changes the {name.replace('_', ' ')}, which all variants have in common; give that "
                "flag by itself."
            )
    if changed == config:
        raise InputError(f"--also {flags!r} changes nothing; leave it out.")


def _words(name: str, value: Any) -> str:
    """A setting and its value as on the command line, without dashes."""
    name = name.replace("_", " ")
    if isinstance(value, bool):
        return name if value else f"no {name}"
    if isinstance(value, dict):
        value = [word for pair in value.items() for word in pair]
    values = value if isinstance(value, list | tuple) else [value]
    return " ".join([name, *map(str, values)])
