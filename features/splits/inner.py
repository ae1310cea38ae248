"""Folds within what a study trains on: for choosing settings without a look at its test part."""

import numpy as np

from features.errors import InputError
from features.splits.holding_out import NO_SIDE, TRAIN, VALIDATION, count_groups, folds_of
from features.splits.protocols import Split
from features.splits.rare import deal_groups, leave_out_unheard


def inner_folds(
    split: Split,
    num_folds: int,
    *,
    composers: np.ndarray,
    pieces: np.ndarray,
    works: np.ndarray,
    num_chunks: np.ndarray,
    sources: np.ndarray | None = None,
    seed: int = 42,
    rare: str = "refuse",
) -> list[Split]:
    """Returns a split for each fold, with the test part of a study on no side.

    The folds are made of whole works, under whatever protocol the study is, so that what they choose is chosen for
    unheard works. With `sources` they are made of whole sources, and pieces in training whose work a fold validates
    are on no side in it.

    Args:
        split: Of the study.
        num_folds: Into how many folds what is not tested is dealt; 1: the training and validation sides of the study.
        composers: `(pieces,)`, the label of each piece.
        pieces: `(pieces,)`, the name of each piece, all different.
        works: `(pieces,)`, the work of each piece.
        num_chunks: `(pieces,)`, the number of chunks of each piece.
        sources: `(pieces,)`, the source of each piece, to hold out whole sources.
        seed: Of the folds.
        rare: What becomes of composers with too few works or sources: `"refuse"`, or `"train"`, as in `make_split`.

    Raises:
        InputError: A composer has too few works or sources, or there is nothing to validate.
    """
    open_chunks = np.isin(split.chunk_split, (TRAIN, VALIDATION))
    if num_folds == 1:
        return [Split(np.where(open_chunks, split.chunk_split, NO_SIDE))]
    composers, works = np.asarray(composers), np.asarray(works)
    groups = works if sources is None else np.asarray(sources)
    piece_of_chunk = np.repeat(np.arange(len(pieces)), num_chunks)
    is_open = np.bincount(piece_of_chunk[open_chunks], minlength=len(pieces)) > 0
    order = np.argsort(np.asarray(pieces))  # so that the folds do not depend on the order of the pieces
    order = order[is_open[order]]
    kind = "work" if sources is None else "source"
    fold_of = np.full(len(pieces), -1)
    if rare == "refuse":
        _check_enough(composers[order], groups[order], num_folds, kind)
        fold_of[order] = folds_of(composers[order], groups[order], num_folds, seed)
    else:
        fold_of[order] = deal_groups(
            composers[order], groups[order], num_folds, seed, keep_one=kind == "work"
        )
    splits = []
    for fold in range(num_folds):
        sides = np.where(fold_of == fold, VALIDATION, TRAIN).astype("U10")
        sides[~is_open] = NO_SIDE
        heard_there = np.isin(works, works[sides == VALIDATION])
        sides[(sides == TRAIN) & heard_there] = NO_SIDE
        if rare == "refuse":
            _check_every_composer(composers, sides, fold, kind)
        else:
            leave_out_unheard(sides, composers)
            _check_not_empty(sides, fold, kind)
        splits.append(Split(np.where(open_chunks, sides[piece_of_chunk], NO_SIDE)))
    return splits


def _check_enough(composers: np.ndarray, groups: np.ndarray, num_folds: int, kind: str) -> None:
    name, count = min(count_groups(composers, groups).items(), key=lambda item: item[1])
    if count < num_folds:
        raise InputError(
            f"{num_folds} folds within the training part need as many {kind}s of every composer, but it has {count} "
            f"by {name}; take fewer folds, or leave this composer out."
        )


def _check_every_composer(composers: np.ndarray, sides: np.ndarray, fold: int, kind: str) -> None:
    for side in (TRAIN, VALIDATION):
        missing = np.setdiff1d(composers, composers[sides == side])
        if len(missing):
            raise InputError(
                f"Fold {fold} of the search has no piece by {missing[0]} in its {side} part; take fewer folds, "
                f"leave this composer out, or hold out works instead of {kind}s."
            )


def _check_not_empty(sides: np.ndarray, fold: int, kind: str) -> None:
    if not (sides == VALIDATION).any():
        raise InputError(
            f"Fold {fold} of the search has nothing to validate: too few composers have several {kind}s; take fewer "
            "folds."
        )
