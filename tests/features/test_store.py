"""A store is whole or not there, and holds what its files and settings say."""

import errno
import json
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from features.encoders.rows import Rows
from features.errors import InputError
from features.store import EncodedPiece, open_store

SETTINGS = {"encoder": "Example", "frames_per_second": 10.0}


def encoded(seed, *, num_frames=5, columns=256):
    """A piece with up to four cells a frame, now and then none."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 5, num_frames)
    rows = Rows(
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        columns=rng.integers(0, columns, counts.sum()).astype(np.uint16),
        values=rng.random(counts.sum(), np.float32),
    )
    return EncodedPiece(
        rows,
        fingerprint=rng.random(3),
        outline=rng.integers(-9, 9, (2, seed), np.int8),
        source=f"source {seed}",
    )


PIECES = [
    encoded(1),
    encoded(2, num_frames=9),
    EncodedPiece(problem="It is no music."),
    encoded(3, num_frames=1),
]
CONTENTS = ["a1", "b2", "c3", "d4"]


def folders(cache_dir):
    return sorted(path.name for path in (cache_dir / "rows").iterdir() if path.is_dir())


def never():
    raise AssertionError("The store was made again.")
    yield


def open_(cache_dir, pieces=PIECES, contents=CONTENTS, settings=SETTINGS):
    return open_store(iter(pieces), contents, settings=settings, cache_dir=cache_dir)


def assert_right(store):
    """The store holds `PIECES`, cell for cell."""
    assert store.row_starts.tolist() == [0, 5, 14, 14, 15]
    for index, piece in enumerate(PIECES):
        first, end = store.row_starts[index : index + 2]
        if piece.rows is None:
            assert first == end
            assert np.isnan(store.fingerprints[index]).all()
            continue
        cells = slice(store.rows.offsets[first], store.rows.offsets[end])
        np.testing.assert_array_equal(store.rows.columns[cells], piece.rows.columns)
        np.testing.assert_array_equal(store.rows.values[cells], piece.rows.values)
        offsets = store.rows.offsets[first : end + 1] - store.rows.offsets[first]
        np.testing.assert_array_equal(offsets, piece.rows.offsets)
        np.testing.assert_array_equal(store.fingerprints[index], piece.fingerprint)
    for outline, piece in zip(store.outlines, PIECES, strict=True):
        np.testing.assert_array_equal(outline, piece.outline)
    assert store.sources == tuple(piece.source for piece in PIECES)
    assert store.problems == tuple(piece.problem for piece in PIECES)


def test_gives_back_every_piece_cell_for_cell(tmp_path):
    assert_right(open_(tmp_path))


def test_rows_stay_on_disk_and_cannot_be_changed(tmp_path):
    rows = open_(tmp_path).rows
    assert all(isinstance(getattr(rows, name), np.memmap) for name in ("offsets", "columns", "values"))
    with pytest.raises(ValueError, match="read-only"):
        rows.values[0] = 1


def test_what_is_there_is_not_made_again(tmp_path):
    open_(tmp_path)
    assert_right(open_(tmp_path, never()))
    assert len(folders(tmp_path)) == 1


def test_other_files_other_order_other_settings_are_other_stores(tmp_path):
    open_(tmp_path)
    open_(tmp_path, contents=["a1", "b2", "c3", "changed"])
    open_(tmp_path, [PIECES[i] for i in (1, 0, 2, 3)], contents=["b2", "a1", "c3", "d4"])
    open_(tmp_path, settings=SETTINGS | {"frames_per_second": 20.0})
    open_(tmp_path, PIECES[:1], contents=CONTENTS[:1])
    assert len(folders(tmp_path)) == 5
    assert_right(open_(tmp_path, never(), settings=dict(reversed(SETTINGS.items()))))


def test_pieces_without_a_cell_need_no_rows(tmp_path):
    problems = [EncodedPiece(problem="It is no music."), EncodedPiece(problem="Nor is this.")]
    store = open_(tmp_path, problems, contents=["a", "b"])
    assert store.rows.num_frames == 0
    assert store.row_starts.tolist() == [0, 0, 0]
    assert store.problems == ("It is no music.", "Nor is this.")


def test_what_was_interrupted_leaves_nothing_and_is_made_anew(tmp_path):
    def interrupted():
        yield PIECES[1]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_(tmp_path, interrupted())
    assert folders(tmp_path) == []
    assert_right(open_(tmp_path))


def test_what_a_killed_process_left_behind_goes(tmp_path):
    open_(tmp_path)
    (whole,) = folders(tmp_path)
    os.replace(tmp_path / "rows" / whole, tmp_path / "rows" / f"{whole}.unfinished")
    (tmp_path / "rows" / f"{whole}.unfinished" / "of an older version.bin").write_bytes(b"x")
    assert_right(open_(tmp_path))
    assert folders(tmp_path) == [whole]


FILES = ("columns.bin", "offsets.bin", "values.bin", "pieces.json", "pieces.npz", "digests.json")

WRITTEN_OVER = {
    "zeros": lambda content: bytes(len(content)),  # as after a power cut
    "null": lambda content: b"null",
    "an empty list": lambda content: b"[]",
    "a number of pieces less": lambda content: json.dumps(json.loads(content)[:-1]).encode(),
    "a bit": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
}


def test_these_are_all_the_files_of_a_store(tmp_path):
    open_(tmp_path)
    (folder,) = folders(tmp_path)
    assert sorted(path.name for path in (tmp_path / "rows" / folder).iterdir()) == sorted(FILES)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["gone", "empty", "cut by a byte", "half", "longer by an item"])
def test_a_store_that_was_damaged_is_made_anew(tmp_path, name, damage):
    open_(tmp_path)
    (folder,) = folders(tmp_path)
    path = tmp_path / "rows" / folder / name
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "longer by an item":
        path.write_bytes(content + bytes(8))
    else:
        path.write_bytes(content[: {"empty": 0, "cut by a byte": -1, "half": len(content) // 2}[damage]])
    assert_right(open_(tmp_path))
    assert path.read_bytes()[: len(content)] == content
    assert_right(open_(tmp_path, never()))


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        (name, damage)
        for name in FILES
        for damage in WRITTEN_OVER
        if name == "pieces.json" or damage != "a number of pieces less"
    ],
)
def test_a_store_that_was_written_over_is_made_anew(tmp_path, name, damage):
    open_(tmp_path)
    (folder,) = folders(tmp_path)
    path = tmp_path / "rows" / folder / name
    content = path.read_bytes()
    path.write_bytes(WRITTEN_OVER[damage](content))
    assert_right(open_(tmp_path))
    assert path.read_bytes() == content
    assert_right(open_(tmp_path, never()))


@pytest.mark.parametrize("place", ["file/cache", "/proc/cache"])
def test_a_cache_that_cannot_be_made_is_refused(tmp_path, place):
    (tmp_path / "file").write_bytes(b"")
    if place.startswith("/") and not Path("/proc/self").exists():
        pytest.skip("This system has no /proc.")
    with pytest.raises(
        InputError, match="Expected --cache-dir to name a folder to write to, but .* cannot be used"
    ):
        open_(tmp_path / place)


def test_an_emptied_store_is_made_anew(tmp_path):
    open_(tmp_path)
    (folder,) = folders(tmp_path)
    for path in (tmp_path / "rows" / folder).iterdir():
        path.unlink()
    assert_right(open_(tmp_path))


@pytest.mark.parametrize("together", [2, 4])
def test_those_who_want_one_store_at_once_share_it(tmp_path, together):
    made, stores, ready = [], [], threading.Barrier(together)

    def pieces(number):
        made.append(number)
        for piece in PIECES:
            threading.Event().wait(0.02)  # so that the others come in the meantime
            yield piece

    def want(number):
        ready.wait()
        stores.append(open_(tmp_path, pieces(number)))

    threads = [threading.Thread(target=want, args=(number,)) for number in range(together)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len(stores) == together
    for store in stores:
        assert_right(store)
    assert len(folders(tmp_path)) == 1


def test_a_full_disk_is_told_as_such_and_leaves_no_store(tmp_path, monkeypatch):
    class Full:
        def __init__(self, file):
            self.file = file

        def write(self, content):
            raise OSError(errno.ENOSPC, "No space left on device")

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.file.close()

    monkeypatch.setattr("features.store.open", lambda *arguments: Full(open(*arguments)), raising=False)
    with pytest.raises(OSError, match="No space left") as caught:
        open_(tmp_path)
    assert caught.value.errno == errno.ENOSPC
    assert folders(tmp_path) == [], "What is left of it would keep the disk full."
    monkeypatch.undo()
    assert_right(open_(tmp_path))


def test_a_really_full_disk_has_its_number(tmp_path, monkeypatch):
    """`numpy.ndarray.tofile` would raise an error without one, which nobody could tell from a bug."""
    full = Path("/dev/full")
    if not full.is_char_device():
        pytest.skip("This system has no /dev/full.")
    monkeypatch.setattr("features.store.open", lambda path, mode: open(full, mode), raising=False)
    with pytest.raises(OSError, match="No space left") as caught:
        open_(tmp_path)
    assert caught.value.errno == errno.ENOSPC
