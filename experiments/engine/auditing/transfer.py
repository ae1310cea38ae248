"""What carries over: a model as it is, asked about another corpus, beside cheap models trained on the same pieces."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.engine import records
from experiments.engine.auditing.findings import transfer_finding
from experiments.engine.auditing.rows import Answers, Row, measure
from experiments.engine.auditing.sharing import find_heard
from experiments.engine.auditing.training_pieces import Trained, what_was_heard
from experiments.engine.baselines import STACKED, all_histograms, ask_baseline, usable_baselines
from experiments.engine.external import External
from experiments.engine.heard import UNHEARD
from experiments.engine.predictions import Predictions, of_chunks, of_pieces, voted
from experiments.engine.priors import estimate_prior, flat_prior, prior_in_answers, with_prior
from experiments.engine.runner import Study, load_pieces
from experiments.engine.sampling import heard_shares
from experiments.engine.saved_models import SavedModel
from features.datasets import Dataset
from models.baselines import BASELINES

AS_IS, FLAT, ESTIMATED = "as it is", "flat prior", "estimated prior"

ON_UNHEARD, ON_HEARD = "unheard works", "heard works"

MAJORITY = "majority"


@dataclass(frozen=True)
class Answered:
    """What a model answers for another corpus.

    Attributes:
        answers: By level.
        prior: How likely each composer is in these answers before anything is heard, shape `(classes,)`; None for
            the majority, which is nothing else.
    """

    answers: Answers
    prior: np.ndarray | None


def transfer(
    study: Study,
    external: External,
    *,
    saved: SavedModel | None,
    cheap_models: Sequence[str],
    at_home: Mapping[str, float],
) -> tuple[list[Row], dict[str, Any]]:
    """Scores models on another corpus, works that they have heard and others apart.

    Args:
        study: Of one fold.
        external: The other corpus.
        saved: The network; None to score the cheap models only.
        cheap_models: Names of baselines; they are trained on what the network was trained on.
        at_home: Macro-F1 by piece of models on the study's own test part.

    Returns:
        The rows, and what else to know: composers, pieces, priors.
    """
    dataset, trained = study.dataset, what_was_heard(study, saved)
    theirs = external.encoded(dataset.encoder, study.places)
    reasons = find_heard(
        dataset,
        load_pieces(study.config.corpus, study.places),
        trained.heard,
        external=theirs,
        external_pieces=external.pieces,
        by_name=trained.by_name,
    )
    answered = {}
    if saved is not None:
        answered[study.config.model.model] = _ask_network(study, saved, external, theirs, trained)
    answered |= _ask_cheap(study, theirs, trained, cheap_models)
    rows = []
    for name, is_wanted in ((ON_UNHEARD, True), (ON_HEARD, False)):
        kept = {
            piece for piece, why in zip(theirs.pieces, reasons, strict=True) if (why == UNHEARD) == is_wanted
        }
        rows += _rows(name, answered, kept, at_home)
    facts = {
        "pieces": len(theirs.pieces),
        "works": len(set(theirs.works)),
        "contents": records.contents_digest(theirs.pieces, theirs.contents),
        "composers": dict(Counter(theirs.composers).most_common()),
        "known_as": {label: name for label, name in external.known.items() if label != name},
        "unknown": external.unknown,
        "left_out": [dataclasses.asdict(piece) for piece in theirs.left_out],
        "heard": dict(Counter(reason for reason in reasons if reason != UNHEARD)),
        "trained_on": int(trained.train.sum()),
        "classes": list(dataset.classes),
        "priors": {name: of.prior.round(4).tolist() for name, of in answered.items() if of.prior is not None},
        "estimated_priors": {
            name: estimate_prior(_only(of.answers, set(theirs.pieces))["piece"].probabilities, of.prior)
            .round(4)
            .tolist()
            for name, of in answered.items()
            if of.prior is not None
        },
    }
    return rows, facts


def _ask_network(
    study: Study, saved: SavedModel, external: External, theirs: Dataset, trained: Trained
) -> Answered:
    from experiments.engine.answering import reads_bags

    same = saved.encoder == theirs.encoder
    answers = saved.answer(theirs if same else external.encoded(saved.encoder, study.places))
    dataset, config = study.dataset, study.config
    places = np.flatnonzero(trained.train[dataset.chunk_pieces])
    bag = config.answering.bag if reads_bags(saved.model) else None
    shares = heard_shares(dataset, places, config.training, bag=bag)
    labels = dataset.chunk_labels[places]
    return Answered(answers, prior_in_answers(labels, len(dataset.classes), config.training, shares=shares))


def _ask_cheap(study: Study, theirs: Dataset, trained: Trained, models: Sequence[str]) -> dict[str, Answered]:
    """Trains baselines as the study does, and asks them; all of them weigh composers alike."""
    dataset, answered = study.dataset, {}
    tables: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name in (model for model in models if model in usable_baselines(dataset)):
        reads_chunks = BASELINES[name].reads == "histograms"
        if reads_chunks and not tables:
            tables["chunk"] = all_histograms(dataset), all_histograms(theirs)
        ours, asked = tables["chunk"] if reads_chunks else (dataset.fingerprints, theirs.fingerprints)
        train = trained.train[dataset.chunk_pieces] if reads_chunks else trained.train
        labels = (dataset.chunk_labels if reads_chunks else dataset.labels)[train]
        probabilities = ask_baseline(
            name,
            ours[train],
            labels,
            asked,
            num_classes=len(dataset.classes),
            seed=study.config.training.seed,
        )
        rows = np.arange(len(asked))
        by_level = {"chunk": of_chunks, "piece": voted} if reads_chunks else {"piece": of_pieces}
        answers = {
            level: dataclasses.replace(make(theirs, rows, probabilities), classes=dataset.classes)
            for level, make in by_level.items()
        }
        prior = flat_prior(np.bincount(labels, minlength=len(dataset.classes)))
        answered[name] = Answered(answers, None if name == MAJORITY else prior)
    return answered


def _rows(
    name: str, answered: Mapping[str, Answered], kept: set[str], at_home: Mapping[str, float]
) -> list[Row]:
    """Returns the rows on some works: each model as it is beside the fingerprint, then with other priors."""
    if not kept:
        return [Row("transfer", name, "", problem="There is no piece of such a work.")]
    answers = {model: _only(of.answers, kept) for model, of in answered.items()}
    rows = []
    for model, mine in answers.items():
        fingerprint = None if model == STACKED else answers.get(STACKED)
        against = "" if fingerprint is None else STACKED
        row = measure(
            "transfer",
            f"{name}, {AS_IS}",
            model,
            mine,
            against=against,
            compared_with=fingerprint,
        )
        rows.append(dataclasses.replace(row, finding=transfer_finding(row, name, at_home.get(model))))
        if (prior := answered[model].prior) is None:
            continue
        for how, new in (
            (FLAT, flat_prior(prior)),
            (ESTIMATED, estimate_prior(mine["piece"].probabilities, prior)),
        ):
            if how == FLAT and np.allclose(new, prior):
                continue  # it is flat already
            piece = dataclasses.replace(
                mine["piece"], probabilities=with_prior(mine["piece"].probabilities, prior, new)
            )
            row = measure(
                "transfer",
                f"{name}, {how}",
                model,
                {"piece": piece},
                against=AS_IS,
                compared_with=mine,
            )
            rows.append(dataclasses.replace(row, finding=transfer_finding(row, name, None)))
    return rows


def _only(answers: Answers, pieces: set[str]) -> dict[str, Predictions]:
    """Returns the answers for some pieces."""
    found = {}
    for level, part in answers.items():
        kept = np.flatnonzero([piece in pieces for piece in part.pieces])
        names = {
            name: tuple(getattr(part, name)[index] for index in kept)
            for name in ("pieces", "works", "composers")
        }
        found[level] = dataclasses.replace(part, probabilities=part.probabilities[kept], **names)
    return found
