"""How much of the music is so and so: seconds, changes and notes by value, summed over pieces, and as shares."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from features.midi.descriptors import Descriptors, Span

NOT_GIVEN = "not given"
"""Stands for a signature where the file gives none."""

REST = "other"
"""Stands for what is too rare to have a column of its own."""

TEMPO_STEP, FASTEST = 5, 300
"""Beats a minute from one bin to the next, and where the last one, open above, begins."""

THICKEST = 12
"""So many notes at once, or more, are counted as one."""

Counts = Mapping[str | int, float]


def tempo_seconds(piece: Descriptors) -> Counter[int]:
    """Returns for how many seconds each tempo holds, by where its bin begins (beats a minute)."""
    return _sum((tempo_bin(span.value), span.seconds) for span in piece.tempos)


def tempo_changes(piece: Descriptors) -> Counter[int]:
    """Returns how often each tempo is taken up, by where its bin begins (beats a minute)."""
    return Counter(tempo_bin(span.value) for span in piece.tempos)


def tempo_bin(beats_per_minute: float) -> int:
    """Returns where the bin of a tempo begins.

    Example:
        >>> tempo_bin(119.9), tempo_bin(120.0), tempo_bin(960.0)
        (115, 120, 300)
    """
    return min(int(beats_per_minute // TEMPO_STEP) * TEMPO_STEP, FASTEST)


def polyphony_seconds(piece: Descriptors) -> Counter[int]:
    """Returns for how many seconds so many notes sound at once, from 0 to `THICKEST`."""
    return _sum((min(number, THICKEST), seconds) for number, seconds in enumerate(piece.polyphony_s))


def time_signature_seconds(piece: Descriptors) -> Counter[str]:
    """Returns for how many seconds each time signature holds."""
    return _signature_seconds(piece.time_signatures, piece.length_s)


def key_signature_seconds(piece: Descriptors) -> Counter[str]:
    """Returns for how many seconds each key signature holds."""
    return _signature_seconds(piece.key_signatures, piece.length_s)


def velocity_notes(piece: Descriptors) -> Counter[int]:
    """Returns how many notes have each velocity."""
    return _sum(enumerate(piece.velocity_counts))


def longest(seconds: Mapping[str, float]) -> str:
    """Returns the value that holds longest; of equals the first, and nothing of nothing."""
    return max(seconds, key=seconds.get, default="")


def total(counts: Iterable[Counts]) -> Counter:
    """Returns the sum of what was counted in several pieces, by value in ascending order."""
    summed = _sum(item for one in counts for item in one.items())
    return Counter({value: summed[value] for value in sorted(summed)})


def commonest(counts: Counts, most: int) -> list[str]:
    """Returns the values that deserve a column: the commonest, then what stands for all others, then `NOT_GIVEN`.

    Example:
        >>> commonest({"3/4": 5.0, "4/4": 9.0, "not given": 7.0, "5/4": 1.0, "2/4": 2.0}, 2)
        ['4/4', '3/4', 'other', 'not given']
    """
    ranked = sorted((value for value in counts if value != NOT_GIVEN), key=lambda value: -counts[value])
    columns = ranked[:most] + ([REST] if len(ranked) > most else [])
    return columns + ([NOT_GIVEN] if NOT_GIVEN in counts else [])


def shares(
    counts: Sequence[Counts], groups: Mapping[str, np.ndarray], columns: Sequence[str | int]
) -> np.ndarray:
    """Returns which share of each group's music has which value.

    Args:
        counts: Seconds of each piece by value.
        groups: Indices of the pieces of each group.
        columns: Values, and perhaps `REST` for all others.

    Returns:
        float64 `(groups, columns)`; a row adds up to 1, or to 0 if there is no music.

    Example:
        >>> shares([{"3/4": 1.0}, {"3/4": 1.0, "4/4": 2.0}], {"Ada": np.array([0, 1])}, ["3/4", "other"]).tolist()
        [[0.5, 0.5]]
    """
    table = np.zeros((len(groups), len(columns)))
    place = {value: number for number, value in enumerate(columns)}
    for row, pieces in zip(table, groups.values(), strict=True):
        for value, seconds in total(counts[piece] for piece in pieces).items():
            row[place[value] if value in place else place[REST]] += seconds
    return table / np.maximum(table.sum(axis=1, keepdims=True), np.finfo(float).tiny)


def _signature_seconds(spans: Sequence[Span], length_s: float) -> Counter[str]:
    found = _sum((span.value, span.seconds) for span in spans)
    rest = length_s - spans[-1].end_s + spans[0].start_s if spans else length_s
    if rest > 0:
        found[NOT_GIVEN] = rest
    return found


def _sum(items: Iterable[tuple[str | int, float]]) -> Counter:
    summed: Counter = Counter()
    for value, amount in items:
        if amount:
            summed[value] += amount
    return summed
