"""Seconds and notes by value: nothing is lost in sums, groups and shares."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.engine.exploring import counting
from experiments.engine.exploring.grouping import clip_outliers, group_by_composer
from features.midi import notes_to_midi, read_events, read_notes
from features.midi.descriptors import describe
from features.midi.writing import key_signature, time_signature

SIGNATURES = st.dictionaries(
    st.sampled_from(["4/4", "3/4", "6/8", "5/4", counting.NOT_GIVEN]), st.floats(0.1, 99), max_size=4
)
COMPOSERS = st.lists(st.sampled_from("ABCDEFG"), min_size=1, max_size=30)


def piece(notes, **settings):
    events = read_events(notes_to_midi(notes, **settings))
    return describe(read_notes(events), ticks_per_beat=events.ticks_per_beat)


@given(COMPOSERS, st.integers(1, 8))
def test_every_piece_is_in_one_group_and_the_largest_comes_first(composers, most):
    groups = group_by_composer(composers, most)
    assert sorted(np.concatenate(list(groups.values())).tolist()) == list(range(len(composers)))
    named = [label for label in groups if "others" not in label]
    assert len(named) == min(len(set(composers)), most + (len(set(composers)) == most + 1))
    sizes = [len(groups[label]) for label in named]
    assert sizes == sorted(sizes, reverse=True)
    assert all(len({composers[index] for index in groups[label]}) == 1 for label in named)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_clipping_moves_outliers_only_and_to_the_bound(values):
    values = np.array(values)
    clipped = clip_outliers(values)
    first, third = np.quantile(values, [0.25, 0.75])
    inside = (values >= first - 1.5 * (third - first)) & (values <= third + 1.5 * (third - first))
    np.testing.assert_array_equal(clipped[inside], values[inside])
    assert clipped.min() >= first - 1.5 * (third - first) and clipped.max() <= third + 1.5 * (third - first)


@given(st.lists(SIGNATURES, min_size=1, max_size=6), st.integers(1, 5))
def test_shares_are_whole_whatever_has_a_column(counts, most):
    groups = {"one": np.arange(0, len(counts), 2), "two": np.arange(1, len(counts), 2)}
    columns = counting.commonest(counting.total(counts), most)
    table = counting.shares(counts, groups, columns)
    for row, pieces in zip(table, groups.values(), strict=True):
        has_music = any(counts[index] for index in pieces)
        assert row.sum() == pytest.approx(1.0 if has_music else 0.0)


def test_seconds_by_tempo_and_changes_differ():
    tempos = [(0, 500_000), (960, 250_000), (1920, 500_000)]
    found = piece([(0, 2880, 60)], tempo_us=tempos)
    assert counting.tempo_seconds(found) == {120: 2.0, 240: 0.5}
    assert counting.tempo_changes(found) == {120: 2, 240: 1}


def test_what_is_not_given_is_counted_too():
    conductor = [(480, time_signature(3, 4)), (960, time_signature(4, 4)), (1440, time_signature(3, 4))]
    found = piece([(0, 1920, 60)], conductor=[*conductor, (0, key_signature(1))])
    assert counting.time_signature_seconds(found) == {"3/4": 1.0, "4/4": 0.5, counting.NOT_GIVEN: 0.5}
    assert counting.key_signature_seconds(found) == {"G major": 2.0}
    assert counting.longest(counting.time_signature_seconds(found)) == "3/4"
    assert counting.time_signature_seconds(piece([(0, 480, 60)])) == {counting.NOT_GIVEN: 0.5}


def test_more_notes_at_once_than_there_are_columns_are_counted_as_one():
    found = piece([(0, 480, pitch) for pitch in range(40, 60)])
    assert counting.polyphony_seconds(found) == {counting.THICKEST: 0.5}
    assert counting.velocity_notes(found) == {64: 20}
