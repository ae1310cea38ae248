"""Rare composers: their few works are dealt out as far as they go, and training always keeps one.

Of a composer with one work nothing can be tested: the network would have to name somebody it has never heard. With a
few works each of them is tested once, in one fold or another, and the others train. Composers with a group for every
part are dealt out as if they were alone, so that nobody's rare works change how Bach is divided.

A group is what must not be divided: a work, a file, or a source.
"""

import numpy as np

from features.errors import InputError
from features.splits.holding_out import (
    ATTEMPTS,
    NO_SIDE,
    TEST,
    TRAIN,
    VALIDATION,
    VALIDATION_PARTS,
    check_folds,
    folds_of,
    keep_works_on_one_side,
    unevenness,
)

STAYS = -1
"""The part of a group that is in training whatever part is held out."""


def deal_groups(
    composers: np.ndarray, groups: np.ndarray, num_parts: int, seed: int, *, keep_one: bool = True
) -> np.ndarray:
    """Returns the part of each piece, `(pieces,)`, with every group in one part and a composer's few ones in several.

    Args:
        composers: `(pieces,)`; the pieces sorted by name, so that nothing depends on their order.
        groups: `(pieces,)`, what must not be divided; composers may share one.
        num_parts: Into how many parts.
        seed: Of the shuffle.
        keep_one: Whether no part may hold all groups of a composer; a group that is the only one of somebody `STAYS`.

    Example:

    >>> composers, groups = np.array(list("AAABBC")), np.array(["a1", "a2", "a3", "b1", "b2", "c1"])
    >>> parts = deal_groups(composers, groups, 3, 0)
    >>> sorted(parts[:3].tolist()), len(set(parts[3:5].tolist())), parts[5].tolist()
    ([0, 1, 2], 2, -1)
    """
    group_names, group_of = np.unique(groups, return_inverse=True)
    composer_names, composer_of = np.unique(composers, return_inverse=True)
    has = np.zeros((len(group_names), len(composer_names)), dtype=bool)
    has[group_of, composer_of] = True
    stays = has[:, has.sum(axis=0) == 1].any(axis=1) & keep_one
    is_frequent = has[~stays].sum(axis=0) >= num_parts
    part_of = np.full(len(group_names), STAYS)
    dealt = is_frequent[composer_of] & ~stays[group_of]
    if dealt.any():
        part_of[group_of[dealt]] = folds_of(composers[dealt], groups[dealt], num_parts, seed)
    few = np.flatnonzero(~stays & ~has[:, is_frequent].any(axis=1))
    _deal_few(part_of, few, has, np.bincount(group_of), np.random.default_rng(seed).permutation(num_parts))
    if keep_one:
        _keep_one(part_of, has, np.bincount(group_of))
    return part_of[group_of]


def hold_out_few(
    composers: np.ndarray, groups: np.ndarray, fold: int, num_folds: int, seed: int, kind: str
) -> np.ndarray:
    """Returns the side of each piece, `(pieces,)`, with every group on one side and some of every composer in training.

    Args:
        composers: `(pieces,)`; the pieces sorted by name.
        groups: `(pieces,)`, what must not be divided.
        fold: The fold held out.
        num_folds: Into how many folds the groups are dealt.
        seed: Of the split.
        kind: What a group is called.

    Raises:
        InputError: There is no such fold, or nothing to test or to validate.
    """
    check_folds(fold, num_folds)
    sides = np.full(len(groups), TRAIN, dtype="U10")
    sides[deal_groups(composers, groups, num_folds, seed) == fold] = TEST
    rest = np.flatnonzero(sides == TRAIN)
    parts = deal_groups(composers[rest], groups[rest], VALIDATION_PARTS, seed)
    if len(rest) == len(groups) or (parts == STAYS).all():
        raise InputError(
            f"Too few composers have several {kind}s: in fold {fold} there is nothing to test, or nothing to validate. "
            "Take fewer folds (3 at least), another protocol, or more composers."
        )
    sides[rest[parts == parts[parts != STAYS].min()]] = VALIDATION
    return sides


def hold_out_few_sources(
    composers: np.ndarray, sources: np.ndarray, works: np.ndarray, fold: int, num_folds: int, seed: int
) -> np.ndarray:
    """Returns the side of each piece, `(pieces,)`, with no source and no work on two sides.

    One source may hold all there is of many composers. Nobody can be asked about composers of whom nothing is in
    training, so their pieces are on no side then. Of some shuffles that one is taken which leaves out the fewest
    pieces, over all folds.

    Raises:
        InputError: There is no such fold.
    """
    check_folds(fold, num_folds)
    # Numbers in the order of the names: comparing names takes ten times as long.
    composers, sources, works = (np.unique(of, return_inverse=True)[1] for of in (composers, sources, works))
    best, fewest = [], np.inf
    for shuffle in range(seed, seed + ATTEMPTS):
        fold_of = deal_groups(composers, sources, num_folds, shuffle, keep_one=False)
        every_fold = [
            _sides_of_sources(composers, sources, works, fold_of == number, seed)
            for number in range(num_folds)
        ]
        num_left_out = sum(int((sides == NO_SIDE).sum()) for sides in every_fold)
        if num_left_out < fewest:
            best, fewest = every_fold, num_left_out
    return best[fold]


def leave_out_unheard(sides: np.ndarray, composers: np.ndarray) -> None:
    """Puts the pieces of composers of whom nothing is in training on no side."""
    sides[~np.isin(composers, composers[sides == TRAIN])] = NO_SIDE


def _sides_of_sources(
    composers: np.ndarray, sources: np.ndarray, works: np.ndarray, is_test: np.ndarray, seed: int
) -> np.ndarray:
    """Returns the sides of one fold; of the parts that could be the validation side it takes the evenest."""
    sides = np.where(is_test, TEST, TRAIN).astype("U10")
    sides[~is_test & np.isin(works, works[is_test])] = NO_SIDE
    rest = np.flatnonzero(sides == TRAIN)
    parts = deal_groups(composers[rest], sources[rest], VALIDATION_PARTS, seed, keep_one=False)
    candidates = []
    for part in range(VALIDATION_PARTS):
        candidate = sides.copy()
        candidate[rest[parts == part]] = VALIDATION
        keep_works_on_one_side(candidate, works)
        leave_out_unheard(candidate, composers)
        candidates.append(candidate)
    share = 1 / VALIDATION_PARTS
    return min(candidates, key=lambda c: unevenness(composers[rest], c[rest] == VALIDATION, share))


def _deal_few(
    part_of: np.ndarray, few: np.ndarray, has: np.ndarray, sizes: np.ndarray, order: np.ndarray
) -> None:
    """Deals groups out, large ones first: where the composer has the fewest, there where the fewest pieces are.

    Args:
        part_of: `(groups,)`, filled in for the few.
        few: Which groups.
        has: `(groups, composers)`, whether a group has pieces by a composer.
        sizes: `(groups,)`, number of pieces.
        order: `(parts,)`, which part comes first where nothing else decides.
    """
    done = part_of != STAYS
    loads = np.bincount(part_of[done], sizes[done], minlength=len(order))
    there = np.zeros((len(order), has.shape[1]), dtype=int)
    np.add.at(there, part_of[done], has[done])
    for group in few[np.argsort(-sizes[few], kind="stable")]:
        part = min(order, key=lambda part: (there[part, has[group]].sum(), loads[part]))  # noqa: B023
        part_of[group] = part
        loads[part] += sizes[group]
        there[part] += has[group]


def _keep_one(part_of: np.ndarray, has: np.ndarray, sizes: np.ndarray) -> None:
    """Makes the largest group of a composer stay if one part holds all of them, as shared groups may bring about."""
    for of_composer in has.T:
        mine = np.flatnonzero(of_composer)
        if len(set(part_of[mine])) == 1:
            part_of[mine[sizes[mine].argmax()]] = STAYS
