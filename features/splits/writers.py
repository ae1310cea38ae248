"""Whole composers are held out, where the question is not who it was: how an age sounds, by whomever it is."""

import numpy as np

from features.splits.holding_out import (
    ATTEMPTS,
    LEAST_FOLDS,
    NO_SIDE,
    TEST,
    TRAIN,
    VALIDATION,
    VALIDATION_PARTS,
    check_enough,
    check_folds,
    count_groups,
    folds_of,
    keep_works_on_one_side,
    unevenness,
)
from features.splits.rare import deal_groups


def hold_out_writers(
    labels: np.ndarray,
    writers: np.ndarray,
    works: np.ndarray,
    fold: int,
    num_folds: int,
    seed: int,
    *,
    rare: str = "refuse",
) -> np.ndarray:
    """Returns the side of each piece, `(pieces,)`, with nobody who wrote any and no work on two sides.

    Of a work that two sides would share, as when somebody arranges another's, the test side keeps its pieces, and of
    training and validation the side that has more. Composers differ so much in size that one may have half of an age:
    of the parts that could be the validation side it is the one nearest to its share of every age.

    Args:
        labels: `(pieces,)`, what is asked, by which folds are stratified; the pieces sorted by name.
        writers: `(pieces,)`, who wrote each.
        works: `(pieces,)`, the work of each.
        fold: The fold held out.
        num_folds: Into how many folds those who wrote are dealt.
        seed: Of the split.
        rare: What becomes of labels with too few who wrote them for every fold: `"refuse"`, or `"train"`.

    Raises:
        InputError: There is no such fold, or a label has too few who wrote it.
    """
    check_folds(fold, num_folds)
    if rare == "refuse":
        check_enough(labels, writers, num_folds, "composer")
    deal = folds_of if rare == "refuse" else deal_groups
    # Numbers in the order of the names: comparing names takes ten times as long.
    labels, writers, works = (np.unique(of, return_inverse=True)[1] for of in (labels, writers, works))
    sides = np.where(deal(labels, writers, num_folds, seed) == fold, TEST, TRAIN).astype("U10")
    sides[(sides != TEST) & np.isin(works, works[sides == TEST])] = NO_SIDE
    rest = np.flatnonzero(sides == TRAIN)
    fewest = min(count_groups(labels[rest], writers[rest]).values(), default=0)
    parts = int(np.clip(fewest, LEAST_FOLDS - 1, VALIDATION_PARTS)) if rare == "refuse" else VALIDATION_PARTS
    best, least = sides, np.inf
    for shuffle in range(seed, seed + ATTEMPTS) if fewest > 1 or rare == "train" else ():
        part_of = deal(labels[rest], writers[rest], parts, shuffle)
        for part in range(parts):
            candidate = sides.copy()
            candidate[rest[part_of == part]] = VALIDATION
            keep_works_on_one_side(candidate, works)
            distance = _distance(labels[rest], candidate[rest], 1 / parts)
            if distance < least:
                best, least = candidate, distance
    return best


def _distance(labels: np.ndarray, sides: np.ndarray, share: float) -> float:
    """How far validation is from its share of each label; a label that a side lacks counts most."""
    lacking = sum(len(np.setdiff1d(labels, labels[sides == side])) for side in (TRAIN, VALIDATION))
    return lacking + unevenness(labels, sides == VALIDATION, share)
