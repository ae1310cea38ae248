"""Files are read once, where memory allows, and a store holds the files that it is named after."""

from dataclasses import replace

import numpy as np
import pytest

from features import preparation
from features.corpora.catalogue import Request
from features.corpora.synthetic import load
from features.encoders.piano_roll import PianoRoll
from features.errors import InputError
from features.preparation import prepare


class Reader:
    """A piece's `read` that counts, and answers from a list at last."""

    def __init__(self, *answers):
        self.answers, self.count = answers, 0

    def __call__(self):
        answer = self.answers[min(self.count, len(self.answers) - 1)]
        self.count += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


PIECES = load(Request())[::16]
BYTES = [piece.read() for piece in PIECES]


def read_by(*readers):
    return [replace(piece, read=reader) for piece, reader in zip(PIECES, readers, strict=True)]


def prepare_(pieces, cache_dir):
    return prepare(pieces, PianoRoll(), cache_dir=cache_dir, progress=False)


def written(cache_dir):
    """The bytes of all stores, by path."""
    files = (path for path in (cache_dir / "rows").rglob("*") if path.is_file() and path.suffix != ".lock")
    return {path.relative_to(cache_dir): path.read_bytes() for path in files}


@pytest.mark.parametrize(("kept_bytes", "times"), [(2**20, 1), (0, 2)])
def test_files_are_read_once_as_far_as_memory_allows(tmp_path, monkeypatch, kept_bytes, times):
    monkeypatch.setattr(preparation, "MAX_KEPT_BYTES", kept_bytes)
    readers = [Reader(data) for data in BYTES]
    _, contents = prepare_(read_by(*readers), tmp_path / "one")
    assert [reader.count for reader in readers] == [times] * len(PIECES)
    monkeypatch.undo()
    assert contents == prepare_(PIECES, tmp_path / "other")[1]
    assert written(tmp_path / "one") == written(tmp_path / "other") != {}


def test_only_as_many_bytes_are_kept_as_allowed(tmp_path, monkeypatch):
    monkeypatch.setattr(preparation, "MAX_KEPT_BYTES", sum(map(len, BYTES[:2])))
    readers = [Reader(data) for data in BYTES]
    prepare_(read_by(*readers), tmp_path)
    assert [reader.count for reader in readers] == [1, 1] + [2] * (len(BYTES) - 2)


def test_what_cannot_be_read_keeps_its_reason_and_no_content(tmp_path):
    readers = [Reader(InputError("It is locked."), BYTES[0]), *map(Reader, BYTES[1:])]
    store, contents = prepare_(read_by(*readers), tmp_path)
    assert store.problems == ("It is locked.", *[""] * (len(PIECES) - 1))
    assert contents[0] == "" and all(contents[1:])
    assert readers[0].count == 1
    store, contents = prepare_(PIECES, tmp_path)
    assert not any(store.problems) and all(contents)


@pytest.mark.parametrize("then", [BYTES[1], InputError("It is locked.")])
def test_a_file_that_changes_between_two_readings_is_not_stored(tmp_path, monkeypatch, then):
    monkeypatch.setattr(preparation, "MAX_KEPT_BYTES", 0)
    readers = [Reader(BYTES[0], then), *map(Reader, BYTES[1:])]
    with pytest.raises(
        InputError, match="It is locked" if isinstance(then, InputError) else "has changed since"
    ):
        prepare_(read_by(*readers), tmp_path)
    assert written(tmp_path) == {}
    store, _ = prepare_(PIECES, tmp_path)
    assert not any(store.problems)
    assert np.all(np.diff(store.row_starts) > 0)
