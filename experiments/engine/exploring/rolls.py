"""A piece as a model may see it: its multichannel roll, at any frame rate."""

from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import Colormap, ListedColormap

from experiments.engine.exploring import charts
from features.encoders.piano_roll import PianoRoll
from features.midi import Notes

CHANNELS = {
    "binary": "Binary: what sounds",
    "velocity": "Velocity: how loud",
    "instrumentation": "Instrumentation: how many play it",
    "timing": "Expressive timing: notes as they are held",
}
"""Channels of the multichannel roll, and what stands above them."""

MARGIN = 3
"""Semitones shown below the lowest pitch and above the highest."""

ROLL_SIZE = (4.2, 7.6)
"""Inches."""


@dataclass(frozen=True)
class Rate:
    """What a frame rate does to a piece.

    Attributes:
        frames_per_second: The rate.
        num_frames: Frames of the piece.
        num_notes: Notes of the piece that have a pitch.
        num_lost: How many of them vanish, because they begin and end in one frame.
    """

    frames_per_second: float
    num_frames: int
    num_notes: int
    num_lost: int

    @property
    def lost_share(self) -> float:
        """Share of the notes that vanish."""
        return self.num_lost / max(self.num_notes, 1)


def measure_rate(notes: Notes, frames_per_second: float) -> Rate:
    """Returns what a frame rate does to a piece.

    Example:
        >>> from features.midi import notes_to_midi, read_events, read_notes
        >>> notes = read_notes(read_events(notes_to_midi([(0, 480, 60), (480, 500, 62)])))
        >>> measure_rate(notes, 10.0)
        Rate(frames_per_second=10.0, num_frames=5, num_notes=2, num_lost=1)
    """
    pitched = notes.notes[~notes.notes["is_drum"]]
    first, last = ((pitched[name] * frames_per_second).astype(np.int64) for name in ("start_s", "end_s"))
    num_frames = int(frames_per_second * notes.instruments["end_s"].max(initial=0.0))
    return Rate(frames_per_second, num_frames, len(pitched), int(np.count_nonzero(first == last)))


def multichannel_roll(
    notes: Notes, frames_per_second: float, *, start_s: float, seconds: float, **settings: bool
) -> np.ndarray:
    """Returns a part of the multichannel roll of a piece.

    Args:
        notes: What `read_notes` returned.
        frames_per_second: Frames in a second.
        start_s: Where the part begins, in seconds.
        seconds: How long it is; what lies behind the end of the piece is silent.
        **settings: `pedal` and `bends` of the encoder.

    Returns:
        float32 `(128, frames, channels)`, with the channels of `CHANNELS`.

    Raises:
        InputError: The frame rate cannot be used, or the roll would be absurdly large.
    """
    encoder = PianoRoll(
        frames_per_second=frames_per_second,
        chunk_frames=max(round(seconds * frames_per_second), 1),
        channels=tuple(CHANNELS),
        **settings,
    )
    rows = encoder.encode(notes)
    first = min(int(start_s * frames_per_second), rows.num_frames)
    return encoder.decode(rows, [first], [rows.num_frames])[0]


def save_roll(
    roll: np.ndarray, path: Path, *, title: str, pitches: tuple[int, int], start_s: float, seconds: float
) -> None:
    """Draws the channels of a roll, one below the other.

    Args:
        roll: What `multichannel_roll` returned.
        path: The PNG file.
        title: Above the picture.
        pitches: The lowest and the highest pitch to show.
        start_s: Where it begins, in seconds.
        seconds: How long it is.
    """
    with plt.rc_context(charts.STYLE):
        figure, all_axes = plt.subplots(
            len(CHANNELS), figsize=ROLL_SIZE, layout="constrained", sharex=True, sharey=True
        )
    low, high = pitches
    for axes, (name, heading), channel in zip(
        all_axes, CHANNELS.items(), np.moveaxis(roll, 2, 0), strict=True
    ):
        shown = channel[low : high + 1]
        most = max(shown.max(initial=1.0), 1.0)
        image = axes.imshow(
            np.ma.masked_equal(shown, 0),
            aspect="auto",
            origin="lower",
            interpolation="nearest",
            extent=(start_s, start_s + seconds, low - 0.5, high + 0.5),
            cmap=colours_of(name, most),
            **dict(zip(("vmin", "vmax"), bounds_of(name, most), strict=True)),
        )
        axes.set_title(heading, loc="left", fontsize=10)
        axes.set_ylabel("pitch")
        if name in ("velocity", "instrumentation"):
            ticks = None if name == "velocity" else np.unique(np.linspace(1, most, 4).round())
            figure.colorbar(image, ax=axes, ticks=ticks, pad=0.02, fraction=0.06)
    all_axes[-1].set_xlabel("seconds")
    figure.suptitle(title, fontsize=12)
    charts.save(figure, path)


def pitches_of(notes: Notes) -> tuple[int, int]:
    """Returns which pitches to show of a piece: all it has, with a margin."""
    pitches = notes.notes["pitch"][~notes.notes["is_drum"]]
    return max(int(pitches.min(initial=127)) - MARGIN, 0), min(int(pitches.max(initial=0)) + MARGIN, 127)


def bounds_of(channel: str, most: float) -> tuple[float, float]:
    """Returns the values that have the first and the last colour of a channel."""
    return (0.5, most + 0.5) if channel == "instrumentation" else (0.0, 1.0)


def colours_of(channel: str, most: float) -> Colormap:
    """Returns the colours of a channel whose largest value is known."""
    if channel == "velocity":
        return ListedColormap(plt.get_cmap("viridis_r")(np.linspace(0.1, 1, 256)))  # soft notes are seen too
    if channel == "instrumentation":
        # The last colours are too pale on white.
        return ListedColormap(plt.get_cmap("plasma")(np.linspace(0, 0.85, int(most))))
    return plt.get_cmap("gray_r")
