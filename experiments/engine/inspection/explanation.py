"""Why two pieces are one work, or are not, in words."""

import difflib
from collections.abc import Sequence
from pathlib import PurePosixPath

from features.corpora.catalogue import Piece, composed
from features.datasets import Dataset
from features.errors import InputError
from features.splits.works import KINDS, Evidence, evidence, explain
from features.words import counted

MOST_NAMED = 5
"""Names that are listed where a part of a name fits several."""


def explain_pair(pieces: Sequence[Piece], dataset: Dataset, first: str, second: str) -> str:
    """Returns the chain of evidence between two pieces, or what each says of itself if there is none.

    Args:
        pieces: The pieces of the corpus, as its `load` returned them.
        dataset: The same, read and encoded.
        first: Name of a piece, or a part of it that no other has.
        second: That of another.

    Raises:
        InputError: No piece, or several, have such a name.
    """
    first, second = (find_piece(dataset, name) for name in (first, second))
    index = {name: number for number, name in enumerate(dataset.pieces)}
    work, other = (dataset.works[index[name]] for name in (first, second))
    if first == second:
        return f"Both names mean {first}, of the work {work}; name two pieces."
    kept = [piece for piece in pieces if piece.piece in index]
    steps = explain(kept, dataset.outlines, first=first, second=second)
    if steps:
        lines = [f"One work, {work} ({_count(dataset, work)}):", f"  {first}", *_told(kept[index[first]])]
        for step in steps:
            lines += [f"    {describe(step.reason)}", f"  {step.second}", *_told(kept[index[step.second]])]
        return "\n".join(lines)
    lines = ["Two works: nothing that is known leads from one to the other."]
    for name, of_work in ((first, work), (second, other)):
        lines.append(f"  {name}, of the work {of_work} ({_count(dataset, of_work)})")
        lines += _told(kept[index[name]])
        found = evidence(kept[index[name]], dataset.outlines[index[name]])
        lines += [f"    {describe(reason)}" for reason in found if reason.kind not in ("melody", "file")]
    return "\n".join(lines)


def _told(piece: Piece) -> list[str]:
    """Returns lines with what the corpus knows of a file beside its name."""
    lines = [f"    the corpus calls it: {piece.title}"] if piece.title else []
    lines += [f"    the corpus says of it: {piece.remark}"] if piece.remark else []
    return [*lines, *(f"    the same file is also: {name}" for name in piece.also)]


def describe(reason: Evidence) -> str:
    """Returns a piece of evidence in words.

    Example:
        >>> describe(Evidence("catalogue", "Bach/bwv-846"))
        "the same number in a catalogue of the composer's works: Bach/bwv-846"
        >>> describe(Evidence("melody", "melody/0123456789abcdef"))
        'the same melody from the first note to the last'
    """
    return KINDS[reason.kind] if reason.kind == "melody" else f"{KINDS[reason.kind]}: {reason.key}"


def find_piece(
    dataset: Dataset, name: str, *, flag: str = "--why", table: str = "pieces.csv, written with --output,"
) -> str:
    """Returns the one piece with this name, or with this part in its name; capitals do not count.

    Args:
        dataset: The pieces.
        name: A name, or a part of one.
        flag: Of the command line, after which the name was given.
        table: Where all names can be read.

    Raises:
        InputError: There is none, or several; the message lists some.
    """
    if not name.strip():
        raise InputError(
            f"Expected the name of a piece after {flag}, but received {name!r}; give a part of a name."
        )
    name = composed(name)
    left_out = {left.piece: left.reason for left in dataset.left_out}
    if name in dataset.pieces:
        return name
    matching = [piece for piece in (*dataset.pieces, *left_out) if name.casefold() in piece.casefold()]
    kept = [piece for piece in matching if piece not in left_out]
    if len(kept) == 1:
        return kept[0]
    if kept:
        named = "; ".join(kept[:MOST_NAMED]) + ("; ..." if len(kept) > MOST_NAMED else "")
        raise InputError(
            f"{len(kept)} pieces have {name!r} in their name: {named}. Give a longer part of one."
        )
    if matching:
        raise InputError(f"{matching[0]} is left out: {left_out[matching[0]]}.")
    near = _nearest(name, dataset.pieces)
    hint = f"the nearest are {'; '.join(near)}" if near else f"{table} has them all"
    raise InputError(f"No piece has {name!r} in its name; {hint}.")


def _count(dataset: Dataset, work: str) -> str:
    return counted(dataset.works.count(work), "piece")


def _nearest(name: str, pieces: Sequence[str]) -> list[str]:
    """Returns the pieces whose file names, without folders and suffix, are most like a name."""
    by_stem = {PurePosixPath(piece).stem.casefold(): piece for piece in pieces}
    stem = PurePosixPath(name).name.casefold()
    return [by_stem[found] for found in difflib.get_close_matches(stem, by_stem, n=MOST_NAMED, cutoff=0.4)]
