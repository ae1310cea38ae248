"""The trainings that are compared: a recipe, the same without each of its parts, and with what else might help."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from experiments.engine.auditing.network_runs import flag_of
from experiments.engine.command import NEEDED, Command, configuration, parts_of, read_arguments
from experiments.engine.config import Config
from features.errors import InputError

PARTS = ("encoder", "model", "training", "answering")
"""Parts of a configuration that a recipe is made of; the others say what it is tried on."""

CONDITIONS = ("epochs", "batch_size", "patience", "chunks_per_epoch", "precision", "seed")
"""Settings of the training that are no part of a recipe: all variants have them in common."""

SETTLED = {("training", name) for name in CONDITIONS} | {("answering", "bag")}
"""The same with their parts, and the bag, which the builder decides on: not left out."""

WHOLE, WITHOUT = "as it is", "without"


@dataclass(frozen=True)
class Variant:
    """One of the trainings.

    Attributes:
        name: Which flag it does without, or has beside those of the recipe.
        config: What it is.
    """

    name: str
    config: Config


def variants_of(
    config: Config, default: Config, also: Sequence[str], *, leave_out: bool = True
) -> list[Variant]:
    """Returns the recipe, the same without each setting that differs from the study's default, and with others.

    A setting that has no effect without another is left out with it, and the hyper-parameters with their model; each of
    these is also left out by itself.

    Args:
        config: The recipe.
        default: Of the study.
        also: Flags, such as `"mixup 0.2"`: a variant each.
        leave_out: Whether settings are left out, too.

    Raises:
        InputError: There is nothing to leave out and nothing to add, or what is added says what to try it on.

    Example:
        >>> study = Config("four_composers")
        >>> recipe = study.replace(training={"sampling": ("work",), "sampling_power": 0.5, "average": 0.99})
        >>> [variant.name for variant in variants_of(recipe, study, ["mixup 0.2"])]
        ... # doctest: +NORMALIZE_WHITESPACE
        ['as it is', 'without --average 0.99', 'without --sampling work', 'without --sampling-power 0.5',
         'with --mixup 0.2']
    """
    variants = [Variant(WHOLE, config)]
    for part in PARTS if leave_out else ():
        for name, usual in vars(getattr(default, part)).items():
            value = getattr(getattr(config, part), name)
            if name == "hyperparameters":
                variants += [_without_hyperparameter(config, key) for key in value]
            elif value != usual and (part, name) not in SETTLED:
                words = f"{WITHOUT} {' '.join(flag_of(getattr(config, part), name))}"
                variants.append(Variant(words, _without(config, default, part, name)))
    for flags in also:
        flags = flags if flags.startswith("--") else f"--{flags}"
        variants.append(Variant(f"with {flags}", _with(config, flags)))
    if len(variants) == 1:
        raise InputError(
            "There is nothing to compare: no flag of the training is to be left out, and none is added; give it flags, "
            "or name some with --also."
        )
    return variants


def _without(config: Config, default: Config, part: str, name: str) -> Config:
    """Returns a configuration with one setting as the study has it, and those that need it too."""
    dropped = {part: {name: getattr(getattr(default, part), name)}}
    if part == "training":
        needing = [other for other, needed in NEEDED.items() if needed == name]
        dropped[part] |= {other: getattr(default.training, other) for other in needing}
    if (part, name) == ("model", "model"):
        dropped = {"model": vars(default.model), "answering": {"bag": default.answering.bag}}
    return config.replace(**dropped)


def _without_hyperparameter(config: Config, key: str) -> Variant:
    """Returns the variant whose builder has its own default of one hyper-parameter."""
    others = {name: value for name, value in config.model.hyperparameters.items() if name != key}
    value = config.model.hyperparameters[key]
    return Variant(
        f"{WITHOUT} --hyperparameters {key} {value}", config.replace(model={"hyperparameters": others})
    )


def _with(config: Config, flags: str) -> Config:
    """Returns a configuration changed by flags; hyper-parameters join those that there are."""
    start = config.replace(model={"hyperparameters": {}})
    try:
        words = shlex.split(flags)
    except ValueError as error:
        raise InputError(
            f"Expected --also to name flags and their values, but {flags!r} has a quotation mark that nothing closes."
        ) from error
    found = read_arguments(Command, words, description="", name="recipe", default=Command(**parts_of(start)))
    changed, _ = configuration(found, Config(config.experiment))
    if changed.model.model == config.model.model:
        joined = {**config.model.hyperparameters, **changed.model.hyperparameters}
        changed = changed.replace(model={"hyperparameters": joined})
    _check_same_conditions(flags, config, changed)
    check_can_be_compared(changed)
    return changed


def check_can_be_compared(config: Config) -> None:
    """Refuses trainings that would know more than others, or other works than they are scored on.

    Raises:
        InputError: One of these was asked for.
    """
    if config.training.teacher:
        raise InputError("Teachers would bring in what they have learnt; leave --teacher out.")
    if config.training.schedule == "plateau":
        raise InputError(
            "The schedule plateau goes by the very works on which recipes are scored; take another --schedule."
        )
    if config.split.protocol == "chunk":
        raise InputError("Recipes are compared on validation works; take another protocol than chunk.")


def _check_same_conditions(flags: str, config: Config, changed: Config) -> None:
    conditions = [
        *((config, changed, part) for part in ("corpus", "split")),
        *((config.training, changed.training, name) for name in CONDITIONS),
    ]
    for before, after, name in conditions:
        if getattr(before, name) != getattr(after, name):
            raise InputError(
                f'--also "{flags}" changes the {name.replace("_", " ")}, which all variants have in common; give that '
                "flag by itself."
            )
    if changed == config:
        raise InputError(f'--also "{flags}" changes nothing; leave it out.')
