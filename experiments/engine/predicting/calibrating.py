"""A model calibrated: fitted on pieces that training did not hear, measured on others, kept beside its weights."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.engine import records
from experiments.engine.config import Config, CorpusConfig, Places
from experiments.engine.evaluation import addends, calibration_error, log_loss
from experiments.engine.heard import UNHEARD, Heard
from experiments.engine.predicting.asked import Asked, asked_of, asked_of_study, check_same_study
from experiments.engine.predicting.asking import CALIBRATION, COMPOSER
from experiments.engine.predicting.calibration import UNKNOWN_COMPOSERS, Calibration, fit
from experiments.engine.predicting.unknown import UNKNOWN, draw_lines, mistakes
from experiments.engine.runner import load_pieces, prepare
from experiments.engine.saved_models import SavedModel, load_saved_model
from experiments.engine.telling import report_known_by_name
from features.corpora.catalogue import Piece
from features.corpora.labels import composer_meant
from features.datasets import Dataset, load_dataset
from features.errors import InputError
from features.words import counted

MOST_A_COMPOSER = 20
"""Pieces by one unknown composer that are taken, at random: to tell Handel alone is of no use."""


@dataclass(frozen=True)
class Fitted:
    """A calibration, and how well it does.

    Attributes:
        calibration: Without thresholds yet.
        facts: What was measured, as `model.json` holds it.
        chosen_on: Pieces by known composers, to choose the thresholds on.
        tested_on: Others, to test them on.
    """

    calibration: Calibration
    facts: dict[str, Any]
    chosen_on: Asked
    tested_on: Asked


def calibrate(
    folder: Path, places: Places, *, study: Path | None = None, unknown: Path | None = None
) -> dict[str, Any]:
    """Calibrates a saved model and writes what was found into its `model.json`.

    Args:
        folder: The folder with `model.h5`, `model.json` and `config.json`; without a study a run of one fold.
        places: Where the corpus and the cache lie.
        study: A study with the same settings, to fit on what its models answered for works that they did not hear;
            otherwise the validation pieces of the run are asked.
        unknown: A folder with a folder for each composer; otherwise unknown composers are those of the run's own
            corpus.

    Returns:
        What was found, as `model.json` holds it under `calibration`.

    Raises:
        InputError: The run's music is not there any more, it has no validation pieces of its own, the study is of
            other settings, or unknown composers are named for a model that is not asked who wrote a piece.
    """
    path = folder / "config.json"
    config = Config.from_dict(records.read_json(path), name=path)
    if study is not None:
        check_same_study(folder, study)
    saved = load_saved_model(folder)
    label = saved.description.get("label", COMPOSER)
    if unknown is not None and label != COMPOSER:
        raise InputError(
            f"The model is asked for the {label}, of which none is unknown; leave --unknown out."
        )
    report_known_by_name(saved.path, saved.heard)
    if study is None:
        to_ask = config.replace(training={"auxiliary": 0.0, "renderings": 0})
        fitted = _fitted_on_validation(saved, prepare(to_ask, places))
    else:
        fitted = fitted_on_study(study, saved.classes)
    calibration, facts = fitted.calibration, fitted.facts
    others = _unknown_pieces(saved, config, places, unknown) if label == COMPOSER else []
    if len({piece.composer for piece in others}) > 1:
        theirs = load_dataset(others, saved.encoder, cache_dir=places.cache_dir, every_composer=False)
        unheard, told, with_lines = _unheard(saved.heard, theirs), {}, calibration
        if unheard.any():  # a model may have learnt from all of them
            with_lines, told = _draw_the_lines(fitted, _ask(saved, theirs, unheard), saved.classes)
        if study is None or _tells_strangers(told):  # without a study, test pieces would choose
            calibration = with_lines
        facts = facts | told
    found = calibration.to_dict() | facts
    path = saved.path.with_suffix(".json")
    records.write_json(path, records.read_json(path) | {CALIBRATION: found})
    return found


def _fitted_on_validation(saved: SavedModel, dataset: Dataset) -> Fitted:
    """Fits on the pieces that chose a run's epoch, and measures on its test pieces too."""
    train, validation, test = _sides(saved, dataset)
    chosen_on, tested_on = (_ask(saved, dataset, side) for side in (validation, test))
    counts = np.bincount(dataset.labels[train], minlength=len(saved.classes))
    calibration = _fit(chosen_on, tuple((counts / counts.sum()).tolist()), saved.classes)
    facts = {
        side: _measure(asked, calibration.probabilities(asked.answers, asked.num_chunks), saved.classes)
        for side, asked in (("validation", chosen_on), ("test", tested_on))
    }
    return Fitted(calibration, facts, chosen_on, tested_on)


def fitted_on_study(study: Path, classes: Sequence[str]) -> Fitted:
    """Fits on what the models of a study answered for works that they did not hear.

    What is measured is cross-fitted: the answers of each model are calibrated by what was fitted on the others'; those
    of a single one, on each half of the works by what was fitted on the other. Where that makes both log-loss and
    calibration error worse, the answers are left as they are.

    Args:
        study: Over all folds, or a run of one.
        classes: Of the model to be calibrated.

    Raises:
        InputError: See `asked_of_study`; or it answered for one work only.
    """
    found = asked_of_study(study, classes)
    asked, after = found.asked, np.zeros(found.asked.answers.shape)
    halves, models = deal(asked.works.tolist()), len(np.unique(found.folds))
    if not all(halves):
        raise InputError(f"The study {study} tested one work; calibrating needs more: take other music.")
    parts = found.folds if models > 1 else np.isin(asked.works, halves[1])
    for part in np.unique(parts):
        here = parts == part
        by_others = _fit(asked.where(~here), found.prior, classes)
        after[here] = by_others.probabilities(asked.answers[here], asked.num_chunks[here])
    measured = _measure(asked, after, classes)
    facts = {"fitted_on": {"study": study.resolve().name, "models": models}, "cross_validated": measured}
    helps = any(
        measured["after"][score] < measured["before"][score] for score in ("log_loss", "calibration_error")
    )
    calibration = _fit(asked, found.prior, classes) if helps else Calibration(found.prior)
    return Fitted(calibration, facts, *(asked.where(np.isin(asked.works, half)) for half in halves))


def _fit(asked: Asked, prior: tuple[float, ...], classes: Sequence[str]) -> Calibration:
    return Calibration(prior, *fit(asked.answers, asked.num_chunks, asked.labels(classes)))


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
    test = _unheard(saved.heard, dataset)
    validation &= _unheard(saved.trained_on, dataset)
    if not (train.any() and validation.any() and test.any()):
        raise InputError(
            f"Of the music of the run there are {counted(int(train.sum()), 'training piece')}, "
            f"{counted(int(validation.sum()), 'validation piece')} that training did not hear and "
            f"{counted(int(test.sum()), 'test piece')}; calibrating needs all three: give the same --data-home, and a "
            "run under another protocol than chunk."
        )
    return train, validation, test


def _unheard(heard: Heard, dataset: Dataset) -> np.ndarray:
    return np.array([reason == UNHEARD for reason in heard.reasons(dataset)])


def _ask(saved: SavedModel, dataset: Dataset, kept: np.ndarray) -> Asked:
    return asked_of(saved.answer(dataset, np.flatnonzero(kept[dataset.chunk_pieces])))


def _measure(asked: Asked, calibrated: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """Scores the network's own answers, and the same calibrated."""
    labels = asked.labels(classes)
    answers = {"before": asked.answers, "after": calibrated}
    sums = {name: addends(labels, probabilities).sum(axis=0) for name, probabilities in answers.items()}
    return {"pieces": len(labels), "works": len(set(asked.works))} | {
        name: {
            "accuracy": float((probabilities.argmax(axis=1) == labels).mean()),
            "log_loss": float(log_loss(sums[name])),
            "calibration_error": float(calibration_error(sums[name])),
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
        composer, known = composer_meant(piece, saved.classes)
        if not (piece.left_out or known):
            by_composer.setdefault(composer, []).append(piece)
    chance = random.Random(0)
    return [
        piece
        for _, pieces in sorted(by_composer.items())
        for piece in chance.sample(pieces, min(len(pieces), MOST_A_COMPOSER))
    ]


def _tells_strangers(told: dict[str, Any]) -> bool:
    """Whether more of the unknown composers' pieces are turned away than of the known ones', the mean over these."""
    tested = told.get(UNKNOWN_COMPOSERS, {}).get("tested")
    return tested is None or 1 - tested["false_acceptances"] > tested["false_rejections"]


def _draw_the_lines(
    fitted: Fitted, strangers: Asked, classes: Sequence[str]
) -> tuple[Calibration, dict[str, Any]]:
    """Learns with half of the unknown composers what is by none of these, and tests it with the others."""
    halves = deal(strangers.composers.tolist())
    unknown = [strangers.where(np.isin(strangers.composers, half)) for half in halves]
    known = fitted.chosen_on, fitted.tested_on
    if not halves[1] or min(len(set(side.works)) for side in (known[0], unknown[0])) < 2:
        return fitted.calibration, {}
    weights, thresholds, chosen = draw_lines(known[0], unknown[0], labels=known[0].labels(classes))
    known_none, unknown_none = (
        side.statistics @ weights < thresholds[side.answers.argmax(axis=1)] for side in (known[1], unknown[1])
    )
    truths = [*known[1].labels(classes), *[UNKNOWN] * len(unknown_none)]
    tested = mistakes(np.concatenate([known_none, unknown_none]), np.array(truths))
    facts = {
        "chosen": {"composers": halves[0], "pieces": len(unknown[0].works)} | chosen,
        "tested": {"composers": halves[1], "pieces": len(unknown_none), "known_pieces": len(known_none)}
        | tested
        | {
            "rejected_by_composer": _by_composer(known[1], known_none),
            "accepted_by_composer": _by_composer(unknown[1], ~unknown_none),
        },
    }
    lines = {"weights": tuple(weights.tolist()), "thresholds": tuple(thresholds.tolist())}
    return replace(fitted.calibration, **lines), {UNKNOWN_COMPOSERS: facts}


def deal(composers: Sequence[str]) -> tuple[list[str], list[str]]:
    """Deals composers, or works, into halves with about as many pieces each.

    Example:
        >>> deal(["Ada"] * 4 + ["Bela"] * 3 + ["Cleo"] * 2 + ["Dov"])
        (['Ada', 'Dov'], ['Bela', 'Cleo'])
    """
    ordered = [name for name, _ in Counter(sorted(composers)).most_common()]
    first = [name for place, name in enumerate(ordered) if place % 4 in (0, 3)]
    return sorted(first), sorted(set(ordered) - set(first))


def _by_composer(asked: Asked, hit: np.ndarray) -> dict[str, list[int]]:
    """How many hits there are among how many pieces of each composer, most hits first."""
    counts = {
        str(name): [int(hit[asked.composers == name].sum()), int((asked.composers == name).sum())]
        for name in sorted(set(asked.composers))
    }
    return dict(sorted(counts.items(), key=lambda item: -item[1][0]))
