"""The melody of a piece, the same in every key and at every tempo: by it copies are known."""

import numpy as np

from features.midi.notes import Notes


def top_line(notes: Notes) -> np.ndarray:
    """Returns the highest pitch of each moment at which something begins, drums left out.

    Notes belong to one moment when they begin on the same tick, so the line does not depend on the tempo.

    Args:
        notes: What `read_notes` returned.

    Returns:
        Integer array `(moments,)`, in time.
    """
    pitched = notes.notes[~notes.notes["is_drum"]]
    order = np.lexsort((pitched["pitch"], pitched["start_s"]))
    starts, pitches = pitched["start_s"][order], pitched["pitch"][order].astype(np.int64)
    is_last_of_moment = np.append(starts[1:] != starts[:-1], len(starts) > 0)
    return pitches[is_last_of_moment[: len(pitches)]]


def melody_steps(notes: Notes) -> np.ndarray:
    """Returns the intervals of the top line in semitones: equal for identical music in any key at any tempo.

    Args:
        notes: What `read_notes` returned.

    Returns:
        int8 array `(moments - 1,)`.

    Example:

    >>> from features.midi import notes_to_midi, read_events, read_notes
    >>> def steps(key, length):
    ...     scale = [(i * length, (i + 1) * length, key + i) for i in range(4)]
    ...     return melody_steps(read_notes(read_events(notes_to_midi(scale)))).tolist()
    >>> steps(60, 480) == steps(65, 240) == [1, 1, 1]
    True
    """
    return np.diff(top_line(notes)).astype(np.int8)
