"""A corpus, read for looking at it: its data set, and the numbers of each of its pieces."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from features.corpora.catalogue import Piece
from features.datasets import Dataset
from features.errors import InputError
from features.midi import Events, Notes, read_events, read_notes
from features.midi.descriptors import Descriptors, describe


@dataclass(frozen=True)
class Collection:
    """Pieces, and what there is to say of each.

    Attributes:
        dataset: The pieces as labelled chunks.
        descriptors: The numbers of each piece, in the order of `dataset.pieces`.
        padded_chunks: How many chunks of each piece end in padding, shape `(pieces,)`.
        padding: Which share of the frames of its chunks is padding, shape `(pieces,)`.
    """

    dataset: Dataset
    descriptors: tuple[Descriptors, ...]
    padded_chunks: np.ndarray
    padding: np.ndarray

    @property
    def composers(self) -> list[str]:
        """Composer of each piece."""
        return self.dataset.composers


def describe_all(pieces: Sequence[Piece], dataset: Dataset) -> Collection:
    """Describes every piece of a data set.

    Args:
        pieces: The pieces of the corpus, as its `load` returned them; those that the data set lacks are left out.
        dataset: The same, read and encoded.

    Raises:
        InputError: A file can no longer be read.
    """
    named = {piece.piece: piece for piece in pieces}
    kept = [named[name] for name in dataset.pieces]
    descriptors = []
    for piece in tqdm(kept, desc="Describing pieces", unit="piece"):
        events, notes = read_piece(piece)
        descriptors.append(describe(notes, ticks_per_beat=events.ticks_per_beat))
    padded = [padding_of(dataset.encoder, int(num_frames)) for num_frames in dataset.num_frames]
    num_frames = dataset.num_chunks * dataset.encoder.chunk_frames
    return Collection(
        dataset=dataset,
        descriptors=tuple(descriptors),
        padded_chunks=np.array([np.count_nonzero(frames) for frames in padded]),
        padding=np.array([frames.sum() for frames in padded]) / num_frames,
    )


def read_piece(piece: Piece) -> tuple[Events, Notes]:
    """Returns what the file of a piece says, and which notes sound.

    Raises:
        InputError: The file cannot be read, though it could when the corpus was.
    """
    try:
        events = read_events(piece.read())
        return events, read_notes(events)
    except InputError as error:
        raise InputError(
            f"{piece.piece} can no longer be read: {error}. Put the file back, or run this again."
        ) from error


def padding_of(encoder: object, num_frames: int) -> np.ndarray:
    """Returns how many frames of each chunk of a piece are padding, int64 `(chunks,)`.

    Example:
        >>> from features.encoders.piano_roll import PianoRoll
        >>> padding_of(PianoRoll(), 310).tolist()
        [0, 0, 140]
    """
    return np.maximum(encoder.chunk_starts(num_frames) + encoder.chunk_frames - num_frames, 0)
