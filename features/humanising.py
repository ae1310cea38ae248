"""A piece as somebody might play it: a tempo that breathes, chords that are not quite together, dynamics, pedal.

Scores that a sequencer plays and performances on a grand differ in all of this; a model that is to serve for both
should not mind. Every rendering is a function of the notes, its number and its strength, so that it can be had again.
At strength 1 the spreads are about those of pianists: a fifth faster or slower (Repp, 1992), a melody some 20 ms ahead
(Goebl, 2001), and velocities that move by a dozen either way.
"""

from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np

from features.ablations import retimed
from features.midi import CHANGE, Notes

TEMPO_SPREAD, TEMPO_KNOT_S = 0.15, 3.0
"""Standard deviation of the logarithm of the tempo, and how far apart it changes its mind."""

TOGETHER_S, SPREAD_S, MELODY_LEAD_S, LENGTH_SPREAD = 0.012, 0.015, 0.02, 0.12
"""Of notes that begin at once: how exactly each is played, up to how long a chord takes from bottom to top, and how far
its highest note is ahead; and by which share their lengths vary."""

VELOCITY_SPREAD, VELOCITY_KNOT_S, TOUCH_SPREAD, MELODY_ACCENT = 12.0, 4.0, 6.0, 8.0
"""Of velocities: how far dynamics go up and down and how often they turn, each note's own, and the melody's."""

PEDAL_USED, PEDAL_LEAST_S, PEDAL_MOST_S, PEDAL_AFTER_S = 0.8, 0.8, 2.5, 0.08
"""The share of harmonies that are played with pedal, how long it is held, and how long after the bass it goes down."""

LAST_PIANO = 5
"""The highest program that has a sustain pedal; the next ones are harpsichord and clavichord."""

SHORTEST_S = 0.03
PEDAL_DOWN = 127


@dataclass(frozen=True)
class Distance:
    """How far a rendering is from its piece.

    Attributes:
        onset_frames: Mean distance of onsets, in frames, once both are laid over each other as well as a constant
            tempo can.
        chord_frames: Mean distance between the onsets of notes that began at once, in frames.
        tempo_percent: Standard deviation of the logarithm of the tempo over time, in percent, without what notes of a
            chord are apart.
        velocities: Mean distance of velocities.
        pedal_share: Share of the time for which the pedal is down that was not before.
    """

    onset_frames: float
    chord_frames: float
    tempo_percent: float
    velocities: float
    pedal_share: float


def humanise(notes: Notes, strength: float = 1.0, *, rendering: int = 0) -> Notes:
    """Returns a rendering of a piece.

    Drums and instruments other than pianos are played as freely, but without pedal; so is a piano whose file has pedal
    of its own. A note stays shorter than the time until its key is struck again, if it was.

    Args:
        notes: The piece.
        strength: 0 leaves it as it is; all spreads are so many times as large.
        rendering: Which of any number.

    Example:

    >>> from features.midi import notes_to_midi, read_events, read_notes
    >>> notes = read_notes(read_events(notes_to_midi([(480 * beat, 480 * beat + 400, 60) for beat in range(20)])))
    >>> bool((humanise(notes, 0).notes == notes.notes).all()), bool((humanise(notes).notes == notes.notes).any())
    (True, False)
    """
    return _render(notes, strength, rendering)[0]


def distance(
    notes: Notes, strength: float = 1.0, *, rendering: int = 0, frames_per_second: float = 10
) -> Distance:
    """Returns how far a rendering is from its piece; see `humanise`."""
    rendered, in_time, played = _render(notes, strength, rendering)
    before, after = notes.notes["start_s"], played["start_s"]
    if len(before) < 2 or np.ptp(before) == 0:
        return Distance(0.0, 0.0, 0.0, 0.0, 0.0)
    laid_over = np.polyval(np.polyfit(before, after, 1), before)
    moments, firsts, chords = np.unique(before, return_index=True, return_inverse=True)
    means = np.bincount(chords, after) / np.bincount(chords)
    steps = np.diff(moments)
    rates = np.log(np.maximum(np.diff(in_time["start_s"][firsts]) / steps, 1e-3))
    length_s = max(after.max(), 1e-9)
    pedal_s = _down_s(rendered) - _down_s(notes) * length_s / max(before.max(), 1e-9)
    return Distance(
        onset_frames=float(np.abs(after - laid_over).mean() * frames_per_second),
        chord_frames=float(np.abs(after - means[chords]).mean() * frames_per_second),
        tempo_percent=float(100 * np.sqrt(np.cov(rates, aweights=steps, ddof=0))),
        velocities=float(np.abs(played["velocity"].astype(float) - notes.notes["velocity"]).mean()),
        pedal_share=float(np.clip(pedal_s / length_s, 0, 1)),
    )


def _render(notes: Notes, strength: float, rendering: int) -> tuple[Notes, np.ndarray, np.ndarray]:
    """Returns a rendering, and its notes in the order of the piece: with its tempo alone, and as they are played."""
    if strength == 0 or not len(notes.notes):
        return notes, notes.notes, notes.notes
    rng = np.random.default_rng(_seed(notes, rendering))
    length_s = max(notes.instruments["end_s"].max(), notes.notes["end_s"].max(), notes.tempos["time_s"].max())
    warp = _tempo_curve(rng, length_s, strength)
    rendered = retimed(notes, lambda times: np.interp(times, *warp))
    played = _played(rng, notes.notes, rendered.notes.copy(), strength)
    instruments, pedals = rendered.instruments.copy(), _pedal(rng, rendered, strength)
    np.maximum.at(instruments["end_s"], played["instrument"], played["end_s"])
    for stream in np.unique(pedals["stream"]):  # as everywhere, an instrument lasts until its last event
        last_s = pedals["time_s"][pedals["stream"] == stream].max()
        own = instruments["stream"] == stream
        instruments["end_s"][own] = np.maximum(instruments["end_s"][own], last_s)
    order = np.lexsort((played["end_s"], played["instrument"]))
    in_time = rendered.notes
    return replace(rendered, notes=played[order], instruments=instruments, pedals=pedals), in_time, played


def _seed(notes: Notes, rendering: int) -> list[int]:
    digest = blake2b(
        notes.notes["pitch"].tobytes() + notes.notes["start_s"].tobytes(), digest_size=8
    ).digest()
    return [int.from_bytes(digest, "big"), rendering]


def _smooth(rng: np.random.Generator, length_s: float, knot_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Draws a curve of standard deviation 1: times, four between two knots, and values."""
    from scipy.interpolate import make_interp_spline

    knots = np.arange(-3, int(length_s / knot_s) + 5)
    curve = make_interp_spline(knots, rng.standard_normal(len(knots)), 3)
    places = np.arange(0, length_s / knot_s + 1.25, 0.25)
    return places * knot_s, curve(places)


def _tempo_curve(rng: np.random.Generator, length_s: float, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """Draws when each moment of a piece comes: moments before, and after."""
    times, values = _smooth(rng, length_s, TEMPO_KNOT_S)
    slowness = np.exp(np.clip(TEMPO_SPREAD * strength * values, -1, 1))
    steps = np.diff(times) * (slowness[1:] + slowness[:-1]) / 2
    return times, np.append(0.0, np.cumsum(steps))


def _played(rng: np.random.Generator, before: np.ndarray, after: np.ndarray, strength: float) -> np.ndarray:
    """Changes onsets, lengths and velocities of notes; `after` has the tempo of the rendering already."""
    moments, chords = np.unique(before["start_s"], return_inverse=True)
    heights = before["pitch"].astype(float)
    lowest, highest = np.full(len(moments), np.inf), np.full(len(moments), -np.inf)
    np.minimum.at(lowest, chords, heights)
    np.maximum.at(highest, chords, heights)
    places = (heights - lowest[chords]) / np.maximum(highest - lowest, 1)[
        chords
    ]  # 0 at the bottom, 1 at the top
    is_melody = (heights == highest[chords]) & (highest > lowest)[chords]
    is_struck_again, order = _struck_again(before)

    later = rng.uniform(0, SPREAD_S, len(moments))[chords] * places - MELODY_LEAD_S * is_melody
    later += rng.normal(0, TOGETHER_S, len(before))
    lengths = after["end_s"] - after["start_s"]
    lengths *= np.exp(np.clip(rng.normal(0, LENGTH_SPREAD * strength, len(before)), -1, 1))
    after["start_s"] = np.maximum(after["start_s"] + strength * later, 0)
    after["end_s"] = after["start_s"] + np.maximum(lengths, SHORTEST_S)
    nexts = np.append(after["start_s"][order][1:], np.inf)
    latest = np.maximum(nexts - 1e-3, after["start_s"][order] + 1e-3)
    after["end_s"][order] = np.where(
        is_struck_again[order], np.minimum(after["end_s"][order], latest), after["end_s"][order]
    )

    times, dynamics = _smooth(rng, before["end_s"].max(), VELOCITY_KNOT_S)
    velocities = VELOCITY_SPREAD * np.interp(before["start_s"], times, dynamics) + MELODY_ACCENT * is_melody
    velocities += rng.normal(0, TOUCH_SPREAD, len(before))
    after["velocity"] = np.clip(np.round(before["velocity"] + strength * velocities), 1, 127)
    return after


def _struck_again(notes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns which notes end before their key is struck again, and the order by key in which the next one follows."""
    order = np.lexsort((notes["start_s"], notes["pitch"], notes["instrument"]))
    sorted_notes = notes[order]
    same_key = (np.diff(sorted_notes["pitch"].astype(int)) == 0) & (np.diff(sorted_notes["instrument"]) == 0)
    is_before = same_key & (sorted_notes["end_s"][:-1] <= sorted_notes["start_s"][1:] + 1e-9)
    found = np.zeros(len(notes), bool)
    found[order[:-1]] = is_before
    return found, order


def _pedal(rng: np.random.Generator, notes: Notes, strength: float) -> np.ndarray:
    """Returns the pedals of a piece, with one for each piano that has none: down for as long as its bass stays."""
    pedals = [notes.pedals]
    is_piano = (notes.instruments["program"] <= LAST_PIANO) & ~notes.instruments["is_drum"]
    for stream in np.unique(notes.instruments["stream"][is_piano]):
        own = np.flatnonzero((notes.instruments["stream"] == stream) & is_piano)
        played = notes.notes[np.isin(notes.notes["instrument"], own)]
        if (notes.pedals["stream"] == stream).any() or not len(played):
            continue
        changes = _harmonies(played)
        is_used = rng.random(len(changes) - 1) < min(1, PEDAL_USED * strength)
        downs, ups = changes[:-1][is_used] + PEDAL_AFTER_S, changes[1:][is_used]
        ups = np.clip(ups, downs, downs + PEDAL_MOST_S)
        added = np.zeros(2 * len(downs), CHANGE)
        added["stream"] = stream
        added["time_s"] = np.stack([downs, ups], axis=1).ravel()
        added["value"][0::2] = PEDAL_DOWN
        pedals.append(added)
    joined = np.concatenate(pedals)
    return joined[np.argsort(joined["stream"], kind="stable")]


def _harmonies(notes: np.ndarray) -> np.ndarray:
    """Returns when the bass moves, at least `PEDAL_LEAST_S` apart, and when the last note ends."""
    changes, last = [], -np.inf
    moments, firsts = np.unique(notes["start_s"].round(2), return_inverse=True)
    lowest = np.full(len(moments), 255)
    np.minimum.at(lowest, firsts, notes["pitch"])
    middle = np.median(notes["pitch"])
    for moment, pitch in zip(moments, lowest, strict=True):
        if moment - last >= PEDAL_LEAST_S and (pitch < middle or moment - last >= PEDAL_MOST_S):
            changes.append(moment)
            last = moment
    return np.array([*changes, notes["end_s"].max()])


def _down_s(notes: Notes) -> float:
    """Returns for how many seconds pedals are down, that of the busiest stream."""
    longest = 0.0
    for stream in np.unique(notes.pedals["stream"]):
        own = notes.pedals[notes.pedals["stream"] == stream]
        is_down = own["value"][:-1] >= 64
        longest = max(longest, float(np.diff(own["time_s"])[is_down].sum()))
    return longest
