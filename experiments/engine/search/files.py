"""The files of a search at work: what is not there yet, or of which only a part is, counts as absent."""

import csv
import io
import json
from functools import lru_cache
from pathlib import Path
from typing import Any


def read_json(path: Path) -> dict[str, Any]:
    """Returns what a JSON file holds; nothing if it is not there or not whole."""
    try:
        values = _parsed_json(path, path.stat().st_mtime_ns)
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def read_rows(path: Path) -> list[dict[str, str]]:
    """Returns the rows of a CSV file; none if it is not there."""
    try:
        return _parsed_csv(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, csv.Error):
        return []


def read_history(path: Path) -> list[dict[str, float]]:
    """Returns the rows of a `history.csv` as numbers; none if they are not whole."""
    try:
        return [{name: float(value) for name, value in row.items()} for row in read_rows(path)]
    except (TypeError, ValueError):  # copied in this very moment
        return []


# A search of 200 trials has a thousand small files, and is looked at every second: only what changed is read again.
@lru_cache(maxsize=10_000)
def _parsed_json(path: Path, changed_ns: int) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=10_000)
def _parsed_csv(path: Path, changed_ns: int) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
