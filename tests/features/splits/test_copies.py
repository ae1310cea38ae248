"""Copies are found in any key, cut or changed; formulas and strangers are none."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features.splits.copies import FEW, MANY, MAX_PIECES, PLACE_STEPS, find_copies

NUM_STEPS = 300


def music(seed, num_steps=NUM_STEPS):
    """Steps up and down, none of them zero."""
    steps = np.random.default_rng(seed).integers(-7, 7, (2, num_steps)).astype(np.int8)
    return steps + (steps >= 0)


def pairs(outlines):
    return [(copy.first, copy.second) for copy in find_copies(outlines)]


@given(st.integers(0, 100), st.integers(0, 200), st.integers(60, 100))
@settings(max_examples=25, deadline=None)
def test_an_excerpt_is_found_wherever_it_is_cut(seed, start, length):
    whole, other = music(seed), music(seed + 1000)
    excerpt = whole[:, start : start + length]
    [copy] = find_copies([excerpt, other, whole])
    assert (copy.first, copy.second) == (0, 2)
    assert copy.num_common == length - PLACE_STEPS + 1 and copy.share == 1


@given(st.lists(st.integers(0, NUM_STEPS - 1), max_size=8))
@settings(max_examples=25, deadline=None)
def test_wrong_notes_do_not_hide_a_copy(places):
    changed = music(1)
    changed[:, places] += 1
    assert pairs([music(1), changed]) == [(0, 1)]


def test_zeros_after_the_end_of_a_voice_are_no_music():
    tune, other = music(1, 100), music(2)
    filled = np.pad(tune, ((0, 0), (0, 200)))
    [copy] = find_copies([filled, other, tune])
    assert (copy.first, copy.second, copy.num_common, copy.share) == (0, 2, 100 - PLACE_STEPS + 1, 1)


def test_either_outer_voice_is_enough():
    bass = music(2)
    bass[0] = music(3)[0]
    assert pairs([music(2), bass]) == [(0, 1)]


def test_the_order_counts():
    places = np.arange(NUM_STEPS).reshape(-1, 20)[::-1].ravel()
    assert pairs([music(4), music(4)[:, places]]) == []


def test_scales_trills_and_broken_chords_are_no_copies():
    for figure in ([1], [2, -2], [4, 3, 5, -12], [1, 2, 3, 4, -10]):
        line = np.array([figure * 100] * 2, np.int8)
        assert pairs([line, line]) == []


def test_a_short_piece_needs_a_good_share():
    tune = music(5, FEW + PLACE_STEPS - 1)
    assert pairs([tune, tune]) == [(0, 1)]
    assert pairs([np.hstack([tune, music(6)]), np.hstack([tune, music(7)])]) == []
    assert pairs([tune[:, :-1], tune[:, :-1]]) == []
    passage = music(8, MANY + PLACE_STEPS - 1)
    assert pairs([np.hstack([passage, music(6)]), np.hstack([passage, music(7)])]) == [(0, 1)]


def test_what_many_pieces_share_is_a_formula():
    assert pairs([music(9)] * (MAX_PIECES + 1)) == []
    assert len(pairs([music(9)] * MAX_PIECES)) == MAX_PIECES * (MAX_PIECES - 1) // 2


def test_pieces_without_music_have_no_copies():
    assert pairs([]) == [] and pairs([music(1, 0)] * 2) == [] and pairs([music(1, 3)]) == []
