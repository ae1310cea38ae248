"""Sparse rows: how a piece is stored, whatever the encoder."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rows:
    """A sparse matrix, row by row in time (compressed sparse rows).

    Attributes:
        offsets: Where the cells of each row begin and the end, int64, shape `(rows + 1,)`.
        columns: Column of each cell, uint16, shape `(cells,)`, ascending within a row.
        values: Value of each cell, float32, shape `(cells,)`.
    """

    offsets: np.ndarray
    columns: np.ndarray
    values: np.ndarray
