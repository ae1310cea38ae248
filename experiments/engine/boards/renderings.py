"""The table of published renderings: what models that know scores make of how people play."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from experiments.engine.boards.cells import model_of
from experiments.engine.boards.overviews import (
    Overview,
    channels,
    corpus_name,
    difference,
    link,
    section,
)
from experiments.engine.config import Config
from experiments.engine.intervals import interval_of
from experiments.engine.records import read_json

NOTE = (
    "Macro-F1 over pieces of works that the model has not heard, as they stand and as people might play them (strength "
    "1: about as pianists do). Changes are paired; * is more than chance. How far a rendering is from its piece: mean "
    "distance of onsets in frames once a constant tempo is taken off, standard deviation of the tempo in percent, mean "
    "distance of velocities, and the share of the time with a pedal that was not there."
)

HEAD = (
    *("", "corpus", "model", "channels", "played", "pieces", "piece macro-F1 (95 %)", "change"),
    *("chunk macro-F1", "change", "onsets (frames)", "tempo (%)", "velocity", "pedal"),
)

DISTANCES = ("onset_frames", "tempo_percent", "velocities", "pedal_share")


def markdown(renderings: Sequence[Overview], root: Path) -> str:
    """Returns the table of the page and the commands; empty without renderings.

    Args:
        renderings: The published ones.
        root: The folder of the page, from which the links lead.
    """
    return section("Played by people", renderings, HEAD, partial(_lines, root), note=NOTE)


def _lines(root: Path, name: str, overview: Overview) -> list[list[str]]:
    first = [link(name, overview, root), corpus_name(overview), _model(overview), channels(overview)]
    return [[*first, *_cells(row)] for row in overview.metrics["rows"]]


def _model(overview: Overview) -> str:
    """The model, as the tables of runs call it if its run is published."""
    runs = overview.folder.parent.glob(f"**/{overview.metrics['model']}/config.json")
    config = next(runs, None)
    return model_of(Config.from_dict(read_json(config))) if config else overview.metrics["builder"]


def _cells(row: dict[str, Any]) -> list[str]:
    distances = [f"{row[name]:.2f}" if row["against"] else "" for name in DISTANCES]
    return [
        *(row["name"], str(row["pieces"])),
        *(f"{row['piece_macro_f1']:.3f}{interval_of(row, 'piece_macro_f1')}", difference(row, "piece")),
        *(f"{row['chunk_macro_f1']:.3f}", difference(row, "chunk")),
        *distances,
    ]
