"""A corpus in tables: a row for each composer, a line for each file that is left out."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from experiments.engine.records import command_line, commit, write_csv, write_json
from experiments.engine.terminal import console
from features.corpora.catalogue import IN_DOUBT, SAME_BYTES, Piece
from features.corpora.composers import describe_composer, find_composer
from features.datasets import Dataset, LeftOut
from features.words import counted

LONGEST_LIST = {"copies": 10, "label in doubt": 100, "cannot be used": 100}
"""Files named on the screen for each kind of reason; `--output` writes all of them."""

COMPOSER_HEADINGS = (
    *("composer", "lived", "era", "pieces", "works", "sources"),
    *("chunks", "of all", "seconds", "left out"),
)
PIECE_COLUMNS = ("piece", "composer", "work", "source", "chunks", "seconds", "sha256")
LEFT_OUT_COLUMNS = ("piece", "composer", "reason")


def show_composers(dataset: Dataset, title: str) -> None:
    """Prints a row for each composer, the one with the most pieces first, and the totals."""
    rows = _composer_rows(dataset)
    table = Table(title=title, show_footer=True)
    for place, (heading, footer) in enumerate(
        zip(COMPOSER_HEADINGS, _totals(dataset, len(rows)), strict=True)
    ):
        table.add_column(heading, footer, justify="left" if place in (0, 2) else "right", no_wrap=True)
    for name, *numbers in rows:
        one = describe_composer(name)
        table.add_row(name, one.lived, one.era, *map(_number, numbers))
    console(at_least=120).print(table)


def _composer_rows(dataset: Dataset) -> list[tuple[Any, ...]]:
    """Returns name, pieces, works, sources, chunks, their share, seconds and files left out of each composer."""
    left_out = Counter(left.composer for left in dataset.left_out)
    seconds = _seconds(dataset)
    rows = []
    for label, name in enumerate(dataset.classes):
        mine = dataset.labels == label
        num_chunks = int(dataset.num_chunks[mine].sum())
        share = f"{num_chunks / len(dataset.chunk_pieces):.2%}"
        rows.append(
            (name, *_describe(dataset, mine), num_chunks, share, seconds[mine].sum(), left_out.pop(name, 0))
        )
    rows += [(name, 0, 0, 0, 0, "", 0.0, count) for name, count in left_out.items()]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def _totals(dataset: Dataset, num_composers: int) -> list[str]:
    """Returns the last row of the table of composers."""
    everything = _describe(dataset, np.ones(len(dataset.pieces), bool))
    numbers = (*everything, len(dataset.chunk_pieces), "", _seconds(dataset).sum(), len(dataset.left_out))
    return [counted(num_composers, "composer"), "", "", *map(_number, numbers)]


def _seconds(dataset: Dataset) -> np.ndarray:
    """Returns how long each piece lasts, `(pieces,)`."""
    return dataset.num_frames / dataset.encoder.frames_per_second


def _describe(dataset: Dataset, mine: Sequence[bool]) -> tuple[int, int, int]:
    """Returns the numbers of pieces, works and sources among some of the pieces."""
    works = {work for work, is_mine in zip(dataset.works, mine, strict=True) if is_mine}
    sources = {source for source, is_mine in zip(dataset.sources, mine, strict=True) if is_mine}
    return int(sum(mine)), len(works), len(sources)


def show_left_out(left_out: Sequence[LeftOut], output: Path | None) -> None:
    """Prints the files that are left out, under the kind of their reason; of long lists the beginning."""
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


def write_tables(dataset: Dataset, folder: Path, made_with: Mapping[str, Any]) -> None:
    """Writes `pieces.csv`, `left_out.csv` and last, with the numbers of all of them, `catalogue.json`."""
    write_csv(folder / "pieces.csv", PIECE_COLUMNS, _piece_rows(dataset))
    rows = ((left.piece, left.composer, left.reason) for left in dataset.left_out)
    write_csv(
        folder / "left_out.csv",
        LEFT_OUT_COLUMNS,
        (dict(zip(LEFT_OUT_COLUMNS, row, strict=True)) for row in rows),
    )
    made_by = {"command": command_line(), "commit": commit()}
    write_json(folder / "catalogue.json", made_by | made_with | _numbers(dataset))
    print(
        f"Wrote pieces.csv ({len(dataset.pieces):,}), left_out.csv ({len(dataset.left_out):,}) and catalogue.json "
        f"to {folder}."
    )


def _piece_rows(dataset: Dataset) -> Iterator[dict[str, Any]]:
    columns = (
        dataset.pieces,
        dataset.composers,
        dataset.works,
        dataset.sources,
        dataset.num_chunks.tolist(),
        [f"{length:.1f}" for length in _seconds(dataset)],
        dataset.contents,
    )
    return (dict(zip(PIECE_COLUMNS, row, strict=True)) for row in zip(*columns, strict=True))


def _numbers(dataset: Dataset) -> dict[str, Any]:
    return {
        "num_pieces": len(dataset.pieces),
        "num_composers": len(dataset.classes),
        "num_works": len(set(dataset.works)),
        "num_sources": len(set(dataset.sources)),
        "num_chunks": len(dataset.chunk_pieces),
        "seconds": round(float(_seconds(dataset).sum())),
        "num_left_out": Counter(kind_of(left.reason) for left in dataset.left_out),
    }


def _print_lines(lines: Sequence[str]) -> None:
    for line in lines:
        print(f"  {line}")


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.0f}"
