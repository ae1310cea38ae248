"""What is each part of a training recipe worth? The same training without each of them, scored on validation works.

    python -m experiments.recipe four_composers --average 0.998 --note-dropout 0.05 --sampling composer work
    python -m experiments.recipe four_composers --average 0.998 --also "mixup 0.2" "hyperparameters dropout 0.2"
    python -m experiments.recipe four_composers --protocol source --folds 0 1 --no-leave-out --also "model pitch_cnn"
    python -m experiments.recipe four_composers --smoke --average 0.9

Every flag by which the recipe differs from the study is left out once (not with `--no-leave-out`), and what `--also`
names is added once. All are trained on the same works for as long, and keep the network of the last epoch, so that no
epoch is chosen for one of them; test works are not touched. Started again with `--resume`, it goes on, also with other
parts, but not on other folds; `leaderboard --publish` takes its folder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from experiments import STUDIES
from experiments.engine.command import Command, as_sentences, configuration, read_for_study
from experiments.engine.recipes import FOLDS
from features.errors import InputError


@dataclass(frozen=True)
class Arguments(Command):
    """What was asked for on the command line."""

    study: Annotated[Literal[tuple(STUDIES)], tyro.conf.Positional] = "four_composers"
    """The study whose training it is."""
    also: tuple[str, ...] = ()
    """What else might help: flags of the study, such as "mixup 0.2", a training each."""
    leave_out: bool = True
    """Whether each flag of the recipe is left out once, too."""
    folds: tuple[int, ...] = FOLDS
    """Folds of the study, the same for all; of each, the validation part is asked about."""

    def __post_init__(self) -> None:
        """Refuses folds given twice."""
        if not self.folds or len(set(self.folds)) < len(self.folds):
            raise InputError(f"Expected folds to be numbers of different folds, but received {self.folds}.")


@as_sentences
def main(argv: Sequence[str] | None = None) -> None:
    """Compares the recipe that the command line asks for with its variants."""
    study, asked = read_for_study(Arguments, argv, description=__doc__, name="recipe")
    for part, name, instead in (("split", "fold", "give --folds"), ("training", "patience", "give --epochs")):
        if getattr(getattr(asked, part), name) != getattr(getattr(study.DEFAULT, part), name):
            raise InputError(f"--{name} has no say here; {instead}, and leave it out.")
    config, places = configuration(asked, study.DEFAULT)
    config = study.configure(config).replace(training={"patience": None})
    from experiments.engine.recipes.variants import check_can_be_compared, variants_of

    check_can_be_compared(config)
    usual = study.configure(study.DEFAULT.replace(encoder={"encoder": config.encoder.encoder}))
    variants = variants_of(config, usual, asked.also, leave_out=asked.leave_out)
    from experiments.engine.recipes.comparing import compare_recipe, print_recipe

    print_recipe(compare_recipe(config, places, variants, folds=asked.folds))


if __name__ == "__main__":
    main()
