"""What sums up a whole piece, whatever its key: the histograms of its chunks, averaged."""

import functools

import numpy as np

from models.histograms import describe

BOUND_TO_A_KEY = ("pitch_class", "co_occurrence")
"""Blocks that say which keys of the keyboard sound; how these lie to each other stays, as a spectrum."""


def piece_histograms(histograms: np.ndarray, pieces: np.ndarray) -> np.ndarray:
    """Sums up each piece in one row of numbers.

    Args:
        histograms: What `chunk_histograms` returned, shape `(chunk, feature)`.
        pieces: The piece of each chunk, shape `(chunk,)`.

    Returns:
        A row a piece, the pieces in rising order: the mean of the blocks of `models.histograms.describe` over the
        chunks, without those that are bound to a key, and then the magnitudes of the six Fourier coefficients of the
        pitch classes, which no transposition changes: how diatonic they are (the fifth), how chromatic (the first),
        how whole-tone (the sixth), and so on (Quinn, General equal-tempered harmony, 2006).

    Example:
        >>> piece_histograms(np.ones((5, 147)), np.array([3, 3, 7, 7, 7])).shape
        (2, 75)
    """
    _, places, counts = np.unique(pieces, return_inverse=True, return_counts=True)
    totals = np.zeros((len(counts), histograms.shape[1]))
    np.add.at(totals, places, histograms)
    means = totals / counts[:, None]
    columns = columns_of_blocks()
    bound = np.concatenate([np.arange(columns[name].start, columns[name].stop) for name in BOUND_TO_A_KEY])
    spectrum = np.abs(np.fft.rfft(means[:, columns["pitch_class"]], axis=1))[:, 1:]
    return np.column_stack([np.delete(means, bound, axis=1), spectrum])


@functools.cache
def columns_of_blocks() -> dict[str, slice]:
    """Returns where each block of a chunk's histograms stands.

    Example:
        >>> columns_of_blocks()["pitch_class"]
        slice(0, 12, None)
    """
    blocks = describe(np.zeros((0, 128, 1, 1), np.float32))
    ends = np.cumsum([block.shape[1] for block in blocks.values()])
    return {
        name: slice(int(end - block.shape[1]), int(end))
        for (name, block), end in zip(blocks.items(), ends, strict=True)
    }
