"""What is asked of a piece: who wrote it, or in which age it was written.

A label is a function from a piece to a word. The piece keeps its composer, by whom works are known and, if
that is wanted, held out.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from features.corpora.catalogue import Piece
from features.corpora.composers import ERAS, describe_composer, find_composer, match_composer
from features.errors import InputError

OTHER = "Other"
"""The class of pieces with a rare label."""

IN_TIME = ("Medieval", *ERAS[:-1], "Early 20th century", ERAS[-1], OTHER)
"""All eras that a corpus is known to name, in the order of time."""

YEARS_BEGIN = (1600, 1750, 1820, 1900)
"""First year of each era but the first, by when a piece was written; by birth see `composers.ERAS_BEGIN`."""


def era_of_year(year: int) -> str:
    """Returns the era of a piece that was written in a year.

    Example:
        >>> era_of_year(1599), era_of_year(1750), era_of_year(1913)
        ('Renaissance', 'Classical', 'Modern')
    """
    return ERAS[bisect_right(YEARS_BEGIN, year)]


def era_of_piece(piece: Piece) -> str:
    """Returns what the corpus says of the era, else what the year of the piece says, else that of its composer."""
    if piece.facts.get("era"):
        return piece.facts["era"]
    if piece.facts.get("year"):
        return era_of_year(int(piece.facts["year"]))
    return describe_composer(writer_of(piece)).era


def writer_of(piece: Piece) -> str:
    """Returns who wrote a piece, also where its composer's label stands for several, or is one of several spellings.

    Example:
        >>> writer_of(Piece("Haendel/Fugue.mid", "Haendel", bytes))
        'Handel'
    """
    name = piece.facts.get("writer", piece.composer)
    return find_composer(name) or name


def composer_meant(piece: Piece, classes: Sequence[str]) -> tuple[str, str | None]:
    """Returns what a piece says of its composer, and whom of the model that means."""
    labels = (piece.composer, writer_of(piece))
    return next(
        ((label, name) for label in labels if (name := match_composer(label, classes))), (labels[-1], None)
    )


def year_of(facts: Mapping[str, str]) -> float | None:
    """Returns the year of a piece, else the middle of its composer's life; None where nobody knows.

    Args:
        facts: What the corpus knows of it, `writer` included.

    Example:
        >>> year_of({"writer": "Bach", "year": "1722"}), year_of({"writer": "Bach"}), year_of({"writer": "Nobody"})
        (1722.0, 1717.5, None)
    """
    if facts.get("year"):
        return float(facts["year"])
    one = describe_composer(facts["writer"])
    return (one.born + one.died) / 2 if one.born and one.died else None


LABELS: Mapping[str, Callable[[Piece], str]] = {"composer": lambda piece: "", "era": era_of_piece}
"""What can be asked, and the answer for a piece; empty if it is not known. A composer is known as it is."""


def in_order(labels: Iterable[str]) -> list[str]:
    """Returns labels in the order in which classes are shown: that of the alphabet, eras in that of time.

    Example:
        >>> in_order(["Modern", "Other", "Baroque"]), in_order(["Liszt", "Bach"])
        (['Baroque', 'Modern', 'Other'], ['Bach', 'Liszt'])
    """
    return sorted(labels, key=lambda name: (IN_TIME.index(name) if name in IN_TIME else -1, name))


def label_pieces(
    pieces: Sequence[Piece], label: str, *, min_pieces: int = 1, classes: Collection[str] = ()
) -> list[Piece]:
    """Returns the pieces with the labels that are asked for.

    Args:
        pieces: As a corpus returned them.
        label: One of `LABELS`; for `"composer"` the pieces stay as they are.
        min_pieces: Labels with fewer pieces become `OTHER`. Pieces of which nobody knows are left out: they are no age.
        classes: The classes of a model, which stand instead of `min_pieces`: all labels but these become `OTHER`.

    Raises:
        InputError: There is no such label.

    Example:
        >>> pieces = [Piece(name, name, read=bytes) for name in ("Bach", "Handel", "Mozart", "Nobody")]
        >>> labelled = label_pieces(pieces, "era", min_pieces=2)
        >>> [piece.label for piece in labelled], labelled[3].left_out
        (['Baroque', 'Baroque', 'Other', 'Other'], 'its era is not known')
    """
    if label not in LABELS:
        raise InputError(f"Nothing is known of {label!r}; what can be asked is {', '.join(LABELS)}.")
    if label == "composer":
        return list(pieces)
    labels = [LABELS[label](piece) for piece in pieces]
    counts = Counter(name for name, piece in zip(labels, pieces, strict=True) if not piece.left_out)
    kept = set(classes) or {name for name, count in counts.items() if count >= min_pieces}
    return [
        replace(
            piece,
            label=name if name and name in kept else OTHER,
            left_out=piece.left_out or ("" if name else f"its {label} is not known"),
        )
        for piece, name in zip(pieces, labels, strict=True)
    ]
