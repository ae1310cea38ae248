"""How fast is it, beside the alternative? Times things in turn, in one run on one machine.

    python -m experiments.benchmark builders --precision float32 --batch-size 32
    python -m experiments.benchmark corpus
    python -m experiments.benchmark corpus --corpus midi_classics --data-home midi-classic-music.zip --every 20
    python -m experiments.benchmark search --sample 0.2

`builders` takes training steps of every builder of chunks, round after round, and prints the ratio of each one's
median to the reference CNN's. `corpus` goes from MIDI files to chunks on disk, by our route, by pretty_midi's, and by
reading and writing no more than the bytes. `search` looks for settings of the reference CNN as the reference did and as
we do, and counts the chunks that either trains on. Machines are noisy: only ratios within one run mean anything.
"""

import dataclasses
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import tyro

from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.config import REPOSITORY, Config, CorpusConfig, EncoderConfig, Places
from experiments.engine.records import command_line, commit, prepare_output, write_json
from experiments.engine.speed.timing import Measurement, time_in_turn
from experiments.engine.tables import module_of
from experiments.four_composers import configure
from features.corpora import CORPORA
from features.corpora.catalogue import Piece, Request
from features.errors import InputError
from models import BUILDERS

REFERENCE = "cnn_reference"

WHAT_COUNTS = """
Each time: a new process on one core, which has taken the route with three files before the clock starts, so that
imports are over and compiled code is loaded; the MIDI files, unpacked, in the system's memory; an empty folder, written
to disk as the system sees fit. Files that either route cannot use are left out. Peak memory includes the libraries.
  rollcall     digests, rolls, fingerprints, outlines and sources of all files, in the closed store
  dataset      the same, and then the work of each piece: all that a study does before its split
  pretty_midi  PrettyMIDI(file), get_piano_roll(fs=10), chunks of 150 frames with the channels binary and velocity,
               numpy.savez_compressed for each piece, which was faster here than numpy.save
  plain        reads the bytes of every file, writes as many bytes as rollcall's store has"""

WHAT_IS_SCORED = """
Score: macro-F1 by chunk of the best setting, mean over its folds, of the network that is kept: after the last epoch
(reference), of the best epoch of each fold (rollcall). Best epochs: of the best epoch for both, so that they compare.
Chunk-epochs: chunks trained on, each as often as it was, over all trials. Both train alike but for what saves compute:
rollcall stops after 3 epochs without a better one, has 10 at most, tries 12 settings on one fold, the best 4 for longer
on two, the best 2 on all, and ends trials that are clearly behind. The test works are not touched."""


@dataclass(frozen=True)
class Builders:
    """A training step of every builder."""

    rounds: int = 10
    """How often each is timed, in turn; one more round goes first and is not counted."""
    batch_size: int = 32
    """Chunks a step."""
    num_channels: int = 2
    """Channels of a chunk."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Precision of training; auto: bfloat16 on processors that compute in it, else float32."""
    output: Path | None = None
    """Write the table to this folder too, as benchmark.json."""


@dataclass(frozen=True)
class Corpus:
    """From MIDI files to the closed store of chunks, on one core, beside pretty_midi and the bare bytes."""

    corpus: CorpusConfig = CorpusConfig()
    data_home: Path | None = None
    """Where the corpus lies: a zip file, a folder, or a CSV file."""
    download: bool = False
    """Fetch the corpus from the network if the corpus can be fetched."""
    cache_dir: Path = REPOSITORY / ".cache"
    """Where all is written, and deleted again; a corpus may keep there what it has converted."""
    repeats: int = 3
    """How often each route is taken, in turn."""
    every: int = 1
    """Take every so-many-th file only, for a quick look."""
    output: Path | None = None
    """Write the table to this folder too, as benchmark.json."""

    def __post_init__(self) -> None:
        """Refuses numbers with which nothing can be timed."""
        for name in ("repeats", "every"):
            if getattr(self, name) < 1:
                raise InputError(f"Expected {name} to be 1 or more, but received {getattr(self, name)}.")


@dataclass(frozen=True)
class Searches:
    """The reference's random search beside ours, in one space, counted in chunk-epochs. Started again, it goes on."""

    corpus: CorpusConfig = CorpusConfig()
    encoder: EncoderConfig = EncoderConfig(channels=("velocity",))
    places: Places = Places()
    seeds: int = 3
    """How often, with other proposals and other trainings."""
    output: Path | None = None
    """Write the table to this folder too, as benchmark.json."""

    def __post_init__(self) -> None:
        """Refuses numbers with which nothing can be compared."""
        if self.seeds < 1:
            raise InputError(f"Expected seeds to be 1 or more, but received {self.seeds}.")


@dataclass(frozen=True)
class Arguments:
    """What to time."""

    what: (
        Annotated[Builders, tyro.conf.subcommand("builders", prefix_name=False)]
        | Annotated[Corpus, tyro.conf.subcommand("corpus", prefix_name=False)]
        | Annotated[Searches, tyro.conf.subcommand("search", prefix_name=False)]
    ) = Builders()


@as_sentences(
    interrupted="Interrupted; start it again, as times compare only within one run.",
    advice="Make room, or choose other folders with --output and, for a corpus, --cache-dir.",
)
def main(argv: Sequence[str] | None = None) -> None:
    """Times what the command line asks for and prints a table of medians and ratios."""
    asked = read_arguments(Arguments, argv, description=__doc__, name="benchmark").what
    asked = dataclasses.replace(asked, output=prepare_output(asked.output))
    tasks = {Builders: time_builders, Corpus: time_corpus, Searches: compare_searches}
    tasks[type(asked)](asked)


def time_builders(asked: Builders) -> None:
    """Times training steps and prints a row for each builder."""
    steps, parameters = training_steps(asked)
    seconds = time_in_turn(steps, rounds=asked.rounds)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    rows = [
        (
            name,
            f"{parameters[name]:,}",
            f"{median[name] * 1000:.0f}",
            f"{min(values) * 1000:.0f}-{max(values) * 1000:.0f}",
            f"{median[name] / median[REFERENCE]:.2f}",
        )
        for name, values in seconds.items()
    ]
    headings = ("builder", "parameters", "median ms", "min-max ms", f"ratio to {REFERENCE}")
    title = f"A training step on {asked.batch_size} chunks, {asked.precision}"
    print_table(title, headings, rows, output=asked.output)


def training_steps(asked: Builders) -> tuple[dict[str, Callable[[], None]], dict[str, int]]:
    """Returns a training step of each builder of chunks, on the same made-up ones, and its number of parameters."""
    import keras_tuner
    import numpy as np

    from experiments.engine.device import computing_in

    rng = np.random.default_rng(0)
    shape, num_classes = (128, 150, asked.num_channels), 4
    chunks = (rng.random((asked.batch_size, *shape)) < 0.03).astype(np.float32)  # as sparse as real ones
    labels = rng.integers(0, num_classes, asked.batch_size)
    builders = {name: module_of(BUILDERS, name, kind="model") for name in BUILDERS}
    builders = {name: builder for name, builder in builders.items() if builder.RANK == "chunk"}
    with computing_in(asked.precision):
        networks = {
            name: builder.build(keras_tuner.HyperParameters(), shape, num_classes)
            for name, builder in builders.items()
        }
    steps = {
        name: lambda network=network: network.train_on_batch(chunks, labels)
        for name, network in networks.items()
    }
    return steps, {name: network.count_params() for name, network in networks.items()}


def time_corpus(asked: Corpus) -> None:
    """Times every route and prints a row for each."""
    from experiments.engine.speed.routes import lay_out, take_turns, unusable

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


def compare_searches(asked: Searches) -> None:
    """Runs every search with every seed, in turn, and prints what it came to and what it took."""
    from experiments.engine.speed.searches import HEADINGS, rows, run, searches

    corpus = configure(Config("benchmark", corpus=asked.corpus)).corpus
    measured = {}
    for seed in range(asked.seeds):
        for name, search in searches(corpus, asked.encoder, seed).items():
            print(f"{name}, seed {seed}", file=sys.stderr)
            folder = f"{corpus.corpus}-{corpus.sample:g}-{name}-seed{seed}"
            measured.setdefault(name, []).append(run(search, asked.places, name=folder))
    title = (
        f"{asked.corpus.corpus}, {asked.corpus.sample:g} of the works: settings of the reference CNN, 3 folds"
    )
    print_table(title, HEADINGS, rows(measured), output=asked.output)
    print(WHAT_IS_SCORED)


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


def megabytes(count: int | None) -> str:
    """Returns a number of bytes as whole MB; a question mark where it is not known."""
    return "?" if count is None else f"{count / 1e6:.0f}"


def print_table(
    title: str, headings: Sequence[str], rows: Sequence[Sequence[str]], *, output: Path | None
) -> None:
    """Prints a table with its first column to the left, numbers to the right; writes it to a folder, if asked."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    # A narrow terminal rather breaks the lines than lacks the ends of numbers.
    Console(width=max(Console().width, 100)).print(table)
    if output:
        from experiments.engine.device import describe_device  # imports Keras

        made_with = {"command": command_line(), "commit": commit(), "device": describe_device()}
        named = [dict(zip(headings, row, strict=True)) for row in rows]
        write_json(output / "benchmark.json", made_with | {"title": title, "rows": named})


if __name__ == "__main__":
    main()
