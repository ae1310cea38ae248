"""What is asked of an audit, and its folder: new, or gone on with if it was made for the very same study."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from experiments.engine import records
from experiments.engine.auditing.variants import ABLATED, AblationName, Rung, on_rung
from experiments.engine.changes import changes
from experiments.engine.config import Config, Places
from experiments.engine.publishing import AUDIT, MADE_FOR
from features.errors import InputError
from features.splits import LADDER

Cheap = Literal["histogram_forest", "histogram_linear", "fingerprint", "majority"]


@dataclass(frozen=True)
class AuditSettings:
    """What to audit."""

    rungs: tuple[Rung, ...] = LADDER
    """Rungs of the ladder; that of --protocol is always one."""
    ablations: tuple[AblationName, ...] = tuple(ABLATED)
    """What to take away of what the study's encoder has, under the protocol of --protocol."""
    cheap_models: tuple[Cheap, ...] = ("histogram_forest", "histogram_linear", "fingerprint", "majority")
    """Baselines to run on all folds of all rungs and ablations."""
    network_rungs: tuple[Rung, ...] = LADDER
    """Rungs on which to show the network, from finished runs with --fold or all folds."""
    network_ablations: tuple[AblationName, ...] = tuple(ABLATED)
    """Ablations in which to show the network."""
    train: bool = False
    """Train the network, on --fold, where there is no finished run of it."""


@dataclass(frozen=True)
class ExternalSettings:
    """Other music to score the model on, as it is."""

    external: Path | None = None
    """A folder with a folder for each composer, or whatever --external-corpus reads."""
    external_corpus: str | None = None
    """Name of its corpus (composer_folders)."""
    external_pieces: Literal["reference", "clean"] = "reference"
    """Which list of its pieces."""
    transfer_model: Path | None = None
    """The .h5 file to score, or its run folder; otherwise that of the finished run of --fold, or of fold 0."""

    @property
    def is_wanted(self) -> bool:
        """Whether there is other music."""
        return self.external is not None or self.external_corpus is not None

    @property
    def corpus(self) -> str:
        """Name of the corpus."""
        return self.external_corpus or "composer_folders"


def audit_name(config: Config) -> str:
    """Returns what the folder of an audit is called, unless it is given a name.

    Example:
        >>> audit_name(Config("example"))
        'music21_scores-frame_cnn-work-seed0'
    """
    parts = (config.corpus.corpus, config.model.model, config.split.protocol)
    return "-".join((*parts, f"seed{config.training.seed}"))


def open_audit(config: Config, places: Places, name: str) -> Path:
    """Returns the folder of an audit: with `resume` the latest of this name, otherwise a new one.

    Args:
        config: The study; which of its folds are run does not matter.
        places: Where things lie.
        name: Of the folder, after `audit-`.

    Raises:
        InputError: What there is of this name was made for another study; every difference to the latest is named.
    """
    parent = places.results_dir / config.experiment
    wanted = {"config": on_rung(config, config.split.protocol).to_dict()}
    if places.resume:
        found = _latest(parent, name)
        differing = []
        for folder in found:
            differences = changes(wanted, records.read_json(folder / MADE_FOR[AUDIT]))
            if not differences:
                return folder
            differing.append("; ".join(phrase.removeprefix("config.") for phrase in differences))
        if found:
            raise InputError(
                f"{found[0]} is an audit of another study: {differing[0]}. Give the flags it was started with, or "
                "leave --resume out for a new one."
            )
    folder = records.new_folder(parent / f"audit-{name}")
    records.write_json(folder / MADE_FOR[AUDIT], wanted)
    return folder


def _latest(parent: Path, name: str) -> list[Path]:
    """Returns the audits of a name, the latest first."""
    wanted = re.compile(re.escape(f"audit-{name}") + r"(-\d+)?")
    paths = [path for path in parent.glob(f"audit-*/{MADE_FOR[AUDIT]}") if wanted.fullmatch(path.parent.name)]
    return [path.parent for path in sorted(paths, key=lambda path: path.stat().st_mtime_ns, reverse=True)]
