"""The answers of all models for the same pieces: those that runs have left, and those still to be given."""

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.engine import records
from experiments.engine.comparing.candidates import Candidate
from experiments.engine.comparing.hearing import (
    Reasons,
    Rows,
    common_works,
    heard_by_description,
    heard_by_splits,
    split_tables,
)
from experiments.engine.comparing.music import Music
from experiments.engine.config import Config, CorpusConfig, Places
from experiments.engine.external import load_external
from experiments.engine.heard import SAME_FILE, Heard
from experiments.engine.predictions import Predictions
from experiments.engine.runner import load_pieces
from experiments.engine.telling import MOST_NAMED, by_name_sentence
from features.corpora.catalogue import Piece
from features.corpora.labels import in_order
from features.datasets import Dataset, load_dataset
from features.errors import InputError
from features.words import counted

BY_COMPOSER = (
    "Composers were held out: intervals draw composers instead of works. The p of McNemar's test is still by work, as "
    "if each were a sample of its own."
)
"""What is said where a model was tested on composers of whom it heard nothing."""

LEVELS = ("piece", "chunk")


@dataclass(frozen=True)
class Answered:
    """What all models answer.

    Attributes:
        parts: Answers by level, a set for each model, all over the same classes and by piece for the same pieces in the
            same order; None where a run has not kept them.
        heard: Of each model which of the pieces it has heard; None if nothing says so.
        works: Work of each piece.
        notes: What has to be said of how they can be compared.
        pieces: Where the notes of the pieces are; empty if the corpus is not at hand.
    """

    parts: Mapping[str, Sequence[Predictions | None]]
    heard: Sequence[Reasons | None]
    works: Mapping[str, str]
    notes: Sequence[str]
    pieces: Mapping[str, Piece]


def gather(candidates: Sequence[Candidate], music: Music, places: Places) -> Answered:
    """Returns the answers of all models for the same pieces.

    Runs that were tested on the same pieces of the same files keep the answers that they have; otherwise the corpus
    is prepared, once for each encoding, and the models are asked.

    Raises:
        InputError: They were tested on different pieces, have fewer than two classes in common, or cannot be asked.
    """
    classes = common_classes(candidates)
    runs = [candidate for candidate in candidates if candidate.run]
    if music.corpus is None and not runs:
        raise InputError(
            "Models without their run folders do not say what to compare them on; name a corpus with --corpus and "
            "--data-home."
        )
    if music.corpus is None and len(runs) == len(candidates) and _read_the_same_files(runs):
        answered = _from_runs(runs, music, places)
    else:
        answered = _from_music(candidates, classes, music, places)
    names, disputed = _names(answered.parts["piece"], classes)
    if not names:
        raise InputError(
            f"No piece that all models answer is by {', '.join(classes)}, whom all of them know."
        )
    parts = {
        level: [part and restrict(part, names, classes, answered.works) for part in answers]
        for level, answers in answered.parts.items()
    }
    notes = [*notes_on_classes(candidates, classes), *answered.notes]
    writers = {
        piece: writer
        for part in parts["piece"]
        for piece, writer in zip(part.pieces, part.writers, strict=False)  # without writers, none
    }
    if writers:
        parts = {level: [part and _by_writers(part, writers) for part in of] for level, of in parts.items()}
        notes.append(BY_COMPOSER)
    if disputed:
        notes.append(
            f"{counted(len(disputed), 'piece')} with several truths left out, such as {disputed[0]}."
        )
    return dataclasses.replace(answered, parts=parts, notes=notes)


def _by_writers(part: Predictions, writers: Mapping[str, str]) -> Predictions:
    """Makes intervals draw composers, for all models alike, also if they were held out from one of them alone."""
    return dataclasses.replace(part, writers=tuple(writers[piece] for piece in part.pieces))


def common_classes(candidates: Sequence[Candidate]) -> tuple[str, ...]:
    """Returns the classes that all models know, in the order in which classes are shown.

    Raises:
        InputError: There are fewer than two.
    """
    classes = set.intersection(*(set(candidate.classes) for candidate in candidates))
    if len(classes) < 2:
        known = "; ".join(f"{each.letter} {', '.join(each.classes)}" for each in candidates)
        raise InputError(
            f"The models have {counted(len(classes), 'class')} in common, too few to compare: they know {known}."
        )
    return tuple(in_order(classes))


def restrict(
    part: Predictions, pieces: Sequence[str], classes: tuple[str, ...], works: Mapping[str, str]
) -> Predictions:
    """Returns the answers for some pieces among some classes, to which the probabilities are divided anew.

    Args:
        part: Answers by piece or by chunk, over these classes and perhaps others.
        pieces: Which, and in which order.
        classes: Of all models.
        works: Work of each piece.
    """
    rows: dict[str, list[int]] = {}
    for row, piece in enumerate(part.pieces):
        rows.setdefault(piece, []).append(row)
    order = [row for piece in pieces for row in rows.get(piece, ())]
    kept = part.probabilities[np.ix_(order, [part.classes.index(name) for name in classes])]
    kept = np.maximum(kept.astype(np.float64), np.finfo(float).tiny)
    names = tuple(part.pieces[row] for row in order)
    return Predictions(
        pieces=names,
        works=tuple(works[name] for name in names),
        composers=tuple(part.composers[row] for row in order),
        probabilities=kept / kept.sum(axis=1, keepdims=True),
        classes=classes,
        writers=tuple(part.writers[row] for row in order) if part.writers else (),
    )


def _names(parts: Sequence[Predictions], classes: Sequence[str]) -> tuple[list[str], list[str]]:
    """Returns the pieces that all models answered for, in the order of the first, and those with several truths.

    Both are by composers whom all of them know.
    """
    truths = [dict(zip(part.pieces, part.composers, strict=True)) for part in parts]
    common = [piece for piece in truths[0] if all(of_model.get(piece) in classes for of_model in truths)]
    disputed = [piece for piece in common if len({of_model[piece] for of_model in truths}) > 1]
    return [piece for piece in common if piece not in set(disputed)], disputed


def notes_on_classes(candidates: Sequence[Candidate], classes: Sequence[str]) -> list[str]:
    """Returns which models know others than the classes they are compared on, in words."""
    notes = []
    for each in candidates:
        others = sorted(set(each.classes) - set(classes))
        if others:
            named = ", ".join(others) if len(others) <= MOST_NAMED else f"{len(others)} others"
            notes.append(
                f"{each.letter} also knows {named}: pieces by them are left out, and its answers are "
                f"divided among {', '.join(classes)}."
            )
    return notes


def _read_the_same_files(runs: Sequence[Candidate]) -> bool:
    """Whether runs were made on one corpus, and none of them says that its files were others."""
    corpora = {run.config["corpus"]["corpus"] for run in runs}
    return len(corpora) == 1 and len({run.stamp for run in runs if run.stamp}) <= 1


def _from_runs(runs: Sequence[Candidate], music: Music, places: Places) -> Answered:
    """The answers that runs have left for their test parts."""
    _check_same_pieces(runs, music)
    answers = {level: [run.answers(level) for run in runs] for level in LEVELS}
    tables = [split_tables(run.run) for run in runs]
    works = {
        piece: work for part in answers["piece"] for piece, work in zip(part.pieces, part.works, strict=True)
    }
    works |= common_works(rows for of_run in tables for rows in of_run)
    heard = [_heard_by_run(run, of_run, works) for run, of_run in zip(runs, tables, strict=True)]
    notes = []
    if not all(run.stamp for run in runs):
        notes.append("Some runs are older than digests of files: their pieces are told by name alone.")
    try:
        pieces = _pieces_of(runs[0], places)
    except InputError as error:
        pieces = {}
        notes.append(f"Rolls of the pieces cannot be drawn: {error}")
    return Answered(answers, heard, works, notes, pieces)


def _heard_by_run(run: Candidate, tables: Sequence[Rows], works: Mapping[str, str]) -> Reasons | None:
    if not tables and run.metrics["protocol"] == "chunk":  # too large to publish
        return dict.fromkeys(run.answers("piece").pieces, SAME_FILE)
    return heard_by_splits(tables, works) if tables else None


def _pieces_of(run: Candidate, places: Places) -> dict[str, Piece]:
    """The pieces of the corpus of a run, not read yet."""
    pieces = load_pieces(Config.from_dict(run.config, name=run.run / "config.json").corpus, places)
    return {piece.piece: piece for piece in pieces if not piece.left_out}


def _from_music(
    candidates: Sequence[Candidate], classes: tuple[str, ...], music: Music, places: Places
) -> Answered:
    """The answers of all models for one corpus, or for those of its pieces that the runs were tested on."""
    runs = [candidate for candidate in candidates if candidate.run]
    if music.corpus is None:
        pieces, tested = _pieces_of(runs[0], places), _check_same_pieces(runs, music)
    else:
        corpus = CorpusConfig(music.corpus, music.pieces)
        external = load_external(corpus, classes, places, label=candidates[0].label)
        pieces = {piece.piece: piece for piece in external.pieces}
        tested = set(pieces)
    pieces = {name: piece for name, piece in pieces.items() if (piece.label or piece.composer) in classes}
    datasets: dict[Any, Dataset] = {}
    answers: dict[str, list[Predictions | None]] = {level: [] for level in LEVELS}
    heard = []
    for each in candidates:
        encoder = each.encoder
        if encoder not in datasets:
            datasets[encoder] = load_dataset(
                list(pieces.values()), encoder, cache_dir=places.cache_dir, every_composer=False
            )
        heard.append(_heard_of(each, datasets[encoder]))
        for level, part in _answers_of(each, datasets[encoder], tested).items():
            answers[level].append(part)
    by_name = [each for each in candidates if not Heard.by(each.description or {}).knows_melodies]
    first = next(iter(datasets.values()))
    notes = [f"{piece.piece} is left out: {piece.reason}" for piece in first.left_out]
    notes += [by_name_sentence(f"The model.json of {each.letter}") for each in by_name]
    return Answered(answers, heard, dict(zip(first.pieces, first.works, strict=True)), notes, pieces)


def _answers_of(candidate: Candidate, dataset: Dataset, tested: set[str]) -> dict[str, Predictions | None]:
    """Returns the answers of a model: those of its run, if they are for these very files, otherwise new ones."""
    if candidate.run and _has_answered_for(candidate, dataset, tested):
        return {level: candidate.answers(level) for level in LEVELS}
    if candidate.file is None:
        raise InputError(
            f"{candidate.name} was made on other files or another list of pieces than it should be compared on, and "
            "holds no model.h5 to ask; compare it with runs of its own corpus, or copy the model into it."
        )
    wanted = np.isin(dataset.pieces, list(tested))
    print(
        f"Asking {candidate.letter} ({candidate.name}) about {counted(int(wanted.sum()), 'piece')}.",
        file=sys.stderr,
    )
    return candidate.saved.answer(dataset, np.flatnonzero(wanted[dataset.chunk_pieces]))


def _has_answered_for(run: Candidate, dataset: Dataset, tested: set[str]) -> bool:
    """Whether a run has answered for these pieces, and all files that it read are those of the data set."""
    content_of = dict(zip(dataset.pieces, dataset.contents, strict=True))
    listed = sorted({row["piece"] for rows in split_tables(run.run) for row in rows})
    if not tested <= set(run.answers("piece").pieces) or not set(listed) <= set(content_of):
        return False
    return records.contents_digest(listed, [content_of[piece] for piece in listed]) == run.stamp


def _heard_of(candidate: Candidate, dataset: Dataset) -> Reasons | None:
    """What a model has heard of a corpus; told by name for a run that has no model any more."""
    if candidate.file is not None:
        return heard_by_description(candidate, dataset)
    tables = split_tables(candidate.run)
    return _heard_by_run(
        candidate, tables, common_works(tables) | dict(zip(dataset.pieces, dataset.works, strict=True))
    )


def _check_same_pieces(runs: Sequence[Candidate], music: Music) -> set[str]:
    """Returns the pieces that all runs were tested on.

    Raises:
        InputError: There are none, or some runs were tested on others too and the intersection was not asked for.
    """
    tested = [set(run.answers("piece").pieces) for run in runs]
    common = set.intersection(*tested)
    if not common:
        raise InputError(
            "The runs have no test piece in common; compare runs of the same corpus, protocol and fold."
        )
    if not music.intersection and any(pieces != common for pieces in tested):
        counts = ", ".join(f"{run.letter} on {len(pieces)}" for run, pieces in zip(runs, tested, strict=True))
        raise InputError(
            f"The runs were tested on different pieces ({counts}), {len(common)} of which are common to all; add "
            "--intersection to compare on those."
        )
    return common
