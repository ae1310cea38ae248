"""A part of a data set has the very chunks of the whole, whatever order its pieces come in."""

import numpy as np
import pytest

from features.errors import InputError
from features.selection import keep_composers, sample_works


def assert_same_chunks(part, whole):
    """Every piece of the part has its label, its content and its chunks of the whole."""
    for number, name in enumerate(part.pieces):
        original = whole.pieces.index(name)
        here, there = (
            np.flatnonzero(part.chunk_pieces == number),
            np.flatnonzero(whole.chunk_pieces == original),
        )
        np.testing.assert_array_equal(part.chunks(here), whole.chunks(there))
        assert part.contents[number] == whole.contents[original]
        assert part.composers[number] == whole.composers[original]


def test_a_sample_has_a_share_of_each_composers_works_and_their_very_chunks(load_works):
    whole = load_works(
        {f"{composer}/{number}": 1 + number % 3 for composer in ("Ada", "Bela") for number in range(8)}
    )
    small, half = (sample_works(whole, share) for share in (0.25, 0.5))
    assert [small.composers.count(name) for name in ("Ada", "Bela")] == [2, 2]
    assert set(small.works) < set(half.works)
    assert sample_works(whole, 1).pieces == whole.pieces
    assert len(sample_works(whole, 0.01, least=3).pieces) == 6
    assert_same_chunks(small, whole)


def test_a_sample_does_not_depend_on_the_order_or_on_other_works(load_works):
    music = {f"Ada/{number}": 3 for number in range(8)}
    taken = sample_works(load_works(music | {"Bela/1": 5}), 0.5).works
    turned = {"Bela/1": 5} | dict(reversed(music.items()))
    assert set(sample_works(load_works(turned), 0.5).works) == set(taken)


UNEVEN = {"Ada/1": 40, "Ada/2": 40, "Bela/1": 10, "Cleo/1": 4, "Cleo/2": 4, "Dov/1": 2}
"""Of a hundred chunks Ada has eighty, Bela ten, Cleo eight and Dov two."""


@pytest.mark.parametrize(
    ("thresholds", "kept"),
    [
        ({}, ("Ada", "Bela", "Cleo", "Dov")),
        ({"min_share": 0.02}, ("Ada", "Bela", "Cleo", "Dov")),
        ({"min_share": 0.021}, ("Ada", "Bela", "Cleo")),
        ({"min_share": 0.1}, ("Ada", "Bela")),
        ({"min_works": 2}, ("Ada", "Cleo")),
        ({"min_share": 0.05, "min_works": 2}, ("Ada", "Cleo")),
    ],
)
def test_composers_below_a_threshold_are_no_longer_classes(load_works, thresholds, kept):
    whole = load_works(UNEVEN)
    part = keep_composers(whole, **thresholds)
    assert part.classes == kept
    assert set(part.composers) == set(kept)
    assert set(part.labels) == set(range(len(kept)))
    assert part.census == whole.census
    assert_same_chunks(part, whole)


def test_shares_are_those_of_the_whole_corpus_however_often_it_is_filtered(load_works):
    once = keep_composers(load_works(UNEVEN), min_share=0.05)
    assert keep_composers(once, min_share=0.1).classes == ("Ada", "Bela")  # Cleo has 8 of 98, but 8 of 100
    assert keep_composers(once, min_share=0.0801).classes == ("Ada", "Bela")


@pytest.mark.parametrize(
    ("thresholds", "who"),
    [({"min_share": 0.5}, "Ada alone has as much"), ({"min_works": 3}, "nobody has as much")],
)
def test_a_threshold_that_leaves_nothing_to_tell_apart_is_refused(load_works, thresholds, who):
    with pytest.raises(
        InputError, match=f"two composers or more .* {who}.*Ada has 0.8 of all chunks and 2 works"
    ):
        keep_composers(load_works(UNEVEN), **thresholds)
