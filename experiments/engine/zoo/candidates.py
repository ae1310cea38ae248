"""Which networks are compared: every builder as it is by default, and those that a setting turns into another kind."""

from dataclasses import dataclass

from experiments.engine.config import ModelConfig
from experiments.engine.tables import check_name, readers_of
from features.errors import InputError
from models import BUILDERS

VARIANTS = {
    "bilstm": ModelConfig("lstm", {"direction": "both"}),
    "gru": ModelConfig("lstm", {"cell": "gru"}),
}
"""Networks that a builder makes with other settings than its defaults."""

CANDIDATES = {name: ModelConfig(name) for name in BUILDERS} | VARIANTS


@dataclass(frozen=True)
class ZooSettings:
    """Which networks are compared, and where."""

    folds: tuple[int, ...] = (0, 1)
    """Folds of the study, the same for all."""
    builders: tuple[str, ...] = ()
    """Which builders, and which of bilstm and gru; all that can read the study's chunks if it is left out."""
    train: bool = True
    """Run what there is no finished run of; otherwise the command is shown."""

    def __post_init__(self) -> None:
        """Refuses names that there are none of, and folds given twice."""
        for name in self.builders:
            check_name(dict.fromkeys(CANDIDATES, ""), name, kind="builder")
        if not self.folds or len(set(self.folds)) < len(self.folds):
            raise InputError(f"Expected folds to be numbers of different folds, but received {self.folds}.")


def candidates_for(settings: ZooSettings, encoder: str) -> dict[str, ModelConfig]:
    """Returns the networks asked for that can read what an encoder makes, by name.

    Args:
        settings: Which networks.
        encoder: Name of the encoder.

    Raises:
        InputError: One was named that cannot.
    """
    able = readers_of(encoder)
    readers = {name: candidate for name, candidate in CANDIDATES.items() if candidate.model in able}
    unable = [name for name in settings.builders if name not in readers]
    if unable:
        raise InputError(
            f"What the encoder {encoder} makes cannot be read by {', '.join(unable)}; name others of "
            f"{', '.join(readers)}, or take another encoder."
        )
    return {name: readers[name] for name in settings.builders or readers}
