"""Shipped models, and where any other is found: by its name, its path, its run folder, or on the Hugging Face Hub."""

import re
from pathlib import Path

from models.saving import ModelFileError

PRETRAINED: dict[str, str] = {
    "four_composers": "four_composers.h5",
    "all_composers": "all_composers.h5",
    "era": "era.h5",
}
"""From the name of a shipped model to its `.h5` file in this folder; its `.json` and its card lie beside it."""

DEFAULT = "four_composers"
"""The shipped model that tools take if none is named."""

MODEL_FILE = "model.h5"
"""What the model of a run folder is called, and of a repository on the Hub."""

HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*(@[\w./-]+)?")
"""`owner/name` of the Hugging Face Hub, or `owner/name@revision`."""


def find(model: str | Path) -> Path:
    """Returns the `.h5` file of a model.

    Args:
        model: A name of `PRETRAINED`, an `.h5` file, a folder that holds a `model.h5`, or `owner/name` of a model on
            the Hugging Face Hub, which is fetched if there is no such folder here (`pip install huggingface_hub`).

    Raises:
        ModelFileError: It is none of these, or cannot be fetched.
    """
    name, path = str(model), Path(model).expanduser()
    if name in PRETRAINED:
        return Path(__file__).with_name(PRETRAINED[name])
    if name and path.is_dir():
        return path / MODEL_FILE
    if path.suffix == ".h5":
        return path
    if not path.exists() and HUB_ID.fullmatch(name):
        return _fetch(*name.partition("@")[::2])
    raise ModelFileError(
        f"There is no model {name!r}; give an .h5 file, a run folder that holds {MODEL_FILE}, owner/name of the "
        f"Hugging Face Hub, or a shipped one by its name ({', '.join(sorted(PRETRAINED))})."
    )


def _fetch(repository: str, revision: str) -> Path:
    """Fetches a model and its description from the Hub, or takes them from its cache; they are a stranger's files."""
    try:
        from huggingface_hub import hf_hub_download
    except ImportError as error:
        raise ModelFileError(
            f"There is no folder {repository} here; to fetch a model of this name from the Hugging Face Hub, "
            "pip install huggingface_hub."
        ) from error
    try:
        *_, path = (
            hf_hub_download(repository, name, revision=revision or None)
            for name in ("model.json", MODEL_FILE)
        )
    except (OSError, ValueError) as error:  # of which kind its own errors and those of the connection are
        raise ModelFileError(
            f"{repository} cannot be fetched from the Hugging Face Hub ({str(error).strip().splitlines()[0]}); check "
            "the name and the connection, or give a path."
        ) from error
    return Path(path)
