"""What a corpus is: a list of pieces, each with a label and a way to read its bytes."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from features.errors import InputError


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
    """

    piece: str
    composer: str
    read: Callable[[], bytes] = field(compare=False, repr=False)
    work: str = ""
    title: str = ""
    also: tuple[str, ...] = ()
    left_out: str = ""


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
        composers: The labels wanted; empty for all of them.

    Raises:
        InputError: A wanted composer has no piece; the message names who is there.
    """
    pieces = sorted(pieces)
    present = Counter(piece.composer for piece in pieces if not piece.left_out)
    missing = [composer for composer in composers if composer not in present]
    if missing:
        known = ", ".join(f"{name} ({count})" for name, count in present.most_common())
        raise InputError(
            f"No pieces by {', '.join(missing)} in this corpus; it has {known or 'no pieces at all'}. "
            "Choose among these with --composers."
        )
    return [piece for piece in pieces if not composers or piece.composer in composers]
