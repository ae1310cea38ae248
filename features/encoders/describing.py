"""Notes -> what happens in each step of a piece: how dense, thick, high, long and varied the music is."""

import numpy as np

TOGETHER_S = 0.05
"""Notes that begin within so many seconds of one another begin together: nobody strikes a chord at one moment."""

SHORTEST_S = 0.01
"""Shorter notes count as so long: they are grace notes or slips, and their logarithm would outweigh all others."""

NUM_PITCH_CLASSES = 12


def describe_steps(notes: np.ndarray, step_s: float) -> dict[str, np.ndarray]:
    """Returns the descriptors of each step of a piece, as they are, not scaled.

    Args:
        notes: Structured array `(notes,)` of dtype `NOTE`, without drums; one at least.
        step_s: Seconds of a step.

    Returns:
        For each descriptor a float64 array `(steps,)`, NaN where it has no value.
    """
    num_steps = max(int(np.ceil(notes["end_s"].max() / step_s)), 1)
    notes = notes[np.lexsort((notes["pitch"], notes["start_s"]))]
    step = np.minimum((notes["start_s"] / step_s).astype(np.int64), num_steps - 1)
    pitch = notes["pitch"].astype(float)
    num_notes = np.bincount(step, minlength=num_steps)
    seconds = np.log2(np.maximum(notes["end_s"] - notes["start_s"], SHORTEST_S))
    lowest, highest = np.full((2, num_steps), np.nan)
    np.fmin.at(lowest, step, pitch)
    np.fmax.at(highest, step, pitch)
    means = {
        "pitch": _mean_and_std(pitch, step, num_steps),
        "duration": _mean_and_std(seconds, step, num_steps),
        "velocity": _mean_and_std(notes["velocity"].astype(float), step, num_steps),
    }
    return {
        # None at all count as half of one: there must be less than in a step with one note.
        "density": np.log2(np.maximum(num_notes, 0.5) / step_s),
        **_sounding(notes, step_s, num_steps),
        **{
            f"{name}_{kind}": values
            for name, both in means.items()
            for kind, values in zip(("mean", "std"), both, strict=True)
        },
        "lowest": lowest,
        "highest": highest,
        "pitch_class_entropy": _entropy(step, notes["pitch"] % NUM_PITCH_CLASSES, num_steps),
        **_beginnings(notes["start_s"], pitch, step, num_steps),
    }


def _beginnings(
    starts_s: np.ndarray, pitch: np.ndarray, step: np.ndarray, num_steps: int
) -> dict[str, np.ndarray]:
    """Describes where notes begin, alone or together; the notes are sorted by `starts_s`."""
    is_first = np.diff(starts_s, prepend=-np.inf) > TOGETHER_S
    first = np.flatnonzero(is_first)
    size = np.diff(np.append(first, len(starts_s)))
    top = np.maximum.reduceat(pitch, first)
    gap_mean, gap_std = _mean_and_std(np.log2(np.diff(starts_s[first])), step[first[:-1]], num_steps)
    return {
        "chord_size": _mean_and_std(np.log2(size), step[first], num_steps)[0],
        "gap_mean": gap_mean,
        "gap_std": gap_std,
        "leap": _mean_and_std(abs(np.diff(top)), step[first[:-1]], num_steps)[0],
    }


def _sounding(notes: np.ndarray, step_s: float, num_steps: int) -> dict[str, np.ndarray]:
    """Describes how many notes sound at once, and whether any does."""
    borders = step_s * np.arange(num_steps + 1)
    held = _seconds_before(notes["start_s"], borders) - _seconds_before(notes["end_s"], borders)
    # What sounds without a pause is as one note: from where none has sounded to where none does.
    until = np.maximum.accumulate(notes["end_s"])
    is_pause = notes["start_s"][1:] > until[:-1]
    begins, ends = notes["start_s"][np.append(True, is_pause)], until[np.append(is_pause, True)]
    any_held = _seconds_before(begins, borders) - _seconds_before(ends, borders)
    return {"polyphony": np.diff(held) / step_s, "silence": 1 - np.diff(any_held) / step_s}


def _seconds_before(times_s: np.ndarray, borders: np.ndarray) -> np.ndarray:
    """Returns for each border how many seconds lie between it and the times before it, in all."""
    times_s = np.sort(times_s)
    count = np.searchsorted(times_s, borders)
    return count * borders - np.append(0.0, np.cumsum(times_s))[count]


def _mean_and_std(values: np.ndarray, step: np.ndarray, num_steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns mean and standard deviation by step, NaN where a step has no value."""
    count = np.bincount(step, minlength=num_steps).astype(float)
    count[count == 0] = np.nan
    mean = np.bincount(step, values, num_steps) / count
    variance = np.bincount(step, (values - mean[step]) ** 2, num_steps) / count
    return mean, np.sqrt(variance)


def _entropy(step: np.ndarray, classes: np.ndarray, num_steps: int) -> np.ndarray:
    """Returns the entropy of classes by step in bits, NaN where a step has none."""
    counts = np.bincount(step * NUM_PITCH_CLASSES + classes, minlength=num_steps * NUM_PITCH_CLASSES)
    counts = counts.reshape(num_steps, NUM_PITCH_CLASSES).astype(float)
    total = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, total, out=np.full(counts.shape, np.nan), where=total > 0)
    return -(shares * np.log2(np.where(shares > 0, shares, 1))).sum(axis=1)
