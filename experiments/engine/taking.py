"""A network that was trained in another run, to be asked in another way."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.engine import records
from experiments.engine.config import AnswerConfig, Config
from experiments.engine.networks import Network
from experiments.engine.saved_models import SavedModel, load_saved_model
from features.datasets import Dataset
from features.splits.protocols import Split
from models import saving

OF_OLD_ANSWERS = ("calibration",)
"""What `model.json` says that holds only as long as the network is asked as it was."""


@dataclass(frozen=True)
class TakenNetwork(Network):
    """A network that another run has trained.

    Attributes:
        saved: As it was saved.
    """

    saved: SavedModel = field(kw_only=True)

    def save(self, path: Path, split: Split, config: Config) -> None:
        """Saves it as it was, but for how it is asked; the other arguments of `Network.save` are not needed."""
        save_asked_otherwise(self.saved, path, self.answering)


def take_network(run: Path, config: Config, dataset: Dataset) -> TakenNetwork:
    """Returns the network of a finished run, asked as a configuration says.

    Args:
        run: With `model.h5`, `model.json`, `history.csv` and `metrics.json`.
        config: Of the run that takes it.
        dataset: What it is asked about.

    Raises:
        ModelFileError: The model cannot be used.
    """
    saved, metrics = load_saved_model(run), records.read_json(run / "metrics.json")
    rows = records.read_csv(run / "history.csv")
    return TakenNetwork(
        saved.model,
        saved.description["hyperparameters"],
        [{name: float(value) for name, value in row.items()} for row in rows],
        metrics["precision"],
        dataset.read_with(saved.encoder),
        config.answering,
        device=metrics["device"],
        saved=saved,
    )


def save_asked_otherwise(saved: SavedModel, path: Path, answering: AnswerConfig) -> None:
    """Saves a model again, with how it is to be asked; how sure its answers were is not known any more.

    Args:
        saved: The model.
        path: The `.h5` file.
        answering: How it is asked from now on.
    """
    description: dict[str, Any] = {
        name: value for name, value in saved.description.items() if name not in OF_OLD_ANSWERS
    }
    description |= {"run_id": path.parent.name, "answering": dataclasses.asdict(answering)}
    saving.save(saved.model, path, description=description)
