"""Which notes speak for which composer? Explains what a saved model answers, and checks that this can be believed.

    python -m experiments.explain results/runs/four_composers/RUN piece.mid
    python -m experiments.explain RUN "Winter wind etude" --corpus midi_classics --pieces clean --data-home FILE
    python -m experiments.explain RUN --check --num-pieces 100 --corpus midi_classics --pieces clean --data-home FILE

The first two write `explain.html`: the roll with each note coloured by how much it speaks for the composer, told in two
ways (integrated gradients; what the model answers without the note), and the passages that decided, to listen to. The
third takes pieces that the model has never heard: does it cost more to take away the notes that decided than random
ones, and is a model that has learnt nothing explained differently? It also says which pitch classes, registers and
rhythms speak for whom, and pages of pieces quote it from then on. A piece takes seconds, a hundred some ten minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.config import CorpusConfig, Places
from experiments.engine.records import prepare_output
from features.errors import InputError

SHORTEST_S = 15
"""Less music says hardly anything of a composer."""


@dataclass(frozen=True)
class Arguments:
    """Whom to explain, and on which music."""

    model: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="MODEL")]
    """A run folder, or an .h5 file with its .json beside it, or the name of a shipped model."""
    piece: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(metavar="PIECE")] = None
    """A MIDI file or a score; or the name of a piece of the corpus, or a part of it."""
    composer: str | None = None
    """For whom notes should speak; none: whom the model answers."""
    check: bool = False
    """Check explanations over pieces of the corpus that the model has never heard."""
    num_pieces: int = 100
    """How many pieces a check takes."""
    seconds: float = 60
    """How much of each piece a check takes, from its beginning."""
    sounds: bool = True
    """Whether the passages that decided can be heard."""
    seed: int = 0
    """Another seed checks other pieces and other random notes."""
    output: Path | None = None
    """Folder for the page of a piece (results/runs/explain/MODEL/PIECE)."""
    corpus: CorpusConfig = CorpusConfig()
    places: Places = Places()


@as_sentences(
    interrupted="Interrupted; the same command with --resume goes on with a check.",
    advice="Make room, or choose other folders with --results-dir, --output and --cache-dir.",
)
def main(argv: Sequence[str] | None = None) -> None:
    """Explains or checks what the command line asks for."""
    arguments = read_arguments(
        Arguments, argv, description=__doc__, name="explain", default=Arguments(tyro.MISSING)
    )
    check_flags(arguments)
    prepare_output(arguments.output or arguments.places.results_dir)
    from experiments.engine.explaining.checking import check, verdict
    from experiments.engine.saved_models import load_saved_model

    saved = load_saved_model(arguments.model)
    if arguments.check:
        folder, found = check(
            saved,
            arguments.corpus,
            arguments.places,
            num_pieces=arguments.num_pieces,
            seconds=arguments.seconds,
            seed=arguments.seed,
        )
        print("\n".join([*found["sentences"], verdict(found), f"Open {folder / 'check.html'}"]))
        return
    from experiments.engine.explaining.page import explain_piece

    folder, said = explain_piece(
        saved,
        arguments.piece,
        arguments.corpus,
        arguments.places,
        composer=arguments.composer,
        sounds=arguments.sounds,
        output=arguments.output,
    )
    print("\n".join([*said, f"Open {folder / 'explain.html'}"]))


def check_flags(arguments: Arguments) -> None:
    """Refuses a command that asks for nothing, or for two things at once.

    Raises:
        InputError: It is such a one.
    """
    if arguments.check == (arguments.piece is not None):
        raise InputError("Expected either a piece to explain or --check; give one of them.")
    if arguments.check and (arguments.composer or arguments.output):
        raise InputError("--composer and --output are for a piece; leave them out beside --check.")
    if arguments.num_pieces < 1:
        raise InputError(f"Expected num_pieces to be 1 or more, but received {arguments.num_pieces}.")
    if not arguments.seconds >= SHORTEST_S:
        raise InputError(
            f"Expected seconds to be {SHORTEST_S} or more, as long as a chunk, but received {arguments.seconds:g}."
        )


if __name__ == "__main__":
    main()
