"""Which music is there, whose is it, and what is one work? Builds a corpus, describes it, and checks it.

    python -m experiments.catalogue
    python -m experiments.catalogue midi_classics --data-home midi-classic-music.zip --pieces clean --output tables
    python -m experiments.catalogue midi_classics --why "Winter wind etude" "Etude op25 n11"
    python -m experiments.catalogue midi_classics --validate

Prints a row for each composer and every file that is left out, with the reason. The first time takes seconds for a
thousand files; from then on what was prepared is opened again. `--validate` reads every file with pretty_midi too,
which takes minutes, and ends with exit status 1 if a roll is another.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro

from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.config import REPOSITORY, CorpusConfig
from experiments.engine.tables import module_of
from features.corpora import CORPORA
from features.corpora.catalogue import Piece, Request
from features.corpora.composers import find_composer, find_mistakes, load_composers
from features.errors import InputError

if TYPE_CHECKING:
    from features.datasets import Dataset, LeftOut

EXIT_MISTAKE = 1
"""Exit status when a check fails."""

IN_DOUBT, SAME_BYTES = "label in doubt: ", "the same bytes as "
"""How reasons begin that corpora give themselves."""

LONGEST_LIST = {"copies": 10, "label in doubt": 100, "cannot be used": 100}
"""Files named on the screen for each kind of reason; `--output` writes all of them."""

PIECE_COLUMNS = ("piece", "composer", "work", "source", "chunks", "seconds", "sha256")
LEFT_OUT_COLUMNS = ("piece", "composer", "reason")


@dataclass(frozen=True)
class Arguments:
    """What to catalogue, and what to do with it."""

    corpus: tyro.conf.Positional[str] = CorpusConfig().corpus
    """Name of a corpus: music21_scores, midi_classics, composer_folders, synthetic."""
    pieces: Literal["reference", "clean"] = "reference"
    """Which list of its pieces: reference, as they stand; clean, labels put right (midi_classics only)."""
    composers: tuple[str, ...] = ()
    """Only these composers; none: all of them."""
    why: tuple[str, str] | None = None
    """Explain why two pieces are one work, or are not; a part of each name is enough, if no other piece has it."""
    validate: bool = False
    """Compare the roll of every file with pretty_midi's, on all cores."""
    output: Path | None = None
    """Write pieces.csv and left_out.csv to this folder."""
    data_home: Path | None = None
    """Where the corpus lies: a zip file, a folder, or a CSV file."""
    download: bool = False
    """Fetch the corpus from the network if the corpus can be fetched."""
    cache_dir: Path = REPOSITORY / ".cache"
    """Where prepared data is kept."""


@as_sentences
def main(argv: Sequence[str] | None = None) -> None:
    """Prepares the corpus that the command line names, and does with it what the flags ask for."""
    arguments = read_arguments(Arguments, argv, description=__doc__, name="catalogue")
    pieces, dataset = load(arguments)
    if arguments.why:
        from experiments.engine.explanation import explain_pair

        print(explain_pair(pieces, dataset, *arguments.why))
        return
    show_composers(dataset, arguments)
    show_left_out(dataset.left_out, arguments.output)
    show_put_right(pieces)
    if arguments.output:
        write_tables(dataset, arguments.output)
    mistakes = check_labels(dataset)
    if arguments.validate:
        mistakes += validate([piece for piece in pieces if not piece.left_out])
    num_works = len(set(dataset.works))
    print(
        f"In all {len(dataset.pieces):,} pieces by {len(dataset.classes)} composers, {num_works:,} works, "
        f"{len(dataset.chunk_pieces):,} chunks; {len(dataset.left_out):,} files left out."
    )
    if mistakes:
        sys.exit(EXIT_MISTAKE)


def load(arguments: Arguments) -> tuple[list[Piece], "Dataset"]:
    """Returns the pieces asked for, and the same read and encoded as studies read them by default."""
    corpus = module_of(CORPORA, arguments.corpus, kind="corpus")
    pieces = corpus.load(
        Request(
            composers=arguments.composers,
            pieces=arguments.pieces,
            data_home=arguments.data_home and arguments.data_home.expanduser(),
            cache_dir=arguments.cache_dir,
            download=arguments.download,
        )
    )
    from features.datasets import load_dataset
    from features.encoders.piano_roll import PianoRoll

    return pieces, load_dataset(pieces, PianoRoll(), cache_dir=arguments.cache_dir)


def show_composers(dataset: "Dataset", arguments: Arguments) -> None:
    """Prints a row for each composer, the one with the most pieces first, and the totals."""
    from rich.table import Table

    seconds = dataset.num_frames / dataset.encoder.frames_per_second
    left_out = Counter(left.composer for left in dataset.left_out)
    rows = []
    for label, name in enumerate(dataset.classes):
        mine = dataset.labels == label
        rows.append(
            (
                name,
                *_describe(dataset, mine),
                dataset.num_chunks[mine].sum(),
                seconds[mine].sum(),
                left_out.pop(name, 0),
            )
        )
    rows += [(name, 0, 0, 0, 0, 0.0, count) for name, count in left_out.items()]
    rows.sort(key=lambda row: (-row[1], row[0]))
    table = Table(title=f"{arguments.corpus}, pieces {arguments.pieces}", show_footer=True)
    totals = (
        len(dataset.pieces),
        len(set(dataset.works)),
        len(set(dataset.sources)),
        len(dataset.chunk_pieces),
    )
    footers = (
        f"{len(rows)} composers",
        "",
        "",
        *map(_number, (*totals, seconds.sum(), len(dataset.left_out))),
    )
    headings = ("composer", "lived", "era", "pieces", "works", "sources", "chunks", "seconds", "left out")
    for place, (heading, footer) in enumerate(zip(headings, footers, strict=True)):
        table.add_column(heading, footer, justify="left" if place in (0, 2) else "right", no_wrap=True)
    for name, *numbers in rows:
        table.add_row(name, *_life(name), *map(_number, numbers))
    _print(table)


def _describe(dataset: "Dataset", mine: "Sequence[bool]") -> tuple[int, int, int]:
    """Returns the numbers of pieces, works and sources among some of the pieces."""
    works = {work for work, is_mine in zip(dataset.works, mine, strict=True) if is_mine}
    sources = {source for source, is_mine in zip(dataset.sources, mine, strict=True) if is_mine}
    return int(sum(mine)), len(works), len(sources)


def _life(label: str) -> tuple[str, str]:
    """Returns the years and the era of a composer; empty if they are not known."""
    found = find_composer(label)
    one = next((one for one in load_composers() if one.composer == found), None)
    if one is None:
        return "", ""
    return (f"{one.born}-{one.died or ''}" if one.born else ""), one.era


def show_left_out(left_out: "Sequence[LeftOut]", output: Path | None) -> None:
    """Prints every file that is left out, under the kind of its reason; of long lists the beginning."""
    groups: dict[str, list[str]] = {}
    for left in left_out:
        groups.setdefault(kind_of(left.reason), []).append(
            f"{left.piece}: {left.reason.removeprefix(IN_DOUBT)}"
        )
    for kind, lines in groups.items():
        longest = LONGEST_LIST[kind]
        print(f"{len(lines)} left out, {kind}:")
        _print_lines(lines[:longest])
        if len(lines) > longest:
            where = "are in left_out.csv" if output else "with --output FOLDER, in left_out.csv"
            print(f"  ... {len(lines) - longest:,} more {where}")


def kind_of(reason: str) -> str:
    """Returns what reasons like this one have in common.

    Example:
        >>> kind_of("the same bytes as Bach/Air.mid"), kind_of("label in doubt: spurious")
        ('copies', 'label in doubt')
        >>> kind_of("it has no MIDI header (MThd)")
        'cannot be used'
    """
    if reason.startswith(SAME_BYTES):
        return "copies"
    return "label in doubt" if reason.startswith(IN_DOUBT) else "cannot be used"


def show_put_right(pieces: Sequence[Piece]) -> None:
    """Prints the pieces that have another composer than the folder in which they lie says."""
    lines = []
    for piece in pieces:
        folder, slash, _ = piece.piece.partition("/")
        named = find_composer(folder) if slash else None
        if named and find_composer(piece.composer) != named and not piece.left_out:
            lines.append(f"{piece.piece}: by {piece.composer}")
    if lines:
        print(f"{len(lines)} under another composer than their folder names:")
        _print_lines(lines)


def write_tables(dataset: "Dataset", folder: Path) -> None:
    """Writes `pieces.csv` and `left_out.csv`."""
    from experiments.engine.records import write_csv

    folder = folder.expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    seconds = dataset.num_frames / dataset.encoder.frames_per_second
    columns = (
        dataset.pieces,
        dataset.composers,
        dataset.works,
        dataset.sources,
        dataset.num_chunks.tolist(),
        [f"{length:.1f}" for length in seconds],
        dataset.contents,
    )
    rows = (dict(zip(PIECE_COLUMNS, row, strict=True)) for row in zip(*columns, strict=True))
    write_csv(folder / "pieces.csv", PIECE_COLUMNS, rows)
    rows = (
        dict(zip(LEFT_OUT_COLUMNS, (o.piece, o.composer, o.reason), strict=True)) for o in dataset.left_out
    )
    write_csv(folder / "left_out.csv", LEFT_OUT_COLUMNS, rows)
    print(
        f"Wrote pieces.csv ({len(dataset.pieces):,}) and left_out.csv ({len(dataset.left_out):,}) to {folder}."
    )


def check_labels(dataset: "Dataset") -> int:
    """Checks the table of composers and prints the labels that it does not know; returns the number of mistakes."""
    mistakes = find_mistakes(load_composers())
    for mistake in mistakes:
        print(f"composers.csv: {mistake}")
    unknown = Counter(name for name in dataset.composers if find_composer(name) is None)
    if 0 < len(unknown) < len(dataset.classes):  # if it knows none, the labels are not meant to be composers
        named = ", ".join(f"{name} ({count})" for name, count in unknown.most_common())
        print(f"Labels that composers.csv does not know: {named}.")
    return len(mistakes)


def validate(pieces: Sequence[Piece]) -> int:
    """Compares all rolls with pretty_midi's and prints the outcome; returns how many differ."""
    from concurrent.futures.process import BrokenProcessPool

    from tqdm import tqdm

    from experiments.engine.oracle import compare_all

    compared = []
    try:
        for comparison in tqdm(compare_all(pieces), "Comparing with pretty_midi", len(pieces), unit="piece"):
            compared.append(comparison)
    except BrokenProcessPool as error:
        raise InputError(
            f"A process was ended while it compared files, after {len(compared)} of {len(pieces)}, perhaps for "
            "want of memory; try again with fewer composers."
        ) from error
    refused = [comparison for comparison in compared if comparison.refused]
    differing = [comparison for comparison in compared if comparison.difference]
    num_read = len(compared) - len(refused)
    print(
        f"pretty_midi reads {num_read:,} of {len(compared):,} files; "
        f"the rolls of {num_read - len(differing):,} of these {num_read:,} are equal, cell by cell."
    )
    if differing:
        print(
            f"The first of {len(differing):,} that differ: {differing[0].piece}: {differing[0].difference}."
        )
    return len(differing)


def _print_lines(lines: Sequence[str]) -> None:
    for line in lines:
        print(f"  {line}")


def _print(table: object) -> None:
    from rich.console import Console

    # A narrow terminal rather breaks the lines than lacks the ends of numbers.
    Console(width=max(Console().width, 110)).print(table)


def _number(value: float) -> str:
    return f"{value:,.0f}"


if __name__ == "__main__":
    main()
