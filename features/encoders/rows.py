"""The stored form of a roll: for each frame, the cells that are not zero."""

from dataclasses import dataclass

import numba
import numpy as np


@dataclass(frozen=True)
class Rows:
    """Compressed sparse rows, one a frame.

    Attributes:
        offsets: int64 `(frames + 1,)`; the cells of frame `f` are `offsets[f]` up to `offsets[f + 1]`.
        columns: uint16 `(cells,)`, ascending within a frame.
        values: float32 `(cells,)`.
    """

    offsets: np.ndarray
    columns: np.ndarray
    values: np.ndarray

    @property
    def num_frames(self) -> int:
        """How many frames there are, silent ones included."""
        return len(self.offsets) - 1


def sparse_rows(cells: np.ndarray) -> Rows:
    """Returns the cells of a dense float64 array `(frames, columns)` that are not zero.

    Example:

    >>> rows = sparse_rows(np.array([[0.0, 2.0], [0.0, 0.0], [3.0, 0.0]]))
    >>> rows.offsets.tolist(), rows.columns.tolist(), rows.values.tolist()
    ([0, 1, 1, 2], [1, 0], [2.0, 3.0])
    """
    offsets = np.zeros(len(cells) + 1, np.int64)
    _count(cells, offsets)
    columns, values = np.empty(offsets[-1], np.uint16), np.empty(offsets[-1], np.float32)
    _fill(cells, columns, values)
    return Rows(offsets, columns, values)


@numba.njit(cache=True)
def _count(cells, offsets):
    for frame in range(cells.shape[0]):
        count = 0
        for column in range(cells.shape[1]):
            count += cells[frame, column] != 0
        offsets[frame + 1] = offsets[frame] + count


@numba.njit(cache=True)
def _fill(cells, columns, values):
    cell = 0
    for frame in range(cells.shape[0]):
        for column in range(cells.shape[1]):
            if cells[frame, column] != 0:
                columns[cell] = column
                values[cell] = cells[frame, column]
                cell += 1
