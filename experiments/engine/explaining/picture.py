"""A piece as a roll, a line a chunk, each note coloured by whom it speaks for."""

import base64
import io
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from experiments.engine.explaining.attribution import Explanation
from experiments.engine.exploring import charts
from experiments.engine.exploring.rolls import pitches_of
from experiments.engine.exploring.sounds import SECONDS
from features.words import clock

LINES = 8
"""Lines of a picture: two minutes, at chunks of 15 s."""

MOST_LINES = 240
"""An hour; what lies behind it is not drawn."""

LINE = 1.3
"""Inches."""

BAND = 0.07
"""Share of a line that passages are marked in, above its notes."""

THIN, THICK = 1.3, 2.6
"""Semitones that a note is high, and one that decided."""

SHORTEST_S = 0.08
"""Notes are drawn at least so long, to be seen."""

COLOURS = LinearSegmentedColormap.from_list("against and for", ["#b2182b", "#d4d4d4", "#2166ac"])
"""Red speaks against, grey for nobody, blue for the composer."""

BRIGHTEST = 0.98
"""From this quantile of the sizes of the weights on, colours are at their brightest."""


def draw_roll(explanation: Explanation, method: str, passages: Sequence[tuple[float, int]] = ()) -> list[str]:
    """Draws a piece, in pictures of several lines.

    Args:
        explanation: Of the piece.
        method: By which the notes are weighed.
        passages: When each that is to be marked begins, in seconds, and 1 if it speaks for the composer, else -1.

    Returns:
        PNG pictures, as addresses that a page can hold.
    """
    piece, weights = explanation.piece, explanation.weights[method]
    lines = line_starts(explanation)
    is_top = np.zeros(len(weights), bool)
    is_top[explanation.top(method)] = True
    most = np.quantile(np.abs(weights[piece.is_heard]), BRIGHTEST) or 1.0
    # The root, so that the many notes of little weight have a colour too.
    shades = np.sign(weights) * np.sqrt(np.minimum(np.abs(weights) / most, 1))
    low, high = pitches_of(piece.notes)
    room = BAND * (high - low) / (1 - BAND) if passages else 0
    pictures = []
    for first in range(0, len(lines), LINES):
        shown = lines[first : first + LINES]
        with plt.rc_context(charts.STYLE | {"font.size": 9}):
            figure, all_axes = plt.subplots(
                len(shown),
                figsize=(charts.WIDTH, LINE * len(shown) + 0.2),
                layout="constrained",
                squeeze=False,
                sharey=True,
            )
        for axes, chunk in zip(all_axes[:, 0], shown, strict=True):
            _draw_line(axes, explanation, chunk, shades, is_top)
            axes.set_ylim(low, high + room)
            for start_s, sign in passages:
                colour = COLOURS(float(sign > 0))
                axes.axvspan(start_s, start_s + SECONDS, ymin=1 - BAND, color=colour, linewidth=0)
        pictures.append(_embedded(figure))
    return pictures


def line_starts(explanation: Explanation) -> list[int]:
    """Returns the chunks that have a line: all of them, or only every other if they overlap."""
    encoder, starts = explanation.piece.encoder, explanation.piece.starts
    kept: list[int] = []
    for chunk, start in enumerate(starts):
        if not kept or start >= starts[kept[-1]] + encoder.chunk_frames:
            kept.append(chunk)
    return kept[:MOST_LINES]


def _draw_line(
    axes: plt.Axes, explanation: Explanation, chunk: int, shades: np.ndarray, is_top: np.ndarray
) -> None:
    piece = explanation.piece
    rate = piece.encoder.frames_per_second
    start_s, length_s = piece.starts[chunk] / rate, piece.encoder.chunk_frames / rate
    notes = piece.notes.notes
    shown = piece.is_heard & (notes["start_s"] < start_s + length_s) & (notes["end_s"] > start_s)
    # Notes that decided lie on top.
    for is_chosen, height in ((shown & ~is_top, THIN), (shown & is_top, THICK)):
        bars = [
            Rectangle(
                (note["start_s"], note["pitch"] - height / 2),
                max(note["end_s"] - note["start_s"], SHORTEST_S),
                height,
            )
            for note in notes[is_chosen]
        ]
        axes.add_collection(
            PatchCollection(bars, facecolor=COLOURS((shades[is_chosen] + 1) / 2), linewidth=0)
        )
    axes.set_xlim(start_s, start_s + length_s)
    wanted = piece.saved.classes.index(explanation.composer)
    axes.set_title(
        f"{clock(start_s)}   {explanation.composer} {piece.probabilities[chunk, wanted]:.2f}",
        loc="left",
        fontsize=8,
        pad=2,
        parse_math=False,
    )
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 5, 10]))
    axes.xaxis.set_major_formatter(lambda second, _: clock(second))
    axes.tick_params(axis="x", labelsize=7, pad=1)
    axes.set_yticks(
        [pitch for pitch in range(24, 108, 24)], [f"C{pitch // 12 - 1}" for pitch in range(24, 108, 24)]
    )


def _embedded(figure: plt.Figure) -> str:
    file = io.BytesIO()
    figure.savefig(file, dpi=charts.DOTS_PER_INCH, format="png")
    plt.close(figure)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def legend() -> str:
    """Returns a bar of all colours as CSS, from what speaks against to what speaks for."""
    return ", ".join(
        f"rgb({', '.join(str(round(255 * part)) for part in COLOURS(at)[:3])})" for at in (0.0, 0.5, 1.0)
    )
