"""Files -> the closed store: every piece of a corpus read, digested and encoded."""

from collections import deque
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from tqdm import tqdm

from features.corpora.catalogue import Piece
from features.encoders.rows import Rows
from features.errors import InputError
from features.midi import Events, Notes, fingerprint, outline, read_events, read_notes
from features.splits.sources import source_of
from features.store import EncodedPiece, RowStore, open_store

MAX_KEPT_BYTES = 256 * 2**20
"""Of files kept in memory from their digest to their encoding; those beyond it are read twice."""


@dataclass(frozen=True)
class _File:
    """A file that was read: its SHA-256, its bytes if they are kept, or why it cannot be read."""

    content: str = ""
    data: bytes | None = None
    problem: str = ""


def prepare(
    pieces: Sequence[Piece], encoder: Any, *, cache_dir: Path, progress: bool = True
) -> tuple[RowStore, tuple[str, ...]]:
    """Reads and encodes pieces, or opens what an earlier run has prepared.

    Args:
        pieces: The pieces of a corpus, as its `load` returned them.
        encoder: An encoder, such as `features.encoders.piano_roll.PianoRoll()`.
        cache_dir: Where prepared rows are kept.
        progress: Whether to show progress bars.

    Returns:
        The store, and the SHA-256 of each piece's file, empty for one that cannot be read.

    Raises:
        InputError: A file has changed in the meantime.
    """
    files = deque(_read(pieces, progress=progress))
    contents = tuple(file.content for file in files)
    settings = {"encoder": type(encoder).__name__} | encoder.row_settings()
    with closing(_encode(pieces, files, encoder, progress=progress)) as encoded:  # also the progress bar
        return open_store(encoded, contents, settings=settings, cache_dir=cache_dir), contents


def _read(pieces: Sequence[Piece], *, progress: bool) -> Generator[_File, None, None]:
    kept_bytes = 0
    # Seldom seen: files that are not read for the first time come from the system's memory.
    for piece in tqdm(pieces, desc="Reading files", unit="piece", disable=not progress, delay=2):
        try:
            data = piece.read()
        except InputError as error:
            yield _File(problem=str(error))
            continue
        is_kept = kept_bytes + len(data) <= MAX_KEPT_BYTES
        kept_bytes += len(data) * is_kept
        yield _File(sha256(data).hexdigest(), data if is_kept else None)


def _encode(
    pieces: Sequence[Piece], files: deque[_File], encoder: Any, *, progress: bool
) -> Generator[EncodedPiece, None, None]:
    """Encodes pieces one by one; their files are forgotten as they are used."""
    for piece in tqdm(pieces, desc="Encoding pieces", unit="piece", disable=not progress):
        file = files.popleft()
        if file.problem:
            yield EncodedPiece(problem=file.problem)
        else:
            yield _encode_file(_read_again(piece, file) if file.data is None else file.data, encoder)


def _read_again(piece: Piece, file: _File) -> bytes:
    """Returns the bytes of a file that was not kept: those that were digested, for the store is named after them."""
    data = piece.read()
    if sha256(data).hexdigest() != file.content:
        raise InputError(f"{piece.piece} has changed since it was first read; run this again.")
    return data


def _encode_file(data: bytes, encoder: Any) -> EncodedPiece:
    try:
        events, notes, rows = encode_bytes(data, encoder)
    except InputError as error:
        return EncodedPiece(problem=str(error))
    return EncodedPiece(rows, fingerprint(events), outline(notes), source_of(events))


def encode_bytes(data: bytes, encoder: Any) -> tuple[Events, Notes, Rows]:
    """Returns what a MIDI file says, its notes, and these as rows.

    Args:
        data: The bytes of the file.
        encoder: An encoder, such as `features.encoders.piano_roll.PianoRoll()`.

    Raises:
        InputError: It cannot be read, or there is nothing to learn from.
    """
    events = read_events(data)
    notes = read_notes(events)
    rows = encoder.encode_events(events) if hasattr(encoder, "encode_events") else encoder.encode(notes)
    if len(rows.columns) == 0:
        raise InputError("it has no pitched note that lasts")
    return events, notes, rows
