"""How fast a corpus becomes chunks on disk, beside the alternative."""

import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from experiments.engine.speed.routes import lay_out, take_turns, unusable
from experiments.engine.speed.settings import Corpus
from experiments.engine.speed.tables import megabytes, print_table
from experiments.engine.speed.timing import Measurement
from experiments.engine.tables import module_of
from features.corpora import CORPORA
from features.corpora.catalogue import Piece, Request
from features.errors import InputError

WHAT_COUNTS = """
Each time: a new process on one core, which has taken the route with three files before the clock starts, so that
imports are over and compiled code is loaded; the MIDI files, unpacked, in the system's memory; an empty folder, written
to disk as the system sees fit. Files that either route cannot use are left out. Peak memory includes the libraries.
  rollcall     digests, rolls, fingerprints, outlines and sources of all files, in the closed store
  dataset      the same, and then the work of each piece: all that a study does before its split
  pretty_midi  PrettyMIDI(file), get_piano_roll(fs=10), chunks of 150 frames with the channels binary and velocity,
               numpy.savez_compressed for each piece, which was faster here than numpy.save
  plain        reads the bytes of every file, writes as many bytes as rollcall's store has"""


def benchmark(asked: Corpus) -> None:
    """Times every route and prints a row for each."""
    pieces = load_pieces(asked)
    asked.cache_dir.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="benchmark-", dir=asked.cache_dir) as folder:
        laid_out = lay_out(pieces, Path(folder, "files"))
        problems = unusable(laid_out)
        usable = [piece for piece in laid_out if piece.piece not in problems]
        if not usable:
            raise InputError(
                f"None of the {len(pieces)} files can be used; take more of them, or another corpus."
            )
        measured = take_turns(usable, Path(folder), repeats=asked.repeats)
        problems |= measured["pretty_midi"][0].result.problems
        num_bytes = sum(len(piece.read()) for piece in usable if piece.piece not in problems)
    for name, reason in problems.items():
        print(f"Left out: {name}: {reason}", file=sys.stderr)
    look = f"; only every {asked.every}th file, for a quick look" if asked.every > 1 else ""
    num_files = len(pieces) - len(problems)
    report(
        f"{asked.corpus.corpus}: {num_files:,} files ({num_bytes / 1e6:.1f} MB) that both can use, "
        f"of {len(pieces):,}{look}",
        measured,
        output=asked.output,
    )


def load_pieces(asked: Corpus) -> list[Piece]:
    """Returns the pieces asked for, but those that the corpus itself leaves out."""
    corpus = module_of(CORPORA, asked.corpus.corpus, kind="corpus")
    request = Request(
        composers=asked.corpus.composers,
        pieces=asked.corpus.pieces,
        data_home=asked.data_home and asked.data_home.expanduser(),
        cache_dir=asked.cache_dir,
        download=asked.download,
    )
    return [piece for piece in corpus.load(request) if not piece.left_out][:: asked.every]


def report(title: str, measured: Mapping[str, Sequence[Measurement]], *, output: Path | None) -> None:
    """Prints a row for each route, and what the figures mean."""
    seconds = {name: [one.seconds for one in taken] for name, taken in measured.items()}
    median = {name: statistics.median(values) for name, values in seconds.items()}
    rows = [
        (
            name,
            f"{median[name]:.3g}",
            f"{min(seconds[name]):.3g}-{max(seconds[name]):.3g}",
            f"{median[name] / median['rollcall']:.3g}",
            f"{statistics.median(one.cpu_seconds for one in taken):.3g}",
            f"{taken[-1].bytes_written / 1e6:.1f}",
            megabytes(max((one.peak_bytes for one in taken if one.peak_bytes), default=None)),
            f"{taken[-1].result.num_chunks or ''}",
        )
        for name, taken in measured.items()
    ]
    headings = ("route", "median s", "min-max s", "ratio", "cpu s", "MB written", "peak MB", "chunks")
    print_table(title, headings, rows, output=output)
    print(
        f"Rollcall is {median['pretty_midi'] / median['rollcall']:.1f} times as fast as pretty_midi's route "
        f"({median['pretty_midi'] / median['dataset']:.1f} times with works), and takes "
        f"{median['rollcall'] / median['plain']:.1f} times as long as reading and writing the bytes.\n{WHAT_COUNTS}"
    )
