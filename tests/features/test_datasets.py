"""A data set gives the chunks that its encoder gives, and names what it leaves out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.corpora.catalogue import Piece
from features.datasets import load_dataset, with_renderings
from features.encoders.piano_roll import PianoRoll
from features.errors import InputError
from features.midi import fingerprint, notes_to_midi, read_events, read_notes
from features.selection import take_pieces

ENCODER = PianoRoll(chunk_frames=20)
NUM_TICKS_A_FRAME = 96  # 480 ticks a beat, half a second a beat, ten frames a second


def melody(seed, num_notes):
    """A MIDI file of notes of four frames each, around the middle of the keyboard."""
    rng = np.random.default_rng(seed)
    length = 4 * NUM_TICKS_A_FRAME
    return notes_to_midi(
        [
            (number * length, (number + 1) * length, int(pitch), int(velocity))
            for number, (pitch, velocity) in enumerate(
                zip(rng.integers(50, 70, num_notes), rng.integers(1, 128, num_notes), strict=True)
            )
        ]
    )


def piece(name, data, work=""):
    return Piece(name, name.split("/")[0], lambda: data, work)


PIECES = [
    piece("Ada/a.mid", melody(1, 13), "Ada 1"),
    piece("Ada/b.mid", melody(2, 5), "Ada 1"),
    piece("Bela/c.mid", melody(3, 30), "Bela 1"),
    piece("Bela/d.mid", melody(4, 1), "Bela 2"),
]
SILENT = notes_to_midi([])
TRUNCATED = melody(5, 4)[:30]


def load(pieces, cache_dir, encoder=ENCODER):
    return load_dataset(pieces, encoder, cache_dir=cache_dir, progress=False)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return load(PIECES, tmp_path_factory.mktemp("cache"))


def direct_chunks(index):
    """Chunks of a piece, encoded without a store."""
    rows = ENCODER.encode(read_notes(read_events(PIECES[index].read())))
    starts = ENCODER.chunk_starts(rows.num_frames)
    return ENCODER.decode(rows, starts, np.full(len(starts), rows.num_frames))


def test_chunks_are_those_of_the_encoder(dataset):
    assert dataset.num_chunks.tolist() == [3, 1, 6, 1]
    assert dataset.num_frames.tolist() == [52, 20, 120, 4]
    for index in range(len(PIECES)):
        chunks = dataset.chunks(np.flatnonzero(dataset.chunk_pieces == index))
        np.testing.assert_array_equal(chunks, direct_chunks(index))


def test_names_labels_and_works_stand_side_by_side(dataset):
    assert dataset.pieces == tuple(piece.piece for piece in PIECES)
    assert dataset.classes == ("Ada", "Bela")
    assert dataset.labels.tolist() == [0, 0, 1, 1]
    assert dataset.composers == ["Ada", "Ada", "Bela", "Bela"]
    assert dataset.chunk_labels.tolist() == [0] * 4 + [1] * 7
    same_work = [[one == other for one in dataset.works] for other in dataset.works]
    assert same_work == [[i == j or {i, j} == {0, 1} for i in range(4)] for j in range(4)]


def test_fingerprints_are_those_of_the_files(dataset):
    for index, piece in enumerate(PIECES):
        np.testing.assert_array_equal(dataset.fingerprints[index], fingerprint(read_events(piece.read())))


def test_is_the_same_when_opened_again(dataset, tmp_path):
    for _ in range(2):
        again = load(PIECES, tmp_path)
        everything = np.arange(len(again.chunk_pieces))
        np.testing.assert_array_equal(again.chunks(everything), dataset.chunks(everything))
        assert (again.pieces, again.works, again.contents) == (
            dataset.pieces,
            dataset.works,
            dataset.contents,
        )


def test_settings_that_do_not_change_rows_share_a_store(dataset, tmp_path):
    load(PIECES, tmp_path)
    other = load(PIECES, tmp_path, PianoRoll(chunk_frames=10, hop=5, channels=("velocity",)))
    assert other.encoder.chunk_shape == (128, 10, 1)
    assert len(list((tmp_path / "rows").glob("*.lock"))) == 1
    load(PIECES, tmp_path, PianoRoll(frames_per_second=20))
    assert len(list((tmp_path / "rows").glob("*.lock"))) == 2


@given(st.data())
def test_transposing_chunks_moves_their_rolls(dataset, data):
    indices = np.array(data.draw(st.lists(st.integers(0, 10), min_size=1, max_size=8)))
    semitones = np.array(
        data.draw(st.lists(st.integers(-50, 50), min_size=len(indices), max_size=len(indices)))
    )
    plain, moved = dataset.chunks(indices), dataset.chunks(indices, semitones=semitones)
    for chunk, other, shift in zip(plain, moved, semitones, strict=True):
        np.testing.assert_array_equal(other, np.roll(chunk, shift, axis=0))  # nothing reaches an edge


@given(st.data())
def test_a_chunk_that_is_moved_stays_in_its_piece(dataset, data):
    indices = np.array(data.draw(st.lists(st.integers(0, 10), min_size=1, max_size=8)))
    later = np.array(
        data.draw(st.lists(st.integers(-500, 500), min_size=len(indices), max_size=len(indices)))
    )
    chunks = dataset.chunks(indices, later=later)
    for chunk, index, frames in zip(chunks, indices, later, strict=True):
        of_piece = np.concatenate(direct_chunks(dataset.chunk_pieces[index]), axis=1)
        num_frames = ENCODER.encode(
            read_notes(read_events(PIECES[dataset.chunk_pieces[index]].read()))
        ).num_frames
        number = index - np.flatnonzero(dataset.chunk_pieces == dataset.chunk_pieces[index])[0]
        moved = np.clip(number * 20 + frames, 0, max(0, num_frames - 20))
        start = moved if frames else number * 20  # the last one stands where the piece ends, too
        expected = of_piece[:, start : start + 20]
        np.testing.assert_array_equal(chunk[:, : expected.shape[1]], expected)
        assert not chunk[:, expected.shape[1] :].any()


def test_a_chunk_that_is_not_moved_stands_where_it_is(dataset):
    everything = np.arange(len(dataset.chunk_pieces))
    np.testing.assert_array_equal(
        dataset.chunks(everything, later=np.zeros_like(everything)), dataset.chunks(everything)
    )


@given(st.data())
def test_a_chunk_that_is_played_faster_or_slower_shows_the_nearest_frames(dataset, data):
    indices = np.array(data.draw(st.lists(st.integers(0, 10), min_size=1, max_size=8)))
    many = {"min_size": len(indices), "max_size": len(indices)}
    rates = np.array(data.draw(st.lists(st.floats(0.5, 2), **many)))
    later = data.draw(st.none() | st.lists(st.integers(-500, 500), **many).map(np.array))
    chunks = dataset.chunks(indices, later=later, rates=rates)
    for number, (chunk, index, rate) in enumerate(zip(chunks, indices, rates, strict=True)):
        piece = dataset.chunk_pieces[index]
        num_frames, of_piece = dataset.num_frames[piece], np.concatenate(direct_chunks(piece), axis=1)
        start = 20 * (index - np.flatnonzero(dataset.chunk_pieces == piece)[0])
        rows = np.floor(np.arange(20) * rate + 0.5).astype(int)
        is_moved = later is not None and later[number] != 0
        if is_moved:
            start = np.clip(start + later[number], 0, max(0, num_frames - 1 - rows[-1]))
        rows = rows[start + rows < num_frames] + start
        np.testing.assert_array_equal(chunk[:, : len(rows)], of_piece[:, rows])
        assert not chunk[:, len(rows) :].any()
        # Moved, it is filled if the piece is long enough.
        assert not is_moved or len(rows) == 20 or start == 0


@given(st.data())
def test_at_its_own_tempo_a_chunk_is_what_it_is(dataset, data):
    indices = np.array(data.draw(st.lists(st.integers(0, 10), min_size=1, max_size=8)))
    later = np.array(data.draw(st.lists(st.integers(-50, 50), min_size=len(indices), max_size=len(indices))))
    for moved in (None, later):
        plain, played = (
            dataset.chunks(indices, later=moved, rates=rates) for rates in (None, np.ones(len(indices)))
        )
        np.testing.assert_array_equal(plain, played)


@pytest.fixture(scope="module")
def rendered(dataset, tmp_path_factory):
    cache_dir = tmp_path_factory.mktemp("renderings")
    return with_renderings(dataset, PIECES, 2, strength=1.0, cache_dir=cache_dir)


def test_a_rendering_is_heard_where_it_is_asked_for(dataset, rendered):
    everything = np.arange(len(dataset.chunk_pieces))
    semitones, which = everything % 3, everything % 2
    plain, some, other = (
        rendered.chunks(everything, semitones=semitones, renderings=renderings)
        for renderings in (None, which, 2 * which)
    )
    np.testing.assert_array_equal(plain, dataset.chunks(everything, semitones=semitones))
    np.testing.assert_array_equal(some[which == 0], plain[which == 0])
    for one, another in ((some, plain), (other, some)):
        assert all((a != b).any() for a, b in zip(one[which == 1], another[which == 1], strict=True))


def test_a_rendering_begins_and_ends_with_its_piece(dataset, rendered):
    ones = np.ones(1, int)
    for piece in range(len(dataset.pieces)):
        rendering = rendered.renderings[0]
        first = np.flatnonzero(dataset.chunk_pieces == piece)[:1]
        own = np.flatnonzero(rendering.chunk_pieces == piece)
        for later, expected in ((0, own[:1]), (10**6, own[-1:])):
            chunk = rendered.chunks(first, renderings=ones, later=later * ones)
            np.testing.assert_array_equal(chunk, rendering.chunks(expected, later=later * ones))


def test_a_part_of_a_data_set_has_its_part_of_the_renderings(dataset, rendered):
    keep = np.array(dataset.composers) == dataset.composers[-1]
    part, chunks = take_pieces(rendered, keep), np.flatnonzero(keep[dataset.chunk_pieces])
    twos = np.full(len(chunks), 2)
    np.testing.assert_array_equal(
        part.chunks(np.arange(len(chunks)), renderings=twos), rendered.chunks(chunks, renderings=twos)
    )


def test_names_what_is_left_out_and_why(dataset, tmp_path):
    bad = [piece("Ada/silent.mid", SILENT), piece("Bela/cut.mid", TRUNCATED), piece("Bela/empty.mid", b"")]
    mixed = load([bad[0], PIECES[0], PIECES[1], bad[1], PIECES[2], bad[2], PIECES[3]], tmp_path)
    assert [left_out.piece for left_out in mixed.left_out] == [piece.piece for piece in bad]
    assert [left_out.composer for left_out in mixed.left_out] == ["Ada", "Bela", "Bela"]
    assert mixed.left_out[0].reason == "it has no pitched note that lasts"
    assert all(" " in left_out.reason for left_out in mixed.left_out)
    assert (mixed.pieces, mixed.works, mixed.contents) == (dataset.pieces, dataset.works, dataset.contents)
    everything = np.arange(len(mixed.chunk_pieces))
    np.testing.assert_array_equal(mixed.chunks(everything), dataset.chunks(everything))
    np.testing.assert_array_equal(mixed.fingerprints, dataset.fingerprints)


def test_a_file_that_cannot_be_read_is_left_out_too(dataset, tmp_path):
    def locked():
        raise InputError("Cannot read Ada/locked.mid: Permission denied.")

    mixed = load([Piece("Ada/locked.mid", "Ada", locked), *PIECES], tmp_path)
    assert [left_out.reason for left_out in mixed.left_out] == [
        "Cannot read Ada/locked.mid: Permission denied."
    ]
    assert mixed.contents == dataset.contents
    opened = load([piece("Ada/locked.mid", melody(9, 3)), *PIECES], tmp_path)
    assert not opened.left_out


def test_a_corpus_of_unreadable_files_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"No usable piece is left of Ada; 2 files.*The first: Ada/x\.mid: "):
        load([piece("Ada/x.mid", b"no music"), piece("Ada/y.mid", b"")], tmp_path)


def test_a_composer_who_loses_every_piece_is_an_error(tmp_path):
    with pytest.raises(
        InputError, match=r"No usable piece is left of Cleo; 1 file c.*Cleo/x\.mid: it has no"
    ):
        load([*PIECES, piece("Cleo/x.mid", SILENT)], tmp_path)


def test_a_composer_who_need_not_be_there_is_left_out(tmp_path):
    pieces = [*PIECES, piece("Cleo/x.mid", SILENT)]
    found = load_dataset(pieces, ENCODER, cache_dir=tmp_path, progress=False, every_composer=False)
    assert found.classes == ("Ada", "Bela")
    assert [left.piece for left in found.left_out] == ["Cleo/x.mid"]
    with pytest.raises(InputError, match="No usable piece is left"):
        load_dataset(pieces[-1:], ENCODER, cache_dir=tmp_path, progress=False, every_composer=False)


def test_an_empty_corpus_is_an_error(tmp_path):
    with pytest.raises(InputError, match="No usable piece is left of the whole corpus"):
        load([], tmp_path)
