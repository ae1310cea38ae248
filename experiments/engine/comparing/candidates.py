"""What is compared: run folders with their answers, and saved models that have yet to answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from experiments.engine import records
from experiments.engine.config import Config
from experiments.engine.predictions import Predictions, join, read_predictions
from experiments.engine.publishing import PREDICTIONS, has_answers
from experiments.engine.runner import make_encoder
from experiments.engine.saved_models import SavedModel, load_saved_model
from experiments.engine.telling import encoding_of
from features.errors import InputError
from features.words import counted
from models.pretrained import find


@dataclass(frozen=True)
class Candidate:
    """One of the models compared.

    Attributes:
        letter: What tables and sentences call it.
        name: What the user called it, or its run.
        file: Its `.h5` file; None if there is none, as of published runs and of all folds together.
        run: Its run folder; None for a bare model.
        described: What the user says of a bare model without `.json`; None if it has one.
    """

    letter: str
    name: str
    file: Path | None
    run: Path | None = None
    described: Mapping[str, Any] | None = None

    @cached_property
    def saved(self) -> SavedModel:
        """The model, loaded when it is first asked for."""
        return load_saved_model(self.file, description=self.described)

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """What its run says of itself; empty for a bare model."""
        return records.read_json(self.run / "metrics.json") if self.run else {}

    @cached_property
    def config(self) -> dict[str, Any]:
        """The configuration of its run; empty for a bare model."""
        return records.read_json(self.run / "config.json") if self.run else {}

    @cached_property
    def stamp(self) -> str:
        """A digest of the files that its run read; empty if it does not say."""
        return records.read_json(self.run / "environment.json").get("contents", "") if self.run else ""

    @cached_property
    def description(self) -> Mapping[str, Any] | None:
        """What `model.json` holds; None if there is none."""
        path = self.file.with_suffix(".json") if self.file else None
        return records.read_json(path) if path and path.exists() else None

    @property
    def classes(self) -> tuple[str, ...]:
        """Whom it knows, in the order of its answers."""
        return tuple(self.metrics["classes"]) if self.run else self.saved.classes

    @property
    def label(self) -> str:
        """What its classes are."""
        return (self.metrics if self.run else self.saved.description).get("label", "composer")

    @cached_property
    def encoder(self) -> Any:
        """What makes its chunks; known of a run without loading its model."""
        return (
            make_encoder(Config.from_dict(self.config, name=self.run / "config.json").encoder)
            if self.run
            else self.saved.encoder
        )

    @property
    def builder(self) -> str:
        """What kind of network it is."""
        return self.metrics["model"] if self.run else self.saved.description.get("builder", "not told")

    @property
    def encoding(self) -> str:
        """How it reads notes, in words."""
        if self.run:
            return self.metrics["encoder"]
        return encoding_of(self.saved.description["encoder"]["name"], self.saved.encoder)

    @property
    def num_parameters(self) -> int:
        """Number of weights."""
        return self.metrics["num_parameters"] if self.run else self.saved.model.count_params()

    def answers(self, level: str) -> Predictions | None:
        """Returns the answers of its run for its test part, by `"piece"` or by `"chunk"`.

        Of a study they may be too large to be published, but those of its folds are not. Those by chunk are None if
        they are not there.

        Raises:
            InputError: Those by piece are not there.
        """
        name = PREDICTIONS[level]
        folds = sorted(path.parent for path in self.run.glob("folds/*/*/config.json"))
        holders = [self.run] if has_answers(self.run, name) else folds
        if holders and all(has_answers(folder, name) for folder in holders):
            return join([read_predictions(folder / name) for folder in holders])
        if level == "piece":
            raise InputError(f"{self.run} lacks {name}; copy the whole run folder.")
        return None


def read_candidates(
    models: Sequence[str], *, names: Sequence[str], described: Mapping[str, Any] | None
) -> list[Candidate]:
    """Returns the models that were named, without loading those that have answers already.

    Args:
        models: Run folders, `.h5` files, or what else `models.pretrained.find` knows.
        names: What to call them; none for the names of their runs or files.
        described: What the user says of bare models without `.json`; None for nothing.

    Raises:
        InputError: There is nothing to compare, names are missing, or nothing is as bare as was described.
        ModelFileError: A model cannot be found.
    """
    if len(models) < 2:
        raise InputError(
            f"Expected at least two models to compare, but received {len(models)}; name another."
        )
    if len(models) > len(ascii_uppercase):
        raise InputError(f"Expected at most {len(ascii_uppercase)} models, but received {len(models)}.")
    if names and len(names) != len(models):
        raise InputError(
            f"Expected a name for each of {len(models)} models, but received {counted(len(names), 'name')}."
        )
    found = []
    for letter, model, name in zip(ascii_uppercase, models, names or [""] * len(models), strict=False):
        found.append(_read(letter, model, name, described))
        if found[-1].run is None:
            _ = found[-1].saved  # what cannot be loaded is said before anything is computed
    if described is not None and not any(each.described for each in found):
        raise InputError(
            "--classes is for .h5 files without a .json, and none of these models is one; leave it out."
        )
    return found


def _read(letter: str, model: str, name: str, described: Mapping[str, Any] | None) -> Candidate:
    folder = Path(model).expanduser()
    if not (folder.is_dir() and records.is_finished(folder)):
        file = find(model)
        bare = described is not None and file.is_file() and not file.with_suffix(".json").exists()
        if not (file.name == "model.h5" and records.is_finished(file.parent)):
            return Candidate(letter, name or str(model), file, described=described if bare else None)
        folder = file.parent
    if "test" not in records.read_json(folder / "metrics.json"):
        raise InputError(f"{folder} is no run with answers for a test part; of a search, give its best/.")
    file = folder / "model.h5"
    return Candidate(letter, name or folder.resolve().name, file if file.exists() else None, run=folder)
