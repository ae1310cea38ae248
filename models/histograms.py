"""About 150 numbers that sum up a chunk, for models that cannot read a piano roll.

Counts are given as shares of what was counted, so that a chunk of few notes compares with a
chunk of many; how many there are is said once, by `polyphony` and `onset_density`.
"""

import numpy as np

PITCHES_PER_OCTAVE = 12
MAX_POLYPHONY = 8
MAX_LEAP = 12
# Frames, upper edges included: fine for short notes, where music differs, coarse for long ones.
DURATION_EDGES = np.array([1, 2, 3, 4, 6, 8, 12, 16, 24])
MAX_VELOCITY = 127

# A batch of 256 chunks is 10 MB a channel: it stays near the processor's cache.
BATCH_SIZE = 256


def chunk_histograms(chunks: np.ndarray, *, velocity_channel: int | None = None) -> np.ndarray:
    """Sums up each chunk in one row of numbers.

    Args:
        chunks: `(chunk, pitch, frame, channel)`; a note sounds where channel 0 is above 0.
        velocity_channel: the channel that holds velocities as shares of 127; `None` leaves
            velocity out.

    Returns:
        `(chunk, feature)`, float32: the blocks of `describe` side by side.

    Raises:
        ValueError: if `chunks` has not four axes, or has no such velocity channel.

    Example:
        >>> chunks = np.zeros((3, 128, 150, 2), np.float32)
        >>> chunk_histograms(chunks).shape
        (3, 147)
        >>> chunk_histograms(chunks, velocity_channel=1).shape
        (3, 150)
    """
    if chunks.ndim != 4:
        raise ValueError(
            f"Expected chunks of shape (chunk, pitch, frame, channel), but received {chunks.shape}; "
            "keep the channel axis even if there is one channel."
        )
    if velocity_channel is not None and not 0 <= velocity_channel < chunks.shape[3]:
        raise ValueError(
            f"Expected velocities in channel {velocity_channel}, but the chunks have {chunks.shape[3]} "
            "channels, counted from 0; pass velocity_channel=None to leave velocity out."
        )
    rows = []
    # At least one batch, an empty one if need be, tells how many features there are.
    for start in range(0, max(len(chunks), 1), BATCH_SIZE):
        blocks = describe(chunks[start : start + BATCH_SIZE], velocity_channel=velocity_channel)
        rows.append(np.concatenate(list(blocks.values()), axis=1))
    return np.concatenate(rows).astype(np.float32)


def describe(chunks: np.ndarray, *, velocity_channel: int | None = None) -> dict[str, np.ndarray]:
    """The features of a batch of chunks, by name.

    Args:
        chunks: `(chunk, pitch, frame, channel)`.
        velocity_channel: as for `chunk_histograms`.

    Returns:
        Arrays `(chunk, feature)`:

        - `pitch_class` (12) and `register` (11 octaves): shares of the sounding cells;
        - `pitch_spread` (3): mean, standard deviation and range of pitch, in octaves;
        - `co_occurrence` (66) and `interval_class` (6): pairs of pitch classes that sound
          together, one by one and by their distance; shares of all pairs;
        - `polyphony` (9) and `polyphony_moments` (2): how many notes sound in a frame, from
          none (silence) to 8 or more, as shares of the frames; mean and standard deviation
          where any sound;
        - `onset_density` (4): notes begun in a frame (mean, standard deviation), share of
          frames in which any begins, notes begun in each of those;
        - `top_line` (24): steps of the highest voice from -12 (or further) to 12 semitones,
          without 0; shares of its steps;
        - `duration` (10): lengths of notes in frames, in the classes of `DURATION_EDGES`;
          shares of the notes;
        - `velocity` (3, if asked for): mean, standard deviation and number of distinct
          velocities, as shares of 127.
    """
    sounding = chunks[..., 0] > 0
    starts, stops = _note_edges(sounding)
    blocks = {
        **_pitch(sounding),
        **_harmony(sounding),
        **_polyphony(sounding),
        "onset_density": _onset_density(starts),
        "top_line": _top_line(sounding),
        "duration": _duration(starts, stops),
    }
    if velocity_channel is not None:
        blocks["velocity"] = _velocity(chunks[..., velocity_channel], sounding)
    return blocks


def _pitch(sounding: np.ndarray) -> dict[str, np.ndarray]:
    frames = sounding.sum(axis=2)  # (chunk, pitch)
    by_octave = _by_octave(frames)
    heard = sounding.any(axis=2)
    lowest, highest = heard.argmax(axis=1), _last_true(heard)
    ambitus = np.where(heard.any(axis=1), highest - lowest, 0) / PITCHES_PER_OCTAVE
    octaves = np.arange(sounding.shape[1]) / PITCHES_PER_OCTAVE
    return {
        "pitch_class": _shares(by_octave.sum(axis=1)),
        "register": _shares(by_octave.sum(axis=2)),
        "pitch_spread": np.column_stack([*_mean_and_spread(frames, octaves), ambitus]),
    }


def _harmony(sounding: np.ndarray) -> dict[str, np.ndarray]:
    classes = _by_octave(sounding).any(axis=1).astype(np.float32)  # (chunk, pitch class, frame)
    together = classes @ classes.transpose(0, 2, 1)
    first, second = np.triu_indices(PITCHES_PER_OCTAVE, k=1)
    pairs = together[:, first, second]
    upwards = second - first
    distance = np.minimum(upwards, PITCHES_PER_OCTAVE - upwards)
    by_distance = np.column_stack([pairs[:, distance == size].sum(axis=1) for size in range(1, 7)])
    return {"co_occurrence": _shares(pairs), "interval_class": _shares(by_distance)}


def _polyphony(sounding: np.ndarray) -> dict[str, np.ndarray]:
    num_pitches = sounding.shape[1]
    notes = _histogram(sounding.sum(axis=1), num_pitches + 1)  # (chunk, notes that sound in a frame)
    notes_or_more = notes[:, MAX_POLYPHONY:].sum(axis=1)
    moments = _mean_and_spread(notes[:, 1:], np.arange(1, num_pitches + 1))
    return {
        "polyphony": _shares(np.column_stack([notes[:, :MAX_POLYPHONY], notes_or_more])),
        "polyphony_moments": np.column_stack(moments),
    }


def _onset_density(starts: np.ndarray) -> np.ndarray:
    onsets = starts[..., :-1].sum(axis=1)  # (chunk, frame); none begins after the last frame
    chord_size = onsets.sum(axis=1) / np.maximum((onsets > 0).sum(axis=1), 1)
    return np.column_stack([onsets.mean(axis=1), onsets.std(axis=1), (onsets > 0).mean(axis=1), chord_size])


def _top_line(sounding: np.ndarray) -> np.ndarray:
    heard = sounding.any(axis=1)  # (chunk, frame)
    steps = np.diff(_last_true(sounding), axis=1)
    steps[~(heard[:, 1:] & heard[:, :-1])] = 0  # a step from or into silence is none
    counts = _histogram(np.clip(steps, -MAX_LEAP, MAX_LEAP) + MAX_LEAP, 2 * MAX_LEAP + 1)
    return _shares(np.delete(counts, MAX_LEAP, axis=1))


def _duration(starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    num_chunks, num_pitches, num_edges = starts.shape
    # In memory order each note's start is followed by its own stop, whatever the pitch.
    begin, end = np.flatnonzero(starts), np.flatnonzero(stops)
    chunk = begin // (num_pitches * num_edges)
    num_bins = len(DURATION_EDGES) + 1
    bins = np.searchsorted(DURATION_EDGES, end - begin)
    counts = np.bincount(chunk * num_bins + bins, minlength=num_chunks * num_bins)
    return _shares(counts.reshape(num_chunks, num_bins))


def _velocity(velocity: np.ndarray, sounding: np.ndarray) -> np.ndarray:
    num_bins = MAX_VELOCITY + 1
    steps = np.rint(np.clip(velocity[sounding], 0, 1) * MAX_VELOCITY).astype(int)
    chunk = np.nonzero(sounding)[0]
    counts = np.bincount(chunk * num_bins + steps, minlength=len(sounding) * num_bins)
    counts = counts.reshape(len(sounding), num_bins)
    moments = _mean_and_spread(counts, np.arange(num_bins) / MAX_VELOCITY)
    return np.column_stack([*moments, (counts > 0).sum(axis=1) / MAX_VELOCITY])


def _note_edges(sounding: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where notes begin, and the first frame after each: both `(chunk, pitch, frame + 1)`."""
    padded = np.pad(sounding, ((0, 0), (0, 0), (1, 1)))
    before, now = padded[..., :-1], padded[..., 1:]
    return now & ~before, before & ~now


def _last_true(flags: np.ndarray) -> np.ndarray:
    """The last index of axis 1 that is true (of no meaning where none is)."""
    return flags.shape[1] - 1 - flags[:, ::-1].argmax(axis=1)


def _by_octave(values: np.ndarray) -> np.ndarray:
    """Splits the pitch axis: `(chunk, pitch, ...)` to `(chunk, octave, pitch class, ...)`."""
    num_chunks, num_pitches, *rest = values.shape
    num_octaves = -(-num_pitches // PITCHES_PER_OCTAVE)
    missing = num_octaves * PITCHES_PER_OCTAVE - num_pitches
    padded = np.pad(values, [(0, 0), (0, missing)] + [(0, 0)] * len(rest))
    return padded.reshape(num_chunks, num_octaves, PITCHES_PER_OCTAVE, *rest)


def _histogram(values: np.ndarray, num_bins: int) -> np.ndarray:
    """Counts the integers `0 .. num_bins - 1` in each row: `(row, value)` to `(row, bin)`."""
    row = np.arange(len(values))[:, None]
    counts = np.bincount((row * num_bins + values).ravel(), minlength=len(values) * num_bins)
    return counts.reshape(len(values), num_bins)


def _shares(counts: np.ndarray) -> np.ndarray:
    """Each row of `counts` divided by its sum; rows of zeros stay."""
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def _mean_and_spread(counts: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of `values`, each counted as often as each row says."""
    shares = _shares(counts)
    mean = shares @ values
    variance = shares @ values**2 - mean**2
    return mean, np.sqrt(np.maximum(variance, 0))  # rounding can leave it just below 0
