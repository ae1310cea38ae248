"""A trained model on disk: `model.h5`, and beside it `model.json`, which says what it is.

The two belong together: weights without the encoder's settings and the order of the classes
are of no use. The description holds a digest of the weights, so that a truncated file, or two
files of different runs, are noticed when they are loaded rather than when they are wrong.
"""

import contextlib
import hashlib
import json
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

DIGEST = "h5_sha256"


class ModelFileError(ValueError):
    r"""A saved model that cannot be used; the message says which file, and what to do.

    It may quote what a stranger wrote, which should not command the terminal.

    Example:
        >>> str(ModelFileError("No layer is called \x1b[2J."))
        'No layer is called ?[2J.'
    """

    def __init__(self, message: str):
        super().__init__("".join(letter if letter.isprintable() else "?" for letter in message))


def save(model, path: str | Path, *, description: dict) -> None:
    """Writes a model and its description; each file appears whole or not at all.

    The file computes in float32 wherever it is loaded, also if the model was trained in
    bfloat16, and holds no optimizer state: it is for predicting, not for training on.

    Args:
        model: a functional `keras.Model` made of Keras layers only.
        path: where to write, ending in `.h5`; the description goes beside it as `.json`.
        description: what to know about the model, as `json.dumps` takes it.

    Raises:
        ModelFileError: if `path` does not end in `.h5`.
    """
    path = Path(path)
    _check_name(path)
    with _appears_whole(path) as unfinished, _without_remarks_on_h5():
        in_float32(model).save(unfinished, include_optimizer=False)
    with _appears_whole(path.with_suffix(".json")) as unfinished:
        text = json.dumps({**description, DIGEST: _digest(path)}, indent=2, ensure_ascii=False)
        unfinished.write_text(text + "\n", encoding="utf-8")


def load(path: str | Path, *, description: Mapping[str, Any] | None = None) -> tuple:
    """Reads back what `save` wrote; runs no code from the file, whoever made it (see `models.screening`).

    Args:
        path: the `.h5` file; its `.json` must lie beside it.
        description: what to know about a model that was saved elsewhere and has no `.json`; one that
            has must do without.

    Returns:
        The model, not compiled, and its description.

    Raises:
        ModelFileError: if either file is missing, the description is unreadable, the two do
            not belong together, or the file holds no model that can be read safely.
    """
    path = Path(path)
    _check_is_there(path)
    if description is None:
        description = describe(path)
        if _digest(path) != description.pop(DIGEST):
            raise ModelFileError(
                f"{path} is not the file that {path.with_suffix('.json').name} describes: it was cut short or "
                "replaced; copy both files again, or train the model again."
            )
    elif path.with_suffix(".json").exists():
        raise ModelFileError(
            f"{path.with_suffix('.json')} says what {path.name} is for; leave out what you say of it, or remove "
            "the file."
        )

    from models.screening import ScreeningError, screen

    try:
        screen(path)
    except ScreeningError as error:
        raise ModelFileError(
            f"{path} was not loaded: {error}; use a model made of Keras' own layers and of those in models/, saved as "
            ".h5, or copy the file again."
        ) from error

    import keras

    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # of whatever kind: Keras does not expect a file made by hand
        raise ModelFileError(
            f"Keras {keras.__version__} cannot read the model in {path} ({_first_line(error)}); load it with "
            "the version that wrote it, or train the model again."
        ) from error
    return model, dict(description)


def _check_name(path: Path) -> None:
    if path.suffix != ".h5":
        raise ModelFileError(f"Expected the name of a model to end in .h5, but received {path}; rename it.")


def _check_is_there(path: Path) -> None:
    _check_name(path)
    if not path.is_file():
        raise ModelFileError(f"Expected a saved model at {path}, but there is no such file; check the path.")


def describe(path: Path) -> dict:
    """Returns the description of a model, its digest included; its weights are not read.

    Args:
        path: the `.h5` file.

    Raises:
        ModelFileError: if either file is missing, or the description is unreadable.
    """
    _check_is_there(path)
    path = path.with_suffix(".json")
    if not path.is_file():
        raise ModelFileError(
            f"Expected the model's description at {path}, which says for which encoder and classes it was made, but "
            "there is no such file; copy it from the run folder together with the .h5 file (compare takes --encoder "
            "and --classes instead)."
        )
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # not JSON, or not even text
        raise ModelFileError(f"{path} is not JSON ({_first_line(error)}); copy it again.") from error
    except RecursionError as error:
        raise ModelFileError(f"{path} is nested too deeply for a description; copy it again.") from error
    if not isinstance(description, dict) or DIGEST not in description:
        raise ModelFileError(
            f'Expected an object with the key "{DIGEST}" in {path}, but found none; '
            "use a description written by models.saving.save."
        )
    return description


def in_float32(model):
    """The same network and weights; a model trained in mixed precision computes in float32."""
    import keras

    config = model.to_json().replace('"mixed_bfloat16"', '"float32"').replace('"mixed_float16"', '"float32"')
    copy = keras.models.model_from_json(config)
    copy.set_weights(model.get_weights())
    return copy


@contextlib.contextmanager
def _appears_whole(path: Path) -> Iterator[Path]:
    """Gives a path to write to; what was written takes the place of `path` on success only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, because a file can only be replaced in one stroke within a file system.
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=path.parent) as folder:
        unfinished = Path(folder) / path.name
        yield unfinished
        os.replace(unfinished, path)


@contextlib.contextmanager
def _without_remarks_on_h5() -> Iterator[None]:
    """Keeps back what Keras says whenever it writes `.h5`, and nothing else.

    It advises against the format, which we chose on purpose, and its way of reading weights
    out is deprecated in NumPy 2, which is for Keras to mend.
    """

    def keep(record: logging.LogRecord) -> bool:
        return "You are saving your model as an HDF5 file" not in record.getMessage()

    logger = logging.getLogger("absl")
    logger.addFilter(keep)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
            yield
    finally:
        logger.removeFilter(keep)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
