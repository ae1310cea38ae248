"""A saved model by its name or its path."""

from pathlib import Path

from experiments.engine.saved_models import SavedModel, load_saved_model
from features.errors import InputError


def open_model(name: str) -> SavedModel:
    """Returns a saved model.

    Args:
        name: A run folder, or an `.h5` file with its `.json` beside it.

    Raises:
        InputError: There is none.
        ModelFileError: It cannot be used.
    """
    path = Path(name).expanduser()
    if not path.exists():
        raise InputError(
            f"There is no model {name}: no run folder, and no .h5 file. Train one (python -m "
            "experiments.four_composers) and give its run folder with --model."
        )
    return load_saved_model(path)
