"""Which pieces hold the same music: copies, arrangements and excerpts, in any key and at any tempo.

Two pieces are compared by the steps of their outer voices. Ten steps in a row that are telling
(no scale, no trill, no broken chord) and that few pieces share are like a fingerprint's ridge:
two pieces that have many of them in common, in the same order, hold the same music. Chorales on one
tune do, whoever set it, and however.

The numbers were set on midi-classic-music by looking at the pairs near the border: every pair with
40 common places that was looked at shared its music, down to a cadenza that one sequencer had put
into two concertos. Of 373 pairs of chorales that meet, all but five very short ones have a tune of
which three quarters are the same note by note, most of them all of it; the largest group on one tune
has 13 files. A work can be larger: both Passions and the Christmas Oratorio share chorales. With 9 or
10 common places songs on one ground bass (Maier's fugues) and strangers begin to meet.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numba
import numpy as np
from scipy.sparse import csr_array

from features.midi.outline import without_end

PLACE_STEPS = 10
"""Steps in a row that make one place of a voice."""

MIN_DISTINCT_STEPS = 4
"""A place with fewer different steps is a scale, a trill or a repeated note."""

LONGEST_FIGURE = 5
"""A place that repeats itself after so many steps or fewer is a broken chord or a tremolo."""

MAX_PIECES = 40
"""A place that more pieces share is a formula."""

MANY, FEW = 40, 11
"""Common places in the same order that prove a copy: many of them, or a few that are a good share."""

GOOD_SHARE = 0.25
"""Share of the places of the piece that has fewer."""


NO_KEYS = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Copy:
    """Two pieces that hold the same music.

    Attributes:
        first: Index of a piece.
        second: Index of a later piece.
        num_common: Places of a voice that both have, in the same order.
        share: How many these are of all places of the piece that has fewer, 0 to 1.
    """

    first: int
    second: int
    num_common: int
    share: float


def find_copies(outlines: Sequence[np.ndarray]) -> list[Copy]:
    """Returns all pairs of pieces that hold the same music, by the better of their two outer voices.

    Args:
        outlines: Steps of the outer voices of each piece, int8 of shape `(2, steps)`, as `outline` returned them.

    Example:

    >>> melody = np.random.default_rng(0).integers(-7, 8, (2, 100)).astype(np.int8)
    >>> other = np.random.default_rng(1).integers(-7, 8, (2, 100)).astype(np.int8)
    >>> [(copy.first, copy.second, copy.num_common) for copy in find_copies([melody, other, melody[:, 20:80]])]
    [(0, 2, 51)]
    """
    best: dict[tuple[int, int], Copy] = {}
    for voice in range(2):
        for copy in _copies_by([without_end(outline[voice]) for outline in outlines]):
            pair = copy.first, copy.second
            if pair not in best or copy.num_common > best[pair].num_common:
                best[pair] = copy
    return [best[pair] for pair in sorted(best)]


def _copies_by(voices: Sequence[np.ndarray]) -> Iterator[Copy]:
    """Yields the copies that one voice of each piece, `(steps,)`, gives away."""
    places = [_telling_places(steps) for steps in voices]
    sizes = np.array([len(keys) for keys, _ in places], int)
    first, second, num_shared = _pairs_in_common([keys for keys, _ in places])
    smaller = np.minimum(sizes[first], sizes[second])
    for i, j, size in zip(
        *(array[num_shared >= FEW].tolist() for array in (first, second, smaller)), strict=True
    ):
        num_common = _longest_common_order(*places[i], *places[j])
        share = num_common / size
        if num_common >= MANY or (num_common >= FEW and share >= GOOD_SHARE):
            yield Copy(i, j, num_common, share)


def _telling_places(steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the keys of the telling places of a voice, rising, and where each is first met."""
    factors = np.random.default_rng(0).integers(1, 2**63, PLACE_STEPS)
    keys, places = _scan_places(steps, factors, MIN_DISTINCT_STEPS, LONGEST_FIGURE)
    # Not `numpy.unique`, which would sort stably to find the first ones, in twice the time.
    order = np.argsort(keys)
    keys, places = keys[order], places[order]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
    return keys[starts], np.minimum.reduceat(places, starts) if len(starts) else places


@numba.njit(cache=True)
def _scan_places(steps, factors, min_distinct, longest_figure):
    """Returns a key for the steps of each telling place, and where it begins."""
    size = len(factors)
    count, num_windows = 0, max(len(steps) - size + 1, 0)
    keys, places = np.empty(num_windows, np.int64), np.empty(num_windows, np.int64)
    for start in range(num_windows):
        window = steps[start : start + size]
        is_telling = _count_distinct(window) >= min_distinct
        for period in range(1, longest_figure + 1):
            is_telling = is_telling and not _repeats_after(window, period)
        if is_telling:
            key = 0
            for index in range(size):
                key += factors[index] * window[index]  # modulo 2 ** 64
            keys[count], places[count] = key, start
            count += 1
    return keys[:count], places[:count]


def _pairs_in_common(keys: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the pairs of pieces that share a place, `(pairs,)` each, and how many places they share."""
    piece_of_place = np.repeat(np.arange(len(keys)), np.array([len(of_piece) for of_piece in keys], int))
    _, column, num_pieces = np.unique(
        np.concatenate([NO_KEYS, *keys]), return_inverse=True, return_counts=True
    )
    is_shared = (num_pieces[column] > 1) & (num_pieces[column] <= MAX_PIECES)
    where = piece_of_place[is_shared], column[is_shared]
    table = csr_array((np.ones(len(where[0]), np.int32), where), shape=(len(keys), max(len(num_pieces), 1)))
    common = (table @ table.T).tocoo()
    first, second = common.coords
    return tuple(array[first < second] for array in (first, second, common.data))


@numba.njit(cache=True)
def _count_distinct(window):
    count = 0
    for index in range(len(window)):
        is_new = True
        for earlier in range(index):
            is_new = is_new and window[earlier] != window[index]
        count += is_new
    return count


@numba.njit(cache=True)
def _repeats_after(window, period):
    for index in range(period, len(window)):
        if window[index] != window[index - period]:
            return False
    return True


@numba.njit(cache=True)
def _longest_common_order(first_keys, first_places, second_keys, second_places):
    """Returns how many common keys, at most, come in the same order in both; the keys are rising."""
    size = min(len(first_keys), len(second_keys))
    in_first, in_second = np.empty(size, np.int64), np.empty(size, np.int64)
    first, second, count = 0, 0, 0
    while first < len(first_keys) and second < len(second_keys):
        if first_keys[first] < second_keys[second]:
            first += 1
        elif first_keys[first] > second_keys[second]:
            second += 1
        else:
            in_first[count], in_second[count] = first_places[first], second_places[second]
            first, second, count = first + 1, second + 1, count + 1

    ends = np.empty(count, np.int64)  # ends[n]: the earliest place where n + 1 keys in order can end
    longest = 0
    for index in np.argsort(in_first[:count]):
        position = np.searchsorted(ends[:longest], in_second[index])
        ends[position] = in_second[index]
        longest = max(longest, position + 1)
    return longest
