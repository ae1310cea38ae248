"""Questions and tools: each module here has a `main(argv=None)` and a line of its own."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from experiments.engine.saved_models import SavedModel

STUDIES = {
    "four_composers": "experiments.four_composers",
    "all_composers": "experiments.all_composers",
    "descriptor_sequences": "experiments.descriptor_sequences",
    "era": "experiments.era",
}
"""What can be run, searched and compared; each has its configuration in `DEFAULT` and fills in `configure`."""

TOOLS = {
    "tune": "experiments.tune",
    "catalogue": "experiments.catalogue",
    "explore": "experiments.explore",
    "explain": "experiments.explain",
    "calibrate": "experiments.calibrate",
    "predict": "experiments.predict",
    "demo": "experiments.demo",
    "audit": "experiments.audit",
    "builders": "experiments.builders",
    "compare": "experiments.compare",
    "ship": "experiments.ship",
    "publish": "experiments.publish",
    "augment": "experiments.augment",
    "humanise": "experiments.humanise",
    "reask": "experiments.reask",
    "file_order": "experiments.file_order",
    "imbalance": "experiments.imbalance",
    "recipe": "experiments.recipe",
    "year": "experiments.year",
    "leaderboard": "experiments.leaderboard",
    "benchmark": "experiments.benchmark",
    "dashboard": "experiments.dashboard",
}

EXPERIMENTS = STUDIES | TOOLS


def load(model: "str | Path") -> "SavedModel":
    """Returns a saved model that is ready to answer; runs no code from its file.

    Args:
        model: The name of a shipped model, an `.h5` file with its `.json`, a run folder, or `owner/name` of a model on
            the Hugging Face Hub (`pip install huggingface_hub`).

    Raises:
        ModelFileError: There is none, or its files cannot be used.
    """
    from experiments.engine.saved_models import load_saved_model

    return load_saved_model(model)
