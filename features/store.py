"""The row store: every piece of a corpus as sparse rows, on disk, memory-mapped.

A store is a folder named after what is in it: the digests of the files and the settings of
the encoder. It is written beside its final name and renamed when complete, so that a store
that can be seen is whole; a lock lets two processes that want the same store share the work.
Whether it still is, after a power cut or a full disk, its digests tell whenever it is opened.
"""

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from hashlib import blake2b, file_digest, sha256
from pathlib import Path

import numpy as np
from filelock import FileLock

from features.encoders.rows import Rows
from features.errors import InputError

FORMAT_VERSION = 6
"""Raised whenever the same files and settings would be stored as other bytes."""

ROW_FILES = {"offsets": np.int64, "columns": np.uint16, "values": np.float32}

FILES = (*(f"{name}.bin" for name in ROW_FILES), "pieces.npz", "pieces.json")
DIGESTS = "digests.json"
"""SHA-256 of each of these files: a fifth of a second for a corpus of four thousand pieces."""


@dataclass(frozen=True)
class EncodedPiece:
    """What is stored of one piece.

    Attributes:
        rows: Its sparse rows, or None if it cannot be used.
        fingerprint: What its file reveals without its notes, shape `(fingerprint features,)`.
        outline: Steps of its outer voices, int8 of shape `(2, steps)`, by which copies are known.
        source: The collection its file comes from.
        problem: Why it cannot be used; empty if it can.
    """

    rows: Rows | None = None
    fingerprint: np.ndarray | None = None
    outline: np.ndarray = field(default_factory=lambda: np.zeros((2, 0), np.int8))
    source: str = ""
    problem: str = ""


@dataclass(frozen=True)
class RowStore:
    """A complete store, opened.

    Attributes:
        rows: The rows of all pieces, one after the other, memory-mapped.
        row_starts: First row of each piece and the end, shape `(pieces + 1,)`.
        fingerprints: Shape `(pieces, fingerprint features)`.
        outlines: Steps of the outer voices by piece.
        sources: The collection its file comes from, by piece.
        problems: Why a piece cannot be used, by piece; empty if it can.
    """

    rows: Rows
    row_starts: np.ndarray
    fingerprints: np.ndarray
    outlines: tuple[np.ndarray, ...]
    sources: tuple[str, ...]
    problems: tuple[str, ...]


def open_store(
    encoded: Iterable[EncodedPiece], contents: Sequence[str], *, settings: dict, cache_dir: Path
) -> RowStore:
    """Opens the store of these files and settings; makes it first where it is missing or no longer whole.

    Args:
        encoded: The pieces, encoded one by one as they are asked for; untouched if the store exists.
        contents: Digest of each piece's file, in the same order.
        settings: JSON-able settings that decide which rows are stored.
        cache_dir: Where stores are kept.

    Raises:
        InputError: No folder can be made there.
    """
    key = json.dumps([FORMAT_VERSION, settings, list(contents)], sort_keys=True)
    folder = Path(cache_dir) / "rows" / blake2b(key.encode(), digest_size=16).hexdigest()
    store = _read_if_whole(folder)
    if store is None:
        _make_folder(folder.parent, cache_dir)
        with FileLock(f"{folder}.lock"):
            store = _read_if_whole(folder)  # by now another process may have made it
            if store is None:
                _make(encoded, folder)
                store = _read(folder)
    return store


def _make_folder(folder: Path, cache_dir: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (
        FileNotFoundError,
        NotADirectoryError,
        PermissionError,
    ) as error:  # what is no folder, and cannot hold one
        raise InputError(
            f"Expected --cache-dir to name a folder to write to, but {cache_dir} cannot be used: {error.strerror}."
        ) from error


def _make(encoded: Iterable[EncodedPiece], folder: Path) -> None:
    unfinished = folder.with_suffix(".unfinished")
    for leftover in (unfinished, folder):  # of a killed process; of a user who removed a part of it
        if leftover.exists():
            shutil.rmtree(leftover)
    unfinished.mkdir()
    try:
        _write(encoded, unfinished)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)  # above all where the disk is full
        raise
    os.replace(unfinished, folder)


def _write(encoded: Iterable[EncodedPiece], folder: Path) -> None:
    row_starts, fingerprints, outlines, facts, num_cells = [0], [], [], [], 0
    with ExitStack() as opened:
        files = {name: opened.enter_context(open(folder / f"{name}.bin", "wb")) for name in ROW_FILES}
        # Not `tofile`, whose error for a full disk does not say that it is one.
        files["offsets"].write(np.zeros(1, np.int64))
        for piece in encoded:
            num_rows = 0
            if piece.rows is not None:
                num_rows = len(piece.rows.offsets) - 1
                rows = replace(piece.rows, offsets=piece.rows.offsets[1:] + num_cells)
                for name, dtype in ROW_FILES.items():
                    files[name].write(np.ascontiguousarray(getattr(rows, name), dtype))
                num_cells += len(piece.rows.columns)
            row_starts.append(row_starts[-1] + num_rows)
            fingerprints.append(piece.fingerprint)
            outlines.append(piece.outline)
            facts.append({"source": piece.source, "problem": piece.problem})
    width = max((len(row) for row in fingerprints if row is not None), default=0)
    blank = np.full(width, np.nan)
    np.savez(
        folder / "pieces.npz",
        row_starts=np.array(row_starts, np.int64),
        fingerprints=np.array([blank if row is None else row for row in fingerprints]),
        outlines=np.concatenate([np.zeros((2, 0), np.int8), *outlines], axis=1),
        outline_ends=np.cumsum([outline.shape[1] for outline in outlines], dtype=np.int64),
    )
    (folder / "pieces.json").write_text(json.dumps(facts), encoding="utf-8")
    (folder / DIGESTS).write_text(json.dumps(_digests(folder)), encoding="utf-8")


def _digests(folder: Path) -> dict[str, str]:
    digests = {}
    for name in FILES:
        with open(folder / name, "rb") as file:
            digests[name] = file_digest(file, sha256).hexdigest()
    return digests


def _read_if_whole(folder: Path) -> RowStore | None:
    """Opens a store; None where files are missing or are no longer what was written."""
    try:
        digests = json.loads((folder / DIGESTS).read_text(encoding="utf-8"))
        return _read(folder) if digests == _digests(folder) else None
    except (FileNotFoundError, NotADirectoryError, ValueError):  # the last for digests that are no JSON, or no text
        return None


def _read(folder: Path) -> RowStore:
    facts = json.loads((folder / "pieces.json").read_text(encoding="utf-8"))
    # Opened here, because NumPy leaves a damaged file open.
    with open(folder / "pieces.npz", "rb") as file, np.load(file) as arrays:
        row_starts, fingerprints = arrays["row_starts"], arrays["fingerprints"]
        outlines = np.split(arrays["outlines"], arrays["outline_ends"], axis=1)[:-1]
    return RowStore(
        rows=Rows(**{name: _memory_map(folder / f"{name}.bin", dtype) for name, dtype in ROW_FILES.items()}),
        row_starts=row_starts,
        fingerprints=fingerprints,
        outlines=tuple(outlines),
        sources=tuple(fact["source"] for fact in facts),
        problems=tuple(fact["problem"] for fact in facts),
    )


def _memory_map(path: Path, dtype: type) -> np.ndarray:
    if path.stat().st_size == 0:  # an empty file cannot be mapped
        return np.zeros(0, dtype)
    return np.memmap(path, dtype, mode="r")
