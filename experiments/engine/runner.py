"""From a configuration to a finished run folder: what every experiment does."""

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.engine import records
from experiments.engine.baselines import STACKED, run_baselines
from experiments.engine.comparison import differences
from experiments.engine.composers.untested import untested
from experiments.engine.config import AnswerConfig, Config, CorpusConfig, EncoderConfig, Places, SplitConfig
from experiments.engine.continuing import check_taken, keep_origin, keep_split, take_finished, take_over
from experiments.engine.predictions import Predictions, read_predictions, write_predictions
from experiments.engine.stacking import stack
from experiments.engine.summary import print_summary, summarise_folds
from experiments.engine.tables import check_name, module_of
from experiments.engine.teachers import fold_runs
from experiments.engine.telling import (
    encoder_name,
    pieces_name,
    report_auxiliary,
    report_drawing,
    report_left_out,
    report_no_side,
    write_left_out,
)
from features.auxiliary import choose_auxiliary
from features.corpora import CORPORA
from features.corpora.catalogue import Piece, Request
from features.corpora.joined import load_together
from features.corpora.labels import label_pieces
from features.datasets import Dataset, load_dataset, with_renderings
from features.encoders import ENCODERS
from features.errors import InputError
from features.selection import counted_by, keep_composers, sample_works
from features.splits.holding_out import check_folds
from features.splits.protocols import (
    PROTOCOLS,
    TEST,
    TRAIN,
    VALIDATION,
    Split,
    audit,
    make_split,
)
from models import BUILDERS

LAWS = {
    "work": ("works",),
    "source": ("works", "sources"),
    "near_duplicate": ("near_duplicates",),
    "composer": ("works", "composers"),
}
"""What no protocol divides."""

ONE_SPLIT = ("chunk", "given")
"""Protocols without folds."""

AUXILIARY_PROTOCOLS = ("work", "source", "file")
"""Under which other composers can be learnt from without hearing anything of what is held out."""


@dataclass(frozen=True)
class Study:
    """A configuration with its data: read once, also for many folds.

    Attributes:
        config: What to run.
        places: Where things lie.
        dataset: The chunks.
        trained: A finished run of the same folds whose networks are asked in another way; None to train them.
    """

    config: Config
    places: Places
    dataset: Dataset
    trained: Path | None = None


def run(config: Config, places: Places) -> Path:
    """Runs a configuration and prints what came out.

    Args:
        config: What to run; with `fold` `"all"`, every fold and then their summary.
        places: Where things lie.

    Returns:
        The run folder.

    Raises:
        InputError: The configuration, the corpus or the folders cannot be used.
    """
    check_names(config)
    study = Study(config, places, prepare(config, places))
    report_left_out(study.dataset)
    folder = run_study(study)
    print_summary(folder)
    return folder


def check_names(config: Config) -> None:
    """Refuses names that there are none of, and what no corpus could mend, which should not wait for the corpus."""
    check_name(BUILDERS, config.model.model, kind="model")
    check_name(PROTOCOLS, config.split.protocol, kind="protocol")
    check_protocol(config.split, config.corpus.label)
    check_auxiliary(config)
    if config.answering.bag == AnswerConfig.bag:  # without a look at what builders read, which takes Keras
        return
    readers = [name for name in BUILDERS if module_of(BUILDERS, name, kind="model").RANK == "bag"]
    if config.model.model not in readers:
        raise InputError(
            f"--bag has no effect with the model {config.model.model}, which reads no bags; leave it out, or take "
            f"{' or '.join(readers)}."
        )


def check_protocol(config: SplitConfig, label: str) -> None:
    """Refuses folds that no corpus could be divided into, and to hold out composers who are asked for."""
    if config.protocol not in ONE_SPLIT:
        check_folds(0 if config.fold == "all" else config.fold, config.num_folds)
    if config.protocol == "composer" and label == "composer":
        raise InputError(
            "Under the protocol composer no composer is both trained on and tested, so who it was cannot be asked; "
            "ask something else, as experiments.era does, or take --protocol work."
        )


def check_auxiliary(config: Config) -> None:
    """Refuses to learn from composers who are not asked about where they might tell what is held out."""
    if not config.training.auxiliary:
        return
    if config.corpus.label != "composer":
        raise InputError(
            f"--auxiliary brings in composers who are not asked about, but here the {config.corpus.label} of all "
            "composers is asked; leave it out."
        )
    if config.split.protocol not in AUXILIARY_PROTOCOLS:
        raise InputError(
            "--auxiliary brings in whole pieces, but none of works that are asked about, for the protocols "
            f"{', '.join(AUXILIARY_PROTOCOLS)}, not {config.split.protocol}; leave it out, or take one of these."
        )
    if config.training.teacher:
        raise InputError(
            "Teachers know only the composers who are asked about; leave --auxiliary out, or --teacher."
        )


def check_sampling(config: Config, dataset: Dataset) -> None:
    """Refuses to draw writers evenly where every class is one writer's, which would change nothing."""
    by_whom = set(zip(dataset.composers, dataset.writers, strict=True))
    if "writer" in config.training.sampling and len(by_whom) == len(set(dataset.composers)):
        raise InputError(
            "--sampling writer has no effect where everything in a class is by one writer; take --sampling composer."
        )


def run_study(study: Study) -> Path:
    """Runs a configuration whose data has been read, and returns the run folder; see `run`."""
    check_auxiliary(study.config)
    check_sampling(study.config, study.dataset)
    for part in folds_of(study):  # what cannot be divided is said before TensorFlow is loaded
        split = split_of(part)
        if part.trained:
            check_taken(part.trained, study.dataset, split)
    begun = records.folder_to_resume(study.config, study.places)
    if begun is None or not records.is_finished(begun):
        from experiments.engine.networks import check_network, check_teachers

        check_network(study.config, study.dataset)  # a wrong number should leave no folder behind
        for part in folds_of(study):
            check_teachers(part.config, study.dataset, split_of(part), study.places.teachers)
    return run_all_folds(study) if study.config.split.fold == "all" else run_fold(study)


def load_pieces(config: CorpusConfig, places: Places) -> list[Piece]:
    """Returns the pieces of a corpus, not read yet."""
    request = Request(
        composers=config.composers,
        pieces=config.pieces,
        data_home=places.data_home and places.data_home.expanduser(),
        cache_dir=places.cache_dir,
        download=places.download,
    )
    names = config.corpus.split("+")
    modules = {name: module_of(CORPORA, name, kind="corpus") for name in names}
    pieces = modules[names[0]].load(request) if len(names) == 1 else load_together(modules, request)
    return label_pieces(pieces, config.label, min_pieces=config.min_pieces)


def prepare(config: Config, places: Places) -> Dataset:
    """Returns the corpus of a configuration, read and encoded."""
    encoder = make_encoder(config.encoder)
    pieces = load_pieces(config.corpus, places)
    dataset = load_dataset(pieces, encoder, cache_dir=places.cache_dir, label=config.corpus.label)
    dataset = rendered(dataset, pieces, config, places)
    if len(dataset.classes) < 2:
        advice = "take a lower --min-pieces, or other music"
        if dataset.label == "composer":
            advice = "name more composers"
        raise InputError(f"There is nothing to tell apart: all pieces are by {dataset.classes[0]}; {advice}.")
    dataset = keep_composers(dataset, min_share=config.corpus.min_share, min_works=config.corpus.min_works)
    if config.corpus.sample < 1:
        dataset = sample_works(dataset, config.corpus.sample, least=config.split.num_folds)
    return with_auxiliary(dataset, config, places) if config.training.auxiliary else dataset


def with_auxiliary(dataset: Dataset, config: Config, places: Places) -> Dataset:
    """Returns a data set that knows the pieces by other composers of its corpus, to learn from too."""
    pieces = load_pieces(dataclasses.replace(config.corpus, composers=()), places)
    everything = load_dataset(pieces, dataset.encoder, cache_dir=places.cache_dir, every_composer=False)
    auxiliary = choose_auxiliary(dataset, everything, sample=config.corpus.sample)
    kept = set(auxiliary.pieces)
    auxiliary = rendered(auxiliary, [piece for piece in pieces if piece.piece in kept], config, places)
    return dataclasses.replace(dataset, auxiliary=auxiliary)


def without_renderings(config: Config) -> Config:
    """Returns a configuration whose corpus is prepared without what only training hears."""
    return config.replace(training={"renderings": 0})


def rendered(dataset: Dataset, pieces: Sequence[Piece], config: Config, places: Places) -> Dataset:
    """Returns a data set with as many humanised renderings as training is to hear."""
    if not config.training.renderings:
        return dataset
    how = {"strength": config.training.humanise, "cache_dir": places.cache_dir}
    return with_renderings(dataset, pieces, config.training.renderings, **how)


def make_encoder(config: EncoderConfig) -> Any:
    """Returns the configured encoder.

    Raises:
        InputError: The encoder is unknown, or has no such setting.
    """
    make = module_of(ENCODERS, config.encoder, kind="encoder").make
    unknown = set(config.settings()) - {field.name for field in dataclasses.fields(make)}
    if unknown:
        raise InputError(
            f"The encoder {config.encoder} has no setting {', '.join(sorted(unknown))}; leave it out."
        )
    return make(**config.settings())


def folds_of(study: Study) -> list[Study]:
    """Returns the study of each fold that a study asks for: one, or all."""
    split = study.config.split
    if split.fold != "all":
        return [study]
    trained = fold_runs(study.trained) if study.trained else {}
    return [
        dataclasses.replace(
            study, config=study.config.replace(split={"fold": fold}), trained=trained.get(fold)
        )
        for fold in range(split.num_folds)
    ]


def knowing_its_split(study: Study) -> Study:
    """Returns a study whose data knows what the protocol holds out, which intervals have to draw as a whole."""
    holds_out_writers = study.config.split.protocol == "composer"
    dataset = dataclasses.replace(study.dataset, holds_out_writers=holds_out_writers)
    return dataclasses.replace(study, dataset=dataset)


def run_all_folds(study: Study) -> Path:
    """Runs every fold, going on where an earlier start stopped, and then sums them up."""
    with records.run_folder(study.config, study.places) as folder:
        if not records.is_finished(folder):
            keep_origin(folder, study.trained)
            places = dataclasses.replace(study.places, results_dir=folder / "folds", resume=True)
            homes = (study.places.results_dir, study.places.published)
            finished = []
            for fold in folds_of(study):
                print(f"Fold {fold.config.split.fold + 1} of {study.config.split.num_folds}", file=sys.stderr)
                fold = dataclasses.replace(fold, places=places)
                if study.places.resume and not study.trained:
                    take_finished(fold.config, places, study.dataset, split_of(fold), homes=homes)
                finished.append(run_fold(fold))
            write_left_out(folder, study.dataset)
            _write_counts(folder, study)
            summarise_folds(folder, finished)
    return folder


def run_fold(study: Study) -> Path:
    """Runs one fold: split, baselines, training, scores, figures."""
    split = split_of(study)
    with records.run_folder(study.config, study.places) as folder:
        _run_in(folder, study, split)
    return folder


def run_fold_in(folder: Path, study: Study) -> None:
    """Runs one fold in a folder of the caller's choice, going on with what is there.

    Raises:
        InputError: What is there was made with another configuration.
    """
    folder.mkdir(exist_ok=True)
    path, wanted = folder / "config.json", study.config.to_dict()
    if path.exists() and records.read_json(path) != wanted:
        raise InputError(f"{folder} holds a run of another configuration; remove it, and start again.")
    records.write_json(path, wanted)
    with records.open_folder(folder):
        _run_in(folder, study, split_of(study))


def split_of(study: Study) -> Split:
    """Returns the configured split, checked against the law of its protocol.

    Raises:
        InputError: The split cannot be made, or training would hear the very frames of test chunks.
    """
    config, dataset = study.config.split, study.dataset
    hop = getattr(dataset.encoder, "hop", None) or dataset.encoder.chunk_frames
    training = study.config.training
    is_varied = training.move or training.tempo or training.renderings
    if config.protocol == "chunk" and (is_varied or hop < dataset.encoder.chunk_frames):
        raise InputError(
            "Under the protocol chunk, chunks that are moved in time, played faster, or overlap would bring the very "
            "frames of test chunks into training; add --no-move, and leave --tempo and --hop out, and --renderings."
        )
    check_protocol(config, dataset.label)
    split = make_split(
        config.protocol,
        config.fold,
        composers=dataset.composers,
        pieces=dataset.pieces,
        works=dataset.works,
        num_chunks=dataset.num_chunks,
        sources=dataset.sources,
        near_duplicates=dataset.near_duplicates if config.protocol == "near_duplicate" else (),
        writers=dataset.writers,
        given=[facts.get("side", "") for facts in dataset.facts],
        num_folds=config.num_folds,
        seed=config.split_seed,
        rare=config.rare,
    )
    groups = {"works": dataset.works, "sources": dataset.sources, "composers": dataset.writers}
    groups |= {"near_duplicates": dataset.near_duplicates} if config.protocol == "near_duplicate" else {}
    together = {name: groups[name] for name in LAWS.get(config.protocol, ())}
    audit(split, num_chunks=dataset.num_chunks, **together)
    return split


def _run_in(folder: Path, study: Study, split: Split) -> None:
    if records.is_finished(folder):
        return
    keep_origin(folder, study.trained)
    from experiments.engine import pages, plots
    from experiments.engine.composers.confusions import write_confusions
    from experiments.engine.networks import train_network
    from experiments.engine.taking import take_network

    study, config = knowing_its_split(study), study.config
    dataset = study.dataset
    report_no_side(dataset, split)
    if study.trained:
        take_over(folder, study.trained)
    else:
        report_training(config, dataset, split)
    keep_split(folder, dataset, split)
    write_left_out(folder, dataset)
    _write_counts(folder, study)
    baselines = run_baselines(dataset, split, seed=config.training.seed, folder=folder)
    if study.trained:
        network = take_network(study.trained, config, dataset)
    else:
        network = train_network(config, dataset, split, folder=folder, teachers=study.places.teachers)
    answers = {side: network.answer(split.indices(side)) for side in (VALIDATION, TEST)}
    write_predictions(folder / "predictions.csv", answers[TEST]["piece"])
    write_predictions(folder / "predictions-validation.csv", answers[VALIDATION]["piece"])
    write_predictions(folder / "predictions-chunks.csv.gz", answers[TEST]["chunk"])
    stacked, stacking = _stack_in(folder, config.model.model, baselines[STACKED])
    write_confusions(folder / "confusions.csv", answers[TEST])
    metrics = _metrics(folder, study, network, answers, baselines, stacked) | {"stacking": stacking}
    metrics |= untested(dataset, split, _every_split(study, split)) | {"priors": _priors(dataset, split)}
    plots.save_run_figures(folder / "figures", metrics, history=network.history, test=answers[TEST])
    pages.write_report(folder, metrics)
    network.save(folder / "model.h5", split, config)
    records.write_json(folder / "metrics.json", metrics)
    (folder / "checkpoint.npz").unlink(missing_ok=True)


def report_training(config: Config, dataset: Dataset, split: Split) -> None:
    """Says of whom, and of how much, the network is about to learn."""
    if config.training.auxiliary:
        from experiments.engine.networks import with_others

        report_auxiliary(with_others(config, dataset, split), config.training)
    report_drawing(len(split.indices(TRAIN)), config.training, label=dataset.label)


def _write_counts(folder: Path, study: Study) -> None:
    from experiments.engine.composers.counts import write_counts

    dataset = study.dataset
    kept = sorted(set(counted_by(dataset)))
    write_counts(folder, dataset.census, kept, also=[study.config.corpus.min_share])


def _every_split(study: Study, split: Split) -> list[Split]:
    """The splits of all folds that there are, if one fold may not tell who is never tested."""
    config = study.config.split
    if config.rare == "refuse" or config.protocol == "chunk":  # all are tested, or there is one fold
        return [split]
    whole = dataclasses.replace(study, config=study.config.replace(split={"fold": "all"}))
    return [split if part.config.split.fold == config.fold else split_of(part) for part in folds_of(whole)]


def _priors(dataset: Dataset, split: Split) -> dict[str, float]:
    """The share of each composer in the training chunks."""
    labels = dataset.chunk_labels[split.indices(TRAIN)]
    counts = np.bincount(labels, minlength=len(dataset.classes))
    return dict(zip(dataset.classes, (counts / len(labels)).round(6).tolist(), strict=True))


def _stack_in(
    folder: Path, model: str, baseline: dict[str, Predictions]
) -> tuple[Predictions, dict[str, Any]]:
    """Stacks network and baseline from what is on disk, so that anybody can do it again from there."""
    names = {VALIDATION: "predictions-validation.csv", TEST: "predictions.csv"}
    network = {side: read_predictions(folder / name) for side, name in names.items()}
    stacked, stacking = stack({model: network, STACKED: baseline})
    write_predictions(folder / "predictions-stacked.csv", stacked)
    return stacked, stacking


def _metrics(
    folder: Path,
    study: Study,
    network: Any,
    answers: dict[str, dict[str, Predictions]],
    baselines: dict[str, dict[str, Predictions]],
    stacked: Predictions,
) -> dict[str, Any]:
    from experiments.engine.device import describe_device

    config = study.config
    validation, test = (
        {level: predictions.scores() for level, predictions in answers[side].items()}
        for side in (VALIDATION, TEST)
    )
    return {
        "experiment": config.experiment,
        "run_id": folder.name,
        "corpus": config.corpus.corpus,
        "pieces": pieces_name(config.corpus),
        "label": study.dataset.label,
        "protocol": config.split.protocol,
        "fold": config.split.fold,
        "seed": config.training.seed,
        "encoder": encoder_name(config.encoder, study.dataset.encoder),
        "model": config.model.model,
        "classes": list(study.dataset.classes),
        "num_parameters": network.num_parameters,
        "train_seconds": sum(row["seconds"] for row in network.history),
        "num_epochs": len(network.history),
        "num_left_out": len(study.dataset.left_out),
        "device": network.device or describe_device(),
        "precision": network.precision,
        "validation": validation,
        "test": test
        | {"stacked": stacked.scores()}
        | {"baselines": {name: sides[TEST].scores() for name, sides in baselines.items()}},
        "differences": differences([answers[TEST]["piece"]], [stacked], [baselines[STACKED][TEST]]),
    }
