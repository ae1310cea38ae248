"""All chunks of a piece, line by line like a score."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap

from experiments.engine.exploring import charts
from experiments.engine.exploring.rolls import MARGIN, bounds_of, colours_of

CHUNKS_A_LINE, LINES = 3, 10
"""Chunks of a line and lines of a picture: what can be seen on a phone, and no picture is endless."""

LINE_HEIGHT = 1.35
"""Inches."""

PADDING_COLOUR = "#f3d9b1"


@dataclass(frozen=True)
class _Look:
    """How the values of a channel are coloured, and which row is the lowest that is shown."""

    colours: Colormap
    least: float
    most: float
    low: int


def save_chunks(
    chunks: np.ndarray, padding: np.ndarray, folder: Path, *, encoder: Any
) -> dict[str, list[Path]]:
    """Draws all chunks of a piece, as many pictures as it takes for each channel.

    Args:
        chunks: `(chunks, rows, frames, channels)`, or `(chunks, steps, features)` of encoders of sequences.
        padding: Frames of each chunk that are padding, shape `(chunks,)`.
        folder: Where the PNG files go.
        encoder: What made the chunks.

    Returns:
        The PNG files of each channel.
    """
    if chunks.ndim == 3:
        chunks = chunks.transpose(0, 2, 1)[..., None]
    low, high = _rows_with_content(chunks)
    paths: dict[str, list[Path]] = {}
    for channel, name in enumerate(getattr(encoder, "channels", ("features",))):
        images = chunks[:, low : high + 1, :, channel]
        look = _look_of(name, images, low)
        for number, first in enumerate(range(0, len(images), CHUNKS_A_LINE * LINES)):
            part = slice(first, first + CHUNKS_A_LINE * LINES)
            path = folder / f"chunks-{name}-{number + 1}.png"
            _save_lines(images[part], padding[part], path, first=first, look=look)
            paths.setdefault(name, []).append(path)
    return paths


def _look_of(channel: str, images: np.ndarray, low: int) -> _Look:
    least, most = images.min(initial=0.0), max(images.max(initial=1.0), 1.0)
    if least < 0:  # numbers around 0, as descriptors are
        most = max(most, -least)
        return _Look(plt.get_cmap("RdBu_r"), -most, most, low)
    return _Look(colours_of(channel, most), *bounds_of(channel, most), low)


def _save_lines(images: np.ndarray, padding: np.ndarray, path: Path, *, first: int, look: _Look) -> None:
    """Draws some chunks; `first` is the number of chunks in earlier pictures."""
    num_lines = -(-len(images) // CHUNKS_A_LINE)
    with plt.rc_context(charts.STYLE):
        figure, all_axes = plt.subplots(
            num_lines,
            figsize=(charts.WIDTH, 0.3 + LINE_HEIGHT * num_lines),
            layout="constrained",
            squeeze=False,
        )
    for line, axes in enumerate(all_axes[:, 0]):
        part = slice(line * CHUNKS_A_LINE, (line + 1) * CHUNKS_A_LINE)
        _draw_line(axes, images[part], padding[part], first=first + part.start, look=look)
    charts.save(figure, path)


def _draw_line(axes: Axes, images: np.ndarray, padding: np.ndarray, *, first: int, look: _Look) -> None:
    num_chunks, rows, frames = images.shape
    axes.imshow(
        np.ma.masked_equal(np.concatenate(images, axis=1), 0),
        aspect="auto",
        origin="lower",
        interpolation="nearest",
        extent=(0, frames * num_chunks, look.low - 0.5, look.low + rows - 0.5),
        cmap=look.colours,
        vmin=look.least,
        vmax=look.most,
    )
    for place, padded in enumerate(padding):
        end = (place + 1) * frames
        if padded:
            axes.axvspan(end - padded, end, color=PADDING_COLOUR, zorder=0)
        axes.axvline(place * frames, color="#777", linewidth=1)
    axes.set_xlim(0, frames * CHUNKS_A_LINE)
    names = [f"chunk {first + place + 1}" for place in range(num_chunks)]
    axes.set_xticks([place * frames for place in range(num_chunks)], names, ha="left", fontsize=9)
    axes.tick_params(axis="x", length=0)


def _rows_with_content(chunks: np.ndarray) -> tuple[int, int]:
    """Returns the lowest and the highest row in which there is anything, with a margin."""
    found = np.flatnonzero(chunks.any(axis=(0, 2, 3)))
    if len(found) == 0:
        return 0, chunks.shape[1] - 1
    return max(int(found[0]) - MARGIN, 0), min(int(found[-1]) + MARGIN, chunks.shape[1] - 1)
