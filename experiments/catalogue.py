"""Which music is there, whose is it, and what is one work? Builds a corpus, describes it, and checks it.

    python -m experiments.catalogue
    python -m experiments.catalogue midi_classics --data-home midi-classic-music.zip --pieces clean --output tables
    python -m experiments.catalogue midi_classics --min-share 0.002
    python -m experiments.catalogue midi_classics --why "Winter wind etude" "Etude op25 n11"
    python -m experiments.catalogue midi_classics --validate

Prints a row for each composer, how many have how much of the music, and the files that are left out, with the reason;
of long lists the beginning, all of them with `--output`.
The first time takes seconds for a thousand files; from then on what was prepared is opened again. `--validate` reads
every file with pretty_midi too, which takes minutes, and ends with exit status 1 if a roll is another or none could be
compared.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro

from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.config import REPOSITORY, CorpusConfig, Places
from experiments.engine.records import prepare_output
from features.census import above
from features.corpora.catalogue import Piece
from features.corpora.composers import find_composer, find_mistakes, load_composers
from features.errors import InputError
from features.words import counted

if TYPE_CHECKING:
    from features.datasets import Dataset

EXIT_MISTAKE = 1
"""Exit status when a check fails."""


@dataclass(frozen=True)
class Arguments:
    """What to catalogue, and what to do with it."""

    corpus: tyro.conf.Positional[str] = CorpusConfig().corpus
    """Name of a corpus: music21_scores, midi_classics, imslp_midi, composer_folders, synthetic;
    several are one with + between them."""
    pieces: Literal["reference", "clean"] = "reference"
    """Which list of its pieces: reference, as they stand; clean, labels put right (midi_classics only)."""
    composers: tuple[str, ...] = ()
    """Only these composers; none: all of them."""
    why: tuple[str, str] | None = None
    """Explain why two pieces are one work, or are not; a part of each name is enough, if no other piece has it."""
    min_share: float = 0.0
    """Say also how many composers have this share of all chunks (0.002: 0.2 %), and draw the others pale."""
    validate: bool = False
    """Compare the roll of every file with pretty_midi's, on all cores."""
    output: Path | None = None
    """Write pieces.csv, left_out.csv, composers.csv, thresholds.csv, catalogue.json and a figure to this folder."""
    data_home: Path | None = None
    """Where the corpus lies: a zip file, a folder, or a CSV file."""
    download: bool = False
    """Fetch the corpus from the network if the corpus can be fetched."""
    cache_dir: Path = REPOSITORY / ".cache"
    """Where prepared data is kept."""


@as_sentences(
    interrupted="Interrupted; start it again for the whole catalogue.",
    advice="Make room, or choose other folders with --output and --cache-dir.",
)
def main(argv: Sequence[str] | None = None) -> None:
    """Prepares the corpus that the command line names, and does with it what the flags ask for."""
    arguments = read_arguments(Arguments, argv, description=__doc__, name="catalogue")
    check_flags(arguments)
    output = prepare_output(arguments.output)
    pieces, dataset = load(arguments)
    if arguments.why:
        from experiments.engine.inspection.explanation import explain_pair

        print(explain_pair(pieces, dataset, *arguments.why))
        return
    from experiments.engine.composers.counts import show_thresholds, write_counts
    from experiments.engine.inspection.description import (
        show_composers,
        show_left_out,
        show_put_right,
        write_tables,
    )

    show_composers(dataset, f"{arguments.corpus}, pieces {arguments.pieces}")
    show_thresholds(dataset.census, also=[arguments.min_share])
    show_left_out(dataset.left_out, output)
    show_put_right(pieces)
    num_mistakes = check_labels(dataset)
    validation = None
    if arguments.validate:
        from experiments.engine.inspection.validation import validate

        validation = validate([piece for piece in pieces if not piece.left_out])
    if output:
        made_with = {"corpus": arguments.corpus, "pieces": arguments.pieces, "validation": validation}
        kept = [count.composer for count in above(dataset.census, min_share=arguments.min_share)]
        write_counts(output, dataset.census, kept, also=[arguments.min_share])
        write_tables(dataset, output, made_with)
    print(
        f"In all {counted(len(dataset.pieces), 'piece')} by {counted(len(dataset.classes), 'composer')}, "
        f"{counted(len(set(dataset.works)), 'work')}, {counted(len(dataset.chunk_pieces), 'chunk')}; "
        f"{counted(len(dataset.left_out), 'file')} left out."
    )
    # A comparison of nothing has not gone well either.
    if num_mistakes or (validation and not 0 < validation["num_read"] == validation["num_equal"]):
        sys.exit(EXIT_MISTAKE)


def check_flags(arguments: Arguments) -> None:
    """Refuses flags that would go unheeded, and a threshold that is no share.

    Raises:
        InputError: `--why` stands beside flags of the catalogue, or no composer can have the share.
    """
    CorpusConfig(min_share=arguments.min_share)  # which refuses it as for studies
    unheeded = [
        flag
        for flag, given in {
            "--output": arguments.output is not None,
            "--validate": arguments.validate,
            "--min-share": arguments.min_share != 0,
        }.items()
        if given
    ]
    if arguments.why and unheeded:
        raise InputError(
            f"--why explains two pieces and nothing else, but {' and '.join(unheeded)} came with it; "
            "ask for one at a time."
        )


def load(arguments: Arguments) -> tuple[list[Piece], "Dataset"]:
    """Returns the pieces asked for, and the same read and encoded as studies read them by default."""
    from experiments.engine.runner import load_pieces
    from features.datasets import load_dataset
    from features.encoders.piano_roll import PianoRoll

    corpus = CorpusConfig(arguments.corpus, arguments.pieces, arguments.composers)
    places = Places(arguments.data_home, arguments.download, arguments.cache_dir)
    pieces = load_pieces(corpus, places)
    return pieces, load_dataset(pieces, PianoRoll(), cache_dir=arguments.cache_dir)


def check_labels(dataset: "Dataset") -> int:
    """Checks the table of composers and prints the labels it lacks; returns the number of mistakes."""
    mistakes = find_mistakes(load_composers())
    for mistake in mistakes:
        print(f"composers.csv: {mistake}")
    unknown = Counter(name for name in dataset.composers if find_composer(name) is None)
    if 0 < len(unknown) < len(dataset.classes):  # if it knows none, the labels are not meant to be composers
        named = ", ".join(f"{name} ({count})" for name, count in unknown.most_common())
        print(f"Labels that composers.csv has no composer for: {named}.")
    return len(mistakes)


if __name__ == "__main__":
    main()
