"""The passages of a piece that decided, and how they sound."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from experiments.engine.exploring.sounds import SECONDS, TICKS_PER_BEAT, play, write_sound
from features.midi import notes_to_midi

MOST_FOR, MOST_AGAINST = 3, 2
"""Passages that are shown of either kind."""

LEAST = 0.1
"""Passages that weigh less than this share of what the one that weighs most does, for or against, are not shown."""


@dataclass(frozen=True)
class Passage:
    """Ten seconds of a piece.

    Attributes:
        start_s: When it begins, in seconds.
        weight: Sum of the weights of the notes that begin in it.
        notes: Indices of these notes.
    """

    start_s: float
    weight: float
    notes: np.ndarray


def find_passages(notes: np.ndarray, weights: np.ndarray, *, most: int) -> list[Passage]:
    """Returns the passages whose notes weigh most in all, the greatest first; they do not overlap.

    Each begins with a note. Those that speak against come from weights of the other sign.

    Args:
        notes: Of dtype `NOTE`.
        weights: Of each note.
        most: How many passages at most.
    """
    order = np.argsort(notes["start_s"], kind="stable")
    starts = notes["start_s"][order]
    sums = np.concatenate([[0.0], np.cumsum(weights[order])])
    firsts = np.flatnonzero(np.diff(starts, prepend=-1.0) > 0)
    lasts = np.searchsorted(starts, starts[firsts] + SECONDS)
    found: list[Passage] = []
    weighed = sums[lasts] - sums[firsts]
    for place in np.argsort(-weighed, kind="stable"):
        first, last = firsts[place], lasts[place]
        start_s, weight = float(starts[first]), float(weighed[place])
        if len(found) == most or weight <= LEAST * np.abs(weighed).max():
            break
        if all(abs(start_s - other.start_s) >= SECONDS for other in found):
            found.append(Passage(start_s, weight, order[first:last]))
    return found


def sound_of(notes: np.ndarray, start_s: float) -> str:
    """Returns how notes sound for ten seconds, as an address that a page can hold: MP3, in base 64.

    Args:
        notes: Those to play, of dtype `NOTE`.
        start_s: When to begin, in seconds.

    Raises:
        InputError: FluidSynth fails.
    """
    last = _ticks(SECONDS)
    starts = np.clip(_ticks(notes["start_s"] - start_s), 0, last - 1)
    rows = zip(
        starts,
        np.clip(_ticks(notes["end_s"] - start_s), starts + 1, last),
        # Each instrument on a track of its own, so that notes that meet stay apart.
        *(notes[name] for name in ("pitch", "velocity", "program", "channel", "instrument")),
        strict=True,
    )
    data = notes_to_midi([tuple(map(int, row)) for row in rows], ticks_per_beat=TICKS_PER_BEAT)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "passage.mp3"
        write_sound(path, play(data))
        return "data:audio/mpeg;base64," + base64.b64encode(path.read_bytes()).decode()


def _ticks(seconds: np.ndarray | float) -> np.ndarray:
    return np.round(np.asarray(seconds) * 2 * TICKS_PER_BEAT).astype(int)  # at 120 beats a minute


def decided_in(passage: Passage, top: Sequence[int]) -> np.ndarray:
    """Returns which notes of a passage are among those that decided."""
    return passage.notes[np.isin(passage.notes, top)]
