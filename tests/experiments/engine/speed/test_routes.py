"""The routes lead to the same chunks, or their seconds could not be compared."""

import numpy as np
import pytest

from experiments.engine.speed.routes import Outcome, cut, dataset, lay_out, plain, pretty_midi, rollcall, unusable
from features.corpora.catalogue import Piece, Request
from features.corpora.synthetic import load
from features.datasets import load_dataset
from features.encoders.piano_roll import PianoRoll
from features.errors import InputError


def unreadable():
    raise InputError("Nobody may read this.")


@pytest.fixture(scope="module")
def pieces():
    return load(Request())[::11]


def test_both_routes_make_the_same_chunks(pieces, tmp_path):
    (tmp_path / "theirs").mkdir()
    theirs = pretty_midi(pieces, tmp_path / "theirs", progress=False)
    ours = rollcall(pieces, tmp_path / "ours", progress=False)
    assert ours == theirs == dataset(pieces, tmp_path / "ours", progress=False) == Outcome(ours.num_chunks)
    loaded = load_dataset(pieces, PianoRoll(), cache_dir=tmp_path / "ours", progress=False)
    written = []
    for number in range(len(pieces)):
        with np.load(tmp_path / "theirs" / f"{number}.npz") as arrays:
            written.append(arrays["chunks"])
    np.testing.assert_array_equal(np.concatenate(written), loaded.chunks(np.arange(ours.num_chunks)))


@pytest.mark.parametrize("num_frames", [0, 1, 149, 150, 151, 300])
def test_cut_chunks_tile_the_roll(num_frames):
    roll = np.random.default_rng(0).integers(0, 3, (128, num_frames)) * 100.0
    chunks = cut(roll)
    assert chunks.shape == (-(-num_frames // 150), 128, 150, 2)
    assert chunks.dtype == np.float32
    binary, velocity = np.moveaxis(chunks, 0, 1).reshape(128, -1, 2)[:, :num_frames].transpose(2, 0, 1)
    np.testing.assert_array_equal(binary, roll > 0)
    np.testing.assert_allclose(velocity, np.minimum(roll / 127, 1), rtol=1e-6)
    assert chunks.sum() == pytest.approx(binary.sum() + velocity.sum(), rel=1e-5)


def test_pieces_are_laid_out_as_files_and_what_cannot_be_read_keeps_its_reason(pieces, tmp_path):
    closed = Piece("closed", "Ada", read=unreadable)
    zeros = Piece("zeros", "Ada", read=lambda: bytes(9))
    laid_out = lay_out([*pieces[:2], closed, zeros], tmp_path / "files")
    assert laid_out == [*pieces[:2], closed, zeros]
    assert [path.name for path in sorted((tmp_path / "files").iterdir())] == ["0.mid", "1.mid", "3.mid"]
    assert [piece.read() for piece in laid_out[:2]] == [piece.read() for piece in pieces[:2]]
    problems = unusable(laid_out)
    assert rollcall(laid_out, tmp_path / "ours", progress=False).problems == problems
    assert list(problems) == ["closed", "zeros"]
    assert problems["closed"] == "Nobody may read this."


def test_the_bare_bytes_are_as_many_as_asked_for(pieces, tmp_path):
    plain(pieces, tmp_path, progress=False, num_bytes=2**20 + 17)
    assert (tmp_path / "bytes.bin").stat().st_size == 2**20 + 17
