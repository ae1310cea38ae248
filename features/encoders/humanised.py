"""Any encoder, of pieces as somebody might play them: see `features.humanising`."""

from dataclasses import dataclass
from typing import Any

from features.encoders.rows import Rows
from features.errors import InputError
from features.humanising import humanise
from features.midi import Notes


@dataclass(frozen=True)
class Humanised:
    """Encodes renderings of pieces; all else is as with the encoder within.

    Attributes:
        encoder: What encodes notes.
        strength: How freely they are played.
        rendering: Which rendering, of any number.
    """

    encoder: Any
    strength: float
    rendering: int = 0

    def __post_init__(self):
        if hasattr(self.encoder, "encode_events"):
            raise InputError(
                f"Expected an encoder that reads notes, but {type(self.encoder).__name__} reads the messages of a "
                "file, which nobody plays; take another one, or no renderings."
            )

    def row_settings(self) -> dict:
        """Returns the settings on which stored rows depend."""
        within = {"encoder": type(self.encoder).__name__} | self.encoder.row_settings()
        return {"within": within, "strength": self.strength, "rendering": self.rendering}

    def encode(self, notes: Notes) -> Rows:
        """Returns the rows of a rendering of a piece."""
        return self.encoder.encode(humanise(notes, self.strength, rendering=self.rendering))

    def chunk_starts(self, num_frames: int) -> Any:
        """Returns the first frame of each chunk."""
        return self.encoder.chunk_starts(num_frames)
