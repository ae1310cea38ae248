"""One file as a data set that is kept nowhere: what somebody asks about leaves nothing on disk."""

from hashlib import sha256
from typing import Any

import numpy as np

from features.datasets import Dataset
from features.midi import outline
from features.preparation import encode_bytes

UNLABELLED = ""
"""Stands where a data set has the composer, of whom nothing is known."""


def dataset_of_file(name: str, data: bytes, encoder: Any) -> Dataset:
    """Returns the chunks of one MIDI file.

    Args:
        name: What the piece is called.
        data: The bytes of the file.
        encoder: What the model that is asked reads.

    Raises:
        InputError: The file cannot be read, or there is nothing to hear in it.

    Example:
        >>> from features.encoders.piano_roll import PianoRoll
        >>> from features.midi import notes_to_midi
        >>> dataset_of_file("Scale", notes_to_midi([(0, 20_000, 60)]), PianoRoll()).chunks(np.arange(2)).shape
        (2, 128, 150, 2)
    """
    events, notes, rows = encode_bytes(data, encoder)
    num_rows = len(rows.offsets) - 1
    starts = encoder.chunk_starts(num_rows)
    nowhere = np.zeros(len(starts), dtype=np.int64)
    return Dataset(
        pieces=(name,),
        works=(name,),
        sources=("",),
        labels=np.zeros(1, dtype=np.int64),
        classes=(UNLABELLED,),
        contents=(sha256(data).hexdigest(),),
        fingerprints=np.zeros((1, 0)),
        outlines=(outline(notes),),
        left_out=(),
        encoder=encoder,
        chunk_pieces=nowhere,
        _rows=rows,
        _firsts=nowhere,
        _starts=starts,
        _ends=np.full(len(starts), num_rows),
        times_s=encoder.times_s(events) if hasattr(encoder, "times_s") else None,
    )
