"""What a model may listen to, taken away: each ablation is a function Notes -> Notes, applied before encoding.

A score that survives without something does not need it. Every ablation depends on the piece alone, so that
training, test and later use see the same; it can be applied to any piece, and leaves none without notes that had
pitched ones. Works, sources and fingerprints are still told from the file as it is.
"""

from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b

import numpy as np

from features.errors import InputError
from features.midi import CHANGE, NOTE, Notes

VELOCITY = 64
"""Of every note, where velocities are taken away: the middle, which files without any dynamics have too."""

INTERVAL_S = 0.25
"""Between two onsets, where speed is taken away: near the middle of midi-classic-music (0.27 s), so that chunks
hold about as much music as before."""

MOST_TIMES_FASTER = 8.0
"""Music needs less than 7 on midi-classic-music; whatever needs more is noise, and must not become days long."""

OCTAVE = 12
NUM_PITCHES = 128
PEDAL_DOWN = 64


def constant_velocity(notes: Notes) -> Notes:
    """Returns a piece in which all notes, drums included, are equally loud."""
    changed = notes.notes.copy()
    changed["velocity"] = VELOCITY
    return replace(notes, notes=changed)


def one_instrument(notes: Notes) -> Notes:
    """Returns a piece as one piano plays it: one program, one channel, one track.

    - Drums are left out: on a piano they would be notes that nobody meant. The piece lasts as long as before.
    - A key sounds once: where instruments meet on a pitch, a note ends when the next one begins, and the last lasts
      as long as any; of notes that begin at once the loudest and longest are one. What sounds when stays the same.
    - Bends are left out: on one channel, one instrument's would bend all others.
    - There is one pedal, which is down while any instrument's is; a pedal that is never released does nothing, as ever.
    """
    pitched = notes.notes[~notes.notes["is_drum"]]
    changed = _on_one_keyboard(pitched)
    for name, value in (("program", 0), ("channel", 0), ("instrument", 0), ("is_drum", False)):
        changed[name] = value
    instruments = np.zeros(min(len(notes.instruments), 1), notes.instruments.dtype)
    instruments["end_s"] = notes.instruments["end_s"].max(initial=0.0)
    pedals = _one_pedal(notes.pedals, notes.instruments)
    return replace(notes, notes=changed, instruments=instruments, pedals=pedals, bends=notes.bends[:0])


def constant_speed(notes: Notes) -> Notes:
    """Returns a piece played faster or slower, so that all pieces move at the same speed.

    The tempo map is not asked: files played in by hand say 120 beats a minute whatever they are, and beats in others
    are anybody's choice. Speed is what is heard: half of a piece's time passes in intervals between successive
    onsets of `interval_of(notes)` or less, and that becomes `INTERVAL_S`. One factor serves the whole piece, so that
    rhythm and rubato stay. It is never more than `MOST_TIMES_FASTER`, either way.
    """
    interval_s = interval_of(notes)
    times = INTERVAL_S / interval_s if interval_s else 1.0
    return stretch(notes, float(np.clip(times, 1 / MOST_TIMES_FASTER, MOST_TIMES_FASTER)))


def random_key(notes: Notes) -> Notes:
    """Returns a piece in one of twelve keys, drawn by a digest of its pitches: which it was is no hint any more.

    It goes up by five semitones at most, or down by six; what leaves the keyboard stays within by an octave. Drums,
    which have no pitch, stay.
    """
    changed = notes.notes.copy()
    is_pitched = ~changed["is_drum"]
    pitches = changed["pitch"][is_pitched].astype(int)
    digest = blake2b(changed["pitch"][is_pitched].tobytes(), digest_size=8).digest()
    moved = pitches + int.from_bytes(digest, "big") % OCTAVE - OCTAVE // 2
    moved[moved < 0] += OCTAVE
    moved[moved >= NUM_PITCHES] -= OCTAVE
    changed["pitch"][is_pitched] = moved
    return replace(notes, notes=changed)


ABLATIONS: dict[str, Callable[[Notes], Notes]] = {
    "constant_velocity": constant_velocity,
    "one_instrument": one_instrument,
    "constant_speed": constant_speed,
    "random_key": random_key,
}


def check_ablation(name: str | None) -> None:
    """Refuses an ablation that there is none of.

    Raises:
        InputError: The name is not in `ABLATIONS`, nor None.
    """
    if name is not None and name not in ABLATIONS:
        raise InputError(f"There is no ablation {name!r}; choose one of {', '.join(ABLATIONS)}.")


def ablate(notes: Notes, name: str | None) -> Notes:
    """Returns a piece without what an ablation takes away; the piece itself for None.

    Example:

    >>> from features.midi import notes_to_midi, read_events, read_notes
    >>> notes = read_notes(read_events(notes_to_midi([(0, 480, 60, 90), (480, 960, 62, 30)])))
    >>> ablate(notes, "constant_velocity").notes["velocity"].tolist()
    [64, 64]
    >>> ablate(notes, "constant_speed").notes["start_s"].tolist()
    [0.0, 0.25]
    """
    check_ablation(name)
    return notes if name is None else ABLATIONS[name](notes)


def interval_of(notes: Notes) -> float:
    """Returns the interval between successive onsets in which half of a piece's time passes, in seconds.

    A median of time, not of intervals: the notes of a chord that somebody plays are a hundredth of a second apart,
    and are most of the intervals, but none of the time. It is 0 where there are no two moments at which notes begin.

    Example:

    >>> from features.midi import notes_to_midi, read_events, read_notes
    >>> chord_by_chord = [(beat * 480 + late, beat * 480 + 400, 60 + late) for beat in range(9) for late in range(3)]
    >>> round(interval_of(read_notes(read_events(notes_to_midi(chord_by_chord)))), 2)
    0.5
    """
    intervals = np.sort(np.diff(np.unique(notes.notes["start_s"][~notes.notes["is_drum"]])))
    passed = np.cumsum(intervals)
    if not len(passed):
        return 0.0
    half = passed[-1] / 2 * (1 - 1e-9)  # lest roundings decide where the half is reached exactly
    return float(intervals[np.searchsorted(passed, half)])


def stretch(notes: Notes, times: float) -> Notes:
    """Returns a piece that takes so many times as long; ticks and velocities stay."""
    return retimed(notes, lambda seconds: seconds * times)


def retimed(notes: Notes, moved: Callable[[np.ndarray], np.ndarray]) -> Notes:
    """Returns a piece at other times; ticks and velocities stay.

    Args:
        notes: The piece.
        moved: From seconds to seconds, never backwards.
    """
    seconds = {
        "notes": ("start_s", "end_s"),
        "instruments": ("end_s",),
        "pedals": ("time_s",),
        "bends": ("time_s",),
        "tempos": ("time_s",),
        "time_signatures": ("time_s",),
        "key_signatures": ("time_s",),
    }
    changed = {}
    for name, columns in seconds.items():
        changed[name] = getattr(notes, name).copy()
        for column in columns:
            changed[name][column] = moved(changed[name][column])
    # As many ticks pass as before: a tempo becomes what it is over its first second.
    changed["tempos"]["seconds_per_tick"] *= moved(notes.tempos["time_s"] + 1) - changed["tempos"]["time_s"]
    return replace(notes, **changed)


def _on_one_keyboard(notes: np.ndarray) -> np.ndarray:
    """Returns notes, `(notes,)` of dtype `NOTE`, of which no two of one pitch sound at once, in order of their ends."""
    notes = notes[np.lexsort((notes["start_s"], notes["pitch"]))]
    is_first = np.append(True, (np.diff(notes["start_s"]) != 0) | (np.diff(notes["pitch"]) != 0))
    firsts = np.flatnonzero(is_first[: len(notes)])
    if not len(firsts):
        return np.empty(0, NOTE)
    struck = notes[firsts]
    for column in ("velocity", "end_s"):
        struck[column] = np.maximum.reduceat(notes[column], firsts)
    for pitch in np.unique(struck["pitch"]):
        own = np.flatnonzero(struck["pitch"] == pitch)
        ends = np.maximum.accumulate(struck["end_s"][own])
        struck["end_s"][own] = np.minimum(ends, np.append(struck["start_s"][own][1:], np.inf))
    return struck[np.argsort(struck["end_s"], kind="stable")]


def _one_pedal(pedals: np.ndarray, instruments: np.ndarray) -> np.ndarray:
    """Returns a pedal that is down while that of any instrument but drums is, `(changes,)` of dtype `CHANGE`."""
    times, directions = [], []
    for stream in np.unique(instruments["stream"][~instruments["is_drum"]]):
        own = pedals[pedals["stream"] == stream]
        is_down = own["value"] >= PEDAL_DOWN
        turns = np.flatnonzero(np.diff(is_down, prepend=False))
        turns = turns[: len(turns) // 2 * 2]  # the last one down is never released
        times.append(own["time_s"][turns])
        directions.append(np.where(is_down[turns], 1, -1))
    if not times:
        return pedals[:0]
    times, directions = np.concatenate(times), np.concatenate(directions)
    order = np.lexsort((directions, times))  # of what happens at once, releases first
    is_down = np.cumsum(directions[order]) > 0
    turns = np.flatnonzero(np.diff(is_down, prepend=False))
    changes = np.zeros(len(turns), CHANGE)
    changes["time_s"], changes["value"] = times[order][turns], np.where(is_down[turns], 127, 0)
    return changes
