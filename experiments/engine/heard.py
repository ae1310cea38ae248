"""What a model has heard, known in any corpus: as files, as music and as works."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np

from features.corpora.catalogue import Piece
from features.datasets import Dataset
from features.splits.works import evidence, melody_digest

UNHEARD = ""

SAME_FILE, SAME_MUSIC, SAME_WORK = "same file", "same music", "same work"

REASONS = {
    SAME_FILE: "byte by byte a file that was heard",
    SAME_MUSIC: "the same music as in a file that was heard, in any key, at any tempo",
    SAME_WORK: "another movement or arrangement of a work that was heard",
}
"""Why a piece counts as heard, the surest first."""


@dataclass(frozen=True)
class Heard:
    """Pieces that a model has heard.

    Attributes:
        contents: SHA-256 of their files.
        works: Their works.
        melodies: Digests of their highest voices, the same in any key and at any tempo; none of those too short to be
            told by.
        knows_melodies: Whether digests were kept of all of them; without, music in other files is known by the name
            of its work alone.
    """

    contents: frozenset[str] = frozenset()
    works: frozenset[str] = frozenset()
    melodies: frozenset[str] = frozenset()
    knows_melodies: bool = True

    @classmethod
    def of(cls, pieces: Sequence[Mapping[str, str]]) -> "Heard":
        """Returns what `model.json` tells of pieces, as `pieces_heard` wrote it; older files have no melodies.

        Raises:
            KeyError: A piece lacks its file or its work.
        """
        return cls(
            frozenset(piece["content"] for piece in pieces),
            frozenset(piece["work"] for piece in pieces),
            frozenset(piece["melody"] for piece in pieces if piece.get("melody")),
            all("melody" in piece for piece in pieces),
        )

    @classmethod
    def by(cls, description: Mapping[str, Any]) -> "Heard":
        """Returns what a model was trained or validated on, by its `model.json`."""
        return cls.of([*description.get("trained_on", ()), *description.get("validated_on", ())])

    def reason(self, content: str, outline: np.ndarray) -> str:
        """Returns why a single piece counts as heard, whatever work it is of; empty if it does not.

        Args:
            content: SHA-256 of its file.
            outline: Steps of its outer voices, int8 of shape `(2, steps)`.
        """
        if content in self.contents:
            return SAME_FILE
        return SAME_MUSIC if melody_digest(outline) in self.melodies else UNHEARD

    def named_work(self, name: str, composer: str) -> str:
        """Returns which of the works that were heard the name of a file tells of; empty if it tells of none.

        Args:
            name: Its path, of which the file and its folder tell.
            composer: Whose the work should be; empty for nobody's.

        Example:
            >>> Heard(works=frozenset({"Chopin/op-6"})).named_work("Mazurka op. 6 no. 2.mid", "Chopin")
            'Chopin/op-6'
        """
        piece = Piece("/".join(PurePath(name).parts[-2:]), composer, read=bytes)
        return next((found.key for found in evidence(piece) if composer and found.key in self.works), "")

    def reasons(self, dataset: Dataset) -> list[str]:
        """Returns for each piece of a data set why it counts as heard, one of `REASONS`; empty if it does not.

        What the data set holds for one work with anything that was heard is heard, whatever it is called there.
        """
        found = [self.reason(*of) for of in zip(dataset.contents, dataset.outlines, strict=True)]
        works = self.works | {work for work, reason in zip(dataset.works, found, strict=True) if reason}
        return [
            reason or (SAME_WORK if work in works else UNHEARD)
            for work, reason in zip(dataset.works, found, strict=True)
        ]


def pieces_heard(dataset: Dataset, pieces: Sequence[int]) -> list[dict[str, str]]:
    """Returns how `model.json` tells pieces, to know them in any corpus: by file, work and notes.

    Args:
        dataset: What a model was trained on.
        pieces: Which of its pieces.
    """
    return [
        {
            "content": dataset.contents[piece],
            "work": dataset.works[piece],
            "melody": melody_digest(dataset.outlines[piece]),
        }
        for piece in pieces
    ]
