"""A corpus in tables: a row for each composer, a line for each file that is left out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from experiments.engine.records import command_line, commit, write_csv, write_json
from features.corpora.catalogue import Piece
from features.corpora.composers import describe_composer, find_composer
from features.datasets import Dataset, LeftOut

IN_DOUBT, SAME_BYTES = "label in doubt: ", "the same bytes as "
"""How reasons begin that corpora give themselves."""

LONGEST_LIST = {"copies": 10, "label in doubt": 100, "cannot be used": 100}
"""Files named on the screen for each kind of reason; `--output` writes all of them."""

PIECE_COLUMNS = ("piece", "composer", "work", "source", "chunks", "seconds", "sha256")
LEFT_OUT_COLUMNS = ("piece", "composer", "reason")


def show_composers(dataset: Dataset, title: str) -> None:
    """Prints a row for each composer, the one with the most pieces first, and the totals."""
    seconds = dataset.num_frames / dataset.encoder.frames_per_second
    left_out = Counter(left.composer for left in dataset.left_out)
    rows = []
    for label, name in enumerate(dataset.classes):
        mine = dataset.labels == label
        rows.append(
            (
                name,
                *_describe(dataset, mine),
                num_chunks := int(dataset.num_chunks[mine].sum()),
                f"{num_chunks / len(dataset.chunk_pieces):.2%}",
                seconds[mine].sum(),
                left_out.pop(name, 0),
            )
        )
    rows += [(name, 0, 0, 0, 0, "", 0.0, count) for name, count in left_out.items()]
    rows.sort(key=lambda row: (-row[1], row[0]))
    table = Table(title=title, show_footer=True)
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
        *map(_number, (*totals, "", seconds.sum(), len(dataset.left_out))),
    )
    headings = (
        *(
            "composer",
            "lived",
            "era",
            "pieces",
            "works",
            "sources",
            "chunks",
            "of all",
            "seconds",
            "left out",
        ),
    )
    for place, (heading, footer) in enumerate(zip(headings, footers, strict=True)):
        table.add_column(heading, footer, justify="left" if place in (0, 2) else "right", no_wrap=True)
    for name, *numbers in rows:
        one = describe_composer(name)
        table.add_row(name, one.lived, one.era, *map(_number, numbers))
    _print(table)


def _describe(dataset: Dataset, mine: Sequence[bool]) -> tuple[int, int, int]:
    """Returns the numbers of pieces, works and sources among some of the pieces."""
    works = {work for work, is_mine in zip(dataset.works, mine, strict=True) if is_mine}
    sources = {source for source, is_mine in zip(dataset.sources, mine, strict=True) if is_mine}
    return int(sum(mine)), len(works), len(sources)


def show_left_out(left_out: Sequence[LeftOut], output: Path | None) -> None:
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


def write_tables(dataset: Dataset, folder: Path, made_with: Mapping[str, Any]) -> None:
    """Writes `pieces.csv`, `left_out.csv` and last, with the numbers of all of them, `catalogue.json`."""
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
    numbers = {
        "num_pieces": len(dataset.pieces),
        "num_composers": len(dataset.classes),
        "num_works": len(set(dataset.works)),
        "num_sources": len(set(dataset.sources)),
        "num_chunks": len(dataset.chunk_pieces),
        "seconds": round(float(seconds.sum())),
        "num_left_out": Counter(kind_of(left.reason) for left in dataset.left_out),
    }
    write_json(
        folder / "catalogue.json",
        {"command": command_line(), "commit": commit()} | made_with | numbers,
    )
    print(
        f"Wrote pieces.csv ({len(dataset.pieces):,}), left_out.csv ({len(dataset.left_out):,}) and catalogue.json "
        f"to {folder}."
    )


def _print_lines(lines: Sequence[str]) -> None:
    for line in lines:
        print(f"  {line}")


def _print(table: Table) -> None:
    # A narrow terminal rather breaks the lines than lacks the ends of numbers.
    Console(width=max(Console().width, 120)).print(table)


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.0f}"
