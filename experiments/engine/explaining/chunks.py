"""A piece as a model reads it, so that any of its notes can be taken away."""

import dataclasses
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from experiments.engine.answering import reads_bags
from experiments.engine.evaluation import vote
from experiments.engine.saved_models import SavedModel
from features.ablations import ablate
from features.encoders.piano_roll import PianoRoll
from features.encoders.rows import Rows
from features.errors import InputError
from features.midi import Notes

BATCH = 64
"""Chunks that a network reads at once; more are no faster on a processor."""


@dataclass(frozen=True)
class ReadPiece:
    """A piece, and the model that reads it.

    Attributes:
        saved: The model.
        encoder: Its encoder; what that takes away from the notes is taken away already.
        notes: The notes that the model hears.
        rows: The same as rows.
    """

    saved: SavedModel
    encoder: PianoRoll
    notes: Notes
    rows: Rows

    @cached_property
    def starts(self) -> np.ndarray:
        """First frame of each chunk, `(chunks,)`."""
        return self.encoder.chunk_starts(self.rows.num_frames)

    @cached_property
    def chunks(self) -> np.ndarray:
        """What the model reads, float32 `(chunks, 128, frames, channels)`."""
        return self.chunks_of(self.rows, np.arange(len(self.starts)))

    @cached_property
    def probabilities(self) -> np.ndarray:
        """What it answers, `(chunks, classes)`."""
        return self.ask(self.chunks)

    @cached_property
    def answer(self) -> np.ndarray:
        """What it answers for the whole piece, `(classes,)`."""
        return joined(self.probabilities)

    @property
    def is_heard(self) -> np.ndarray:
        """Which notes the model can hear, bool `(notes,)`: drums are silent, but for the channel `timing`."""
        return ~self.notes.notes["is_drum"] | ("timing" in self.encoder.channels)

    def chunks_of(self, rows: Rows, places: np.ndarray) -> np.ndarray:
        """Returns some chunks of rows that are as long as those of the piece."""
        return self.encoder.decode(rows, self.starts[places], np.full(len(places), rows.num_frames))

    def without(self, taken: np.ndarray) -> Rows:
        """Returns the rows that the piece has without some of its notes; it is as long as before.

        Args:
            taken: Indices of the notes, or bool `(notes,)`.
        """
        kept = np.ones(len(self.notes.notes), bool)
        kept[taken] = False
        return self.encoder.encode(dataclasses.replace(self.notes, notes=self.notes.notes[kept]))

    def answers_without(self, *taken: np.ndarray) -> np.ndarray:
        """Returns what the model answers when some notes are taken away, or others, `(len(taken), chunks, classes)`."""
        places = np.arange(len(self.starts))
        chunks = np.concatenate([self.chunks_of(self.without(notes), places) for notes in taken])
        return self.ask(chunks).reshape(len(taken), len(places), -1)

    def ask(self, chunks: np.ndarray) -> np.ndarray:
        """Returns the probabilities of chunks, `(chunks, classes)`; those who read bags get one chunk in each."""
        chunks = chunks[:, np.newaxis] if reads_bags(self.saved.model) else chunks
        # Not `predict`, whose threads cost more than so few chunks do.
        model, firsts = self.saved.model, range(0, len(chunks), BATCH)
        return np.concatenate([model.predict_on_batch(chunks[first : first + BATCH]) for first in firsts])


def joined(probabilities: np.ndarray) -> np.ndarray:
    """Returns the answer for a piece, `(classes,)`, from those for its chunks, `(chunks, classes)`."""
    return vote(probabilities, np.zeros(len(probabilities), int))[1][0]


def require_rolls(saved: SavedModel) -> None:
    """Refuses a model in whose input no note can be pointed at.

    Raises:
        InputError: It reads something else than piano rolls.
    """
    if not isinstance(saved.encoder, PianoRoll):
        name = saved.description["encoder"]["name"]
        raise InputError(
            f"Expected a model of piano rolls, in which notes can be pointed at, but {saved.path} reads {name}; "
            "give another model."
        )


def read_with(saved: SavedModel, notes: Notes) -> ReadPiece:
    """Returns a piece as a model reads it.

    Args:
        saved: A model of piano rolls.
        notes: What `read_notes` returned.

    Raises:
        InputError: The model reads something else, or the piece has no note that it can hear.
    """
    require_rolls(saved)
    # What an ablation does depends on all notes: it must not change when one is taken away.
    heard = ablate(notes, saved.encoder.ablation)
    encoder = dataclasses.replace(saved.encoder, ablation=None)
    rows = encoder.encode(heard)
    if not len(rows.columns):
        raise InputError("The piece has no pitched note that lasts; give another.")
    return ReadPiece(saved, encoder, heard, rows)
