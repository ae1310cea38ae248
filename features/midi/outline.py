"""The outline of a piece, the same in every key and at every tempo: by it copies are known."""

import numpy as np

from features.midi.notes import Notes


def outer_voices(notes: Notes) -> np.ndarray:
    """Returns the highest and the lowest pitch of each moment at which something begins, drums left out.

    Notes belong to one moment when they begin on the same tick, so the voices do not depend on the tempo.

    Args:
        notes: What `read_notes` returned.

    Returns:
        Integer array `(2, moments)`, highest first, in time.
    """
    pitched = notes.notes[~notes.notes["is_drum"]]
    order = np.lexsort((pitched["pitch"], pitched["start_s"]))
    starts, pitches = pitched["start_s"][order], pitched["pitch"][order].astype(np.int64)
    firsts = np.flatnonzero(np.diff(starts, prepend=-1.0))
    lasts = np.append(firsts[1:], len(starts))[: len(firsts)] - 1
    return np.stack([pitches[lasts], pitches[firsts]])


def outline(notes: Notes) -> np.ndarray:
    """Returns the steps of the outer voices in semitones: equal for identical music in any key at any tempo.

    Args:
        notes: What `read_notes` returned.

    Returns:
        int8 array `(2, steps)`, the highest voice first.

    Example:

    >>> from features.midi import notes_to_midi, read_events, read_notes
    >>> def steps(key, length):
    ...     scale = [(i * length, (i + 1) * length, key + i) for i in range(4)]
    ...     return outline(read_notes(read_events(notes_to_midi(scale)))).tolist()
    >>> steps(60, 480) == steps(65, 240) == [[1, 1, 1], [1, 1, 1]]
    True
    """
    return np.diff(outer_voices(notes), axis=1).astype(np.int8)
