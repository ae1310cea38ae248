"""The page of a corpus, which needs neither a server nor a network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.engine import records
from experiments.engine.exploring import counting
from experiments.engine.exploring.figures import Figure
from experiments.engine.exploring.reading import Collection
from experiments.engine.exploring.rolls import Rate
from experiments.engine.exploring.sounds import Player, Sound
from experiments.engine.exploring.tables import composer_rows
from experiments.engine.rendering import PAGES
from features.midi.descriptors import Descriptors
from features.words import clock, first_named

PITCH_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")

MOST_NAMED = 8
"""Signatures and instruments of a piece that are named; the rest is counted."""


@dataclass(frozen=True)
class Portrait:
    """A piece that is shown from close by.

    Attributes:
        name: Its name.
        index: Its place among the pieces.
        start_s: Where the part that is shown begins, in seconds.
        seconds: How long that is.
        rates: What each frame rate does to the piece.
        rolls: Pictures of the roll, one a rate.
        chunks: Pictures of its chunks by channel.
    """

    name: str
    index: int
    start_s: float
    seconds: float
    rates: Sequence[Rate]
    rolls: Sequence[str]
    chunks: Mapping[str, Sequence[str]]


def write_page(
    folder: Path,
    collection: Collection,
    *,
    title: str,
    encoder: str,
    figures: Sequence[Figure],
    portrait: Portrait,
    sounds: Sequence[Sound],
    player: Player,
) -> None:
    """Writes `explore.html`.

    Args:
        folder: Where it goes; pictures and sounds are there already.
        collection: The pieces.
        title: Which corpus, and which list of its pieces.
        encoder: What the records call the encoder.
        figures: Those of the corpus.
        portrait: The piece that is shown from close by.
        sounds: Listening samples; none if they are not wanted.
        player: What plays them.
    """
    dataset, descriptors = collection.dataset, collection.descriptors
    chunks = int(dataset.num_chunks.sum())
    page = PAGES.get_template("explore.html").render(
        title=title,
        command=records.command_line(),
        commit=records.commit(),
        encoder=encoder,
        chunk_shape=" x ".join(map(str, dataset.encoder.chunk_shape)),
        facts={
            "pieces": len(dataset.pieces),
            "composers": len(dataset.classes),
            "works": len(set(dataset.works)),
            "notes": sum(piece.num_notes for piece in descriptors),
            "chunks": chunks,
        },
        hours=sum(piece.length_s for piece in descriptors) / 3600,
        padded_chunks=collection.padded_chunks.sum() / max(chunks, 1),
        padding=(collection.padding * dataset.num_chunks).sum() / max(chunks, 1),
        composers=composer_rows(collection),
        figures=figures,
        portrait=portrait,
        piece_facts=describe_piece(collection, portrait.index),
        sounds=sounds,
        player=player,
        left_out=dataset.left_out,
        clock=clock,
    )
    records.write_text(folder / "explore.html", page)


def describe_piece(collection: Collection, index: int) -> dict[str, str]:
    """Returns what there is to say of one piece, by what it is called."""
    piece, dataset = collection.descriptors[index], collection.dataset
    lowest, highest = piece.pitch_range or (0, 0)
    return {
        "composer": dataset.composers[index],
        "work": dataset.works[index],
        "length": clock(piece.length_s),
        "notes": f"{piece.num_notes:,}, {piece.notes_per_second:.1f} a second",
        "pitches": f"{pitch_name(lowest)} to {pitch_name(highest)} ({lowest} to {highest})",
        "velocities": f"{piece.num_velocities} different, mean {piece.velocity_mean:.0f}",
        "polyphony": f"{piece.polyphony_mean:.1f} notes at once on average, {piece.polyphony_max} at most",
        "tempo": f"{piece.tempo_mean:.0f} quarter notes a minute on average, {piece.num_tempo_changes:,} changes",
        "time signatures": _by_share(counting.time_signature_seconds(piece), piece),
        "key signatures": _by_share(counting.key_signature_seconds(piece), piece),
        "instruments": _instruments(piece),
        "chunks": f"{dataset.num_chunks[index]:,}, padding {100 * collection.padding[index]:.0f} %",
    }


def pitch_name(pitch: int) -> str:
    """Returns the name of a MIDI pitch; middle C is C4.

    Example:
        >>> pitch_name(60), pitch_name(69), pitch_name(21)
        ('C4', 'A4', 'A0')
    """
    return f"{PITCH_NAMES[pitch % 12]}{pitch // 12 - 1}"


def _by_share(seconds: Mapping[str, float], piece: Descriptors) -> str:
    ranked = sorted(seconds, key=lambda value: -seconds[value])
    named = [f"{value} ({100 * seconds[value] / piece.length_s:.0f} %)" for value in ranked]
    return first_named(named, MOST_NAMED)


def _instruments(piece: Descriptors) -> str:
    from pretty_midi import program_to_instrument_name

    named = [program_to_instrument_name(program) for program in piece.programs]
    return first_named(named + (["drums"] if piece.num_drum_notes else []), MOST_NAMED)


def made_files(
    figures: Sequence[Figure], portrait: Portrait, sounds: Sequence[Sound], tables: Sequence[str]
) -> list[str]:
    """Returns the paths of all files that belong to a page, from its folder."""
    chunks: list[Any] = [file for files in portrait.chunks.values() for file in files]
    return sorted(
        ["explore.html", *tables, *portrait.rolls, *chunks]
        + [figure.file for figure in figures]
        + [sound.file for sound in sounds]
    )
