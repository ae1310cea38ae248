"""What does a corpus look and sound like? Describes every piece, draws all of them, shows one, and plays some.

    python -m experiments.explore
    python -m experiments.explore --corpus midi_classics --pieces clean --data-home midi-classic-music.zip
    python -m experiments.explore --piece "Bwv0526 Sonate" --frame-rates 16 10 8 4
    python -m experiments.explore --smoke

Writes `explore.html` with PNG files, sounds, and the numbers behind the figures as CSV files: lengths, notes, tempi,
polyphony, signatures and velocities by composer, chunks and padding; the multichannel roll of one piece at several
frame rates, to choose one by eye, and all its chunks; ten seconds of a random piece by each composer. Without
`--composers` all of the corpus are explored. A thousand files take some ten seconds.
"""

import dataclasses
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.config import REPOSITORY, CorpusConfig, EncoderConfig, Places
from experiments.engine.records import prepare_output
from features.errors import InputError
from features.words import counted

if TYPE_CHECKING:
    from features.corpora.catalogue import Piece
    from features.datasets import Dataset

FASTEST, LONGEST_S = 100, 120
"""Frames a second and seconds of a roll that a picture still shows."""


@dataclass(frozen=True)
class Arguments:
    """What to explore, and what to show of it."""

    corpus: CorpusConfig = CorpusConfig()
    encoder: EncoderConfig = EncoderConfig()
    piece: str | None = None
    """Which piece to show from close by: a part of its name, if no other piece has it; none: a random one."""
    frame_rates: tuple[float, ...] = (16, 10, 8, 4)
    """Frames a second at which to draw its roll, side by side."""
    seconds: float = 10
    """How much of the piece the rolls show."""
    most: int = 20
    """So many composers, those with the most pieces, have a row of their own in the figures; the rest share one."""
    sounds: bool = True
    """Whether to play ten seconds of each composer."""
    seed: int = 0
    """Another seed chooses other random pieces."""
    output: Path | None = None
    """Folder for the page, its pictures, sounds and tables (results/runs/explore/CORPUS)."""
    data_home: Path | None = None
    """Where the corpus lies: a zip file, a folder, or a CSV file."""
    download: bool = False
    """Fetch the corpus from the network if the corpus can be fetched."""
    cache_dir: Path = REPOSITORY / ".cache"
    """Where prepared data is kept."""
    smoke: bool = False
    """Rehearse: the page of made-up music, in seconds."""

    def __post_init__(self) -> None:
        """Refuses numbers with which nothing can be drawn."""
        if not self.frame_rates or not all(0 < rate <= FASTEST for rate in self.frame_rates):
            given = " ".join(f"{rate:g}" for rate in self.frame_rates) or "none"
            raise InputError(
                f"Expected frame_rates above 0 and up to {FASTEST}, but received {given}; give some, such as 16 10 8 4."
            )
        if not 0 < self.seconds <= LONGEST_S:
            raise InputError(
                f"Expected seconds above 0 and up to {LONGEST_S}, but received {self.seconds:g}."
            )
        if self.most < 1:
            raise InputError(f"Expected most to be 1 or more, but received {self.most}.")


@as_sentences(
    interrupted="Interrupted; start it again for the whole page.",
    advice="Make room, or choose other folders with --output and --cache-dir.",
)
def main(argv: Sequence[str] | None = None) -> None:
    """Explores the corpus that the command line names."""
    arguments = read_arguments(Arguments, argv, description=__doc__, name="explore")
    if arguments.smoke:
        arguments = dataclasses.replace(arguments, corpus=CorpusConfig("synthetic"))
    folder = arguments.output or REPOSITORY / "results" / "runs" / "explore" / arguments.corpus.corpus
    folder = prepare_output(folder)
    pieces, dataset = load(arguments)
    name = choose_piece(dataset, arguments)
    from experiments.engine.exploring.exploration import Exploration, explore
    from experiments.engine.exploring.sounds import describe_player
    from experiments.engine.inspection.description import show_left_out

    show_left_out(dataset.left_out, folder)
    if arguments.sounds and describe_player().advice:
        print(describe_player().advice, file=sys.stderr)
    chosen = {field.name: getattr(arguments, field.name) for field in dataclasses.fields(Exploration)}
    made = explore(pieces, dataset, folder, Exploration(**chosen | {"piece": name}))
    print(
        f"{counted(made['num_pieces'], 'piece')} by {counted(made['num_composers'], 'composer')}, "
        f"{counted(made['hours'], 'hour')}, {counted(made['num_chunks'], 'chunk')}; "
        f"{counted(made['num_left_out'], 'file')} left out. From close by: {name}.\n"
        f"Open {folder / 'explore.html'}"
    )


def load(arguments: Arguments) -> tuple[list["Piece"], "Dataset"]:
    """Returns the pieces asked for, and the same read and encoded."""
    from experiments.engine.runner import load_pieces, make_encoder
    from features.datasets import load_dataset
    from features.selection import keep_composers, sample_works

    corpus, encoder = arguments.corpus, make_encoder(arguments.encoder)
    places = Places(arguments.data_home, arguments.download, arguments.cache_dir)
    pieces = load_pieces(corpus, places)
    dataset = load_dataset(pieces, encoder, cache_dir=places.cache_dir)
    if corpus.min_share > 0 or corpus.min_works > 1:
        dataset = keep_composers(dataset, min_share=corpus.min_share, min_works=corpus.min_works)
    return pieces, dataset if corpus.sample == 1 else sample_works(dataset, corpus.sample)


def choose_piece(dataset: "Dataset", arguments: Arguments) -> str:
    """Returns the piece to show from close by: the one that is named, or a random one.

    Raises:
        InputError: No piece, or several, have such a name.
    """
    if arguments.piece is None:
        return random.Random(str(arguments.seed)).choice(dataset.pieces)
    from experiments.engine.inspection.explanation import find_piece

    return find_piece(
        dataset, arguments.piece, flag="--piece", table="descriptors.csv, written without --piece,"
    )


if __name__ == "__main__":
    main()
