"""How long it takes from a MIDI file to a saved model's answer: warm, by stages, and from the command line.

What did not help: calling the network without tracing it (`model(chunks)`), which for the first piece takes as long and
for all others several times as long; the backend JAX, whose imports take half as long, but which then compiles the
network for every number of chunks; TF_CPP_MIN_LOG_LEVEL, at which TensorFlow is as slow and no quieter. Batches were
not padded: TensorFlow traces a network twice, and then for any number of chunks.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from experiments.engine.saved_models import load_saved_model
from experiments.engine.speed.answers import OURS, STAGES, THEIRS, Turns, our_route, take_turns, their_route
from experiments.engine.speed.corpora import load_pieces
from experiments.engine.speed.routes import lay_out
from experiments.engine.speed.settings import Predicting
from experiments.engine.speed.starts import commands, start_in_turn
from experiments.engine.speed.tables import print_table
from features.errors import InputError

COMMAND_LINE = "command line"

HEADINGS = ("route", "stage", "median ms", "90 % ms", "ratio")

WHAT_COUNTS = f"""
{OURS} and {THEIRS}: in one process that has all cores, piece by piece in turn, after a round that is not counted.
Files that either route cannot use are left out. Median and 90th percentile are over pieces and rounds; ratios are of
medians, to all of {OURS}.
  read     the file's bytes
  encode   {OURS}: notes, chunks, digest, outline; {THEIRS}: PrettyMIDI(file), get_piano_roll(fs=10), chunks
  network  {OURS}: answers for chunks and the piece; {THEIRS}: model.predict on all chunks
  rest     {OURS}: calibration, prior, none of these, is it known; {THEIRS}: the joint answer
{COMMAND_LINE}: new processes in turn, after a round that is not counted, with the file in the middle by size; ratios
are to `python -m experiments.predict FILE`."""


def benchmark(asked: Predicting) -> None:
    """Times every route, and the command line, and prints a row for each stage."""
    saved = load_saved_model(asked.model)
    routes = {OURS: our_route(saved), THEIRS: their_route(saved)}
    if routes[THEIRS] is None:
        del routes[THEIRS]
        print(f"The model reads no plain piano rolls, so there is no route by {THEIRS}.", file=sys.stderr)
    pieces = load_pieces(asked)
    asked.cache_dir.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="benchmark-", dir=asked.cache_dir) as folder:
        lay_out(pieces, files := Path(folder, "files"))
        paths = sorted(files.iterdir(), key=lambda path: path.stat().st_size)
        turns = take_turns(routes, paths, rounds=asked.repeats)
        for path, reason in turns.problems.items():
            print(f"Left out: {pieces[int(path.stem)].piece}: {reason}", file=sys.stderr)
        usable = [path for path in paths if path not in turns.problems]
        if not usable:
            raise InputError(
                f"None of the {len(pieces)} files can be used; take more of them, or another corpus."
            )
        middle = usable[len(usable) // 2]
        started = start_in_turn(commands(middle, saved.path), rounds=asked.starts) if asked.starts else {}
    report(f"{asked.corpus.corpus}: {len(usable):,} files, of {len(pieces):,}", turns, started, asked.output)


def report(title: str, turns: Turns, started: Mapping[str, Sequence[float]], output: Path | None) -> None:
    """Prints a row for each stage of each route, and for each command, and what the figures mean."""
    print_table(title, HEADINGS, [*rows_of_routes(turns), *rows_of_commands(started)], output=output)
    if THEIRS in turns.said:
        same = np.mean(np.array(turns.said[OURS]) == np.array(turns.said[THEIRS]))
        print(f"Both routes give the same answer for {same:.1%} of the pieces.")
    print(WHAT_COUNTS)


def rows_of_routes(turns: Turns) -> list[tuple[str, ...]]:
    """Returns a row for each route, and one for each of its stages."""
    whole = np.median(np.sum(turns.seconds[OURS], axis=1))
    table = []
    for name, visits in turns.seconds.items():
        seconds = np.array(visits)
        stages = {"all": seconds.sum(axis=1), **dict(zip(STAGES, seconds.T, strict=True))}
        table += [(name, stage, *_cells(values, whole)) for stage, values in stages.items()]
    return table


def rows_of_commands(started: Mapping[str, Sequence[float]]) -> list[tuple[str, ...]]:
    """Returns a row for each command, the first being what the others are compared with."""
    whole = np.median(next(iter(started.values()), 1.0))
    return [(COMMAND_LINE, name, *_cells(seconds, whole)) for name, seconds in started.items()]


def _cells(seconds: Sequence[float], whole: float) -> tuple[str, str, str]:
    """Returns median and 90th percentile in ms, and the ratio of the median to that of the whole."""
    median, high = np.median(seconds), np.quantile(seconds, 0.9)
    return f"{median * 1000:,.1f}", f"{high * 1000:,.1f}", f"{median / whole:.3f}"
