"""Your own files: a folder for each label, or a table that says who wrote what.

A folder and a CSV file side by side:

    my-music/Bach/Air.mid               path,composer,work
    my-music/Bach/Suites/Gigue.mid      Bach/Air.mid,Bach,BWV 1068
    my-music/Clara/Romance.mid          unsorted/17.mid,Clara,
"""

import csv
import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from features.corpora.catalogue import Piece, Request, check_list, select_composers
from features.corpora.composers import find_composer
from features.corpora.files import LINK, WHY_NO_LINK, find_midi_files, read_file, shown
from features.errors import InputError


def load(request: Request) -> list[Piece]:
    """Returns the pieces of a folder, a zip file or a CSV file that the user has.

    In a folder or a zip file, the outermost folder around a MIDI file is its label. A folder that a zip
    file has around all of them, because a folder was compressed and not what is in it, does not count,
    unless files lie directly in it or a composer is called like it.
    A CSV file has the columns `path` (relative to the CSV file) and `composer`, and if known `work`.

    Args:
        request: What is wanted; `data_home` is the folder, the zip file or the CSV file.

    Raises:
        InputError: What is there cannot be used as it is, or a composer is not in it.
    """
    check_list(request, "composer_folders")
    home = request.data_home
    if home is None:
        raise InputError(
            "composer_folders needs --data-home: a folder with one folder for each composer, "
            "or a CSV file with the columns path and composer."
        )
    if home.suffix.lower() == ".csv" and os.path.isfile(home):
        return select_composers(_from_table(home), request.composers)
    found = find_midi_files(home)
    top = "" if os.path.isdir(home) else _top_folder(found)
    if top and _is_wrapper(top, found):
        found = {name.removeprefix(f"{top}/"): read for name, read in found.items()}
        top = ""
    try:
        return select_composers((_from_folder(home, *item) for item in found.items()), request.composers)
    except InputError as error:
        if not top:
            raise
        raise InputError(
            f"{error} All files of {home} lie in its folder {top}, so that counts as their composer; put a folder for "
            "each composer into the zip file itself."
        ) from error


def _top_folder(names: Iterable[str]) -> str:
    """Returns the folder that all files lie in; empty if there is none."""
    tops = {name.partition("/")[0] if "/" in name else "" for name in names}
    return tops.pop() if len(tops) == 1 else ""


def _is_wrapper(top: str, names: Iterable[str]) -> bool:
    """Whether a folder around all files only holds the folders of composers."""
    return all(name.count("/") > 1 for name in names) and find_composer(top) is None


def _from_folder(home: Path, name: str, read: Callable[[], bytes]) -> Piece:
    label, _, rest = name.partition("/")
    if not rest:
        raise InputError(
            f"{name} lies directly in {home}, so it has no label; "
            "move it into its composer's folder, or name the composers in a CSV file."
        )
    return Piece(piece=name, composer=label, read=read, left_out=WHY_NO_LINK if name.endswith(LINK) else "")


def _from_table(table: Path) -> Iterator[Piece]:
    """Yields the pieces of a CSV file; `table` also says where their paths begin."""
    seen: dict[object, int] = {}
    for line, row in _read_rows(table):
        path = row["path"].replace("\\", "/")  # as Windows writes paths
        name, composer, work = (shown(text) for text in (path, row["composer"], row["work"]))
        if not name or not composer:
            raise InputError(
                f"Line {line} of {table} needs a path and a composer, got {name!r} and {composer!r}."
            )
        file, name = table.parent / path, str(PurePosixPath(name))
        if not os.path.isfile(file):  # not `Path.is_file`, which raises for names that are too long
            raise InputError(
                f"Line {line} of {table} names a file that is not there: {name}; "
                f"paths are relative to {table.parent.resolve()}."
            )
        for key in (file.resolve(), name):  # another way may lead to the same file, or look the same
            if seen.setdefault(key, line) != line:
                raise InputError(
                    f"Line {line} of {table} names {name} again, as line {seen[key]} did; drop one."
                )
        yield Piece(piece=name, composer=composer, read=partial(read_file, file), work=work)


def _read_rows(table: Path) -> list[tuple[int, dict[str, str]]]:
    """Returns the line number and the wanted columns of each row, without the spaces around them."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:  # spreadsheets put a mark first
            reader = csv.DictReader(file, skipinitialspace=True)
            columns = reader.fieldnames or []
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"Cannot read {table} ({error}); save it as a CSV file in UTF-8.") from error
    missing = [column for column in ("path", "composer") if column not in columns]
    if missing:
        raise InputError(
            f"{table} lacks the column {' and '.join(missing)}; it has {', '.join(columns) or 'no columns'}. "
            "Its first line must name path and composer, and may name work, with commas between."
        )
    if not rows:
        raise InputError(f"{table} names no files; give it a line for each, under path and composer.")
    wanted = ("path", "composer", "work")
    return [(line, {column: (row.get(column) or "").strip() for column in wanted}) for line, row in rows]
