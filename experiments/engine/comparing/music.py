"""On which pieces models are compared."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Music:
    """On which pieces to compare."""

    corpus: str | None = None
    """Name of a corpus, all pieces of which the models are asked about; none: the test pieces of the runs."""
    pieces: Literal["reference", "clean"] = "reference"
    """Which list of its pieces."""
    intersection: bool = False
    """Where runs were tested on different pieces, compare on those that all of them share."""
