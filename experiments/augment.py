"""How does it sound in another key, or faster? Transposes MIDI files and changes their tempo.

    python -m experiments.augment --data-home my-music --output transposed --semitones -2 2
    python -m experiments.augment --corpus midi_classics --data-home midi-classic-music.zip --output slow --tempo 0.8

Writes for each file, each number of semitones and each tempo a file of its own, whose name says what was done:
`Air+2.mid`, `Air x0.8.mid`, `Air+2 x0.8.mid`. All events are kept; drums are never transposed. A thousand files take
some seconds. To train on more keys and tempos no files are needed: see `--transpose` and `--tempo` of the studies.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.config import REPOSITORY, CorpusConfig, Places
from experiments.engine.records import prepare_output
from features.errors import InputError
from features.words import counted

if TYPE_CHECKING:
    from experiments.engine.augmenting import Change, Outcome, Source

SLOWEST, FASTEST = 0.05, 20.0
"""Tempos beyond which no music is left; MIDI itself has numbers for few more."""


@dataclass(frozen=True)
class Arguments:
    """What to change, and how."""

    semitones: tuple[int, ...] = (0,)
    """How far up to transpose, or down if negative: a file for each number."""
    tempo: tuple[float, ...] = (1.0,)
    """How many times as fast to play (1.1: a tenth faster): a file for each number."""
    edges: Literal["fold", "drop"] = "fold"
    """What becomes of notes beyond the 128 pitches: fold, brought back by octaves; drop, left out."""
    keys: Literal["follow", "leave"] = "follow"
    """What becomes of key signatures: follow, transposed as well; leave, as they were."""
    output: Path | None = None
    """Folder to write to, outside of what is read; the folders within that are kept."""
    overwrite: bool = False
    """Write files anew that are there already."""
    corpus: str | None = None
    """Take the pieces of a corpus, by its name, or of several with + between them; none: the files in --data-home."""
    pieces: Literal["reference", "clean"] = "reference"
    """Which list of its pieces: reference, as they stand; clean, labels put right (midi_classics only)."""
    composers: tuple[str, ...] = ()
    """Only these composers of the corpus; none: all of them."""
    data_home: Path | None = None
    """A MIDI file, a folder or a zip file; of a corpus, where it lies."""
    download: bool = False
    """Fetch the corpus from the network if the corpus can be fetched."""
    cache_dir: Path = REPOSITORY / ".cache"
    """Where a corpus may keep what it has converted."""

    def __post_init__(self) -> None:
        """Refuses numbers that leave no music."""
        for number in self.semitones:
            if abs(number) > 127:
                raise InputError(f"MIDI has 128 pitches: expected semitones from -127 to 127, not {number}.")
        for factor in self.tempo:
            if not SLOWEST <= factor <= FASTEST:
                raise InputError(
                    f"Expected a tempo from {SLOWEST:g} to {FASTEST:g} times that of the piece, not {factor:g}."
                )


@as_sentences(
    interrupted="Interrupted; the same command goes on with the files that are not there yet.",
    advice="Make room, or choose another folder with --output; then the same command goes on.",
)
def main(argv: Sequence[str] | None = None) -> None:
    """Writes the files that the command line asks for, and says what could not be done."""
    arguments = read_arguments(Arguments, argv, description=__doc__, name="augment")
    changes = changes_of(arguments)
    check_places(arguments)
    sources = sources_of(arguments)
    output = prepare_output(arguments.output)
    from experiments.engine.augmenting import augment

    report(list(augment(sources, changes, output, overwrite=arguments.overwrite)), output)


def changes_of(arguments: Arguments) -> "list[Change]":
    """Returns what to do to each file: every number of semitones at every tempo, but not nothing at all.

    Raises:
        InputError: Nothing is to be done.
    """
    from experiments.engine.augmenting import Change

    every = [
        Change(semitones, tempo, edges=arguments.edges, keys=arguments.keys)
        for semitones, tempo in product(arguments.semitones, arguments.tempo)
    ]
    changes = {str(change): change for change in every if str(change)}
    if not changes:
        raise InputError("There is nothing to change: give --semitones, such as -2 2, or --tempo.")
    return list(changes.values())


def check_places(arguments: Arguments) -> None:
    """Refuses a command that does not say where, or that would take what it writes for music to read.

    Raises:
        InputError: A place is missing, the output lies within the input, or there is no corpus to choose from.
    """
    home, output = (path and path.expanduser() for path in (arguments.data_home, arguments.output))
    if output is None:
        raise InputError("Say with --output where the files go: a folder outside of those that are read.")
    if home is None and arguments.corpus is None:
        raise InputError("Give --data-home a MIDI file, a folder or a zip file, or name a --corpus.")
    if arguments.corpus is None and (arguments.composers or arguments.pieces != Arguments.pieces):
        raise InputError(
            "--composers and --pieces choose from a corpus; name it with --corpus, or leave them out."
        )
    if home is not None and home.is_dir() and output.resolve().is_relative_to(home.resolve()):
        raise InputError(
            f"The output {output} lies within {home}, where the changed files would be taken for pieces; "
            "give --output a folder outside of it."
        )


def sources_of(arguments: Arguments) -> "list[Source]":
    """Returns the names of the files to change, and how to read them."""
    if arguments.corpus is None:
        from experiments.engine.augmenting import find_sources

        return find_sources(arguments.data_home.expanduser())
    from experiments.engine.runner import load_pieces

    corpus = CorpusConfig(arguments.corpus, arguments.pieces, arguments.composers)
    places = Places(arguments.data_home, arguments.download, arguments.cache_dir)
    pieces = load_pieces(corpus, places)
    return [(piece.piece, piece.read) for piece in pieces if not piece.left_out]


def report(outcomes: "Sequence[Outcome]", output: Path) -> None:
    """Says what was written, what was there before, and what could not be done.

    Raises:
        InputError: Nothing could be done at all.
    """
    problems = [outcome for outcome in outcomes if outcome.problem]
    num_there = sum(outcome.was_there for outcome in outcomes)
    num_written = len(outcomes) - len(problems) - num_there
    for outcome in problems:
        print(f"Left out: {outcome.name}: {outcome.problem}", file=sys.stderr)
    if len(problems) == len(outcomes):
        raise InputError(f"Nothing could be written to {output}; the reasons stand above.")
    print(
        f"Wrote {counted(num_written, 'file')} to {output}; {len(problems):,} could not be read or written."
    )
    if num_there:
        print(
            f"There already, and left as they were: {counted(num_there, 'file')}; --overwrite writes them anew."
        )


if __name__ == "__main__":
    main()
