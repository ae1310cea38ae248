"""A corpus becomes a page: numbers, figures, one piece from close by, sounds."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from experiments.engine import records
from experiments.engine.config import CorpusConfig, EncoderConfig
from experiments.engine.exploring import rolls, sounds
from experiments.engine.exploring.chunks import save_chunks
from experiments.engine.exploring.figures import save_figures
from experiments.engine.exploring.page import Portrait, made_files, write_page
from experiments.engine.exploring.reading import Collection, describe_all, padding_of, read_piece
from experiments.engine.exploring.tables import write_tables
from experiments.engine.runner import encoder_name, pieces_name
from features.ablations import ablate
from features.corpora.catalogue import Piece
from features.datasets import Dataset

RECORD = "explore.json"
"""What was explored, and which files were made: written last."""

SHARED_SETTINGS = ("pedal", "bends")
"""Settings of the encoder that the rolls have too, beside what was taken away from the notes."""

RATE_COLUMNS = ("frames_per_second", "num_frames", "num_notes", "num_lost")


@dataclass(frozen=True)
class Exploration:
    """What to show of a corpus.

    Attributes:
        corpus: Which music.
        encoder: How notes become chunks.
        piece: Name of the piece to show from close by.
        frame_rates: Frames a second at which to draw it.
        seconds: How much of it the rolls show.
        most: How many composers have a row of their own.
        sounds: Whether to play ten seconds of each composer.
        seed: Of the choice of what is played.
    """

    corpus: CorpusConfig
    encoder: EncoderConfig
    piece: str
    frame_rates: tuple[float, ...]
    seconds: float
    most: int
    sounds: bool
    seed: int


def explore(pieces: Sequence[Piece], dataset: Dataset, folder: Path, wanted: Exploration) -> dict[str, Any]:
    """Describes a corpus and writes its page.

    Args:
        pieces: The pieces of the corpus, as its `load` returned them.
        dataset: The same, read and encoded.
        folder: Where the page goes, with `figures/`, `sounds/` and tables. Files that an earlier page there needed and
            this one does not are removed.
        wanted: What to show.

    Returns:
        What `explore.json` holds.

    Raises:
        InputError: A file can no longer be read, or a sound cannot be played.
    """
    kept = set(dataset.pieces)
    pieces = [piece for piece in pieces if piece.piece in kept]
    collection = describe_all(pieces, dataset)
    tables = write_tables(collection, folder)
    figures = save_figures(collection, folder, most=wanted.most)
    portrait = portray(pieces, collection, folder, wanted)
    samples = sounds.save_samples(pieces, folder, seed=wanted.seed) if wanted.sounds else []
    write_page(
        folder,
        collection,
        title=f"{wanted.corpus.corpus} ({pieces_name(wanted.corpus)})",
        encoder=encoder_name(wanted.encoder, dataset.encoder),
        figures=figures,
        portrait=portrait,
        sounds=samples,
        player=sounds.describe_player(),
    )
    files = made_files(figures, portrait, samples, [*tables, "rates.csv"])
    remove_older(folder, files)
    record = _record(collection, wanted) | {"files": files}
    records.write_json(folder / RECORD, record)
    return record


def portray(pieces: Sequence[Piece], collection: Collection, folder: Path, wanted: Exploration) -> Portrait:
    """Draws one piece: its roll at several frame rates, and all its chunks.

    Args:
        pieces: The pieces of the corpus.
        collection: The same, described.
        folder: The folder of the page.
        wanted: Which piece, and how.
    """
    dataset, index = collection.dataset, collection.dataset.pieces.index(wanted.piece)
    _, notes = read_piece(next(piece for piece in pieces if piece.piece == wanted.piece))
    notes = ablate(notes, wanted.encoder.ablation)
    start_s = float(notes.notes["start_s"].min())
    settings = {name: value for name, value in wanted.encoder.settings().items() if name in SHARED_SETTINGS}
    files = []
    for rate in wanted.frame_rates:
        files.append(f"figures/roll-{rate:g}.png")
        roll = rolls.multichannel_roll(notes, rate, start_s=start_s, seconds=wanted.seconds, **settings)
        rolls.save_roll(
            roll,
            folder / files[-1],
            title=f"{rate:g} frames a second",
            pitches=rolls.pitches_of(notes),
            start_s=start_s,
            seconds=wanted.seconds,
        )
    rates = [rolls.measure_rate(notes, rate) for rate in wanted.frame_rates]
    records.write_csv(folder / "rates.csv", RATE_COLUMNS, map(vars, rates))
    chunks = save_chunks(
        dataset.chunks(np.flatnonzero(dataset.chunk_pieces == index)),
        padding_of(dataset.encoder, int(dataset.num_frames[index])),
        folder / "figures",
        encoder=dataset.encoder,
    )
    return Portrait(
        name=wanted.piece,
        index=index,
        start_s=start_s,
        seconds=wanted.seconds,
        rates=rates,
        rolls=files,
        chunks={name: [f"figures/{path.name}" for path in paths] for name, paths in chunks.items()},
    )


def remove_older(folder: Path, files: Sequence[str]) -> None:
    """Removes what an earlier page in a folder was made of and no longer needs, and nothing else.

    Args:
        folder: The folder of the page.
        files: Paths of the files that are needed now.
    """
    try:
        made = set(json.loads((folder / RECORD).read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return  # nothing is known to be ours
    for file in made - set(files):
        if ".." not in PurePosixPath(file).parts and not PurePosixPath(file).is_absolute():
            (folder / file).unlink(missing_ok=True)


def _record(collection: Collection, wanted: Exploration) -> dict[str, Any]:
    dataset = collection.dataset
    return {
        "command": records.command_line(),
        "commit": records.commit(),
        "corpus": wanted.corpus.corpus,
        "pieces": pieces_name(wanted.corpus),
        "encoder": encoder_name(wanted.encoder, dataset.encoder),
        "seed": wanted.seed,
        "piece": wanted.piece,
        "player": sounds.describe_player().name if wanted.sounds else None,
        "num_pieces": len(dataset.pieces),
        "num_composers": len(dataset.classes),
        "num_works": len(set(dataset.works)),
        "num_notes": sum(piece.num_notes for piece in collection.descriptors),
        "hours": round(sum(piece.length_s for piece in collection.descriptors) / 3600, 1),
        "num_chunks": int(dataset.num_chunks.sum()),
        "num_padded_chunks": int(collection.padded_chunks.sum()),
        "num_left_out": len(dataset.left_out),
    }
