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
from experiments.engine.auditing.priors import flat_prior, prior_in_answers
from experiments.engine.config import Config, CorpusConfig, Places
from experiments.engine.evaluation import calibration_error, vote
from experiments.engine.predicting.asking import CALIBRATION
from experiments.engine.predicting.calibration import Calibration, Evidence, evidence_of, fit
from experiments.engine.predicting.unknown import SCORES, choose_threshold, error_rates, separation
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
        evidence: Of the pieces.
        chunks: Mean answer of the chunks of each piece, shape `(pieces, classes)`.
        answers: Answers by piece as the network gives them, shape `(pieces, classes)`.
        composers: True composer of each.
        works: Work of each.
    """

    evidence: Evidence
    chunks: np.ndarray
    answers: np.ndarray
    composers: tuple[str, ...]
    works: tuple[str, ...]

    def of(self, composers: Sequence[str]) -> "Asked":
        """Returns the part by some composers."""
        keep = np.isin(self.composers, composers)
        evidence = Evidence(*(values[keep] for values in vars(self.evidence).values()))
        names = (tuple(np.array(values, dtype=object)[keep]) for values in (self.composers, self.works))
        return Asked(evidence, self.chunks[keep], self.answers[keep], *names)

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
    counts = np.bincount(dataset.labels[train], minlength=len(saved.classes))
    calibration = Calibration(
        network_prior=tuple(
            prior_in_answers(
                dataset.chunk_labels[train[dataset.chunk_pieces]], len(saved.classes), config.training
            )
        ),
        training_prior=tuple(counts / counts.sum()),
    )
    asked = {
        side: _ask(saved, dataset, kept, calibration)
        for side, kept in (("validation", validation), ("test", test))
    }
    labels = asked["validation"].labels(saved.classes)
    temperature, exponent = fit(asked["validation"].evidence, labels, calibration.training_prior)
    calibration = replace(calibration, temperature=temperature, exponent=exponent)
    found: dict[str, Any] = {
        side: _measure(of_side, calibration, saved.classes)
        for side, of_side in asked.items()
        if of_side.composers
    }
    others = [] if is_of_other_labels(saved) else _unknown_pieces(saved, config, places, unknown)
    if len({piece.composer for piece in others}) > 1:
        theirs = load_dataset(others, saved.encoder, cache_dir=places.cache_dir, every_composer=False)
        strangers = _ask(saved, theirs, np.ones(len(theirs.pieces), bool), calibration)
        calibration, found["none_of_these"] = _draw_the_line(calibration, asked, strangers)
    found = calibration.to_dict() | found
    path = folder / "model.json"
    records.write_json(path, records.read_json(path) | {CALIBRATION: found})
    return found


def is_of_other_labels(saved: SavedModel) -> bool:
    """Whether a model tells something else than composers apart, of which nothing need be unknown."""
    return saved.description.get("label", "composer") != "composer"


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
    if not train.any() or not (validation & ~train).any():
        raise InputError(
            f"There are {counted(int(train.sum()), 'training piece')} of {saved.path} in its corpus, and "
            f"{counted(int((validation & ~train).sum()), 'validation piece')} that training did not hear; calibrating "
            "needs both: give the same --data-home, and a run under another protocol than chunk."
        )
    return train, validation & ~train, test


def _ask(saved: SavedModel, dataset: Dataset, kept: np.ndarray, calibration: Calibration) -> Asked:
    indices = np.flatnonzero(kept[dataset.chunk_pieces])
    probabilities, pieces = saved.predict(dataset, indices), dataset.chunk_pieces[indices]
    evidence = evidence_of(probabilities, pieces, calibration.network_prior)
    sums = np.zeros((len(evidence.pieces), probabilities.shape[1]))
    np.add.at(sums, np.searchsorted(evidence.pieces, pieces), probabilities)
    composers = dataset.composers
    return Asked(
        evidence,
        chunks=sums / evidence.num_chunks[:, None],
        answers=vote(probabilities, pieces)[1],
        composers=tuple(composers[piece] for piece in evidence.pieces),
        works=tuple(dataset.works[piece] for piece in evidence.pieces),
    )


def _measure(asked: Asked, calibration: Calibration, classes: Sequence[str]) -> dict[str, Any]:
    """Scores the network's own answers, the same under the prior of training, and these calibrated."""
    labels, prior = asked.labels(classes), calibration.training_prior
    uncalibrated = replace(calibration, temperature=1.0, exponent=0.0)
    answers = {
        "network": asked.answers,
        "with_prior": uncalibrated.probabilities(asked.evidence, prior),
        "calibrated": calibration.probabilities(asked.evidence, prior),
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
    halves = deal(strangers.composers)
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
    flat = calibration.probabilities(asked.evidence, flat_prior(calibration.training_prior))
    return {name: score(flat, asked.chunks) for name, score in SCORES.items()}


def _by_composer(asked: Asked, hit: np.ndarray) -> dict[str, float]:
    """The share of hits among the pieces of each composer, the largest first."""
    composers = np.array(asked.composers)
    shares = {name: float(hit[composers == name].mean()) for name in sorted(set(asked.composers))}
    return dict(sorted(shares.items(), key=lambda item: -item[1]))
