"""Splits on disk: a table that says on which side every piece is, or every chunk where pieces are divided."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from features.errors import InputError
from features.splits.holding_out import NO_SIDE, TEST, TRAIN, VALIDATION
from features.splits.protocols import Split
from features.whole import appears_whole
from features.words import counted

COLUMNS = ("piece", "work", "source", "composer", "split")
CHUNK_COLUMNS = (*COLUMNS, "chunk")


def split_table(
    split: Split,
    *,
    composers: Sequence[str],
    pieces: Sequence[str],
    works: Sequence[str],
    num_chunks: Sequence[int],
    sources: Sequence[str] = (),
    asked: tuple[str, Sequence[str]] = ("", ()),
) -> list[dict[str, str]]:
    """Returns the rows of `splits.csv`: one a piece, or one a chunk where pieces are divided.

    Returns:
        Rows with the keys `COLUMNS`, or `CHUNK_COLUMNS` (`chunk` counts from 0 within the piece).
        `source` is empty where no sources are given. The split of a piece on no side, or without
        chunks, is empty. Where something else than the composer is `asked`, a column called so holds it.
    """
    by_piece = np.split(split.chunk_split, np.cumsum(num_chunks)[:-1])
    divided = any(len(set(sides)) > 1 for sides in by_piece)
    rows = []
    sources = sources if len(sources) else [""] * len(pieces)
    label, answers = asked
    names = zip(pieces, works, sources, composers, answers or composers, by_piece, strict=True)
    for piece, work, source, composer, answer, sides in names:
        row = {"piece": piece, "work": work, "source": source, "composer": composer}
        row |= {label: answer} if label else {}
        if divided:
            rows += [row | {"split": str(side), "chunk": str(chunk)} for chunk, side in enumerate(sides)]
        else:
            rows.append(row | {"split": str(sides[0]) if len(sides) else ""})
    return rows


def write_splits(
    path: Path,
    split: Split,
    *,
    composers: Sequence[str],
    pieces: Sequence[str],
    works: Sequence[str],
    num_chunks: Sequence[int],
    sources: Sequence[str] = (),
    asked: tuple[str, Sequence[str]] = ("", ()),
) -> None:
    """Writes `split_table` as a CSV file, which `read_splits` reads; it appears whole or not at all.

    Args:
        path: Of the file.
        split: What to write.
        composers: Who wrote each piece.
        pieces: The name of each piece.
        works: The work of each piece.
        num_chunks: Of each piece.
        sources: The source of each piece, or none.
        asked: What is asked where that is not the composer, such as `era`, and the answer for each piece.
    """
    rows = split_table(
        split,
        composers=composers,
        pieces=pieces,
        works=works,
        num_chunks=num_chunks,
        sources=sources,
        asked=asked,
    )
    columns = list(rows[0]) if rows else COLUMNS
    with appears_whole(path) as unfinished, open(unfinished, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_splits(
    path: Path,
    *,
    composers: Sequence[str],
    pieces: Sequence[str],
    works: Sequence[str],
    num_chunks: Sequence[int],
) -> Split:
    """Reads a split that `write_splits` wrote, for the same pieces in any order.

    A table by piece holds for any length of chunk; a table by chunk only for its own. The columns of
    sources, which older tables lack, and of what is asked are not compared.

    Raises:
        InputError: The table is not a table of splits, or not one of these pieces, works,
            composers and chunks.
    """
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        columns = tuple(reader.fieldnames or ())
        rows = list(reader)
    if columns[:4] != COLUMNS[:4] or "split" not in columns[4:6] or columns[-1] not in ("split", "chunk"):
        raise InputError(f"{path} is not a table of splits: its columns should be {', '.join(COLUMNS)}.")
    sides = {(row["piece"], row["work"], row["composer"], row.get("chunk", "")): row["split"] for row in rows}
    wanted = list(zip(pieces, works, composers, num_chunks, strict=True))
    if columns[-1] == "chunk":
        keys = [(*names, str(chunk)) for *names, count in wanted for chunk in range(count)]
        repeats = np.ones(len(keys), dtype=int)
    else:
        keys = [(*names, "") for *names, _ in wanted]
        repeats = np.asarray(num_chunks, dtype=int)
    _check_same_keys(path, sides, keys)
    labels = np.array([sides[key] for key in keys], dtype="U10")
    chunk_split = np.repeat(labels, repeats)
    unknown = set(chunk_split.tolist()) - {TRAIN, VALIDATION, TEST, NO_SIDE}
    if unknown:
        raise InputError(f"{path} has the split {min(unknown)!r}; it should be train, validation or test.")
    return Split(chunk_split)


def _check_same_keys(path: Path, sides: dict, keys: list[tuple]) -> None:
    different = sorted(sides.keys() ^ set(keys))
    if different:
        piece, work, composer, chunk = different[0]
        where = "in the table only" if different[0] in sides else "in the data only"
        name = f"{piece} (work {work}, by {composer}{', chunk ' + chunk if chunk else ''})"
        raise InputError(
            f"{path} is a split of other data: {name} is {where}; {counted(len(different), 'row')} in all. "
            "Take the same corpus, composers and chunk length, or make a new split."
        )
