"""What is one work: pieces are joined by every evidence that they belong together.

A work is what its composer would call one work, with all movements, copies and arrangements. Each
piece brings evidence, a list of kinds and keys; pieces that share a key are one work, and so is
whoever shares one with either of them. Catalogue numbers and identical music speak first; titles
speak only where a name says nothing better, since "Prelude and Fugue" is the title of many works.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from features.corpora.catalogue import Piece
from features.splits import names

# Kinds of evidence, the most telling first: a work is named after the first kind it has.
KINDS = {
    "corpus": "the corpus names the work",
    "catalogue": "the same number in a catalogue of the composer's works",
    "opus": "the same opus",
    "number": "the same number among the composer's works of that form",
    "nickname": "the same nickname of a work of that form",
    "folder": "the same folder, which is named like one work",
    "title": "the same title",
    "melody": "the same music",
    "file": "the same file",
}


MIN_STEPS = 15
"""Shorter melodies (scales, chords, signals) meet by chance."""

NO_MELODY = np.zeros(0, np.int8)


@dataclass(frozen=True)
class Evidence:
    """One reason why a piece belongs with others.

    Attributes:
        kind: One of `KINDS`.
        key: Whoever has the same key belongs to the same work, for example `Bach/bwv-528`.
    """

    kind: str
    key: str


def evidence(piece: Piece, melody: np.ndarray = NO_MELODY) -> list[Evidence]:
    """Returns all that is known about the work of one piece, the most telling first.

    Args:
        piece: Its path, its label and, where the corpus knows it, its work. What the corpus knows
            stands instead of all that the path may say.
        melody: Steps of its top line, int8 of shape `(steps,)`; the same music is the same work
            under whatever name, also another composer's.

    Returns:
        At least one evidence that no other file has.

    Example:

    >>> piece = Piece("Bach/Concertos/Bwv1041 Violin Concerto n1 1mov.mid", "Bach", read=bytes)
    >>> [found.key for found in evidence(piece)]
    ['Bach/bwv-1041', 'Bach/violin-concerto-1', 'Bach/Concertos/Bwv1041 Violin Concerto n1 1mov.mid']
    """
    composer = piece.composer
    path = piece.piece.removeprefix(f"{composer}/")  # the composer's own folder is never a work
    if piece.work:
        named = [("corpus", piece.work)]
    else:
        named = [("catalogue", key) for key in names.catalogue_numbers(path, composer)]
        named += [("opus", key) for key in names.opus_numbers(path)]
        named += [("number", key) for key in names.numbered_forms(path, composer)]
        named += [("nickname", key) for key in names.nicknames(path)]
        named += [("folder", key) for key in names.work_folders(path)]
        if not named and names.title(path):
            named = [("title", names.title(path))]
    found = [Evidence(kind, f"{composer}/{key}") for kind, key in named]
    if len(melody) >= MIN_STEPS:
        found.append(Evidence("melody", f"melody/{blake2b(melody.tobytes(), digest_size=16).hexdigest()}"))
    return [*found, Evidence("file", piece.piece)]


def assign_works(pieces: Sequence[Piece], melodies: Sequence[np.ndarray]) -> list[str]:
    """Returns the work of each piece, which does not depend on the order of the pieces.

    Args:
        pieces: The pieces of a corpus, all names different.
        melodies: Steps of the top line of each, int8 of shape `(steps,)`.

    Returns:
        For each piece a readable name of its work, such as `Bach/bwv-528`; for one of successive
        numbers the first and the last of them, `Bach/bwv-846-869`. Different works have
        different names.

    Example:

    >>> paths = ["Sonata n4 1mov.mid", "Sonata n4 2mov.mid", "Sonata n5.mid"]
    >>> assign_works([Piece(path, "Haydn", read=bytes) for path in paths], [NO_MELODY] * 3)
    ['Haydn/sonata-4', 'Haydn/sonata-4', 'Haydn/sonata-5']
    """
    found = [evidence(piece, melody) for piece, melody in zip(pieces, melodies, strict=True)]
    groups = _connect(found)
    members: dict[int, set[Evidence]] = {}
    for group, of_piece in zip(groups, found, strict=True):
        members.setdefault(group, set()).update(of_piece)
    ids = {group: _name_work(shared) for group, shared in members.items()}
    return [ids[group] for group in groups]


def _connect(found: list[list[Evidence]]) -> list[int]:
    """Returns a group for each piece: the connected components of pieces and keys."""
    keys = {key: index for index, key in enumerate({item.key: None for items in found for item in items})}
    piece_of_link = np.repeat(np.arange(len(found)), [len(items) for items in found])
    key_of_link = np.array([keys[item.key] for items in found for item in items], dtype=int)
    size = len(found) + len(keys)
    links = coo_array(
        (np.ones(len(key_of_link)), (piece_of_link, len(found) + key_of_link)), shape=(size, size)
    )
    _, groups = connected_components(links, directed=False)
    return groups[: len(found)].tolist()


def _name_work(shared: set[Evidence]) -> str:
    """Names a work after its first key of the most telling kind, which no other work can have."""
    kind = min((item.kind for item in shared), key=list(KINDS).index)
    keys = sorted((item.key for item in shared if item.kind == kind), key=_natural)
    prefix, _, number = keys[0].rpartition("-")
    if kind == "catalogue" and number.isdigit() and len(keys) > 1:
        last = int(number) + len(keys) - 1
        if keys == [f"{prefix}-{n}" for n in range(int(number), last + 1)]:
            return f"{keys[0]}-{last}"
    return keys[0]


def _natural(key: str) -> tuple[list, str]:
    """Sorts numbers by their value: bwv-9 before bwv-10."""
    words_and_numbers = re.split(r"(\d+)", key)
    return [int(part) if index % 2 else part for index, part in enumerate(words_and_numbers)], key
