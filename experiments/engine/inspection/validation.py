"""Our roll beside pretty_midi's, cell by cell, on real files: pretty_midi itself is the oracle."""

import io
import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from tqdm import tqdm

from features.corpora.catalogue import Piece
from features.errors import InputError
from features.words import counted
from features.workers import serve_parent

FRAMES_PER_SECOND = 10

FILES_PER_WORKER = 16
"""A worker needs seconds to start, as long as so many files take to compare."""


@dataclass(frozen=True)
class Comparison:
    """What came of one file.

    Attributes:
        piece: Its name.
        missing: Why there was nothing to compare: we could not get at its bytes, or memory ran out; empty if there was.
        refused: Why pretty_midi does not read it; empty if it does.
        difference: Where our roll is another; empty if it is equal, or if there is none to compare it with.
    """

    piece: str
    missing: str = ""
    refused: str = ""
    difference: str = ""


def validate(pieces: Sequence[Piece]) -> dict[str, int]:
    """Compares all rolls with pretty_midi's and prints the outcome.

    Returns:
        The numbers of files, of those without anything to compare, of those that pretty_midi reads, and of equal
        rolls among these.

    Raises:
        InputError: pretty_midi cannot be imported, or a process was ended.
    """
    compared = []
    try:
        for comparison in tqdm(compare_all(pieces), "Comparing with pretty_midi", len(pieces), unit="piece"):
            compared.append(comparison)
    except BrokenProcessPool as error:
        raise InputError(
            f"A process was ended while it compared files, after {len(compared)} of {len(pieces)}, perhaps for "
            "want of memory; try again with fewer composers."
        ) from error
    return report(compared)


def report(compared: Sequence[Comparison]) -> dict[str, int]:
    """Prints what came of the comparison with pretty_midi, and returns the numbers."""
    missing = [comparison for comparison in compared if comparison.missing]
    differing = [comparison for comparison in compared if comparison.difference]
    num_read = len(compared) - len(missing) - sum(bool(comparison.refused) for comparison in compared)
    num_equal = num_read - len(differing)
    print(
        f"pretty_midi reads {num_read:,} of {counted(len(compared), 'file')}; "
        f"the rolls of {num_equal:,} of these {num_read:,} are equal, cell by cell."
    )
    if differing:
        print(
            f"The first of {len(differing):,} that differ: {differing[0].piece}: {differing[0].difference}."
        )
    if missing:
        print(
            f"The first of {len(missing):,} without anything to compare: {missing[0].piece}: {missing[0].missing}"
        )
    if num_read == 0:
        print("Nothing was compared, so nothing is known of any roll.")
    return {
        "num_files": len(compared),
        "num_missing": len(missing),
        "num_read": num_read,
        "num_equal": num_equal,
    }


def compare_all(pieces: Sequence[Piece]) -> Iterator[Comparison]:
    """Compares the rolls of all pieces, in order, on all cores.

    Raises:
        InputError: pretty_midi cannot be imported.
    """
    require_pretty_midi()
    workers = min(os.cpu_count() or 1, len(pieces) // FILES_PER_WORKER)
    if workers < 2:
        yield from map(compare, pieces)
        return
    # Processes are spawned, not forked: the same on every system.
    with ProcessPoolExecutor(workers, get_context("spawn"), serve_parent) as pool:
        try:
            yield from pool.map(compare, pieces, chunksize=4)
        finally:
            pool.shutdown(cancel_futures=True)


def compare(piece: Piece) -> Comparison:
    """Compares the roll of one piece, as our default encoder makes it, with pretty_midi's.

    Raises:
        InputError: pretty_midi cannot be imported.
    """
    require_pretty_midi()
    try:
        data = piece.read()
    except InputError as error:
        return Comparison(piece.piece, missing=str(error))
    try:
        expected = read_with_pretty_midi(data)
    except MemoryError:
        return Comparison(piece.piece, missing="pretty_midi's roll of it needs more memory than there is.")
    except Exception as error:  # there is no telling what a damaged file raises
        return Comparison(piece.piece, refused=f"{type(error).__name__}: {error}")
    try:
        roll = read_with_ours(data)
    except InputError as error:
        return Comparison(piece.piece, difference=f"pretty_midi reads it, we do not: {error}")
    return Comparison(piece.piece, difference=find_difference(roll, expected))


def require_pretty_midi() -> None:
    """Imports pretty_midi.

    Raises:
        InputError: It cannot be imported.
    """
    try:
        import pretty_midi  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"--validate compares with pretty_midi, which cannot be imported ({error}); install it with "
            "pip install pretty_midi."
        ) from error


def read_with_pretty_midi(data: bytes) -> np.ndarray:
    """Returns pretty_midi's roll of a file, `(128, frames)`."""
    from pretty_midi import PrettyMIDI

    with warnings.catch_warnings(action="ignore"):  # it warns of tempi on later tracks
        return PrettyMIDI(io.BytesIO(data)).get_piano_roll(fs=FRAMES_PER_SECOND)


def read_with_ours(data: bytes) -> np.ndarray:
    """Returns our roll of a file, `(128, frames)`, from the very rows that are stored."""
    from features.encoders.piano_roll import PianoRoll
    from features.encoders.rows import dense_rows
    from features.midi import read_events, read_notes

    rows = PianoRoll(frames_per_second=FRAMES_PER_SECOND).encode(read_notes(read_events(data)))
    return dense_rows(rows, 128).T


def find_difference(roll: np.ndarray, expected: np.ndarray) -> str:
    """Returns a clause that says where a roll differs from the expected one; empty if it does not.

    Example:
        >>> find_difference(np.zeros((128, 2)), np.eye(128, 2)[::-1])
        'at pitch 126, frame 1 it is 0.0 instead of 1.0 (2 cells differ)'
        >>> find_difference(np.zeros((128, 2)), np.zeros((128, 3)))
        'it has 2 frames instead of 3'
    """
    if roll.shape != expected.shape:
        return f"it has {roll.shape[1]} frames instead of {expected.shape[1]}"
    expected = expected.astype(np.float32)  # as stored
    differing = np.argwhere(roll != expected)
    if len(differing) == 0:
        return ""
    pitch, frame = differing[0]
    return (
        f"at pitch {pitch}, frame {frame} it is {float(roll[pitch, frame])} "
        f"instead of {float(expected[pitch, frame])} ({len(differing)} cells differ)"
    )
