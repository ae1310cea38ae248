"""Protocols: what is held out, and so what a score means.

Every protocol ends in one label a chunk, `"train"`, `"validation"` or `"test"`, which serves them
all alike. The seed here belongs to the split: it decides which works are in which fold and stays
the same (42) over all training seeds, so that runs which differ in their training seed are scored
on the same works.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.errors import InputError
from features.splits.holding_out import (
    NO_SIDE,
    TEST,
    TRAIN,
    VALIDATION,
    count_groups,
    hold_out_groups,
    hold_out_sources,
    take_given_sides,
)
from features.splits.rare import hold_out_few, hold_out_few_sources
from features.splits.writers import hold_out_writers

PROTOCOLS = {
    "work": "Whole works are held out, stratified by composer: the honest score (default).",
    "source": "Whole sequencers' collections are held out, and no work is divided: what to expect of a new corpus.",
    "near_duplicate": "Whole groups of files with the same music, in any key, at any tempo; names say nothing here.",
    "file": "Whole files are held out; other copies and movements may have been heard: what peers report.",
    "composer": "All that somebody wrote is held out: what an age or a style sounds like, by whomever it is.",
    "given": "The corpus' own training, validation and test parts, where it has some.",
    "chunk": "Shuffled chunks, 80/20: leaky, each file is on all sides; only to compare with the reference.",
}


@dataclass(frozen=True, eq=False)
class Split:
    """Which side every chunk is on.

    Attributes:
        chunk_split: `(chunks,)` of `"train"`, `"validation"` or `"test"`, in the order of the
            chunks of the data set: piece by piece; `""` is on no side.

    Example:

    >>> Split(np.array(["train", "test", "train"])).indices(TRAIN)
    array([0, 2])
    """

    chunk_split: np.ndarray

    def indices(self, side: str) -> np.ndarray:
        """Returns the chunks on one side, `(count,)` int64, ascending."""
        return np.flatnonzero(self.chunk_split == side)


def make_split(
    protocol: str,
    fold: int,
    *,
    composers: Sequence[str],
    pieces: Sequence[str],
    works: Sequence[str],
    num_chunks: Sequence[int],
    sources: Sequence[str] = (),
    near_duplicates: Sequence[str] = (),
    writers: Sequence[str] = (),
    given: Sequence[str] = (),
    num_folds: int = 5,
    seed: int = 42,
    rare: str = "refuse",
) -> Split:
    """Splits a data set by one protocol.

    Under `work`, `near_duplicate` and `file` the test side is fold number `fold` of `num_folds`, and the validation
    side is taken from the other folds in the same way; neither depends on the order of the pieces.
    Under `source` both are whole sources, and of works that two sides would share, one keeps all
    pieces and the others' are on no side; the test side keeps all of its pieces. Under `composer` both are all that
    some composers wrote, and of works that two sides would share the same holds.
    Under `given` the sides are those of the corpus; works may be on several.
    Under `chunk`, which is **leaky**, the test side is a fifth of all chunks, shuffled as the
    reference notebook did it (`train_test_split`, seed 42), and the validation side a tenth of
    the rest; the reference has one such split, so there is only fold 0.

    Args:
        protocol: One of `PROTOCOLS`.
        fold: The fold held out, `0` to `num_folds - 1`.
        composers: The label of each piece.
        pieces: The name of each piece, all different.
        works: The work of each piece, from `features.splits.works`.
        num_chunks: `(pieces,)`, the number of chunks of each piece.
        sources: The source of each piece, from `features.splits.sources`; only `source` needs them.
        near_duplicates: The group of each piece, from `features.splits.near_duplicates`; only `near_duplicate`
            needs them.
        writers: Who wrote each piece, where its label is something else; only `composer` needs them.
        given: The side of each piece, as the corpus divides it; only `given` needs them.
        num_folds: At least 3.
        seed: Of the split, not of the training.
        rare: What becomes of composers with too few works (or files, or sources) to be on each side of each
            fold: `"refuse"`, or `"train"`, see `features.splits.rare`. Then no composer need be tested or
            validated, but under `work`, `near_duplicate` and `file` each is in training, in every fold.

    Raises:
        InputError: Protocol or fold is not known, or a composer has too few works (or files, or
            sources) to be on each side, or a side has nothing at all.

    Example:

    >>> names = [f"{composer} {number}" for composer in ("Bach", "Chopin") for number in range(5)]
    >>> split = make_split("work", 0, composers=[name.split()[0] for name in names],
    ...                    pieces=names, works=names, num_chunks=[2] * 10)
    >>> [len(split.indices(side)) for side in (TRAIN, VALIDATION, TEST)]
    [12, 4, 4]
    """
    if protocol not in PROTOCOLS:
        raise InputError(f"There is no protocol {protocol!r}; choose one of {', '.join(PROTOCOLS)}.")
    if protocol == "chunk":
        chunk_split = _shuffle_chunks(sum(num_chunks), fold, seed)
    else:
        order = np.argsort(np.asarray(pieces))
        by_piece = {"piece": pieces, "work": works, "composer": composers, "source": sources}
        by_piece |= {"near_duplicate": near_duplicates, "writer": writers, "given": given}
        sorted_by = {name: np.asarray(values)[order] for name, values in by_piece.items() if len(values)}
        piece_split = np.empty(len(pieces), dtype="U10")
        piece_split[order] = _hold_out(protocol, sorted_by, fold, num_folds, seed, rare)
        chunk_split = np.repeat(piece_split, num_chunks)
    split = Split(chunk_split)
    if rare == "refuse":
        _check_every_composer_on_every_side(split, composers, works, num_chunks)
    _check_no_side_is_empty(split, protocol, fold)
    return split


def audit(
    split: Split,
    *,
    num_chunks: Sequence[int],
    works: Sequence[str] = (),
    sources: Sequence[str] = (),
    near_duplicates: Sequence[str] = (),
    composers: Sequence[str] = (),
) -> None:
    """Refuses a split that has on two sides what the law of its protocol keeps together.

    Args:
        split: What `make_split` returned.
        num_chunks: `(pieces,)`, the number of chunks of each piece.
        works: The work of each piece, for the protocols `work`, `source` and `composer`; empty to leave it out, as the
            others are.
        sources: The source of each piece, for the protocol `source`.
        near_duplicates: The group of each piece, for the protocol `near_duplicate`.
        composers: Who wrote each piece, for the protocol `composer`.

    Raises:
        InputError: A work, a source, a composer or a group of near-duplicates is on two sides; the message names it.
    """
    kinds = {"work": works, "source": sources, "near_duplicate": near_duplicates, "composer": composers}
    for kind, groups in kinds.items():
        if len(groups):
            _check_undivided(split, kind, groups, num_chunks)


def _check_undivided(split: Split, kind: str, groups: Sequence[str], num_chunks: Sequence[int]) -> None:
    side_of: dict[str, str] = {}
    for group, side in zip(np.repeat(np.asarray(groups), num_chunks), split.chunk_split, strict=True):
        first = side_of.setdefault(group, side) if side != NO_SIDE else side
        if side != first:
            raise InputError(
                f"The {kind} {group} is on two sides of the split, {first} and {side}: the score would not be "
                f"one on unheard {kind}s. Make the split again with the protocol {kind}."
            )


def _hold_out(
    protocol: str, by_piece: dict[str, np.ndarray], fold: int, num_folds: int, seed: int, rare: str
) -> np.ndarray:
    """Returns the side of each piece, `(pieces,)`, for pieces in the order of their names."""
    composers, works = by_piece["composer"], by_piece["work"]
    if protocol == "source":
        if "source" not in by_piece:
            raise ValueError("The protocol source needs the source of each piece; pass sources.")
        divide = hold_out_sources if rare == "refuse" else hold_out_few_sources
        return divide(composers, by_piece["source"], works, fold, num_folds, seed)
    if protocol == "given":
        return take_given_sides(by_piece.get("given"), fold)
    if protocol == "composer":
        if "writer" not in by_piece:
            raise ValueError("The protocol composer needs who wrote each piece; pass writers.")
        return hold_out_writers(composers, by_piece["writer"], works, fold, num_folds, seed, rare=rare)
    if protocol == "near_duplicate" and protocol not in by_piece:
        raise ValueError("The protocol near_duplicate needs the group of each piece; pass near_duplicates.")
    groups = by_piece["piece" if protocol == "file" else protocol]
    divide = hold_out_groups if rare == "refuse" else hold_out_few
    return divide(composers, groups, fold, num_folds, seed, protocol)


def _shuffle_chunks(total: int, fold: int, seed: int) -> np.ndarray:
    """Returns the side of each chunk, `(chunks,)`, as the reference notebook drew it."""
    from sklearn.model_selection import train_test_split

    if fold != 0:
        raise InputError(f"The protocol chunk has one split, fold 0, as the reference has; not fold {fold}.")
    if total < 5:
        raise InputError(f"The protocol chunk needs at least 5 chunks, not {total}; take more pieces.")
    rest, test = train_test_split(np.arange(total), test_size=0.2, random_state=seed)
    _, validation = train_test_split(rest, test_size=0.1, random_state=seed)
    sides = np.full(total, TRAIN, dtype="U10")
    sides[test] = TEST
    sides[validation] = VALIDATION
    return sides


def _check_every_composer_on_every_side(
    split: Split, composers: Sequence[str], works: Sequence[str], num_chunks: Sequence[int]
) -> None:
    counts = count_groups(np.asarray(composers), np.asarray(works))
    chunk_composers = np.repeat(np.asarray(composers), num_chunks)
    for side in (TRAIN, VALIDATION, TEST):
        missing = sorted(counts.keys() - set(chunk_composers[split.indices(side)]))
        if missing:
            raise InputError(
                f"No chunk by {missing[0]} ({counts[missing[0]]} works) is in the {side} part. "
                "Leave this composer out, take fewer folds (3 at least), or another protocol."
            )


def _check_no_side_is_empty(split: Split, protocol: str, fold: int) -> None:
    for side in (TRAIN, VALIDATION, TEST):
        if not len(split.indices(side)):
            raise InputError(
                f"Nothing is in the {side} part of fold {fold} under the protocol {protocol}: too few composers have "
                "several works or sources. Take fewer folds (3 at least), another protocol, or more composers."
            )
