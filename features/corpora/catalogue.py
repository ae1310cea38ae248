"""What a corpus is: a list of pieces, each with a label and a way to read its bytes."""

import difflib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from features.errors import InputError

LIKE = 0.7
"""How much alike names are that may be meant: Betoven is like Beethoven, Brahms is not like Bach."""

IN_DOUBT, SAME_BYTES = "label in doubt: ", "the same bytes as "
"""How reasons begin for which a corpus itself leaves pieces out."""

MOST_NAMED = 10
"""Composers that are listed where no name is like the wanted one."""


@dataclass(frozen=True, order=True)
class Piece:
    """One file of a corpus.

    Attributes:
        piece: Its name within the corpus: a relative path with `/` between its parts.
        composer: Its label.
        read: Returns the bytes of its MIDI file.
        work: The work it belongs to, where the corpus itself knows; otherwise empty,
            and `features.splits.works` finds out.
        title: What it is called, where the corpus knows that its name says it wrong; otherwise empty.
        also: Other names of the same file, which tell of its work too.
        left_out: Why the corpus leaves it out, for example because its label is in doubt;
            empty if it does not.
        remark: How the corpus knows that its name, or its folder's, says it wrong; empty if it need not say.
        facts: What else the corpus knows: `era`, `year`, `style`; `writer`, where `composer` is a group; `side`, where
            the corpus has a split of its own.
        label: What is asked of it, where that is not the composer; see `features.corpora.labels`.
    """

    piece: str
    composer: str
    read: Callable[[], bytes] = field(compare=False, repr=False)
    work: str = ""
    title: str = ""
    also: tuple[str, ...] = ()
    left_out: str = ""
    remark: str = ""
    facts: Mapping[str, str] = field(default_factory=dict, compare=False)
    label: str = ""


@dataclass(frozen=True)
class Request:
    """What somebody asks of a corpus.

    Attributes:
        composers: The labels wanted; empty for all of them.
        pieces: Which list of pieces: `"reference"` (as they stand) or `"clean"`.
        data_home: A zip file, a folder or a CSV file that the user has, or None.
        cache_dir: Where a corpus may keep what was expensive to make.
        download: Whether the corpus may be fetched from the network.
    """

    composers: tuple[str, ...] = ()
    pieces: str = "reference"
    data_home: Path | None = None
    cache_dir: Path = Path(".cache")
    download: bool = False


def check_list(request: Request, corpus: str, lists: Sequence[str] = ("reference",)) -> None:
    """Makes sure that a corpus has the list of pieces that is asked for.

    Raises:
        InputError: It has not.
    """
    if request.pieces not in lists:
        raise InputError(
            f"{corpus} has no pieces {request.pieces!r}, only {' and '.join(map(repr, lists))}; "
            f"use --pieces {lists[0]}."
        )


def select_composers(pieces: Iterable[Piece], composers: Sequence[str]) -> list[Piece]:
    """Returns the pieces of the wanted composers, sorted by name.

    Args:
        pieces: All pieces of a corpus.
        composers: The labels wanted, in any form of Unicode; empty for all of them.

    Raises:
        InputError: A wanted composer has no piece; the message says why, and names who is there.
    """
    pieces, composers = sorted(pieces), [composed(name) for name in composers]
    present = Counter(piece.composer for piece in pieces if not piece.left_out)
    missing = [composer for composer in composers if composer not in present]
    if missing:
        raise InputError(f"{_why_missing(missing, pieces)}; {_who_is_there(missing, present)}.")
    return [piece for piece in pieces if not composers or piece.composer in composers]


def composed(name: str) -> str:
    """Returns a name with each accented letter as one character (NFC): macOS writes two, nobody sees which.

    Example:
        >>> len("Fauré"), len("Faure\u0301"), len(composed("Faure\u0301"))
        (5, 6, 5)
    """
    return unicodedata.normalize("NFC", name)


def _why_missing(missing: Sequence[str], pieces: Sequence[Piece]) -> str:
    left_out: dict[str, str] = {}
    for piece in pieces:
        if piece.composer in missing and piece.left_out:
            left_out.setdefault(piece.composer, f"{piece.piece}: {piece.left_out}")
    reasons = [f"all by {composer} are left out, the first {reason}" for composer, reason in left_out.items()]
    return "; ".join([f"No pieces by {', '.join(missing)} in this corpus", *reasons])


def _who_is_there(missing: Sequence[str], present: Counter[str]) -> str:
    """Says which composers' names are like those that are missing; if none, who has the most pieces."""
    if not present:
        return "it has no pieces at all"
    by_name = {name.casefold(): name for name in present}
    near = [
        by_name[found]
        for composer in missing
        for found in difflib.get_close_matches(composer.casefold(), by_name, n=3, cutoff=LIKE)
    ]
    if near:
        return f"nearest are {', '.join(dict.fromkeys(near))}; choose among its composers with --composers"
    most = ", ".join(f"{name} ({count})" for name, count in present.most_common(MOST_NAMED))
    more = f" and {len(present) - MOST_NAMED} more" if len(present) > MOST_NAMED else ""
    return f"it has {most}{more}; choose among these with --composers"
