"""The command line of every experiment: flags from the configuration, errors as sentences."""

import errno
import functools
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

from experiments import STUDIES
from experiments.engine.config import (
    AnswerConfig,
    Config,
    CorpusConfig,
    EncoderConfig,
    ModelConfig,
    Places,
    SplitConfig,
    TrainingConfig,
    smoke,
)
from experiments.engine.tables import module_of
from experiments.engine.teachers import name_teachers
from features.errors import InputError
from models.saving import ModelFileError

NEEDED = {
    "humanise": "renderings",
    "distillation": "teacher",
    "temperature": "teacher",
    "sampling_power": "sampling",
    "balance": "class_weights",
}
"""Settings of the training, and those without which they have no effect."""

T = TypeVar("T")
Main = Callable[..., None]

EXIT_INPUT, EXIT_INTERRUPTED = 2, 130
"""Exit statuses: the user can mend it; the user pressed Ctrl-C."""

CANNOT_WRITE = {
    *(errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)),
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR, errno.ENAMETOOLONG),
}
"""No room (Windows has no number for a quota), no permission, a file where a folder should be, too long a name."""

STUDY_INTERRUPTED = "Interrupted; a study goes on from the last epoch when it is started again with --resume."
STUDY_ADVICE = (
    "Make room, or choose other folders with --results-dir and --cache-dir; "
    "then the same command with --resume goes on."
)


@dataclass(frozen=True)
class Command:
    """What was asked for on the command line."""

    corpus: CorpusConfig
    encoder: EncoderConfig
    split: SplitConfig
    model: ModelConfig
    training: TrainingConfig
    answering: AnswerConfig = AnswerConfig()
    places: Places = Places()
    smoke: bool = False
    """Rehearse: synthetic corpus, one epoch, seconds."""


def parse(default: Config, argv: Sequence[str] | None, *, description: str) -> tuple[Config, Places]:
    """Returns the configuration and the places that a command line asks for.

    Args:
        default: The experiment's own configuration; flags change values of it.
        argv: Arguments, without the program's name; None for those of this process.
        description: What `--help` says above the flags.
    """
    command = read_arguments(
        Command, argv, description=description, name=default.experiment, default=Command(**parts_of(default))
    )
    return configuration(command, default)


def parts_of(default: Config) -> dict[str, Any]:
    """Returns the parts of a configuration that flags change."""
    parts = ("corpus", "encoder", "split", "model", "training", "answering")
    return {part: getattr(default, part) for part in parts}


def configuration(command: Command, default: Config) -> tuple[Config, Places]:
    """Returns the configuration that a command asks for, that of a rehearsal if it asks for one, and the places.

    Args:
        command: As it was read.
        default: The experiment's own configuration.

    Raises:
        InputError: A flag has no effect without another one.
        ModelFileError: There is no such teacher.
    """
    config = Config(default.experiment, **{part: getattr(command, part) for part in parts_of(default)})
    _check_all_have_an_effect(config, default)
    config, places = name_teachers(config, command.places)
    if not command.smoke:
        return config, places
    unheeded = _unheeded(config, default)
    if unheeded:
        print(
            f"A rehearsal has its own music and length; it does not heed {', '.join(unheeded)}.",
            file=sys.stderr,
        )
    return smoke(config), places


def _check_all_have_an_effect(config: Config, default: Config) -> None:
    for name, needed in NEEDED.items():
        is_given = getattr(config.training, name) != getattr(default.training, name)
        if is_given and not getattr(config.training, needed):
            flag, other = (f"--{setting.replace('_', '-')}" for setting in (name, needed))
            raise InputError(f"{flag} has no effect without {other}; add it, or leave {flag} out.")


def _unheeded(config: Config, default: Config) -> list[str]:
    """The flags whose values, given by the user, a rehearsal replaces by others."""
    given, usual, rehearsed = (values.to_dict() for values in (config, default, smoke(config)))
    return [
        f"--{name.replace('_', '-')}"
        for part, values in given.items()
        if isinstance(values, dict)
        for name, value in values.items()
        if value != usual.get(part, {}).get(name) and value != rehearsed.get(part, {}).get(name)
    ]


def read_arguments(
    kind: type[T], argv: Sequence[str] | None, *, description: str, name: str, default: T | None = None
) -> T:
    """Returns a dataclass filled from a command line, with a flag for each of its fields.

    Args:
        kind: The dataclass; fields of nested ones are flags of their own.
        argv: Arguments, without the program's name; None for those of this process.
        description: What `--help` says above the flags.
        name: Of the experiment or tool.
        default: What the flags change values of; None for the defaults of the dataclass.
    """
    import tyro

    return tyro.cli(
        kind,
        args=argv,
        default=kind() if default is None else default,
        description=description,
        prog=f"python -m experiments.{name}",
        config=(tyro.conf.OmitArgPrefixes,),
    )


def read_for_study(
    kind: type[T], argv: Sequence[str] | None, *, description: str, name: str
) -> tuple[ModuleType, T]:
    """Returns the study that a command line names, and the command with the defaults of this study.

    Args:
        kind: A `Command` with a positional field `study`.
        argv: Arguments, without the program's name; None for those of this process.
        description: What `--help` says above the flags.
        name: Of the tool.
    """

    def read(study: str, words: Sequence[str] | None) -> tuple[ModuleType, T]:
        module = module_of(STUDIES, study, kind="study")
        default = kind(**parts_of(module.DEFAULT))
        return module, read_arguments(kind, words, description=description, name=name, default=default)

    # Which word is the study, and which the value of a flag, is known only to who reads all of them.
    words = [word for word in (sys.argv[1:] if argv is None else argv) if word not in ("-h", "--help")]
    _, asked = read(kind.study, words)
    return read(asked.study, argv)


def as_sentences(
    main: Main | None = None, *, interrupted: str = STUDY_INTERRUPTED, advice: str = STUDY_ADVICE
) -> Callable:
    """Decorates a `main` so that what a user can mend ends in one sentence and an exit status.

    Args:
        main: Of a study; other tools say `@as_sentences(interrupted=..., advice=...)`.
        interrupted: What is said after Ctrl-C.
        advice: What to do about a file that could not be used.
    """
    if main is None:
        return functools.partial(as_sentences, interrupted=interrupted, advice=advice)

    @functools.wraps(main)
    def wrapped(argv: Sequence[str] | None = None) -> None:
        try:
            main(argv)
        except (InputError, ModelFileError) as error:
            _stop(str(error), EXIT_INPUT)
        except KeyboardInterrupt:
            _stop(interrupted, EXIT_INTERRUPTED)
        except OSError as error:
            if error.errno not in CANNOT_WRITE:
                raise
            where = f" ({error.filename})" if error.filename else ""
            _stop(f"A file could not be used: {os.strerror(error.errno)}{where}. {advice}", EXIT_INPUT)

    return wrapped


def _stop(sentence: str, status: int) -> None:
    print(sentence, file=sys.stderr)
    sys.exit(status)
