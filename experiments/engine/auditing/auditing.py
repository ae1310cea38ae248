"""From a study to its audit: at home, on other music, and all of it in one table and one page."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.engine import records
from experiments.engine.auditing.at_home import Audit, rows_at_home
from experiments.engine.auditing.cheap import READER
from experiments.engine.auditing.network_runs import command_of, find_model_file
from experiments.engine.auditing.rows import COLUMNS, Row
from experiments.engine.auditing.settings import AuditSettings, ExternalSettings, audit_name, open_audit
from experiments.engine.auditing.variants import ALL, ablations, on_rung
from experiments.engine.config import Config, CorpusConfig, Places
from experiments.engine.runner import Study, check_names, folds_of, prepare, split_of
from experiments.engine.telling import encoder_name, pieces_name, report_left_out
from features.errors import InputError

TRANSFER_FILE = "transfer.json"


def run_audit(
    config: Config,
    places: Places,
    settings: AuditSettings,
    *,
    external: ExternalSettings,
    standard: Config,
    name: str = "",
) -> Path:
    """Audits a study and prints what came out.

    Args:
        config: Of the study.
        places: Where things lie; with `resume` the audit goes on.
        settings: What is audited.
        external: Other music to score the model on.
        standard: The configuration of the study without any flag.
        name: Of the audit's folder; made of the configuration if it is empty.

    Returns:
        The folder of the audit.

    Raises:
        InputError: The configuration, the corpus or the folders cannot be used.
    """
    from experiments.engine.auditing.page import write_audit
    from experiments.engine.auditing.view import print_audit

    check_names(config)
    study = Study(config, places, prepare(config, places))
    report_left_out(study.dataset)
    taken_away = ablations(config, settings.ablations, study.dataset.encoder)
    for fold in folds_of(dataclasses.replace(study, config=on_rung(config, config.split.protocol))):
        split_of(fold)  # what cannot be divided should leave no folder behind
    other = _load_external(external, study) if external.is_wanted else None
    folder = open_audit(config, places, name or audit_name(config))
    (folder / "metrics.json").unlink(missing_ok=True)  # until it is finished again
    with records.open_folder(folder):
        contents = records.contents_digest(study.dataset.pieces, study.dataset.contents)
        records.check_contents(folder, contents)
        records.note_contents(folder, contents)
        audit = Audit(folder, study, standard, settings, taken_away)
        rows = [row.flat() for row in rows_at_home(audit)]
        if other is not None:
            _transfer(audit, external, other, rows)
        facts = {}
        if (folder / TRANSFER_FILE).exists():
            facts = records.read_json(folder / TRANSFER_FILE)
            rows += facts.pop("rows")
        records.write_csv(folder / "audit.csv", COLUMNS, rows)
        write_audit(folder, _describe(audit) | {"transfer": facts, "rows": rows})
    print_audit(folder)
    return folder


def _describe(audit: Audit) -> dict[str, Any]:
    config, dataset = audit.study.config, audit.study.dataset
    return {
        "experiment": config.experiment,
        "label": dataset.label,
        "run_id": audit.folder.name,
        "corpus": config.corpus.corpus,
        "pieces": pieces_name(config.corpus),
        "protocol": config.split.protocol,
        "num_folds": config.split.num_folds,
        "seed": config.training.seed,
        "encoder": encoder_name(config.encoder, dataset.encoder),
        "model": config.model.model,
        "reader": READER,
        "classes": list(dataset.classes),
        "num_pieces": len(dataset.pieces),
        "num_works": len(set(dataset.works)),
        "num_near_duplicates": len(set(dataset.near_duplicates)),
        "num_sources": len(set(dataset.sources)),
        "num_chunks": len(dataset.chunk_pieces),
    }


def _load_external(external: ExternalSettings, study: Study) -> Any:
    from experiments.engine.external import load_external

    corpus = CorpusConfig(external.corpus, external.external_pieces)
    places = dataclasses.replace(study.places, data_home=external.external)
    try:
        return load_external(corpus, study.dataset.classes, places, label=study.dataset.label)
    except InputError as error:  # it advises by the flag that names a corpus elsewhere
        raise InputError(str(error).replace("--data-home", "--external")) from error


def _transfer(audit: Audit, external: ExternalSettings, other: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Scores the models on other music and keeps the rows in the audit's folder."""
    from experiments.engine.auditing.transfer import transfer
    from experiments.engine.saved_models import load_saved_model

    config, places = audit.study.config, audit.study.places
    if config.split.fold == ALL:
        config = config.replace(split={"fold": 0})
    path = external.transfer_model or find_model_file(config, places)
    at_home = {
        row["model"]: row["piece_macro_f1"]
        for row in rows
        if row["part"] == "ladder" and row["name"] == audit.whole.name and not row["problem"]
    }
    found, facts = transfer(
        dataclasses.replace(audit.study, config=config),
        other,
        saved=None if path is None else load_saved_model(path.expanduser()),
        cheap_models=audit.cheap_models,
        at_home=at_home,
    )
    if path is None:
        command = command_of(config, audit.standard, places)
        found.insert(
            0, Row("transfer", "unheard works", config.model.model, problem="Not run.", command=command)
        )
    what = {"corpus": external.corpus, "list": external.external_pieces, "fold": config.split.fold}
    records.write_json(audit.folder / TRANSFER_FILE, what | facts | {"rows": [row.flat() for row in found]})
