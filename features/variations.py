"""Training chunks as they might also have been: other velocities, notes left out, notes that begin a frame off.

All of it happens to chunks that are decoded already, so that nothing is stored twice, and depends on the numbers that
are handed in alone.
"""

from collections.abc import Sequence

import numba
import numpy as np

PRESENCE_CHANNELS = ("binary", "velocity", "timing")
"""Any of these tells where notes are held."""

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def presence_channel(channels: Sequence[str]) -> int:
    """Returns which of an encoder's channels is the first that tells where notes are held; 0 if none does.

    Example:
        >>> presence_channel(("onset", "binary"))
        1
    """
    return next((number for number, kind in enumerate(channels) if kind in PRESENCE_CHANNELS), 0)


def with_even_velocities(chunks: np.ndarray, levels: np.ndarray, *, channel: int) -> np.ndarray:
    """Returns chunks of which some are equally loud throughout, as in files without dynamics.

    Args:
        chunks: `(chunks, pitch, frame, channel)`; changed in place.
        levels: How loud, from 0 to 1, `(chunks,)`; not a number where a chunk stays as it is.
        channel: Which channel holds velocities.

    Example:
        >>> chunks = np.array([0.2, 0.9, 0.0, 0.9]).reshape(2, 1, 2, 1)
        >>> with_even_velocities(chunks, np.array([0.5, np.nan]), channel=0).ravel().tolist()
        [0.5, 0.5, 0.0, 0.9]
    """
    for number in np.flatnonzero(~np.isnan(levels)):
        velocities = chunks[number, ..., channel]
        velocities[velocities > 0] = levels[number]
    return chunks


def with_varied_notes(
    chunks: np.ndarray, seeds: np.ndarray, *, left_out: float, jitter: float, channel: int
) -> np.ndarray:
    """Returns chunks in which notes are left out, and begin and end a frame earlier or later.

    A note is what sounds without a break on one pitch: on a roll, notes that are repeated at once are one. It keeps
    its channels, which are moved along; where it is prolonged, its last frame is repeated, and it never becomes
    shorter than a frame.

    Args:
        chunks: `(chunks, pitch, frame, channel)`, float32.
        seeds: Of what is drawn for each chunk, `(chunks,)`.
        left_out: Share of notes that are left out.
        jitter: Share of beginnings and ends that are moved.
        channel: Which channel tells where notes sound.

    Returns:
        An array of the same shape.
    """
    varied = np.zeros_like(chunks)
    _vary(chunks, np.asarray(seeds, np.uint64), left_out, jitter, channel, varied)
    return varied


@numba.njit(cache=True)
def _vary(chunks, seeds, left_out, jitter, channel, varied):
    num_chunks, num_pitches, num_frames, num_channels = chunks.shape
    state = np.zeros(1, np.uint64)
    for chunk in range(num_chunks):
        state[0] = seeds[chunk]
        for pitch in range(num_pitches):
            start = 0
            while start < num_frames:
                if chunks[chunk, pitch, start, channel] <= 0:
                    start += 1
                    continue
                end = start + 1
                while end < num_frames and chunks[chunk, pitch, end, channel] > 0:
                    end += 1
                is_left_out = _draw(state) < left_out
                new_start, new_end = start + _step(state, jitter), end + _step(state, jitter)
                if not is_left_out:
                    new_end = max(new_end, new_start + 1)
                    for frame in range(max(new_start, 0), min(new_end, num_frames)):
                        source = min(start + frame - new_start, end - 1)
                        for kind in range(num_channels):
                            varied[chunk, pitch, frame, kind] = chunks[chunk, pitch, source, kind]
                start = end


@numba.njit(cache=True)
def _step(state, jitter):
    """Draws -1, 0 or 1."""
    drawn = _draw(state)
    if drawn >= jitter:
        return 0
    return -1 if drawn < jitter / 2 else 1


@numba.njit(cache=True)
def _draw(state):
    """Draws a number from 0 to below 1 (SplitMix64): numba's own generator has one state for all."""
    state[0] += GOLDEN
    mixed = state[0]
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)) / 9007199254740992.0
