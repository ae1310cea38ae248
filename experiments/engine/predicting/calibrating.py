"""A finished run calibrated: fitted on its validation pieces, measured on its test pieces, kept beside its weights."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import log_loss

from experiments.engine import records
from experiments.engine.auditing.external import match_composer
from experiments.engine.config import Config, CorpusConfig, Places
from experiments.engine.evaluation import calibration_error
from experiments.engine.predicting.asking import CALIBRATION, COMPOSER
from experiments.engine.predicting.calibration import (
    Calibration,
    fit,
)
from experiments.engine.predicting.unknown import (
    SCORES,
    choose_threshold,
    error_rates,
    separation,
)
from experiments.engine.runner import load_pieces, prepare
from experiments.engine.saved_models import SavedModel, load_saved_model
from features.corpora.catalogue import Piece
from features.datasets import Dataset, load_dataset
from features.errors import InputError
from features.words import counted

MOST_A_COMPOSER = 20
"""Pieces by one unknown composer that are taken, at random: a threshold for Handel alone is of no use."""


@dataclass(frozen=True)
class Asked:
    """What a model answered for pieces that it was not trained on.

    Attributes:
        answers: By piece as the network gives them, shape `(pieces, classes)`.
        chunks: Mean answer of the chunks of each piece, shape `(pieces, classes)`.
        num_chunks: Shape `(pieces,)`.
        composers: True composer of each.
        works: Work of each.
    """

    answers: np.ndarray
    chunks: np.ndarray
    num_chunks: np.ndarray
    composers: np.ndarray
    works: np.ndarray

    def of(self, composers: Sequence[str]) -> "Asked":
        """Returns the part by some composers."""
        keep = np.isin(self.composers, composers)
        return Asked(**{name: values[keep] for name, values in vars(self).items()})

    def labels(self, classes: Sequence[str]) -> np.ndarray:
        """Returns the true class of each, shape `(pieces,)`."""
        return np.array([classes.index(composer) for composer in self.composers])


def calibrate(folder: Path, places: Places, *, unknown: Path | None = None) -> dict[str, Any]:
    """Calibrates the model of a run and writes what was found into its `model.json`.

    Args:
        folder: The run folder, of one fold.
        places: Where the corpus and the cache lie.
        unknown: A folder with a folder for each composer; otherwise unknown composers are those of the run's own
            corpus.

    Returns:
        What was found, as `model.json` holds it under `calibration`.

    Raises:
        InputError: The run's music is not there any more, or it has no validation pieces of their own.
    """
    config = Config.from_dict(records.read_json(folder / "config.json"))
    saved = load_saved_model(folder)
    dataset = prepare(config, places)
    train, validation, test = _sides(saved, dataset)
    asked = {"validation": _ask(saved, dataset, validation), "test": _ask(saved, dataset, test)}
    fitted_on = asked["validation"]
    temperature, exponent = fit(fitted_on.answers, fitted_on.num_chunks, fitted_on.labels(saved.classes))
    counts = np.bincount(dataset.labels[train], minlength=len(saved.classes))
    calibration = Calibration(tuple((counts / counts.sum()).tolist()), temperature, exponent)
    measured = {side: _measure(of_side, calibration, saved.classes) for side, of_side in asked.items()}
    asks_who = (
        saved.description.get("label", COMPOSER) == COMPOSER
    )  # of anything else nothing need be unknown
    others = _unknown_pieces(saved, config, places, unknown) if asks_who else []
    if len({piece.composer for piece in others}) > 1:
        theirs = load_dataset(others, saved.encoder, cache_dir=places.cache_dir, every_composer=False)
        strangers = _ask(saved, theirs, ~np.isin(theirs.contents, list(saved.heard.contents)))
        calibration, measured["none_of_these"] = _draw_the_line(calibration, asked, strangers)
    found = calibration.to_dict() | measured
    path = saved.path.with_suffix(".json")
    records.write_json(path, records.read_json(path) | {CALIBRATION: found})
    return found


def _sides(saved: SavedModel, dataset: Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which pieces the model was trained on, which chose its epoch, and which it has not heard, nor their works."""
    if saved.classes != dataset.classes:
        raise InputError(
            f"The model in {saved.path} knows {', '.join(saved.classes)}, but the music of its run is now by "
            f"{', '.join(dataset.classes)}; give it the music that it was trained on."
        )
    train, validation = (
        np.isin(dataset.contents, list(heard.contents)) for heard in (saved.trained_on, saved.validated_on)
    )
    test = ~np.isin(dataset.contents, list(saved.heard.contents)) & ~np.isin(
        dataset.works, list(saved.heard.works)
    )
    validation &= ~train
    if not (train.any() and validation.any() and test.any()):
        raise InputError(
            f"Of the music of the run there are {counted(int(train.sum()), 'training piece')}, "
            f"{counted(int(validation.sum()), 'validation piece')} that training did not hear and "
            f"{counted(int(test.sum()), 'test piece')}; calibrating needs all three: give the same --data-home, and a "
            "run under another protocol than chunk."
        )
    return train, validation, test


def _ask(saved: SavedModel, dataset: Dataset, kept: np.ndarray) -> Asked:
    indices = np.flatnonzero(kept[dataset.chunk_pieces])
    answers = saved.answer(dataset, indices)
    pieces, positions = np.unique(dataset.chunk_pieces[indices], return_inverse=True)
    num_chunks, composers = np.bincount(positions), dataset.composers
    sums = np.zeros((len(pieces), len(saved.classes)))
    np.add.at(sums, positions, answers["chunk"].probabilities)
    return Asked(
        answers["piece"].probabilities,
        sums / num_chunks[:, None],
        num_chunks,
        composers=np.array([composers[piece] for piece in pieces]),
        works=np.array([dataset.works[piece] for piece in pieces]),
    )


def _measure(asked: Asked, calibration: Calibration, classes: Sequence[str]) -> dict[str, Any]:
    """Scores the network's own answers, and the same calibrated."""
    labels = asked.labels(classes)
    answers = {
        "before": asked.answers,
        "after": calibration.probabilities(asked.answers, asked.num_chunks),
    }
    return {"pieces": len(labels), "works": len(set(asked.works))} | {
        name: {
            "accuracy": float((probabilities.argmax(axis=1) == labels).mean()),
            "log_loss": float(log_loss(labels, probabilities, labels=range(len(classes)))),
            "calibration_error": calibration_error(labels, probabilities),
        }
        for name, probabilities in answers.items()
    }


def _unknown_pieces(saved: SavedModel, config: Config, places: Places, folder: Path | None) -> list[Piece]:
    """A few pieces by each composer whom the model does not know."""
    corpus = CorpusConfig(config.corpus.corpus, config.corpus.pieces)
    if folder is not None:
        corpus, places = CorpusConfig("composer_folders"), replace(places, data_home=folder)
    by_composer: dict[str, list[Piece]] = {}
    for piece in load_pieces(corpus, places):
        if not piece.left_out and match_composer(piece.composer, saved.classes) is None:
            by_composer.setdefault(piece.composer, []).append(piece)
    chance = random.Random(0)
    return [
        piece
        for _, pieces in sorted(by_composer.items())
        for piece in chance.sample(pieces, min(len(pieces), MOST_A_COMPOSER))
    ]


def _draw_the_line(
    calibration: Calibration, asked: dict[str, Asked], strangers: Asked
) -> tuple[Calibration, dict[str, Any]]:
    """Chooses score and threshold on validation pieces and half of the unknown composers; tests both on the others."""
    halves = deal(strangers.composers.tolist())
    known = _scores(asked["validation"], calibration)
    chosen_on, tested_on = (_scores(strangers.of(half), calibration) for half in halves)
    line = choose_threshold(known, chosen_on)
    tested = _scores(asked["test"], calibration)[line.score]
    rejected, accepted = error_rates(tested, tested_on[line.score], line.value)
    facts = {
        "separation": {name: separation(known[name], chosen_on[name]) for name in SCORES},
        "chosen": {
            "composers": halves[0],
            "pieces": len(chosen_on[line.score]),
            "false_rejections": line.false_rejections,
            "false_acceptances": line.false_acceptances,
        },
        "tested": {
            "composers": halves[1],
            "pieces": len(tested_on[line.score]),
            "known_pieces": len(tested),
            "false_rejections": rejected,
            "false_acceptances": accepted,
            "separation": separation(tested, tested_on[line.score]),
            "rejected_by_composer": _by_composer(asked["test"], tested < line.value),
            "accepted_by_composer": _by_composer(
                strangers.of(halves[1]), tested_on[line.score] >= line.value
            ),
        },
    }
    return replace(calibration, score=line.score, threshold=line.value), facts


def deal(composers: Sequence[str]) -> tuple[list[str], list[str]]:
    """Deals composers into halves with about as many pieces each.

    Example:
        >>> deal(["Ada"] * 4 + ["Bela"] * 3 + ["Cleo"] * 2 + ["Dov"])
        (['Ada', 'Dov'], ['Bela', 'Cleo'])
    """
    ordered = [name for name, _ in Counter(sorted(composers)).most_common()]
    first = [name for place, name in enumerate(ordered) if place % 4 in (0, 3)]
    return sorted(first), sorted(set(ordered) - set(first))


def _scores(asked: Asked, calibration: Calibration) -> dict[str, np.ndarray]:
    probabilities = calibration.probabilities(asked.answers, asked.num_chunks)
    return {name: score(probabilities, asked.chunks) for name, score in SCORES.items()}


def _by_composer(asked: Asked, hit: np.ndarray) -> dict[str, list[int]]:
    """How many hits there are among how many pieces of each composer, most hits first."""
    counts = {
        str(name): [int(hit[asked.composers == name].sum()), int((asked.composers == name).sum())]
        for name in sorted(set(asked.composers))
    }
    return dict(sorted(counts.items(), key=lambda item: -item[1][0]))
