"""The files of a search at work: what is not there yet, or of which only a part is, counts as absent."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_READ: dict[tuple[Path, Callable[[str], Any]], tuple[int, int, Any]] = {}
"""Of each file its time of change, its size and what it then held: never more than one version."""


def read_json(path: Path) -> dict[str, Any]:
    """Returns what a JSON file holds; nothing if it is not there or not whole."""
    try:
        values = _parsed(path, json.loads)
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def read_rows(path: Path) -> list[dict[str, str]]:
    """Returns the rows of a CSV file; none if it is not there."""
    try:
        return _parsed(path, _rows)
    except (OSError, ValueError, csv.Error):
        return []


def read_history(path: Path) -> list[dict[str, float]]:
    """Returns the rows of a `history.csv` as numbers; none if they are not whole."""
    try:
        return _parsed(path, _numbers)
    except (OSError, TypeError, ValueError, csv.Error):  # copied in this very moment
        return []


def _parsed(path: Path, parse: Callable[[str], T]) -> T:
    """Reads a file unless it is as it was.

    A search of 200 trials has a thousand small files, and is looked at every second for hours.
    """
    try:
        found = path.stat()
    except OSError:
        _READ.pop((path, parse), None)
        raise
    changed, size, value = _READ.get((path, parse), (None, None, None))
    if (changed, size) != (found.st_mtime_ns, found.st_size):
        value = parse(path.read_text(encoding="utf-8"))
        _READ[path, parse] = (found.st_mtime_ns, found.st_size, value)
    return value


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _numbers(text: str) -> list[dict[str, float]]:
    return [{name: float(value) for name, value in row.items()} for row in _rows(text)]
