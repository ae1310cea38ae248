"""What is a score made of? Audits a study: under other protocols, without this or that, and on other music.

    python -m experiments.audit four_composers --corpus midi_classics --pieces clean
    python -m experiments.audit four_composers --train --network-rungs work source --network-ablations
    python -m experiments.audit four_composers --external FOLDER
    python -m experiments.audit four_composers --smoke

Cheap models climb the whole ladder (chunk, file, near_duplicate, work, source) and try every ablation, on all folds.
The network is shown wherever a finished run of it is found, and otherwise the command that runs it; with --train it is
trained, on --fold. FOLDER holds a folder for each composer. Stop it when you like: the same command with --resume goes
on, and takes up what has been run in the meantime. The study's own flags say what is audited.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from experiments import STUDIES
from experiments.engine.auditing.settings import AuditSettings, ExternalSettings
from experiments.engine.command import Command, as_sentences, configuration, read_for_study
from experiments.engine.search.config import check_search_name
from features.corpora import WITHOUT_FOLDER
from features.errors import InputError

SMOKE = {"ablations": ("without_velocity", "random_key", "without_tempo", "without_traces")}
"""What a rehearsal takes away, unless something else is asked for."""

SMOKE_FOLDS = 3


@dataclass(frozen=True)
class Arguments(Command):
    """What was asked for on the command line."""

    study: Annotated[Literal[tuple(STUDIES)], tyro.conf.Positional] = "four_composers"
    """The study to audit."""
    audit: AuditSettings = AuditSettings()
    other: ExternalSettings = ExternalSettings()
    name: str = ""
    """Of the audit's folder; made of corpus, model and protocol if it is left out."""


@as_sentences(interrupted="Interrupted; with --resume the audit goes on where it was.")
def main(argv: Sequence[str] | None = None) -> None:
    """Runs the audit that the command line asks for."""
    study, asked = read_for_study(Arguments, argv, description=__doc__, name="audit")
    check_search_name(asked.name)
    check_other(asked.other)
    config, places = configuration(asked, study.DEFAULT)
    config = study.configure(config)
    if asked.smoke:
        config = config.replace(split={"num_folds": SMOKE_FOLDS})
    settings = (
        dataclasses.replace(asked.audit, **SMOKE)
        if asked.smoke and asked.audit == AuditSettings()
        else asked.audit
    )
    alike = study.configure(study.DEFAULT.replace(corpus={"corpus": config.corpus.corpus}))
    standard = study.DEFAULT.replace(corpus={"composers": alike.corpus.composers})
    from experiments.engine.auditing.auditing import run_audit

    run_audit(config, places, settings, external=asked.other, standard=standard, name=asked.name)


def check_other(other: ExternalSettings) -> None:
    """Refuses flags of other music that would go unheeded.

    Raises:
        InputError: There is no other music to use them on, or its corpus is not read from a folder.
    """
    if not other.is_wanted and other != ExternalSettings():
        raise InputError(
            "--transfer-model and --external-pieces are for other music; say with --external where it lies, or leave "
            "them out."
        )
    if other.external is not None and other.corpus in WITHOUT_FOLDER:
        raise InputError(
            f"The corpus {other.corpus} is not read from a folder, but --external {other.external} came with it; "
            "give one of the two."
        )


if __name__ == "__main__":
    main()
