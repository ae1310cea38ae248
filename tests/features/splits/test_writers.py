"""Whoever is tested has written nothing that is trained on; and the sides that a corpus itself has."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InputError
from features.splits.protocols import NO_SIDE, TEST, TRAIN, VALIDATION, audit, make_split
from features.splits.tables import read_splits, write_splits

SIDES = (TRAIN, VALIDATION, TEST)
ERAS = ("Baroque", "Romantic")


def make_data(sizes, shared=()):
    """Returns the arguments of `make_split` for two eras, each with writers of so many pieces.

    Of the pairs of `shared`, the first piece is of the work of the second: an arrangement.
    """
    rows = [
        (era, f"{era}/{writer}", f"{era}/{writer}/{number}")
        for era in ERAS
        for writer, size in enumerate(sizes)
        for number in range(size)
    ]
    eras, writers, pieces = zip(*rows, strict=True)
    works = list(pieces)
    for piece, other in shared:
        works[piece % len(works)] = works[other % len(works)]
    return {
        "composers": eras,
        "writers": writers,
        "pieces": pieces,
        "works": tuple(works),
        "num_chunks": [2] * len(rows),
    }


ARRANGED = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=3)


@given(st.lists(st.integers(1, 5), min_size=6, max_size=9), ARRANGED, st.integers(0, 4))
@settings(max_examples=10)
def test_nobody_and_no_work_is_on_two_sides(sizes, shared, fold):
    data = make_data(sizes, shared)
    split = make_split("composer", fold, **data, rare="train")
    audit(split, num_chunks=data["num_chunks"], works=data["works"], composers=data["writers"])
    tested = set(np.repeat(data["writers"], 2)[split.indices(TEST)])
    heard = set(np.repeat(data["writers"], 2)[split.indices(TRAIN)])
    assert tested and heard and not tested & heard


def test_every_era_is_on_every_side_and_everybody_is_tested_once():
    data = make_data([3, 2, 4, 1, 2])
    tested = []
    for fold in range(5):
        split = make_split("composer", fold, **data)
        eras = np.repeat(data["composers"], 2)
        assert all(set(eras[split.indices(side)]) == set(ERAS) for side in SIDES)
        assert NO_SIDE not in split.chunk_split
        tested.extend(split.indices(TEST))
    assert sorted(tested) == list(range(sum(data["num_chunks"])))


def test_validation_leaves_the_giant_of_an_age_to_training():
    data = make_data([40, 6, 5, 5, 4, 4, 3])
    for fold in range(5):
        split = make_split("composer", fold, **data)
        heard, tested = (set(np.repeat(data["writers"], 2)[split.indices(side)]) for side in (TRAIN, TEST))
        assert {f"{era}/0" for era in ERAS} <= heard | tested


def test_an_arrangement_is_not_trained_on_when_its_original_is_tested():
    data = make_data([3, 2, 4, 1, 2], shared=[(0, 4)])
    pieces = np.repeat(data["pieces"], 2)
    sides = {}
    for fold in range(5):
        split = make_split("composer", fold, **data)
        sides[fold] = {split.chunk_split[pieces == data["pieces"][index]][0] for index in (0, 4)}
        assert TEST not in sides[fold] or sides[fold] <= {TEST, NO_SIDE}
    assert sum(TEST in of_fold for of_fold in sides.values()) in (1, 2)


def test_too_few_writers_of_an_era_are_named():
    with pytest.raises(InputError, match="5 folds need 5 composers of every class"):
        make_split("composer", 0, **make_data([3, 3]))


def test_a_split_with_somebody_on_two_sides_is_refused():
    data = make_data([3, 2, 4, 1, 2])
    split = make_split("file", 0, **data)
    with pytest.raises(InputError, match="The composer .* is on two sides"):
        audit(split, num_chunks=data["num_chunks"], composers=data["writers"])


def test_the_sides_of_a_corpus_are_taken_as_they_are():
    data = make_data([2, 1])
    sides = (TRAIN, VALIDATION, TEST) * 2
    split = make_split("given", 0, **data, given=sides)
    assert split.chunk_split.tolist() == np.repeat(sides, 2).tolist()
    with pytest.raises(InputError, match="one split, fold 0"):
        make_split("given", 1, **data, given=sides)
    for none in ((), ("",) * 6):
        with pytest.raises(InputError, match="this corpus has none; take --protocol work"):
            make_split("given", 0, **data, given=none)


def test_a_table_of_splits_tells_who_wrote_and_what_is_asked(tmp_path):
    data = make_data([3, 2, 4, 1, 2])
    split = make_split("composer", 0, **data)
    names = {name: data[name] for name in ("pieces", "works", "num_chunks")} | {"composers": data["writers"]}
    path = tmp_path / "splits.csv"
    write_splits(path, split, **names, asked=("era", data["composers"]))
    assert path.read_text().splitlines()[0] == "piece,work,source,composer,era,split"
    assert read_splits(path, **names).chunk_split.tolist() == split.chunk_split.tolist()
