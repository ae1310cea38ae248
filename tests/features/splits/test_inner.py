"""Folds within the training part: no work on two sides, and never a chunk of the test part."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InputError
from features.splits.inner import inner_folds
from features.splits.protocols import NO_SIDE, TEST, TRAIN, VALIDATION, make_split


def made_up(num_works, seed, protocol="work"):
    """Pieces of two composers, one or more to a work, with sources that cut across works."""
    rng = np.random.default_rng(seed)
    works = np.repeat(
        [f"{name} {number}" for name in "AB" for number in range(num_works)],
        rng.integers(1, 4, 2 * num_works),
    )
    music = {
        "composers": np.array([work[0] for work in works]),
        "pieces": np.array([f"piece {number}" for number in rng.permutation(len(works))]),
        "works": works,
        "num_chunks": rng.integers(1, 5, len(works)),
    }
    sources = np.array([f"{work[0]} source {rng.integers(8)}" for work in works])
    return music, sources, make_split(protocol, 0, **music, num_folds=3)


@settings(max_examples=30, deadline=None)
@given(st.integers(9, 20), st.integers(0, 1000), st.integers(1, 4), st.sampled_from(["work", "file"]))
def test_no_work_on_two_sides_and_no_chunk_of_the_test_part(num_works, seed, num_folds, protocol):
    music, _, split = made_up(num_works, seed, protocol)
    folds = inner_folds(split, num_folds, **music)
    work_of_chunk = np.repeat(music["works"], music["num_chunks"])
    for fold in folds:
        assert set(fold.chunk_split[split.chunk_split == TEST]) == {NO_SIDE}
        if num_folds > 1:
            assert not set(work_of_chunk[fold.indices(TRAIN)]) & set(work_of_chunk[fold.indices(VALIDATION)])
    if num_folds > 1:
        validated = np.concatenate([fold.indices(VALIDATION) for fold in folds])
        assert sorted(validated) == np.flatnonzero(split.chunk_split != TEST).tolist()  # each chunk once


def test_one_fold_is_the_validation_part_of_the_study():
    music, _, split = made_up(12, 0)
    (fold,) = inner_folds(split, 1, **music)
    for side in (TRAIN, VALIDATION):
        np.testing.assert_array_equal(fold.indices(side), split.indices(side))
    assert len(fold.indices(TEST)) == 0


def test_the_folds_do_not_depend_on_the_order_of_the_pieces():
    music, _, split = made_up(12, 3)
    folds = inner_folds(split, 3, **music)
    back = np.arange(len(music["pieces"]))[::-1]
    turned = {name: values[back] for name, values in music.items()}
    turned_split = make_split("work", 0, **turned, num_folds=3)

    def validated(fold, music):
        return set(np.repeat(music["pieces"], music["num_chunks"])[fold.indices(VALIDATION)])

    for one, other in zip(folds, inner_folds(turned_split, 3, **turned), strict=True):
        assert validated(one, music) == validated(other, turned)


def test_whole_sources_are_held_out_and_still_no_work_is_divided():
    music, sources, split = made_up(20, 5)
    for fold in inner_folds(split, 2, **music, sources=sources):
        for groups in (sources, music["works"]):
            of_chunk = np.repeat(groups, music["num_chunks"])
            assert not set(of_chunk[fold.indices(TRAIN)]) & set(of_chunk[fold.indices(VALIDATION)])
        assert len(fold.indices(TRAIN)) and len(fold.indices(VALIDATION))


def test_says_who_has_too_few_works():
    music, _, split = made_up(4, 0)
    with pytest.raises(
        InputError, match=r"30 folds .* need as many works of every composer, but it has \d+ by [AB]"
    ):
        inner_folds(split, 30, **music)


def test_says_who_is_missing_in_a_fold():
    """All pieces of a composer come from two sources, and share their works."""
    composers = np.array(list("AAAA") + list("BBBB"))
    music = {"composers": composers, "pieces": np.array(list("abcdefgh")), "num_chunks": np.ones(8, int)}
    works = np.array(["A 1", "A 1", "A 2", "A 2", "B 1", "B 2", "B 3", "B 4"])
    sources = np.array(["s", "t", "s", "t", "u", "v", "u", "v"])
    split = make_split("chunk", 0, **music | {"num_chunks": np.full(8, 9)}, works=works)
    with pytest.raises(InputError, match="Fold 0 of the search has no piece by A in its train part"):
        inner_folds(split, 2, **music | {"num_chunks": np.full(8, 9)}, works=works, sources=sources)
