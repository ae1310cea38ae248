"""What kinds of notes speak for a composer: by pitch class, register, length, density and chord."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.engine.evaluation import FEWEST_WORKS
from experiments.engine.exploring.page import PITCH_NAMES

TOGETHER_S = 0.03
"""Notes that begin within so many seconds of each other are heard as one chord."""


@dataclass(frozen=True)
class Kind:
    """A way to sort notes.

    Attributes:
        heading: What it tells.
        names: Of its categories.
        sort: From notes, of dtype `NOTE`, to the category of each.
    """

    heading: str
    names: tuple[str, ...]
    sort: Callable[[np.ndarray], np.ndarray]


def _near(notes: np.ndarray, seconds: float) -> np.ndarray:
    """How many notes, itself included, begin at most so many seconds before or after each note."""
    starts = np.sort(notes["start_s"])
    first, last = (
        np.searchsorted(starts, notes["start_s"] + sign * seconds, side=side)
        for sign, side in ((-1, "left"), (1, "right"))
    )
    return last - first


def _above(bounds: Sequence[float], values: np.ndarray) -> np.ndarray:
    return np.searchsorted(bounds, values, side="right")


KINDS = {
    "pitch_class": Kind("Pitch class", PITCH_NAMES, lambda notes: notes["pitch"].astype(int) % 12),
    "register": Kind(
        "Register",
        ("below C2", "C2 to B2", "C3 to B3", "C4 to B4", "C5 to B5", "from C6"),
        lambda notes: _above((36, 48, 60, 72, 84), notes["pitch"]),
    ),
    "length": Kind(
        "Length of the note, seconds",
        ("below 1/8", "1/8 to 1/4", "1/4 to 1/2", "1/2 to 1", "1 to 2", "from 2"),
        lambda notes: _above((0.125, 0.25, 0.5, 1, 2), notes["end_s"] - notes["start_s"]),
    ),
    "density": Kind(
        "Notes that begin in the second around it",
        ("to 4", "5 to 8", "9 to 12", "13 to 16", "from 17"),
        lambda notes: _above((5, 9, 13, 17), _near(notes, 0.5)),
    ),
    "chord": Kind(
        "Notes that begin with it",
        ("alone", "2", "3", "from 4"),
        lambda notes: _above((2, 3, 4), _near(notes, TOGETHER_S)),
    ),
}


def sort_weights(notes: np.ndarray, weights: np.ndarray) -> dict[str, list[list[float]]]:
    """Returns by kind, for each category, its share of the notes, and that share times the mean weight of its notes.

    Weights count in units of the mean size of the weights of the piece, so that every piece says as much.

    Args:
        notes: Those that can be heard, of dtype `NOTE`.
        weights: Of each.
    """
    size = np.abs(weights).mean() or 1.0
    found = {}
    for name, kind in KINDS.items():
        places, num = kind.sort(notes), len(kind.names)
        counts = np.bincount(places, minlength=num)
        sums = np.bincount(places, weights / size, minlength=num)
        found[name] = (np.stack([counts, sums], axis=1) / len(notes)).tolist()
    return found


def category_rows(
    pieces: Sequence[Mapping], *, works: Sequence[str], composers: Sequence[str], draws: int, seed: int
) -> list[dict]:
    """Returns how much notes of each category speak for each composer, with 95 % intervals over draws of works.

    Args:
        pieces: What `sort_weights` returned of each.
        works: Their works.
        composers: For whom their weights speak.
        draws: How often to draw works.
        seed: Of the draws.

    Returns:
        Rows `composer, pieces, kind, category, share, weight, more, low, high`: the share of the notes; their mean
        weight, in units of the mean size of weights; by how much that is more than the mean of all notes, with its
        interval, None of too few works. On average notes speak for whom the model answers; `more` tells which do so
        most.
    """
    rows = []
    for composer in dict.fromkeys(sorted(composers)):
        mine = [index for index, name in enumerate(composers) if name == composer]
        of_works = [works[index] for index in mine]
        is_enough = len(set(of_works)) >= FEWEST_WORKS
        times = draw_works(of_works, draws, seed=seed)
        for name, kind in KINDS.items():
            table = np.array([pieces[index][name] for index in mine])  # piece x category x (share, weighted)
            drawn = np.einsum("dp,pct->dct", times, table)
            with np.errstate(invalid="ignore", divide="ignore"):
                means = drawn[..., 1] / drawn[..., 0]
                more = means - drawn[..., 1].sum(axis=1, keepdims=True) / drawn[..., 0].sum(
                    axis=1, keepdims=True
                )
            for place, category in enumerate(kind.names):
                share = table[:, place, 0].mean()
                if share == 0:
                    continue
                low, high = np.nanquantile(more[1:, place], [0.025, 0.975]) if is_enough else (None, None)
                rows.append(
                    {"composer": composer, "pieces": len(mine), "kind": name, "category": category}
                    | {
                        "share": share,
                        "weight": means[0, place],
                        "more": more[0, place],
                        "low": low,
                        "high": high,
                    }
                )
    return rows


def draw_works(works: Sequence[str], draws: int, *, seed: int) -> np.ndarray:
    """Returns how often each piece counts in each draw of works, float64 `(1 + draws, pieces)`; in the first, once."""
    names, places = np.unique(np.array(works), return_inverse=True)
    chance = np.random.default_rng(seed)
    times = chance.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    return np.concatenate([np.ones((1, len(works))), times[:, places]]).astype(float)
