"""What an audit finds at home: the variants of the study, answered by cheap models and by the network if it was run."""

import dataclasses
import functools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from experiments.engine.auditing.cheap import READER, answer_fold, read_answers, read_stacked
from experiments.engine.auditing.network_runs import STACKED as STACKED_ANSWERS
from experiments.engine.auditing.network_runs import command_of, find_network_run
from experiments.engine.auditing.parts import (
    Missing,
    Outcome,
    ablation_rows,
    ladder_rows,
    stack_rows,
    stacked_name,
)
from experiments.engine.auditing.rows import Row
from experiments.engine.auditing.settings import AuditSettings
from experiments.engine.auditing.variants import ALL, Variant, ladder
from experiments.engine.baselines import STACKED, all_histograms, usable_baselines
from experiments.engine.config import Config
from experiments.engine.runner import Study, folds_of, prepare, run_study, split_of
from features.datasets import Dataset
from features.errors import InputError
from features.selection import take_pieces
from models.baselines import BASELINES

OTHER_WORKS = "other works"
"""Marks runs that were divided by what was told to be one work then, and is not now."""

Found = dict[str, dict[str, Outcome | Missing]]


@dataclasses.dataclass(frozen=True)
class Audit:
    """An audit at work.

    Attributes:
        folder: Of the audit.
        study: With its data; which of its folds is asked for counts for the network only.
        standard: The configuration of the study without any flag, for commands.
        settings: What is audited.
        ablations: What is taken away.
    """

    folder: Path
    study: Study
    standard: Config
    settings: AuditSettings
    ablations: Sequence[Variant]

    @functools.cached_property
    def rungs(self) -> list[Variant]:
        """The ladder; rungs on which the corpus cannot be divided say so."""
        return [_divided(self.study, rung) for rung in ladder(self.study.config, self.settings.rungs)]

    @property
    def whole(self) -> Variant:
        """The rung of the study itself, with which ablations are compared."""
        return next(rung for rung in self.rungs if rung.name == self.study.config.split.protocol)

    @property
    def cheap_models(self) -> list[str]:
        """The cheap models asked for that can read the data."""
        return [name for name in self.settings.cheap_models if name in usable_baselines(self.study.dataset)]

    def cheap_models_of(self, variant: Variant) -> list[str]:
        """The cheap models that a variant can change: what is taken from the notes is not taken from the file."""
        models = self.cheap_models
        return (
            models if variant.part == "ladder" else [m for m in models if BASELINES[m].reads == "histograms"]
        )

    def folders_of(self, variant: Variant) -> list[Path]:
        """Where the answers of each fold of a variant are."""
        folds = folds_of(dataclasses.replace(self.study, config=variant.config))
        return [self.folder / "answers" / variant.place / str(fold.config.split.fold) for fold in folds]


def _divided(study: Study, rung: Variant) -> Variant:
    """Returns a rung, with the reason if the corpus cannot be divided like that."""
    try:
        for fold in folds_of(dataclasses.replace(study, config=rung.config)):
            split_of(fold)
    except InputError as error:
        return dataclasses.replace(rung, problem=str(error))
    return rung


def rows_at_home(audit: Audit) -> list[Row]:
    """Answers everything that is not answered yet, and returns the rows of ladder, stacks and ablations."""
    variants = [*audit.rungs, *audit.ablations]
    problems = _answer_cheaply(audit, variants)
    found: Found = {variant.place: {} for variant in variants}
    for variant in variants:
        problem = problems.get(variant.place, variant.problem)
        found[variant.place] = _cheap_answers(audit, variant, problem) | _network_answers(
            audit, variant, problem
        )
    model = audit.study.config.model.model
    return [
        *ladder_rows(audit.rungs, found),
        *stack_rows(audit.whole, found, (READER, model)),
        *ablation_rows(audit.whole, audit.ablations, found),
    ]


def _answer_cheaply(audit: Audit, variants: Sequence[Variant]) -> dict[str, str]:
    """Makes the answers of the cheap models that there are not yet; returns why variants have none."""
    problems = {variant.place: variant.problem for variant in variants if variant.problem}
    usable = [variant for variant in variants if not variant.problem and audit.cheap_models_of(variant)]
    total = sum(len(audit.folders_of(variant)) for variant in usable)
    with tqdm(total=total, desc="Cheap models", unit="fold") as progress:
        histograms: dict[Any, Any] = {}
        for variant in usable:
            study = dataclasses.replace(audit.study, config=variant.config)
            try:
                study = dataclasses.replace(study, dataset=_dataset(audit, variant))
            except InputError as error:
                problems[variant.place] = str(error)
                continue
            encoder = study.dataset.encoder
            if encoder not in histograms:
                histograms = {encoder: functools.cache(functools.partial(all_histograms, study.dataset))}
            for folder, fold in zip(audit.folders_of(variant), folds_of(study), strict=True):
                answer_fold(folder, fold, audit.cheap_models_of(variant), histograms[encoder])
                progress.update()
    return problems


def _dataset(audit: Audit, variant: Variant) -> Dataset:
    """Returns the chunks of a variant, of the same pieces: without something, others may have enough chunks."""
    whole = audit.study.dataset
    if variant.config.encoder == audit.study.config.encoder:
        return whole
    plain = {"auxiliary": 0.0, "renderings": 0}  # cheap models learn from the pieces as they stand
    everyone = variant.config.replace(corpus={"min_share": 0.0, "min_works": 1}, training=plain)
    changed = prepare(everyone, audit.study.places)
    return take_pieces(changed, np.isin(changed.pieces, whole.pieces))


def _cheap_answers(audit: Audit, variant: Variant, problem: str) -> dict[str, Outcome | Missing]:
    models, folds = audit.cheap_models_of(variant), str(variant.config.split.fold)
    if problem:
        return {model: Missing(problem) for model in models}
    folders = audit.folders_of(variant)
    found: dict[str, Outcome | Missing] = {
        model: Outcome(read_answers(folders, model), folds) for model in models
    }
    if {READER, STACKED} <= set(models):
        found[stacked_name(READER)] = Outcome(read_stacked(folders), folds)
    return found


def _network_answers(audit: Audit, variant: Variant, problem: str) -> dict[str, Outcome | Missing]:
    """Returns the network's answers from finished runs; trains it first if that is asked for."""
    study, settings = audit.study, audit.settings
    wanted = settings.network_rungs if variant.part == "ladder" else settings.network_ablations
    model = study.config.model.model
    if variant.name not in wanted:
        return {}
    if problem:
        return {model: Missing(problem)}
    run = find_network_run(variant.config, study.places, study.dataset)
    asked = _asked(variant.config, study.config.split.fold)
    fold, refused = str(asked.split.fold), ""
    if settings.train and (run is None or (run.folds != ALL and fold not in run.folds.split())):
        places = dataclasses.replace(study.places, resume=True)
        print(f"Training {model}: {variant.part}, {variant.name}, fold {fold}.", file=sys.stderr)
        is_same = variant.config.encoder == study.config.encoder
        try:
            run_study(Study(asked, places, study.dataset if is_same else prepare(asked, places)))
        except InputError as error:  # such as a teacher who has heard what this rung holds out
            refused = str(error)
        run = find_network_run(variant.config, study.places, study.dataset)
    run = run or find_network_run(variant.config, study.places, study.dataset, other_works=True)
    if run is None:
        return {model: Missing(refused or "Not run.", command_of(asked, audit.standard, study.places))}
    answers = run.answers()
    stacked = answers.pop(STACKED_ANSWERS, None)
    folds = f"{run.folds}, {OTHER_WORKS}" if run.has_other_works else run.folds
    found: dict[str, Outcome | Missing] = {model: Outcome(answers, folds, run.names)}
    if stacked is not None:
        found[stacked_name(model)] = Outcome({"piece": stacked}, folds, run.names)
    return found


def _asked(config: Config, fold: int | str) -> Config:
    """Returns a variant over the folds that are asked for, if it has several."""
    return config.replace(split={"fold": fold}) if config.split.fold == ALL else config
