"""What a run is called in the records, and what it says of its music before anything is trained."""

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.engine import records
from experiments.engine.config import CorpusConfig, EncoderConfig, TrainingConfig
from experiments.engine.heard import Heard
from features.auxiliary import by_others
from features.datasets import Dataset
from features.selection import counted_by
from features.splits.protocols import NO_SIDE, Split
from features.words import counted

MOST_NAMED = 20
"""Composers that a line on the terminal names."""


def pieces_name(config: CorpusConfig) -> str:
    """Returns what the records call a list of pieces; thresholds and a sample are marked.

    Example:
        >>> pieces_name(CorpusConfig(pieces="clean", min_share=0.001, sample=0.25))
        'clean (composers from 0.1 %, 0.25 of the works)'
    """
    marks = []
    if config.min_share > 0:
        marks.append(f"composers from {100 * config.min_share:g} %")
    if config.min_works > 1:
        marks.append(f"composers with {config.min_works} works")
    if config.min_pieces > 1:
        marks.append(f"{config.label}s with {config.min_pieces} pieces")
    if config.sample < 1:
        marks.append(f"{config.sample:g} of the works")
    return f"{config.pieces} ({', '.join(marks)})" if marks else config.pieces


def drawn(metrics: Mapping[str, Any]) -> str:
    """Returns what the intervals of a run draw: what its protocol holds out, works at least.

    Example:
        >>> drawn({"protocol": "composer"}), drawn({"protocol": "file"})
        ('composers', 'works')
    """
    return "composers" if metrics["protocol"] == "composer" else "works"


def taken(label: str) -> str:
    """Returns what confusions are called.

    Example:
        >>> taken("composer"), taken("era")
        ('Who is taken for whom', 'What is taken for what')
    """
    return "Who is taken for whom" if label == "composer" else "What is taken for what"


def what_is_read(metrics: Mapping[str, Any]) -> str:
    """Returns what the network of a run reads of a file: notes, or messages, which tell more than notes.

    Example:
        >>> what_is_read({"encoder": "messages:beats=True"}), what_is_read({"encoder": "piano_roll:binary"})
        ('messages', 'notes')
    """
    return "messages" if metrics.get("encoder", "").startswith("messages") else "notes"


def encoder_name(config: EncoderConfig, encoder: Any) -> str:
    """Returns what the records call an encoding, such as `piano_roll:binary+velocity`.

    Example:
        >>> encoder_name(EncoderConfig("messages", beats=True, without=("tempo", "value")), None)
        'messages:beats=True:without=tempo+value'
    """
    channels = getattr(encoder, "channels", ())
    rest = {name: value for name, value in config.settings().items() if name != "channels"}
    told = {name: "+".join(value) if isinstance(value, tuple) else value for name, value in rest.items()}
    words = ["+".join(channels), *(f"{name}={value}" for name, value in told.items())]
    return ":".join([config.encoder, *filter(None, words)])


def encoding_of(name: str, encoder: Any) -> str:
    """Returns the same of an encoder without its configuration: the settings that are not its defaults.

    What it has learnt from music, as messages have, is no setting.

    Example:
        >>> from features.encoders.piano_roll import PianoRoll
        >>> encoding_of("piano_roll", PianoRoll(channels=("binary", "onset"), pedal=False))
        'piano_roll:binary+onset:pedal=False'
    """
    encoder = getattr(encoder, "unfitted", encoder)
    usual = type(encoder)().settings()
    others = {key: value for key, value in encoder.settings().items() if value != usual[key]}
    return encoder_name(EncoderConfig(name, **others), encoder)


def write_left_out(folder: Path, dataset: Dataset) -> None:
    """Writes which pieces could not be used, and why, as `left_out.csv`."""
    rows = [dataclasses.asdict(piece) for piece in dataset.left_out]
    records.write_csv(folder / "left_out.csv", ("piece", "composer", "reason"), rows)


def report_known_by_name(path: Path, heard: Heard) -> None:
    """Says on standard error if a model is older than digests of notes, by which music is known in other files."""
    if not heard.knows_melodies:
        print(by_name_sentence(path.with_suffix(".json")), file=sys.stderr)


def by_name_sentence(description: Path | str) -> str:
    """Returns what cannot be told of a model whose description has no digests of notes."""
    return (
        f"{description} has no digests of notes: music that the model heard in other files is known by the name of its "
        "work alone; train it again to know it by its notes."
    )


def report_left_out(dataset: Dataset) -> None:
    """Says on standard error which pieces could not be used, and why, and which composers have too little music."""
    for piece in dataset.left_out:
        print(f"Left out: {piece.piece}: {piece.reason}", file=sys.stderr)
    kept = set(counted_by(dataset))
    few = [count for count in dataset.census if count.composer not in kept]
    if few:
        num_chunks = sum(count.num_chunks for count in few)
        share = num_chunks / sum(count.num_chunks for count in dataset.census)
        print(
            f"Left out as the flags say: {len(few)} of {counted(len(dataset.census), 'composer')}, with "
            f"{counted(sum(count.num_pieces for count in few), 'piece')} and {counted(num_chunks, 'chunk')} "
            f"({share:.1%} of all).",
            file=sys.stderr,
        )
    names, count = ", ".join(dataset.classes), len(dataset.classes)
    print(
        f"{counted(len(dataset.pieces), 'piece')}, {counted(len(set(dataset.works)), 'work')}, "
        f"{counted(len(dataset.chunk_pieces), 'chunk')} {'by' if dataset.label == 'composer' else 'of'} "
        f"{names if count <= MOST_NAMED else counted(count, dataset.label)}; "
        f"{counted(len(dataset.left_out), 'file')} left out.",
        file=sys.stderr,
    )


def report_drawing(num_chunks: int, config: TrainingConfig, *, label: str) -> None:
    """Says on standard error that an epoch does not take all training chunks, if so.

    Args:
        num_chunks: There are for training.
        config: How they are drawn.
        label: What the classes are, for which `composer` stands in the configuration.
    """
    count = config.drawn_of(num_chunks)
    if count < num_chunks:
        units = [label if unit == "composer" else unit for unit in config.sampling]
        evenly = f", evenly by {', '.join(units)}" if units else ", as they come"
        print(
            f"An epoch draws {count:,} of {num_chunks:,} training chunks anew{evenly}.",
            file=sys.stderr,
        )


def report_auxiliary(dataset: Dataset, config: TrainingConfig) -> None:
    """Says on standard error who else is learnt from.

    Args:
        dataset: What training hears.
        config: How much of an epoch others are.
    """
    pieces, chunks = (by_others(dataset, labels) for labels in (dataset.labels, dataset.chunk_labels))
    names = len(set(dataset.labels[pieces].tolist()))
    print(
        f"Training also hears {pieces.sum():,} pieces ({chunks.sum():,} chunks) by {counted(names, 'other composer')}, "
        f"{config.auxiliary:.0%} of each epoch.",
        file=sys.stderr,
    )


def report_no_side(dataset: Dataset, split: Split) -> None:
    """Says on standard error how many pieces the split leaves on no side, as `source` does with shared works."""
    count = len(set(dataset.chunk_pieces[split.indices(NO_SIDE)].tolist()))
    if count:
        print(
            f"{count} pieces are on no side: their work is on another side, by another source or composer, or nothing "
            "of their composers is in training.",
            file=sys.stderr,
        )
