"""Chunks that go to the network as lists of their cells, and become rolls in its first layer."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numba
import numpy as np
from keras import ops

from features.datasets import Dataset
from features.encoders.piano_roll import PianoRoll
from features.encoders.rows import Rows

TOLD_BY_CELLS = {"binary", "velocity"}
"""Channels that follow from where cells are, and how loud."""


@dataclass(frozen=True)
class CellsOfRolls(PianoRoll):
    """Makes the cells of chunks, for a network that begins with `RollsOfCells`.

    Attributes:
        most: How many cells there is room for in a chunk: shapes that stay let the network be traced once.
    """

    most: int = 0

    def fitted(self, rows: Rows, starts: np.ndarray, ends: np.ndarray) -> "CellsOfRolls":
        """Returns the same with room for all cells of any chunk, wherever it begins."""
        offsets = np.asarray(rows.offsets)
        lasts = np.minimum(np.arange(len(offsets)) + self.chunk_frames, len(offsets) - 1)
        return dataclasses.replace(self, most=int((offsets[lasts] - offsets).max()))

    def decode(
        self,
        rows: Rows,
        starts: Sequence[int] | np.ndarray,
        ends: Sequence[int] | np.ndarray,
        *,
        shift: Sequence[int] | np.ndarray | None = None,
        rate: None = None,
    ) -> np.ndarray:
        """Returns cells; takes what `PianoRoll.decode` does, but for rates.

        Returns:
            float32 `(chunks, most, 2)`: the place of a cell, `chunk_frames * pitch + frame`, and its value, which is 0
            where there is no cell.
        """
        cells = np.zeros((len(starts), self.most, 2), np.float32)
        shift = np.zeros(len(starts), np.int64) if shift is None else np.asarray(shift)
        stored = (np.asarray(array) for array in (rows.offsets, rows.columns, rows.values))
        _list_cells(*stored, np.asarray(starts), np.asarray(ends), shift, *self.chunk_shape[:2], cells)
        return cells


def as_cells(dataset: Dataset) -> Dataset | None:
    """Returns the same data with lists of cells for chunks; None where cells do not tell all of a chunk."""
    encoder = dataset.encoder
    if not isinstance(encoder, PianoRoll) or not TOLD_BY_CELLS.issuperset(encoder.channels):
        return None
    told = dataclasses.replace(dataset, encoder=CellsOfRolls(**vars(encoder)))
    return told.fitted(np.arange(len(dataset.chunk_pieces)))


@numba.njit(cache=True)
def _list_cells(offsets, columns, values, starts, ends, shift, num_pitches, chunk_frames, cells):
    for chunk in range(len(starts)):
        count = 0
        for frame in range(min(chunk_frames, ends[chunk] - starts[chunk])):
            row = starts[chunk] + frame
            for cell in range(offsets[row], offsets[row + 1]):
                pitch = columns[cell] + shift[chunk]
                if 0 <= pitch < num_pitches:
                    cells[chunk, count, 0] = pitch * chunk_frames + frame
                    cells[chunk, count, 1] = values[cell]
                    count += 1


class RollsOfCells(keras.layers.Layer):
    """Cells `(batch, cell, 2)` to chunks `(batch, pitch, frame, channel)`; see `CellsOfRolls`."""

    def __init__(self, encoder: CellsOfRolls):
        super().__init__(name="rolls_of_cells")
        self.encoder = encoder

    def call(self, cells):
        num_pitches, num_frames, _ = self.encoder.chunk_shape
        firsts = ops.arange(ops.shape(cells)[0]) * (num_pitches * num_frames)
        places = ops.reshape(ops.cast(cells[..., 0], "int32") + firsts[:, None], (-1, 1))
        # Where there is no cell, 0 is added to the first place.
        size = (ops.shape(cells)[0] * num_pitches * num_frames,)
        flat = ops.scatter(places, ops.reshape(cells[..., 1], (-1,)), size)
        roll = ops.reshape(flat, (-1, num_pitches, num_frames))
        velocity = ops.minimum(roll / 127, 1) if self.encoder.clip else roll / 127
        made = {"binary": ops.cast(roll > 0, roll.dtype), "velocity": velocity}
        return ops.stack([made[channel] for channel in self.encoder.channels], axis=-1)


def reading_cells(model: keras.Model, encoder: CellsOfRolls) -> keras.Model:
    """Returns a compiled network that makes chunks of cells and gives them to a network."""
    inputs = keras.Input((encoder.most, 2), name="cells")
    whole = keras.Model(inputs, model(RollsOfCells(encoder)(inputs)))
    whole.compile_from_config(model.get_compile_config())
    return whole
