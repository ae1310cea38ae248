"""What is one work: pieces are joined by every evidence that they belong together.

A work is what its composer would call one work, with all movements, copies and arrangements. Each
piece brings evidence, a list of kinds and keys; pieces that share a key are one work, and so is
whoever shares one with either of them. Numbers, the list of works and the music itself speak first;
titles speak only where a name says nothing better, since "Prelude and Fugue" is the title of many works.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from features.corpora.catalogue import Piece
from features.midi.outline import melody
from features.splits import names
from features.splits.copies import find_copies
from features.splits.known_works import known_works

# Kinds of evidence, the most telling first.
KINDS = {
    "corpus": "the corpus names the work",
    "known": "one work in the list known_works.csv",
    "catalogue": "the same number in a catalogue of the composer's works",
    "opus": "the same opus",
    "number": "the same number among the composer's works of that form",
    "nickname": "the same nickname of a work of that form",
    "folder": "the same folder, which is named like one work",
    "title": "the same title",
    "melody": "the same melody from the first note to the last",
    "copy": "much of the same music",
    "file": "the same file",
}

SILENT = ("melody", "copy", "file")
"""Kinds whose keys make no name, unless there is no other."""

MIN_STEPS = 15
"""Shorter melodies (scales, chords, signals) meet by chance."""

NO_OUTLINE = np.zeros((2, 0), np.int8)


@dataclass(frozen=True)
class Evidence:
    """One reason why a piece belongs with others.

    Attributes:
        kind: One of `KINDS`.
        key: Whoever has the same key belongs to the same work, for example `Bach/bwv-528`.
    """

    kind: str
    key: str


@dataclass(frozen=True)
class Step:
    """A step from one piece to another of the same work.

    Attributes:
        first: Name of a piece.
        second: Name of another.
        reason: The evidence that they share.
    """

    first: str
    second: str
    reason: Evidence


def evidence(piece: Piece, outline: np.ndarray = NO_OUTLINE) -> list[Evidence]:
    """Returns all that one piece by itself says about its work, the most telling first.

    Args:
        piece: Its path, its label and, where the corpus knows them, its work or its title, or both. What the
            corpus knows stands instead of all that the path may say.
        outline: Steps of its outer voices, int8 of shape `(2, steps)`; the same music is the same
            work under whatever name, also another composer's.

    Returns:
        At least one evidence that no other file has.

    Example:

    >>> piece = Piece("Bach/Concertos/Bwv1041 Violin Concerto n1 1mov.mid", "Bach", read=bytes)
    >>> [found.key for found in evidence(piece)][:3]
    ['Bach/BWV 1041 = 1058', 'Bach/bwv-1041', 'Bach/violin-concerto-1']
    """
    found = [Evidence("corpus", f"{piece.composer}/{piece.work}")] if piece.work else []
    if piece.title or not piece.work:
        found += _named(piece)
    if digest := melody_digest(outline):
        found.append(Evidence("melody", f"melody/{digest}"))
    return [*found, Evidence("file", piece.piece)]


def melody_digest(outline: np.ndarray) -> str:
    """Returns a digest of the highest voice from the first note to the last, the same in any key and at any tempo.

    Args:
        outline: Steps of the outer voices of a piece, int8 of shape `(2, steps)`.

    Returns:
        32 hexadecimal digits; nothing for a voice that is too short to be told by.
    """
    highest = melody(outline)
    return blake2b(highest.tobytes(), digest_size=16).hexdigest() if len(highest) >= MIN_STEPS else ""


def assign_works(pieces: Sequence[Piece], outlines: Sequence[np.ndarray]) -> list[str]:
    """Returns the work of each piece, which does not depend on the order of the pieces.

    Args:
        pieces: The pieces of a corpus, all names different.
        outlines: Steps of the outer voices of each, int8 of shape `(2, steps)`.

    Returns:
        For each piece a readable name of its work, such as `Bach/bwv-528`; for one of successive
        numbers the first and the last of them, `Bach/bwv-846-869`. Different works have
        different names.

    Example:

    >>> paths = ["Sonata n4 1mov.mid", "Sonata n4 2mov.mid", "Sonata n5.mid"]
    >>> assign_works([Piece(path, "Haydn", read=bytes) for path in paths], [NO_OUTLINE] * 3)
    ['Haydn/sonata-4', 'Haydn/sonata-4', 'Haydn/sonata-5']
    """
    found = all_evidence(pieces, outlines)
    _, groups = connected_components(_links(found), directed=False)
    members: dict[int, Counter[Evidence]] = {}
    for group, of_piece in zip(groups[: len(pieces)], found, strict=True):
        members.setdefault(group, Counter()).update(of_piece)
    ids = {group: _name_work(counts) for group, counts in members.items()}
    return [ids[group] for group in groups[: len(pieces)]]


def explain(
    pieces: Sequence[Piece], outlines: Sequence[np.ndarray], *, first: str, second: str
) -> list[Step]:
    """Returns why two pieces are one work: the shortest way from one to the other.

    Args:
        pieces: The pieces of a corpus, all names different.
        outlines: Steps of the outer voices of each, int8 of shape `(2, steps)`.
        first: Name of one of the pieces.
        second: Name of another.

    Returns:
        Steps from the first piece to the second; none if they are not one work.

    Example:

    >>> pieces = [Piece(path, "Haydn", read=bytes) for path in ("Sonata n4 1mov.mid", "Sonata n4 2mov.mid")]
    >>> [step] = explain(pieces, [NO_OUTLINE] * 2, first=pieces[0].piece, second=pieces[1].piece)
    >>> KINDS[step.reason.kind], step.reason.key
    ("the same number among the composer's works of that form", 'Haydn/sonata-4')
    """
    found = all_evidence(pieces, outlines)
    reasons = list(_keys(found))
    index = {piece.piece: number for number, piece in enumerate(pieces)}
    _, came_from = breadth_first_order(_links(found), index[first], directed=False)
    steps, here = [], index[second]
    while here != index[first]:
        if came_from[here] < 0:
            return []
        reason = reasons[came_from[here] - len(pieces)]
        there = came_from[came_from[here]]
        steps.append(Step(pieces[there].piece, pieces[here].piece, reason))
        here = there
    return steps[::-1]


def all_evidence(pieces: Sequence[Piece], outlines: Sequence[np.ndarray]) -> list[list[Evidence]]:
    """Returns the evidence of each piece, that of pairs which hold the same music included."""
    found = [evidence(*of_piece) for of_piece in zip(pieces, outlines, strict=True)]
    for copy in find_copies(outlines):
        pair = sorted(pieces[index].piece for index in (copy.first, copy.second))
        reason = Evidence("copy", f"{' = '.join(pair)} ({copy.num_common} places, {copy.share:.0%})")
        for index in (copy.first, copy.second):
            found[index].append(reason)
    return found


def _named(piece: Piece) -> list[Evidence]:
    """Returns the evidence in the name of a piece."""
    paths = [piece.title or piece.piece, *piece.also]
    found = [item for path in paths for item in _from_path(path, piece.composer)]
    if any(kind != "title" for kind, _ in found):
        found = [(kind, key) for kind, key in found if kind != "title"]
    known = {work: None for _, key in found for work in known_works(key)}
    return [*(Evidence("known", work) for work in known), *(Evidence(*pair) for pair in dict.fromkeys(found))]


def _from_path(path: str, composer: str) -> list[tuple[str, str]]:
    """Returns kinds and keys that one name gives, its title only where it gives no other."""
    path = names.without_composer(path, composer)
    found = [("catalogue", key) for key in names.catalogue_numbers(path, composer)]
    found += [("opus", f"{composer}/{key}") for key in names.opus_numbers(path)]
    listed = {work for _, key in found for work in known_works(key)}
    for key in names.numbered_forms(path, composer):
        works = known_works(f"{composer}/{key}")
        if not listed or not works or listed & set(works):  # numbers within a form are often given wrong
            found.append(("number", f"{composer}/{key}"))
    found += [("nickname", f"{composer}/{key}") for key in names.nicknames(path)]
    found += [("folder", f"{composer}/{key}") for key in names.work_folders(path)]
    if not found and names.title(path):
        found = [("title", f"{composer}/{names.title(path)}")]
    return found


def _keys(found: Sequence[Sequence[Evidence]]) -> dict[Evidence, int]:
    """Returns the evidence that occurs, numbered."""
    return {item: number for number, item in enumerate(dict.fromkeys(i for items in found for i in items))}


def _links(found: Sequence[Sequence[Evidence]]) -> coo_array:
    """Returns a graph, `(nodes, nodes)`, that links each piece to its evidence: pieces first."""
    keys = _keys(found)
    piece_of_link = np.repeat(np.arange(len(found)), [len(items) for items in found])
    key_of_link = np.array([len(found) + keys[item] for items in found for item in items], dtype=int)
    size = len(found) + len(keys)
    return coo_array((np.ones(len(key_of_link)), (piece_of_link, key_of_link)), shape=(size, size)).tocsr()


def _name_work(counts: Counter[Evidence]) -> str:
    """Names a work after what most of its pieces say, which no other work can have; of that the most telling."""
    speaking = {item: count for item, count in counts.items() if item.kind not in SILENT} or counts
    most = max(speaking.values())
    shared = [item for item, count in speaking.items() if count == most]
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
