"""The figures of a corpus: what is drawn of it, and what to see there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from experiments.engine.exploring import charts, counting
from experiments.engine.exploring.grouping import clip_outliers, group_by_composer
from experiments.engine.exploring.reading import Collection
from features.midi.descriptors import Descriptors

NUM_SIGNATURES = 10
"""Signatures with a column of their own; there is no room for more."""


@dataclass(frozen=True)
class Figure:
    """A picture on the page.

    Attributes:
        file: Its path from the folder of the page.
        heading: What it shows.
        caption: How to read it.
    """

    file: str
    heading: str
    caption: str


@dataclass(frozen=True)
class _Drawn:
    """What all figures draw from: the pieces, and which of them belong together."""

    collection: Collection
    groups: Mapping[str, np.ndarray]

    def counted(self, count: Callable[[Descriptors], counting.Counts]) -> list[counting.Counts]:
        return [count(piece) for piece in self.collection.descriptors]


def save_figures(collection: Collection, folder: Path, *, most: int) -> list[Figure]:
    """Draws all figures of a corpus.

    Args:
        collection: The pieces.
        folder: The folder of the page; PNG files go to `figures/` there.
        most: How many composers have a row of their own; the rest share one.

    Returns:
        The figures, in the order in which they belong on the page.
    """
    drawn = _Drawn(collection, group_by_composer(collection.composers, most))
    figures = []
    for name, (draw, heading, caption) in tqdm(FIGURES.items(), desc="Drawing", unit="figure"):
        figure = Figure(f"figures/{name}.png", heading, caption)
        draw(drawn, folder / figure.file)
        figures.append(figure)
    return figures


def _draw_boxes(
    drawn: _Drawn, path: Path, *, number: str, label: str, is_clipped: bool = False, **axis: bool
) -> None:
    """Draws one number of the `Descriptors` of all pieces."""
    values = np.array([getattr(piece, number) for piece in drawn.collection.descriptors], float)
    for pieces in drawn.groups.values() if is_clipped else ():
        values[pieces] = clip_outliers(values[pieces])
    charts.save_boxes(drawn.groups, values, path, label=label, **axis)


def _draw_signatures(drawn: _Drawn, path: Path, *, count: Callable, label: str) -> None:
    counts = drawn.counted(count)
    columns = counting.commonest(counting.total(counts), NUM_SIGNATURES)
    table = counting.shares(counts, drawn.groups, columns)
    charts.save_shares(table, list(drawn.groups), columns, path, label=label)


def _draw_polyphony_by_composer(drawn: _Drawn, path: Path) -> None:
    columns = range(counting.THICKEST + 1)
    names = [*map(str, columns[:-1]), f"{counting.THICKEST}+"]
    table = counting.shares(drawn.counted(counting.polyphony_seconds), drawn.groups, columns)
    charts.save_shares(table, list(drawn.groups), names, path, label="notes at once")


def _draw_chunks(drawn: _Drawn, path: Path) -> None:
    chunks, padding = drawn.collection.dataset.num_chunks, drawn.collection.padding
    numbers = [chunks[pieces].sum() for pieces in drawn.groups.values()]
    shares = [np.average(padding[pieces], weights=chunks[pieces]) for pieces in drawn.groups.values()]
    charts.save_paired_bars(list(drawn.groups), ("chunks", numbers), ("padding", shares), path)


def _draw_tempo(drawn: _Drawn, path: Path) -> None:
    seconds, changes = (
        counting.total(drawn.counted(count)) for count in (counting.tempo_seconds, counting.tempo_changes)
    )
    step = counting.TEMPO_STEP
    places = range(min(seconds, default=0) - step, max(seconds, default=0) + 2 * step, step)
    panels = {
        "share of the time": [seconds[place] for place in places],
        "share of the tempi, each counted whenever it is taken up": [changes[place] for place in places],
    }
    label = f"quarter notes a minute ({counting.FASTEST}: or more)"
    charts.save_bars(places, panels, path, label=label, width=step)


def _draw_polyphony(drawn: _Drawn, path: Path) -> None:
    seconds = counting.total(drawn.counted(counting.polyphony_seconds))
    places = range(max(seconds, default=0) + 1)
    charts.save_bars(
        [place - 0.5 for place in places],
        {"share of the time": [seconds[place] for place in places]},
        path,
        label=f"notes that sound at once ({counting.THICKEST}: or more)",
    )


def _draw_velocities(drawn: _Drawn, path: Path) -> None:
    notes, places = counting.total(drawn.counted(counting.velocity_notes)), range(128)
    panels = {"share of the notes": [notes[place] for place in places]}
    charts.save_bars(places, panels, path, label="velocity")


_CLIPPED = "What lies beyond 1.5 interquartile ranges from the quartiles of a composer's pieces is drawn at this bound."

FIGURES = {
    "length_by_composer": (
        partial(_draw_boxes, number="length_s", label="length", may_be_logarithmic=True, in_seconds=True),
        "Length",
        "A point is a piece, a box the middle half of a composer's pieces, the line in it their median. Seconds "
        "follow the tempo map.",
    ),
    "length_by_composer_clipped": (
        partial(
            _draw_boxes,
            number="length_s",
            label="length, outliers clipped,",
            is_clipped=True,
            in_seconds=True,
        ),
        "Length, outliers clipped",
        _CLIPPED,
    ),
    "notes_by_composer": (
        partial(_draw_boxes, number="num_notes", label="notes", may_be_logarithmic=True),
        "Notes",
        "Notes of a piece, on all its instruments.",
    ),
    "notes_by_composer_clipped": (
        partial(_draw_boxes, number="num_notes", label="notes, outliers clipped", is_clipped=True),
        "Notes, outliers clipped",
        _CLIPPED,
    ),
    "density_by_composer": (
        partial(_draw_boxes, number="notes_per_second", label="notes a second"),
        "Notes a second",
        "Notes of a piece by its length.",
    ),
    "tempo_by_composer": (
        partial(_draw_boxes, number="tempo_mean", label="quarter notes a minute", may_be_logarithmic=True),
        "Tempo by composer",
        "Beats of a piece by its minutes.",
    ),
    "time_signatures_by_composer": (
        partial(_draw_signatures, count=counting.time_signature_seconds, label="time signature"),
        "Time signatures",
        "As the files say, for as long as they hold. A row adds up to 100 %; what is less than half a percent is left "
        "blank.",
    ),
    "key_signatures_by_composer": (
        partial(_draw_signatures, count=counting.key_signature_seconds, label="key signature"),
        "Key signatures",
        "As the files say: C major often only means that nobody set one.",
    ),
    "velocity_by_composer": (
        partial(_draw_boxes, number="velocity_mean", label="mean velocity"),
        "Velocity by composer",
        "Mean over the notes of a piece.",
    ),
    "num_velocities_by_composer": (
        partial(_draw_boxes, number="num_velocities", label="different velocities", may_be_logarithmic=True),
        "Different velocities",
        "One or two: typed in, or made from a score. Dozens: played, or shaped by hand.",
    ),
    "polyphony_by_composer": (
        _draw_polyphony_by_composer,
        "Polyphony by composer",
        "How many notes sound at once, from their note-ons to their note-offs, drums left out; 0 is silence.",
    ),
    "chunks_by_composer": (
        _draw_chunks,
        "Chunks and padding",
        "What a model sees: chunks of equal length, the last one of a piece padded with silence. Right, how much of "
        "all frames that is.",
    ),
    "tempo": (
        _draw_tempo,
        "Tempo of all",
        "Above, each tempo weighs as long as it holds; below, each counts once whenever it is taken up: a ritardando "
        "in small steps counts often. Files that give no tempo have 120.",
    ),
    "polyphony": (_draw_polyphony, "Polyphony of all", "How many notes sound at once; 0 is silence."),
    "velocities": (_draw_velocities, "Velocities of all", "How loud notes are struck; 127 is loudest."),
}
"""From a file name to how a figure is drawn, its heading, and how to read it."""
