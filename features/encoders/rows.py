"""The stored form of a roll: for each frame, the cells that are not zero."""

from dataclasses import dataclass

import numba
import numpy as np

from features.ordering import stable_order


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
    """Returns the cells of a dense array `(frames, columns)` that are not zero.

    Example:

    >>> rows = sparse_rows(np.array([[0.0, 2.0], [0.0, 0.0], [3.0, 0.0]]))
    >>> rows.offsets.tolist(), rows.columns.tolist(), rows.values.tolist()
    ([0, 1, 1, 2], [1, 0], [2.0, 3.0])
    """
    frames, columns = np.nonzero(cells)
    offsets = np.searchsorted(frames, np.arange(len(cells) + 1))
    return Rows(offsets, columns.astype(np.uint16), cells[frames, columns].astype(np.float32))


def dense_rows(rows: Rows, num_columns: int) -> np.ndarray:
    """Returns rows as a dense float32 array `(frames, columns)`.

    Example:

    >>> dense_rows(sparse_rows(np.array([[0.0, 2.0], [3.0, 0.0]])), 2).tolist()
    [[0.0, 2.0], [3.0, 0.0]]
    """
    cells = np.zeros((rows.num_frames, num_columns), np.float32)
    cells[np.repeat(np.arange(rows.num_frames), np.diff(rows.offsets)), rows.columns] = rows.values
    return cells


def rows_of_steps(steps: np.ndarray, num_frames: int, *, is_flag: np.ndarray, max_cells: int) -> Rows | None:
    """Adds up steps to rows.

    Args:
        steps: Structured array with fields `frame`, `column` and `by`, in any order; no frame is above `num_frames`.
            From its frame on, a step raises the cells of its column.
        num_frames: How many rows there are.
        is_flag: bool `(columns,)`; columns in which any number but 0 becomes 1.
        max_cells: How many cells there may be.

    Returns:
        The rows, or None if they would have too many cells.

    Example:

    >>> steps = np.array([(0, 5, 2.0), (2, 5, -2.0)], [("frame", int), ("column", int), ("by", float)])
    >>> rows = rows_of_steps(steps, 3, is_flag=np.zeros(10, bool), max_cells=100)
    >>> rows.offsets.tolist(), rows.columns.tolist(), rows.values.tolist()
    ([0, 1, 2, 2], [5, 5], [2.0, 2.0])
    """
    order = stable_order(steps["frame"], num_frames + 1)
    offsets = np.zeros(num_frames + 1, np.int64)
    if not _count(steps, order, len(is_flag), max_cells, offsets):
        return None
    columns, values = np.empty(offsets[-1], np.uint16), np.empty(offsets[-1], np.float32)
    _fill(steps, order, is_flag, offsets, columns, values)
    return Rows(offsets, columns, values)


@numba.njit(cache=True)
def _count(steps, order, num_columns, max_cells, offsets):
    """Fills in the offsets; returns whether there are no more cells than allowed."""
    sums = np.zeros(num_columns)
    step, num_sounding = 0, 0
    for frame in range(len(offsets) - 1):
        while step < len(order) and steps[order[step]]["frame"] == frame:
            column = steps[order[step]]["column"]
            num_sounding -= sums[column] != 0
            sums[column] += steps[order[step]]["by"]
            num_sounding += sums[column] != 0
            step += 1
        offsets[frame + 1] = offsets[frame] + num_sounding
    return offsets[-1] <= max_cells


@numba.njit(cache=True)
def _fill(steps, order, is_flag, offsets, columns, values):
    sums = np.zeros(len(is_flag))
    # The columns that are not zero, ascending.
    sounding = np.empty(len(is_flag), np.uint16)
    step, num_sounding = 0, 0
    for frame in range(len(offsets) - 1):
        while step < len(order) and steps[order[step]]["frame"] == frame:
            column = steps[order[step]]["column"]
            was_sounding = sums[column] != 0
            sums[column] += steps[order[step]]["by"]
            if was_sounding != (sums[column] != 0):
                num_sounding = _toggle(sounding, num_sounding, column)
            step += 1
        first = offsets[frame]
        for index in range(num_sounding):
            column = sounding[index]
            columns[first + index] = column
            values[first + index] = 1.0 if is_flag[column] else sums[column]


@numba.njit(cache=True)
def _toggle(members, count, member):
    """Adds a member to an ascending list, or takes it away; returns how many there are then."""
    place = 0
    while place < count and members[place] < member:
        place += 1
    if place < count and members[place] == member:
        for index in range(place, count - 1):
            members[index] = members[index + 1]
        return count - 1
    for index in range(count, place, -1):
        members[index] = members[index - 1]
    members[place] = member
    return count + 1
