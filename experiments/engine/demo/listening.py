"""What the page is told of a piece: its notes to draw and play, who may have written it, and which notes decided."""

from threading import Lock
from typing import Any

from experiments.engine.predicting.asking import Asker
from experiments.engine.predicting.presenting import NONE, sentence_on, timeline_rows
from features.errors import InputError
from features.in_memory import dataset_of_file
from features.midi import Notes, read_events, read_notes

MAX_BYTES = 2**20
"""Of a file: twice the largest of four thousand files of classical music, a symphony."""

LONGEST_S = 3600
"""An hour of music is answered for in seconds."""

LONGEST_EXPLAINED_S = 480
"""Attribution takes many times as long as an answer."""

MOST_NOTES = 20_000
"""Notes that a page draws and plays without getting stuck."""


class Ear:
    """Hears pieces for the page, one at a time.

    Args:
        asker: Whom it asks.
    """

    def __init__(self, asker: Asker):
        self.asker = asker
        self._lock = Lock()

    def close(self) -> None:
        """Waits until nothing is computed any more, and lets nobody begin: a program must not end in the middle."""
        self._lock.acquire()

    def listen(self, data: bytes) -> dict[str, Any]:
        """Returns the notes of a piece, without saying whose it is.

        Raises:
            InputError: It cannot be read, or is too long.
        """
        with self._lock:
            notes = _sounding(_read(data))
        shown = notes[:MOST_NOTES]
        return {
            "seconds": round(float(notes["end_s"].max()), 3),
            "num_notes": len(notes),
            "notes": [
                [round(float(start), 3), round(float(end), 3), int(pitch), int(velocity)]
                for start, end, pitch, velocity in shown[["start_s", "end_s", "pitch", "velocity"]].tolist()
            ],
        }

    def answer(self, data: bytes) -> dict[str, Any]:
        """Returns who may have written a piece, in all and chunk by chunk.

        Raises:
            InputError: It cannot be read, or is too long.
        """
        with self._lock:
            _read(data)
            answer = self.asker.answer(dataset_of_file("", data, self.asker.saved.encoder))
        return {
            "ranking": answer.ranking,
            "answer": NONE if answer.is_none else answer.ranking[0][0],
            "timeline": timeline_rows(answer),
            "in_training": answer.was_heard,
            "remark": sentence_on(self.asker),
        }

    def has_heard(self, title: str, composer: str | None, data: bytes) -> bool:
        """Returns whether the model was trained on a piece, or by its title on the work that it is of."""
        with self._lock:
            heard = self.asker.saved.trained_on
            return bool(heard.named_work(title, composer or "")) or self.asker.ask("", data).was_heard

    def why(self, data: bytes) -> dict[str, Any]:
        """Returns which notes speak most for the composer who is answered.

        Raises:
            InputError: It cannot be read, or its notes cannot be weighed.
        """
        from experiments.engine.explaining import note_attributions, top_notes

        with self._lock:
            notes = _read(data)
            if _sounding(notes)["end_s"].max() > LONGEST_EXPLAINED_S:
                raise InputError(
                    f"Which notes decided is found out for pieces of up to {LONGEST_EXPLAINED_S // 60} minutes."
                )
            dataset = dataset_of_file("", data, self.asker.saved.encoder)
            composer = self.asker.answer(dataset).ranking[0][0]
            explained = note_attributions(self.asker.saved, notes, composer=composer, methods=("gradients",))
        of_piece, weights = explained.piece.notes.notes, explained.weights["gradients"]
        deciding = [index for index in top_notes(weights) if weights[index] > 0]
        return {
            "composer": explained.composer,
            "notes": [
                [round(float(start), 3), round(float(end), 3), int(pitch)]
                for start, end, pitch in of_piece[deciding][["start_s", "end_s", "pitch"]].tolist()
            ],
        }


def _read(data: bytes) -> Notes:
    notes = read_notes(read_events(data))
    sounding = _sounding(notes)
    if len(sounding) == 0:
        raise InputError("There is no pitched note in it that lasts; choose another.")
    if sounding["end_s"].max() > LONGEST_S:
        raise InputError(f"It lasts longer than {LONGEST_S // 60} minutes; choose something shorter.")
    return notes


def _sounding(notes: Notes) -> Any:
    """The notes that have a pitch, in order of time."""
    found = notes.notes[~notes.notes["is_drum"] & (notes.notes["end_s"] > notes.notes["start_s"])]
    return found[found["start_s"].argsort(kind="stable")]
