"""The numbers behind the figures, as CSV files."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from experiments.engine.exploring import counting
from experiments.engine.exploring.reading import Collection
from experiments.engine.records import write_csv

PIECE_COLUMNS = (
    *("piece", "composer", "work", "source", "length_s", "num_notes", "num_drum_notes", "notes_per_second"),
    *(
        "velocity_mean",
        "velocity_std",
        "num_velocities",
        "pitch_lowest",
        "pitch_highest",
        "pitch_mean",
        "pitch_std",
    ),
    *(
        "polyphony_mean",
        "polyphony_max",
        "silence_share",
        "tempo_mean",
        "num_tempo_changes",
        "time_signature",
    ),
    *("key_signature", "num_time_signatures", "num_key_signatures", "programs", "num_frames", "num_chunks"),
    *("padded_chunks", "padding_share"),
)
"""Of `descriptors.csv`; of several signatures of a piece the one that holds longest."""

COMPOSER_COLUMNS = (
    *("composer", "pieces", "works", "seconds", "notes", "median_length_s", "median_notes", "tempo_mean"),
    *("polyphony_mean", "velocity_mean", "chunks", "padded_chunks", "padding_share"),
)

COUNTED = {
    "tempos.csv": ("beats_per_minute", {"seconds": counting.tempo_seconds, "times": counting.tempo_changes}),
    "polyphony.csv": ("notes_at_once", {"seconds": counting.polyphony_seconds}),
    "time_signatures.csv": ("time_signature", {"seconds": counting.time_signature_seconds}),
    "key_signatures.csv": ("key_signature", {"seconds": counting.key_signature_seconds}),
    "velocities.csv": ("velocity", {"notes": counting.velocity_notes}),
}
"""Files with a row for each composer and value: what is counted, and how."""


def write_tables(collection: Collection, folder: Path) -> list[str]:
    """Writes a row for each piece, for each composer, and for what each composer's music consists of.

    Args:
        collection: The pieces.
        folder: Where the CSV files go.

    Returns:
        The names of the files.
    """
    dataset = collection.dataset
    write_csv(folder / "descriptors.csv", PIECE_COLUMNS, piece_rows(collection))
    write_csv(folder / "composers.csv", COMPOSER_COLUMNS, composer_rows(collection))
    for name, (value, counts) in COUNTED.items():
        write_csv(folder / name, ("composer", value, *counts), _counted_rows(collection, value, counts))
    left_out = [vars(left) for left in dataset.left_out]
    write_csv(folder / "left_out.csv", ("piece", "composer", "reason"), left_out)
    return ["descriptors.csv", "composers.csv", *COUNTED, "left_out.csv"]


def piece_rows(collection: Collection) -> list[dict[str, Any]]:
    """Returns the rows of `descriptors.csv`."""
    dataset, composers, rows = collection.dataset, collection.composers, []
    for index, piece in enumerate(collection.descriptors):
        lowest, highest = piece.pitch_range or ("", "")
        row = {
            "piece": dataset.pieces[index],
            "composer": composers[index],
            "work": dataset.works[index],
            "source": dataset.sources[index],
            "pitch_lowest": lowest,
            "pitch_highest": highest,
            "time_signature": counting.longest(counting.time_signature_seconds(piece)),
            "key_signature": counting.longest(counting.key_signature_seconds(piece)),
            "num_time_signatures": len({span.value for span in piece.time_signatures}),
            "num_key_signatures": len({span.value for span in piece.key_signatures}),
            "programs": " ".join(map(str, piece.programs)),
            "num_frames": dataset.num_frames[index],
            "num_chunks": dataset.num_chunks[index],
            "padded_chunks": collection.padded_chunks[index],
            "padding_share": collection.padding[index],
        }
        row |= {name: getattr(piece, name) for name in PIECE_COLUMNS if name not in row}
        rows.append({name: _rounded(row[name]) for name in PIECE_COLUMNS})
    return rows


def composer_rows(collection: Collection) -> list[dict[str, Any]]:
    """Returns the rows of `composers.csv`, the composer with the most pieces first."""
    rows = [_composer_row(collection, label) for label in range(len(collection.dataset.classes))]
    return sorted(rows, key=lambda row: (-row["pieces"], row["composer"]))


def _composer_row(collection: Collection, label: int) -> dict[str, Any]:
    dataset = collection.dataset
    mine = np.flatnonzero(dataset.labels == label)
    pieces = [collection.descriptors[index] for index in mine]
    seconds, chunks = sum(piece.length_s for piece in pieces), dataset.num_chunks[mine]
    row = {
        "composer": dataset.classes[label],
        "pieces": len(pieces),
        "works": len({dataset.works[index] for index in mine}),
        "seconds": seconds,
        "notes": sum(piece.num_notes for piece in pieces),
        "median_length_s": np.median([piece.length_s for piece in pieces]),
        "median_notes": np.median([piece.num_notes for piece in pieces]),
        "tempo_mean": np.mean([piece.tempo_mean for piece in pieces]),
        "polyphony_mean": np.mean([piece.polyphony_mean for piece in pieces]),
        "velocity_mean": np.mean([piece.velocity_mean for piece in pieces]),
        "chunks": chunks.sum(),
        "padded_chunks": collection.padded_chunks[mine].sum(),
        "padding_share": np.average(collection.padding[mine], weights=chunks),
    }
    return {name: _rounded(value) for name, value in row.items()}


def _counted_rows(
    collection: Collection, value_name: str, counts: Mapping[str, Callable]
) -> list[dict[str, Any]]:
    rows, composers = [], collection.composers
    for name in collection.dataset.classes:
        pieces = [
            piece
            for piece, composer in zip(collection.descriptors, composers, strict=True)
            if composer == name
        ]
        sums = {column: counting.total(map(count, pieces)) for column, count in counts.items()}
        for value in sorted(set().union(*sums.values())):
            amounts = {column: _rounded(summed[value]) for column, summed in sums.items()}
            rows.append({"composer": name, value_name: value} | amounts)
    return rows


def _rounded(value: Any) -> Any:
    """Returns a number as it is written: milliseconds, and thousandths of anything else, are enough."""
    return round(float(value), 3) if isinstance(value, (float, np.floating)) else value
