"""A digest of the music itself, the same in every key and at every tempo."""

import hashlib

import numpy as np

from features.midi.notes import Notes

# Shorter melodies (scales, chords, signals) meet by chance.
MIN_MELODY_NOTES = 16


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


def melody_digest(notes: Notes) -> str:
    """Returns a digest of the intervals of the top line: equal for identical music in any key at any tempo.

    Args:
        notes: What `read_notes` returned.

    Returns:
        32 hexadecimal digits, or "" if the top line has fewer than 16 notes.

    Example:

    >>> from features.midi import notes_to_midi, read_events, read_notes
    >>> def digest(key, length):
    ...     scale = [(i * length, (i + 1) * length, key + i) for i in range(16)]
    ...     return melody_digest(read_notes(read_events(notes_to_midi(scale))))
    >>> digest(60, 480) == digest(65, 240) != ""
    True
    """
    line = top_line(notes)
    if len(line) < MIN_MELODY_NOTES:
        return ""
    return hashlib.blake2b(np.diff(line).astype(np.int8).tobytes(), digest_size=16).hexdigest()
