"""Varied chunks: what is drawn depends on the seeds alone, and happens as often as it was told to."""

import numpy as np
import pytest

from features.variations import with_even_velocities, with_varied_notes


@pytest.fixture(scope="module")
def chunks():
    """Notes of five frames with two between, all of the same velocity in a row: binary and velocity."""
    frames = np.arange(70)
    velocity = np.where(frames % 7 < 5, 0.1 + 0.01 * (frames // 7), 0)
    return np.broadcast_to(np.stack([velocity > 0, velocity], axis=-1), (20, 128, 70, 2)).astype(np.float32)


def varied(chunks, seeds=None, *, left_out=0.0, jitter=0.0):
    seeds = np.arange(len(chunks)) if seeds is None else seeds
    return with_varied_notes(chunks, seeds, left_out=left_out, jitter=jitter, channel=0)


def test_nothing_happens_unless_it_is_told_to(chunks):
    np.testing.assert_array_equal(varied(chunks), chunks)
    even = with_even_velocities(chunks.copy(), np.full(len(chunks), np.nan), channel=1)
    np.testing.assert_array_equal(even, chunks)


def test_whole_notes_are_left_out_as_often_as_told(chunks):
    found = varied(chunks, left_out=0.3)
    notes, kept = (values[:, :, 2::7, 0] for values in (chunks, found))
    assert 1 - kept.sum() / notes.sum() == pytest.approx(0.3, abs=0.01)
    assert set(np.unique(found[..., 0].reshape(20, 128, 10, 7)[..., :5].sum(axis=-1))) == {0, 5}
    np.testing.assert_array_equal(found, np.where(found > 0, chunks, 0))


def test_notes_begin_and_end_a_frame_off_and_no_more(chunks):
    found = varied(chunks, jitter=0.4)[..., 0]
    before = chunks[..., 0]
    assert (found[:, :, 1::7] == 1).all() and (found[:, :, 3::7] == 1).all()
    later = (before[:, :, 7::7] > found[:, :, 7::7]).mean()
    earlier = (found[:, :, 6:69:7] > 0).mean()
    assert later == pytest.approx(0.2, abs=0.02) and earlier == pytest.approx(0.2, abs=0.02)


def test_a_note_keeps_its_velocity(chunks):
    found = varied(chunks, left_out=0.2, jitter=0.5)
    assert ((found[..., 0] > 0) == (found[..., 1] > 0)).all()
    frames, velocities = np.nonzero(found[..., 1])[2], found[..., 1][found[..., 1] > 0]
    notes = np.clip((frames + 1) // 7, 0, 9)
    np.testing.assert_allclose(velocities, 0.1 + 0.01 * notes, atol=1e-6)


def test_equal_seeds_draw_alike_and_others_do_not(chunks):
    ones, others = (varied(chunks, np.array(seeds * 10), left_out=0.5) for seeds in ([3, 4], [3, 5]))
    np.testing.assert_array_equal(ones[0::2], others[0::2])
    np.testing.assert_array_equal(ones[1], ones[3])
    assert not np.array_equal(ones[1], others[1])


def test_a_note_never_vanishes_by_being_moved():
    short = np.zeros((300, 1, 5, 1), np.float32)
    short[:, 0, 2] = 1
    assert (varied(short, jitter=1.0).sum(axis=(1, 2, 3)) >= 1).all()


def test_equally_loud_chunks_sound_where_they_did(chunks):
    levels = np.where(np.arange(len(chunks)) % 2, 0.5, np.nan)
    even = with_even_velocities(chunks.copy(), levels, channel=1)
    np.testing.assert_array_equal(even > 0, chunks > 0)
    assert set(np.unique(even[1::2, ..., 1])) == {0, 0.5}
    np.testing.assert_array_equal(even[0::2], chunks[0::2])
    np.testing.assert_array_equal(even[..., 0], chunks[..., 0])
