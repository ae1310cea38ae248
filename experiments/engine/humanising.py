"""Renderings of works that a model has never heard beside the works: how far apart they are, and what it costs."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from experiments.engine import records
from experiments.engine.auditing.rows import COLUMNS, measure
from experiments.engine.config import CorpusConfig, Places
from experiments.engine.explaining.heldout import unheard_pieces
from experiments.engine.publishing import MADE_FOR, RENDERINGS
from experiments.engine.saved_models import SavedModel, load_saved_model
from experiments.engine.telling import encoding_of
from features.corpora.catalogue import Piece
from features.datasets import load_dataset
from features.encoders.humanised import Humanised
from features.humanising import Distance, distance
from features.midi import read_events, read_notes

AS_IT_STANDS = "as it stands"

DISTANCES = tuple(field.name for field in dataclasses.fields(Distance))


def compare_renderings(
    model: str, corpus: CorpusConfig, places: Places, *, strengths: Sequence[float], rendering: int
) -> Path:
    """Scores a model on pieces as they stand and on renderings of them, and writes a row for each.

    Args:
        model: What `load_saved_model` takes.
        corpus: Where its unheard works are.
        places: Where things lie.
        strengths: How freely pieces are played.
        rendering: Which rendering.

    Returns:
        A new folder with `renderings.csv` and `metrics.json`.
    """
    saved = load_saved_model(model)
    pieces, _ = unheard_pieces(saved, corpus, places)
    how = {"cache_dir": places.cache_dir, "every_composer": False}
    dataset = load_dataset(pieces, saved.encoder, **how)
    used = [piece for piece in pieces if piece.piece in set(dataset.pieces)]
    plain, name = saved.answer(dataset), saved.path.parent.name
    runs = name if saved.path.with_name("config.json").exists() else ""
    rows = [measure("humanise", AS_IT_STANDS, name, plain, runs=runs).flat() | dict.fromkeys(DISTANCES, 0.0)]
    for strength in strengths:
        rendered = load_dataset(used, Humanised(saved.encoder, strength, rendering), **how)
        answers = saved.answer(dataclasses.replace(rendered, encoder=saved.encoder))
        called = {"against": AS_IT_STANDS, "compared_with": plain, "runs": runs}
        row = measure("humanise", f"strength {strength:g}", name, answers, **called).flat()
        rows.append(row | mean_distance(used, saved.encoder, strength=strength, rendering=rendering))
    experiment = _experiment_of(saved)
    folder = records.new_folder(places.results_dir / experiment / f"humanise-{name}")
    with records.open_folder(folder):
        made_for = {"experiment": experiment, "corpus": dataclasses.asdict(corpus)}
        asked = {"model": name, "strengths": list(strengths), "rendering": rendering}
        records.write_json(folder / MADE_FOR[RENDERINGS], {"config": made_for} | asked)
        records.write_csv(folder / "renderings.csv", (*COLUMNS, *DISTANCES), rows)
        records.write_json(folder / "metrics.json", _describe(saved, corpus) | {"rows": rows})
    return folder


def _experiment_of(saved: SavedModel) -> str:
    """Returns the study whose run a model is; of one that was saved elsewhere, the name of this tool."""
    config = saved.path.with_name("config.json")
    return records.read_json(config)["experiment"] if config.exists() else "humanise"


def _describe(saved: SavedModel, corpus: CorpusConfig) -> dict[str, Any]:
    return {
        "model": saved.path.parent.name,
        "builder": saved.description.get("builder", ""),
        "corpus": corpus.corpus,
        "pieces": corpus.pieces,
        "encoder": encoding_of(saved.description["encoder"]["name"], saved.encoder),
        "frames_per_second": _frames_per_second(saved.encoder),
    }


def mean_distance(
    pieces: Sequence[Piece], encoder: Any, *, strength: float, rendering: int
) -> dict[str, float]:
    """Returns the mean distance between pieces and their renderings; each piece counts alike."""
    found = [
        dataclasses.astuple(
            distance(
                read_notes(read_events(piece.read())),
                strength,
                rendering=rendering,
                frames_per_second=_frames_per_second(encoder),
            )
        )
        for piece in tqdm(pieces, desc="Measuring distances", unit="piece", delay=2)
    ]
    return dict(zip(DISTANCES, np.mean(found, axis=0).round(4).tolist(), strict=True))


def _frames_per_second(encoder: Any) -> float:
    """Frames in which distances are told; encoders that have none are told those of a roll."""
    return getattr(encoder, "frames_per_second", 10.0)


def print_renderings(folder: Path) -> None:
    """Prints the table of a folder that `compare_renderings` wrote."""
    from rich.table import Table

    from experiments.engine.auditing.view import score_cells
    from experiments.engine.terminal import console

    found = records.read_json(folder / "metrics.json")
    rows = found["rows"]
    table = Table(
        title=f"{found['model']}: {rows[0]['pieces']} pieces of works that it has not heard",
        caption="Macro-F1 (95 % by bootstrap over works); * a paired difference that is more than chance.",
    )
    headings = ("by piece", "change", "by chunk", "change", "onsets\n(frames)", "chords\n(frames)")
    table.add_column("", no_wrap=True)
    for heading in (*headings, "tempo\n(%)", "velocity", "pedal\n(share)"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        distances = ["" if row["name"] == AS_IT_STANDS else f"{row[name]:.2f}" for name in DISTANCES]
        table.add_row(row["name"], *score_cells(row), *distances)
    console(at_least=120).print(table)
    print(f"Folder: {folder}")
