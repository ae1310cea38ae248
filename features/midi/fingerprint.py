"""What a file reveals about its maker without its notes: no pitch, no rhythm, no length.

A model of music is worth nothing if it scores no better than these numbers, which tell one
sequencer from another and thereby one composer from another.
"""

import numpy as np

from features.midi.events import (
    BEND,
    CONTROL,
    COPYRIGHT,
    KEY_SIGNATURE,
    LYRIC,
    MARKER,
    META,
    NOTE_OFF,
    NOTE_ON,
    PROGRAM,
    SYSEX,
    TEMPO,
    TEXT,
    TIME_SIGNATURE,
    TRACK_NAME,
    Events,
)
from features.midi.notes import SUSTAIN_PEDAL

FINGERPRINT_NAMES = (
    "file_format",
    "ticks_per_beat",
    "num_tracks",
    "num_channels",
    "num_programs",
    "velocity_min",
    "velocity_max",
    "velocity_mean",
    "velocity_std",
    "num_velocities",
    "commonest_velocity_share",
    "note_off_share",
    "num_tempos",
    "num_time_signatures",
    "num_key_signatures",
    "controllers_per_note",
    "pedals_per_note",
    "bends_per_note",
    "num_sysex",
    "num_texts",
    "num_markers",
    "num_copyrights",
    "num_track_names",
)


def fingerprint(events: Events) -> np.ndarray:
    """Returns the numbers of `FINGERPRINT_NAMES` for one file.

    `note_off_share` is the share of note ends written as note-offs rather than as note-ons of velocity 0.

    Args:
        events: What `read_events` returned.

    Returns:
        float64 array `(len(FINGERPRINT_NAMES),)`, always finite.

    Example:

    >>> from features.midi import notes_to_midi, read_events
    >>> numbers = fingerprint(read_events(notes_to_midi([(0, 480, 60, 90), (480, 960, 62, 70)])))
    >>> numbers[FINGERPRINT_NAMES.index("velocity_mean")].item()
    80.0
    """
    # Columns of their own: they are gone through many times.
    status, channel, data1, data2 = (
        np.ascontiguousarray(events.table[name]) for name in ("status", "channel", "data1", "data2")
    )
    counts = np.bincount(status, minlength=256)
    is_on = (status == NOTE_ON) & (data2 > 0)
    velocities = data2[is_on]
    num_notes = max(len(velocities), 1)
    num_ends = max(counts[NOTE_OFF] + counts[NOTE_ON] - len(velocities), 1)
    num_pedals = np.count_nonzero((status == CONTROL) & (data1 == SUSTAIN_PEDAL))
    meta = np.bincount(data1[status == META], minlength=256)
    return np.array(
        [
            events.file_format,
            events.ticks_per_beat,
            events.num_tracks,
            np.count_nonzero(np.bincount(channel[is_on])),
            np.count_nonzero(np.bincount(data1[status == PROGRAM])),
            *_velocity_summary(velocities),
            counts[NOTE_OFF] / num_ends,
            meta[TEMPO],
            meta[TIME_SIGNATURE],
            meta[KEY_SIGNATURE],
            counts[CONTROL] / num_notes,
            num_pedals / num_notes,
            counts[BEND] / num_notes,
            counts[SYSEX],
            meta[TEXT] + meta[LYRIC],
            meta[MARKER],
            meta[COPYRIGHT],
            meta[TRACK_NAME],
        ],
        np.float64,
    )


def _velocity_summary(velocities: np.ndarray) -> tuple[float, ...]:
    """Returns minimum, maximum, mean, standard deviation, number of distinct ones, share of the commonest."""
    if len(velocities) == 0:
        return (0.0,) * 6
    counts = np.bincount(velocities)
    distinct = np.flatnonzero(counts)
    return (
        distinct[0],
        distinct[-1],
        velocities.mean(),
        velocities.std(),
        len(distinct),
        counts.max() / len(velocities),
    )
