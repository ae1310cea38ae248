"""Which network is worth its cost? Runs a study with every builder on the same folds: scores beside seconds and size.

    python -m experiments.builders four_composers --corpus midi_classics --pieces clean
    python -m experiments.builders four_composers --builders frame_cnn crnn gru --folds 0 1 2 3 4
    python -m experiments.builders four_composers --smoke

Finished runs are taken, from here or from the published ones, instead of running them again, so the same command goes
on where it was stopped; with --no-train nothing is run. Each builder has its default settings. The classical baselines
stand in the same table: every run has them, on its own split. The study's own flags say what all are trained on.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from experiments import STUDIES
from experiments.engine.command import Command, as_sentences, configuration, read_for_study
from experiments.engine.zoo.candidates import ZooSettings
from features.errors import InputError

SMOKE = {"builders": ("frame_cnn", "gru")}
"""What a rehearsal compares, unless something else is asked for."""


@dataclass(frozen=True)
class Arguments(Command):
    """What was asked for on the command line."""

    study: Annotated[Literal[tuple(STUDIES)], tyro.conf.Positional] = "four_composers"
    """The study to run with each builder."""
    zoo: ZooSettings = ZooSettings()


@as_sentences(interrupted="Interrupted; the same command goes on where it was.")
def main(argv: Sequence[str] | None = None) -> None:
    """Compares the builders that the command line asks for."""
    study, asked = read_for_study(Arguments, argv, description=__doc__, name="builders")
    if asked.model != study.DEFAULT.model:
        raise InputError(
            "Every builder is run with its defaults; name some with --builders, and leave --model out."
        )
    config, places = configuration(asked, study.DEFAULT)
    config = study.configure(config)
    settings = asked.zoo
    if asked.smoke and not settings.builders and config.model.model in SMOKE["builders"]:
        settings = dataclasses.replace(settings, **SMOKE)
    alike = study.configure(study.DEFAULT.replace(corpus={"corpus": config.corpus.corpus}))
    standard = study.DEFAULT.replace(corpus={"composers": alike.corpus.composers})
    from experiments.engine.zoo.comparing import compare_builders

    compare_builders(config, places, settings, standard=standard)


if __name__ == "__main__":
    main()
