"""Whole groups of pieces are put on one side: works, files or sources.

A group is what must not be divided. Folds are stratified by composer; none of this depends on the order in
which the pieces come, as long as the caller sorts them.
"""

import numpy as np

from features.errors import InputError

TRAIN, VALIDATION, TEST, NO_SIDE = "train", "validation", "test", ""

# A seventh of the four training folds is 11 % of all works: enough to stop training by.
VALIDATION_PARTS = 7

# Sources differ so much in size that a shuffle may leave a composer without one on some side.
ATTEMPTS = 10

# One each for training, validation and test.
LEAST_FOLDS = 3

# Composers that a sentence lists.
MOST_NAMED = 10


def hold_out_groups(
    composers: np.ndarray, groups: np.ndarray, fold: int, num_folds: int, seed: int, protocol: str
) -> np.ndarray:
    """Returns the side of each piece, `(pieces,)`, with every group wholly on one side.

    Raises:
        InputError: There is no such fold, or a composer has too few groups.
    """
    check_folds(fold, num_folds)
    check_enough(composers, groups, num_folds, protocol)
    sides = np.full(len(groups), TRAIN, dtype="U10")
    is_test = folds_of(composers, groups, num_folds, seed) == fold
    sides[is_test] = TEST
    rest = np.flatnonzero(~is_test)
    # Never more parts than the rarest composer has groups left, so that every part has one of them.
    rarest, left = min(count_groups(composers[rest], groups[rest]).items(), key=lambda item: item[1])
    if left < 2:
        raise InputError(
            f"Fold {fold} leaves one {protocol} by {rarest}, too few to train and to validate. "
            "Leave this composer out, or take another protocol."
        )
    parts = min(VALIDATION_PARTS, left)
    sides[rest[folds_of(composers[rest], groups[rest], parts, seed) == 0]] = VALIDATION
    return sides


def hold_out_sources(
    composers: np.ndarray, sources: np.ndarray, works: np.ndarray, fold: int, num_folds: int, seed: int
) -> np.ndarray:
    """Returns the side of each piece, `(pieces,)`, with no source and no work on two sides.

    The folds are made of whole sources, and the validation side of whole sources among the rest. Then the
    pieces whose work the test side has leave the others (`NO_SIDE`), and a work in training and in validation
    stays where it has more pieces. The folds are the first of `ATTEMPTS` shuffles in which this leaves every
    composer on every side of every fold, so they do not depend on the fold asked for.

    Raises:
        InputError: There is no such fold, or the sources cannot be divided like this.
    """
    check_folds(fold, num_folds)
    check_enough(composers, sources, num_folds, "source")
    missing = ""
    for shuffle in range(seed, seed + ATTEMPTS):
        fold_of = folds_of(composers, sources, num_folds, shuffle)
        every_fold = []
        for number in range(num_folds):
            sides, missing = _complete_fold(composers, sources, works, fold_of == number, seed)
            every_fold.append(sides)
            if missing:
                break
        else:
            return every_fold[fold]
    raise InputError(
        f"The sources cannot be put into {num_folds} folds that have every composer on every side: in each of "
        f"{ATTEMPTS} shuffles one is missing, in the last {missing}. Leave this composer out, take fewer folds "
        "(3 at least), or the protocol work."
    )


def _complete_fold(
    composers: np.ndarray, sources: np.ndarray, works: np.ndarray, is_test: np.ndarray, seed: int
) -> tuple[np.ndarray, str]:
    """Returns the sides of one fold, and which composer is missing on which side; empty if none is.

    Of the parts that could be the validation side it takes the one nearest to its share of every composer:
    a collection that has half of a composer's pieces is needed for training.
    """
    sides = np.where(is_test, TEST, TRAIN).astype("U10")
    sides[~is_test & np.isin(works, works[is_test])] = NO_SIDE
    missing = _missing(composers, sides, (TRAIN, TEST))
    if missing:
        return sides, missing
    rest = np.flatnonzero(sides == TRAIN)
    left = min(count_groups(composers[rest], sources[rest]).values())
    parts = int(np.clip(left, 2, VALIDATION_PARTS))
    best, least = sides, np.inf
    for shuffle in range(seed, seed + ATTEMPTS if left > 1 else seed):
        part_of = folds_of(composers[rest], sources[rest], parts, shuffle)
        for part in range(parts):
            candidate = sides.copy()
            candidate[rest[part_of == part]] = VALIDATION
            keep_works_on_one_side(candidate, works)
            distance = unevenness(composers[rest], candidate[rest] == VALIDATION, 1 / parts)
            if distance < least and not _missing(composers, candidate, (TRAIN, VALIDATION)):
                best, least = candidate, distance
    return best, _missing(composers, best, (VALIDATION,))


def take_given_sides(given: np.ndarray | None, fold: int) -> np.ndarray:
    """Returns the side of each piece, `(pieces,)`, as the corpus divides it.

    Raises:
        InputError: The corpus does not divide its pieces, or another fold than 0 is asked for.
    """
    if given is None or not set(given.tolist()) <= {TRAIN, VALIDATION, TEST}:
        raise InputError(
            "The protocol given takes the sides that the corpus has for its pieces, but this corpus has none; take "
            "--protocol work."
        )
    if fold != 0:
        raise InputError(f"The protocol given has one split, fold 0, as the corpus has; not fold {fold}.")
    return given.astype("U10")


def unevenness(composers: np.ndarray, is_in: np.ndarray, share: float) -> float:
    """Returns how far a side is from its share of each composer's pieces, summed over the composers."""
    return sum(abs(is_in[composers == name].mean() - share) for name in np.unique(composers))


def keep_works_on_one_side(sides: np.ndarray, works: np.ndarray) -> None:
    """Takes the works in training and in validation from the side that has fewer of their pieces."""
    _, work_of = np.unique(works, return_inverse=True)
    in_train = np.bincount(work_of[sides == TRAIN], minlength=work_of.max() + 1)[work_of]
    in_validation = np.bincount(work_of[sides == VALIDATION], minlength=work_of.max() + 1)[work_of]
    sides[(sides == VALIDATION) & (0 < in_train) & (in_validation <= in_train)] = NO_SIDE
    sides[(sides == TRAIN) & (in_train < in_validation)] = NO_SIDE


def folds_of(composers: np.ndarray, groups: np.ndarray, num_folds: int, seed: int) -> np.ndarray:
    """Returns the fold of each piece, `(pieces,)`, stratified by composer, with every group in one fold."""
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(num_folds, shuffle=True, random_state=seed)
    folds = np.empty(len(groups), dtype=int)
    for number, (_, members) in enumerate(splitter.split(composers, composers, groups)):
        folds[members] = number
    return folds


def count_groups(composers: np.ndarray, groups: np.ndarray) -> dict[str, int]:
    """Returns how many groups each composer has."""
    return {str(name): len(set(groups[composers == name])) for name in np.unique(composers)}


def check_folds(fold: int, num_folds: int) -> None:
    """Refuses folds that cannot be.

    Raises:
        InputError: There are too few, or there is none of this number.
    """
    if num_folds < LEAST_FOLDS:
        raise InputError(f"Training, validation and test need at least {LEAST_FOLDS} folds, not {num_folds}.")
    if not 0 <= fold < num_folds:
        raise InputError(f"There is no fold {fold}; choose one of 0 to {num_folds - 1}.")


def check_enough(composers: np.ndarray, groups: np.ndarray, num_folds: int, protocol: str) -> None:
    """Refuses composers, or other classes, with fewer groups than there are folds.

    Raises:
        InputError: There are some; they are named.
    """
    counts = count_groups(composers, groups)
    few = {name: count for name, count in counts.items() if count < num_folds}
    if few:
        listed = ", ".join(f"{name} ({count})" for name, count in list(few.items())[:MOST_NAMED])
        more = f" and {len(few) - MOST_NAMED} more" if len(few) > MOST_NAMED else ""
        asked = "class" if protocol == "composer" else "composer"
        advice = "Leave them out, take fewer folds (3 at least), or another protocol."
        if protocol == "source" and sum(count >= LEAST_FOLDS for count in counts.values()) < 2:
            advice = f"{_how_few(groups)}; take --protocol work instead."
        raise InputError(
            f"{num_folds} folds need {num_folds} {protocol}s of every {asked}, but there are fewer by "
            f"{listed}{more}. {advice}"
        )


def _how_few(sources: np.ndarray) -> str:
    """Says why it does not help to leave composers out."""
    if len(set(sources)) == 1:
        return f"All {len(sources):,} files come from one program"
    return f"No two composers have the {LEAST_FOLDS} sources that training, validation and test need"


def _missing(composers: np.ndarray, sides: np.ndarray, wanted: tuple[str, ...]) -> str:
    """Returns the first composer who is not on each of the wanted sides, and where; empty if all are."""
    for side in wanted:
        absent = np.setdiff1d(composers, composers[sides == side])
        if len(absent):
            return f"{absent[0]} ({side})"
    return ""
