"""The Hugging Face corpus TiMauzi/imslp-midi-by-sa: MIDI files of IMSLP with composer, year and era, and three sides.

https://huggingface.co/datasets/TiMauzi/imslp-midi-by-sa

Parquet files with a row a piece; their names begin with the side that the corpus has for them (`train-`, `validation-`,
`test-`), which the protocol `given` takes. A title is that of a page of IMSLP, and so a work; its numbers tell which
work of another corpus it is. The sister corpora under other licences, such as TiMauzi/imslp-midi-by-nc-sa, are alike.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from math import isfinite, nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.corpora.catalogue import Piece, Request, check_list, select_composers
from features.corpora.composers import find_composer, load_composers, plain
from features.corpora.files import shown
from features.errors import InputError
from features.splits.holding_out import TEST, TRAIN, VALIDATION

if TYPE_CHECKING:
    import pyarrow

FETCH = "hf download TiMauzi/imslp-midi-by-sa --repo-type dataset --local-dir FOLDER"

COLUMNS = ("title", "composer", "year", "era", "style", "key", "license")
"""What is told of a piece; the last five are kept as facts."""

MIDI = "midi"

UNKNOWN = "unknown"


def load(request: Request) -> list[Piece]:
    """Returns the pieces of all Parquet files in a folder, or of one such file.

    Args:
        request: What is wanted; composers as `composers.csv` calls them, others as the corpus does.

    Raises:
        InputError: The corpus is not there, is not as expected, or a composer is not in it.
    """
    check_list(request, "imslp_midi")
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise InputError("imslp_midi needs pyarrow: pip install pyarrow, then run this again.") from error
    home = request.data_home
    if home is None:
        raise InputError(
            f"imslp_midi needs --data-home, a folder with its Parquet files; fetch it with {FETCH}."
        )
    paths = sorted(home.rglob("*.parquet")) if home.is_dir() else [home]
    if not paths or not paths[0].is_file():
        raise InputError(f"There is no Parquet file under {home}; fetch the corpus with {FETCH}.")
    return select_composers([piece for path in paths for piece in _pieces_of(path)], request.composers)


def composer_of(name: str | None) -> str:
    """Returns who is meant by a name as IMSLP writes it.

    Example:
        >>> composer_of("Bach, Johann Sebastian"), composer_of("Dvořák, Antonín"), composer_of("Nobody, A.")
        ('Bach', 'Dvorak', 'A. Nobody')
    """
    last, comma, first = (name or UNKNOWN).partition(",")
    whole = f"{first.strip()} {last.strip()}" if comma else last.strip()
    return _by_full_name().get(plain(whole)) or find_composer(whole) or whole


def side_of(path: Path) -> str:
    """Returns the side that the name of a file begins with; empty if it is none.

    Example:
        >>> side_of(Path("data/train-00000-of-00002.parquet")), side_of(Path("all.parquet"))
        ('train', '')
    """
    return next((side for side in (TRAIN, VALIDATION, TEST) if path.name.startswith(f"{side}-")), "")


def _pieces_of(path: Path) -> Iterator[Piece]:
    table, number = _open(path), 0
    missing = sorted({*COLUMNS, MIDI} - set(table.schema_arrow.names))
    if missing:
        raise InputError(
            f"{path} lacks {' and '.join(missing)}; expected the columns {', '.join((*COLUMNS, MIDI))}, as in "
            "TiMauzi/imslp-midi-by-sa."
        )
    for group in range(table.num_row_groups):
        for row, told in enumerate(_group_of(table, path, group, COLUMNS).to_pylist()):
            yield _piece(path, number, told, partial(read_row, path, group, row))
            number += 1


def _piece(path: Path, number: int, told: dict[str, Any], read: partial) -> Piece:
    title, composer, year = (told.pop(name) for name in ("title", "composer", "year"))
    try:
        title, composer, year = shown(title or "untitled"), composer_of(composer), float(year or nan)
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(
            "Expected title and composer as text and year as a number, as in TiMauzi/imslp-midi-by-sa, but row "
            f"{number} of {path} has {title!r}, {composer!r} and {year!r}."
        ) from error
    facts = {name: str(value).strip() for name, value in told.items() if value}
    facts |= {"year": str(int(year))} if isfinite(year) else {}
    facts["side"] = side_of(path)
    # By file and row, so that they are read in the order in which they lie on the disk.
    name = f"{path.stem}/{number:05d} {title}"
    return Piece(name, shown(composer), read, work=title, title=title, facts=facts)


def read_row(path: Path, group: int, row: int) -> bytes:
    """Returns the MIDI file of a row.

    Raises:
        InputError: The Parquet file cannot be read any more.
    """
    value = _midi_of(path, group)[row].as_py()
    value = value["bytes"] if isinstance(value, dict) else value  # as the datasets library writes files
    if not isinstance(value, bytes):
        raise InputError(f"Row {row} of group {group} in {path} has no MIDI file.")
    return value


@lru_cache(maxsize=2)
def _midi_of(path: Path, group: int) -> "pyarrow.ChunkedArray":
    """The files of a group of rows, which are unpacked together; the next pieces ask for the same."""
    return _group_of(_open(path), path, group, [MIDI])[MIDI]


def _group_of(
    table: "pyarrow.parquet.ParquetFile", path: Path, group: int, columns: Sequence[str]
) -> "pyarrow.Table":
    import pyarrow

    try:
        return table.read_row_group(group, columns=list(columns))
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(_unreadable(path, error)) from error


def _open(path: Path) -> "pyarrow.parquet.ParquetFile":
    import pyarrow
    import pyarrow.parquet

    try:
        return pyarrow.parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(_unreadable(path, error)) from error


def _unreadable(path: Path, error: Exception) -> str:
    return f"{path} cannot be read as Parquet ({str(error).rstrip('.')}); fetch it again."


@lru_cache(maxsize=1)
def _by_full_name() -> dict[str, str]:
    return {plain(one.full_name): one.composer for one in load_composers()}
