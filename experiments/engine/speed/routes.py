"""Routes from MIDI files to chunks on disk: ours, pretty_midi's, and no more than the bytes.

Each is called with the pieces, an empty folder to write to, and whether to show progress.
"""

import io
import os
import shutil
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from experiments.engine.speed.timing import Measurement, measure_alone
from features.corpora.catalogue import Piece
from features.corpora.files import read_file
from features.errors import InputError

CHUNK_FRAMES, FRAMES_PER_SECOND = 150, 10
"""Defaults of the encoder `piano_roll`, written out for the route that does not use it."""

BLOCK_BYTES = 2**20


@dataclass(frozen=True)
class Outcome:
    """What a route made of the files.

    Attributes:
        num_chunks: How many chunks there are on disk.
        problems: Why a file cannot be used, by the name of the piece.
        lost_s: Seconds spent on files that cannot be used.
    """

    num_chunks: int = 0
    problems: Mapping[str, str] = field(default_factory=dict)
    lost_s: float = 0.0


def rollcall(pieces: Sequence[Piece], folder: Path, *, progress: bool) -> Outcome:
    """Our route to the closed store: digests, rolls, fingerprints, outlines and sources of all files."""
    from features.encoders.piano_roll import PianoRoll
    from features.preparation import prepare

    encoder = PianoRoll()
    store, _ = prepare(pieces, encoder, cache_dir=folder, progress=progress)
    problems = {
        piece.piece: problem for piece, problem in zip(pieces, store.problems, strict=True) if problem
    }
    return Outcome(sum(len(encoder.chunk_starts(count)) for count in np.diff(store.row_starts)), problems)


def dataset(pieces: Sequence[Piece], folder: Path, *, progress: bool) -> Outcome:
    """All that a study does before its split: our route, and then the work of each piece."""
    from features.datasets import load_dataset
    from features.encoders.piano_roll import PianoRoll

    loaded = load_dataset(pieces, PianoRoll(), cache_dir=folder, progress=progress)
    return Outcome(len(loaded.chunk_pieces), {left.piece: left.reason for left in loaded.left_out})


def pretty_midi(pieces: Sequence[Piece], folder: Path, *, progress: bool) -> Outcome:
    """The straightforward route: pretty_midi's roll, cut into chunks, a compressed NumPy file for each piece.

    Compressed, because that takes less time here: most cells are zero, and a hundredth of the bytes is left to write.
    """
    num_chunks, problems, lost_s = 0, {}, 0.0
    for number, piece in enumerate(tqdm(pieces, desc="pretty_midi", unit="piece", disable=not progress)):
        started = time.perf_counter()
        try:
            chunks = cut(roll_of(piece.read()))
        except Exception as error:  # there is no telling what a damaged file raises
            problems[piece.piece] = repr(error)
            lost_s += time.perf_counter() - started
            continue
        np.savez_compressed(folder / f"{number}.npz", chunks=chunks)
        num_chunks += len(chunks)
    return Outcome(num_chunks, problems, lost_s)


def roll_of(data: bytes) -> np.ndarray:
    """Returns pretty_midi's roll of a MIDI file, shape `(128, frames)`."""
    from pretty_midi import PrettyMIDI

    with warnings.catch_warnings(action="ignore"):  # it warns of tempi on later tracks
        return PrettyMIDI(io.BytesIO(data)).get_piano_roll(fs=FRAMES_PER_SECOND)


def cut(roll: np.ndarray) -> np.ndarray:
    """Returns a roll `(128, frames)` as float32 chunks `(chunks, 128, 150, 2)`: binary and velocity.

    Example:
        >>> cut(np.full((128, 151), 127.0)).shape
        (2, 128, 150, 2)
    """
    num_chunks = -(-roll.shape[1] // CHUNK_FRAMES)
    padded = np.zeros((len(roll), num_chunks * CHUNK_FRAMES), np.float32)
    padded[:, : roll.shape[1]] = roll
    parts = padded.reshape(len(roll), num_chunks, CHUNK_FRAMES).swapaxes(0, 1)
    return np.stack([parts > 0, np.minimum(parts / 127, 1)], axis=-1, dtype=np.float32)


def plain(pieces: Sequence[Piece], folder: Path, *, progress: bool, num_bytes: int = 0) -> Outcome:
    """Reads the bytes of every file and writes as many bytes as our store has: nothing can be faster."""
    for piece in tqdm(pieces, desc="Reading and writing", unit="piece", disable=not progress):
        piece.read()
    block = os.urandom(BLOCK_BYTES)  # which no file system can compress
    with open(folder / "bytes.bin", "wb") as file:
        for start in range(0, num_bytes, BLOCK_BYTES):
            file.write(block[: num_bytes - start])
    return Outcome()


ROUTES = (pretty_midi, rollcall, dataset, plain)
"""In turn; pretty_midi goes first, because it can use the fewest files."""


def lay_out(pieces: Sequence[Piece], folder: Path) -> list[Piece]:
    """Writes the MIDI files to a folder and returns the pieces, to be read from there.

    So every route reads plain files, also of a corpus that unpacks or composes a piece when asked for it.
    A piece that cannot be read stays as it is.
    """
    folder.mkdir()
    laid_out = []
    for number, piece in enumerate(tqdm(pieces, desc="Laying out MIDI files", unit="piece")):
        path = folder / f"{number}.mid"
        try:
            path.write_bytes(piece.read())
        except InputError:
            laid_out.append(piece)
        else:
            laid_out.append(replace(piece, read=partial(read_file, path)))
    return laid_out


def unusable(pieces: Sequence[Piece]) -> dict[str, str]:
    """Returns why our route cannot use a file, by the name of the piece.

    Every file is gone through once, which also compiles whatever is not yet in numba's cache.
    """
    from features.encoders.piano_roll import PianoRoll
    from features.preparation import encode_bytes

    problems, encoder = {}, PianoRoll()
    for piece in tqdm(pieces, desc="Looking at every file", unit="piece"):
        try:
            encode_bytes(piece.read(), encoder)
        except InputError as error:
            problems[piece.piece] = str(error)
    return problems


def take_turns(pieces: Sequence[Piece], folder: Path, *, repeats: int) -> dict[str, list[Measurement]]:
    """Measures every route, round after round, so that a slow moment meets them all.

    Files that a route cannot use are left out from then on; its seconds come without those it spent on them.
    """
    measured: dict[str, list[Measurement]] = {route.__name__: [] for route in ROUTES}
    for number in range(repeats):
        for route in ROUTES:
            name = route.__name__
            print(f"Round {number + 1} of {repeats}: {name}{time_left(measured, repeats)}", file=sys.stderr)
            if route is plain:
                route = partial(plain, num_bytes=measured["rollcall"][-1].bytes_written)
            measurement = measure_alone(route, pieces, folder / name)
            shutil.rmtree(folder / name)
            outcome = measurement.result
            measured[name].append(replace(measurement, seconds=measurement.seconds - outcome.lost_s))
            pieces = [piece for piece in pieces if piece.piece not in outcome.problems]
    return measured


def time_left(measured: Mapping[str, Sequence[Measurement]], repeats: int) -> str:
    """Returns how long the rest will take, as far as routes have been taken before.

    Example:
        >>> time_left({"pretty_midi": [Measurement(None, 240, 240, 0, 0)], "plain": []}, 3)
        '; about 8 min left'
    """
    seconds = sum((repeats - len(taken)) * taken[-1].seconds for taken in measured.values() if taken)
    return f"; about {seconds / 60:.0f} min left" if seconds >= 30 else ""
