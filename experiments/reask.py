"""What if a trained network were asked in another way? Takes the networks of a run, and answers anew.

    python -m experiments.reask results/runs/four_composers/RUN --answer-transpose 2 --data-home FILE
    python -m experiments.reask results/runs/four_composers/STUDY --answer-overlap 1 --data-home FILE

Pieces can be read from more places and in more keys, which takes longer and may know better; training is the same
either way. This makes the run folder that the study would have made with these flags, in the time that the answers
take: of a study over all folds, fold by fold. It tells the scores on validation works, which may choose, beside those
of before. Interrupted, it goes on with --resume.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.config import Places
from experiments.engine.records import is_finished
from features.errors import InputError


@dataclass(frozen=True)
class Arguments:
    """Whose networks, and how to ask them."""

    run: Annotated[Path, tyro.conf.Positional]
    """A finished run folder with its model.h5, or a study over all folds with those of its folds."""
    answer_overlap: int | None = None
    """Read pieces from so many places a chunk (as the run was asked)."""
    answer_transpose: int | None = None
    """Take the mean over so many semitones up and down (as the run was asked)."""
    places: Places = Places()

    @property
    def ways(self) -> dict[str, int]:
        """What is to be other than it was."""
        given = {"answer_overlap": self.answer_overlap, "answer_transpose": self.answer_transpose}
        return {name: value for name, value in given.items() if value is not None}


@as_sentences(
    interrupted="Interrupted; the same command with --resume goes on after the last fold that was finished."
)
def main(argv: Sequence[str] | None = None) -> None:
    """Asks the run that the command line names."""
    asked = read_arguments(
        Arguments, argv, description=__doc__, name="reask", default=Arguments(tyro.MISSING)
    )
    if not (is_finished(asked.run) and (asked.run / "config.json").exists()):
        raise InputError(
            f"Expected a finished run folder, of one fold or of all, but {asked.run} is none; run the study to its end."
        )
    from experiments.engine.reasking import reask

    reask(asked.run, asked.places, **asked.ways)


if __name__ == "__main__":
    main()
