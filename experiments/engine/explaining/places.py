"""Where explanations of a model lie: a folder for each model, whatever it is called and wherever it was saved."""

import hashlib
import re
from pathlib import Path

from experiments.engine.saved_models import SavedModel
from models.pretrained import MODEL_FILE

CHECK_FILE = "explain_check.json"


def folder_of(saved: SavedModel, results_dir: Path) -> Path:
    """Returns the folder of all explanations of a model, named after its run or file and its weights."""
    path = saved.path.resolve()
    parts = (
        [path.stem]
        if path.name != MODEL_FILE
        else [path.parent.name]
        if path.parent.name != "best"
        else [path.parent.parent.name, "best"]
    )
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return results_dir / "explain" / "-".join((*parts, digest[:8]))


def slug(name: str) -> str:
    r"""Returns a name that every file system takes.

    Example:
        >>> slug("Bach/Bwv001- 400 Chorales/043800b_.mid")
        'Bach-Bwv001-400-Chorales-043800b_'
    """
    return re.sub(r"[^\w.]+", "-", re.sub(r"\.\w{1,8}$", "", name)).strip("-.")[:100] or "piece"
