"""From a study to the comparison of all builders: run what is missing, then one table, one picture, one page."""

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.engine import records
from experiments.engine.auditing.network_runs import NetworkRun, command_of, find_network_run
from experiments.engine.config import Config, ModelConfig, Places
from experiments.engine.publishing import BUILDERS, MADE_FOR
from experiments.engine.runner import Study, check_names, prepare, run_study, split_of
from experiments.engine.telling import encoder_name, pieces_name, report_left_out
from experiments.engine.zoo.candidates import ZooSettings, candidates_for
from experiments.engine.zoo.rows import COLUMNS, baseline_rows, missing_row, network_row
from features.errors import InputError

NOT_ONE = ModelConfig(model="all")
"""Stands for the model in what a comparison is called and was made for."""


def compare_builders(config: Config, places: Places, settings: ZooSettings, *, standard: Config) -> Path:
    """Runs a study with every builder that was not run yet, and prints what came out.

    Args:
        config: Of the study; its model and its fold are those that vary.
        places: Where things lie; runs that were begun go on.
        settings: Which builders, and which folds.
        standard: The configuration of the study without any flag.

    Returns:
        The folder of the comparison; the same again if it is started again.

    Raises:
        InputError: The configuration, the corpus or the folders cannot be used.
    """
    from experiments.engine.zoo.page import print_zoo, write_zoo

    places = dataclasses.replace(places, resume=True)
    candidates = candidates_for(settings, config.encoder.encoder)
    for model in candidates.values():
        check_names(dataclasses.replace(config, model=model))
    study = Study(config, places, prepare(config, places))
    report_left_out(study.dataset)
    for fold in settings.folds:  # what cannot be divided should leave no folder behind
        split_of(dataclasses.replace(study, config=config.replace(split={"fold": fold})))
    folder = zoo_folder(config, places, settings.folds)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.json").unlink(missing_ok=True)  # until it is finished again
    records.write_json(folder / MADE_FOR[BUILDERS], {"config": base_of(config).to_dict()})
    with records.open_folder(folder):
        contents = records.contents_digest(study.dataset.pieces, study.dataset.contents)
        records.check_contents(folder, contents)
        records.note_contents(folder, contents)
        rows = rows_of(study, candidates, settings, standard)
        records.write_csv(folder / "builders.csv", COLUMNS, rows)
        write_zoo(folder, describe(folder, study) | {"rows": rows})
    print_zoo(folder)
    return folder


def base_of(config: Config) -> Config:
    """Returns what all runs of a comparison have in common."""
    return dataclasses.replace(config.replace(split={"fold": "all"}), model=NOT_ONE)


def zoo_folder(config: Config, places: Places, folds: Sequence[int] = ZooSettings.folds) -> Path:
    """Returns the folder of the comparison of one configuration on some folds, whatever its model.

    Example:
        >>> zoo_folder(Config("example"), Places(results_dir=Path("runs"))).name[:-9]
        'builders-music21_scores-work-seed0'
    """
    parts = (config.corpus.corpus, config.split.protocol, f"seed{config.training.seed}")
    name = "-".join(("builders", *parts, base_of(config).digest()))
    return (
        places.results_dir / config.experiment / (name + records.folds_suffix(folds, usual=ZooSettings.folds))
    )


def rows_of(
    study: Study, candidates: Mapping[str, ModelConfig], settings: ZooSettings, standard: Config
) -> list[dict[str, Any]]:
    """Returns the rows of the builders, the one with the best score by piece first, and then those of the baselines."""
    found = {name: run_candidate(study, name, model, settings) for name, model in candidates.items()}
    runs, refused = ({name: part[number] for name, part in found.items()} for number in (0, 1))
    finished = {name: run for name, run in runs.items() if len(run.folders) == len(settings.folds)}
    if not finished and any(refused.values()):  # nothing to show: a flag is wrong, rather than a builder
        raise InputError(next(filter(None, refused.values())))
    against = standard.model.model if standard.model.model in finished else next(iter(finished), "")
    compared_with = finished[against].answers() if against else {}
    rows = []
    for name, model in candidates.items():
        words = " ".join(f"{key}={value}" for key, value in model.hyperparameters.items())
        if name in finished:
            other = "" if name == against else against
            how = {"against": other, "compared_with": compared_with}
            rows.append(network_row(name, model.model, words, finished[name], **how))
        else:
            missing = [fold for fold in settings.folds if str(fold) not in runs[name].folds.split()]
            asked = dataclasses.replace(study.config, model=model).replace(split={"fold": missing[0]})
            command = command_of(asked, standard, study.places)
            folds = f"fold {', '.join(map(str, missing))}"
            rows.append(
                missing_row(name, model.model, words, folds=folds, reason=refused[name], command=command)
            )
    rows.sort(key=lambda row: -(row["piece_macro_f1"] or 0))
    if not finished:
        return rows
    return rows + baseline_rows(list(finished.values()), against=against, compared_with=compared_with)


def run_candidate(
    study: Study, name: str, model: ModelConfig, settings: ZooSettings
) -> tuple[NetworkRun, str]:
    """Returns the finished runs of a builder on the folds; first runs those that are missing, if that is asked for.

    Returns:
        The runs, and why one could not be made, such as a training that diverged; the other builders do without it.
    """
    found, reason = {}, ""
    for fold in settings.folds:
        config = dataclasses.replace(study.config, model=model).replace(split={"fold": fold})
        run = find_network_run(config, study.places, study.dataset)
        if run is None and settings.train:
            print(f"{name}, fold {fold}", file=sys.stderr)
            try:
                run_study(dataclasses.replace(study, config=config))
            except InputError as error:
                print(error, file=sys.stderr)
                reason = str(error)
            run = find_network_run(config, study.places, study.dataset)
        if run is not None:
            found[fold] = run.folders[0]
    return NetworkRun(tuple(found.values()), " ".join(map(str, found))), reason


def describe(folder: Path, study: Study) -> dict[str, Any]:
    """Returns what was compared on, as `metrics.json` has it."""
    config, dataset = study.config, study.dataset
    return {
        "experiment": config.experiment,
        "run_id": folder.name,
        "corpus": config.corpus.corpus,
        "pieces": pieces_name(config.corpus),
        "protocol": config.split.protocol,
        "num_folds": config.split.num_folds,
        "seed": config.training.seed,
        "encoder": encoder_name(config.encoder, dataset.encoder),
        "classes": list(dataset.classes),
        "num_pieces": len(dataset.pieces),
        "num_works": len(set(dataset.works)),
        "num_chunks": len(dataset.chunk_pieces),
    }
