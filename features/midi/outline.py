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
    is_pitched = ~notes.notes["is_drum"]
    starts, pitches = notes.notes["start_s"][is_pitched], notes.notes["pitch"][is_pitched]
    order = np.argsort(starts)
    starts, pitches = starts[order], pitches[order].astype(np.int64)
    firsts = np.flatnonzero(np.diff(starts, prepend=-1.0))
    if len(firsts) == 0:
        return np.zeros((2, 0), np.int64)
    return np.stack([np.maximum.reduceat(pitches, firsts), np.minimum.reduceat(pitches, firsts)])


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
