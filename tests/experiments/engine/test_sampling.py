"""Chunks are drawn so that what is named counts evenly, and an epoch is as long as ever."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.engine.config import TrainingConfig
from experiments.engine.imbalance import class_weights, training_prior
from experiments.engine.sampling import draw, drawing_shares, heard_shares

INDICES = np.arange(1, 41)


@pytest.fixture
def labelled(music):
    """Pieces that are each by one composer, three of four by the first."""
    return dataclasses.replace(music, chunk_labels=(music.chunk_pieces % 4 == 3).astype(int))


def shares_by(music, names, *sampling, power=1.0):
    config = TrainingConfig(sampling=sampling, sampling_power=power)
    shares = drawing_shares(music, INDICES, config)
    assert shares.sum() == pytest.approx(1)
    return {name: shares[names[INDICES] == name].sum() for name in np.unique(names[INDICES])}


def test_each_unit_named_counts_evenly(labelled):
    works = np.array(labelled.works)[labelled.chunk_pieces]
    composers = shares_by(labelled, labelled.chunk_labels, "composer")
    assert composers == pytest.approx({0: 0.5, 1: 0.5})
    composers = shares_by(labelled, labelled.chunk_labels, "composer", "work")
    assert composers == pytest.approx({0: 0.5, 1: 0.5})
    of_first = {
        work: share
        for work, share in shares_by(labelled, works, "composer", "work").items()
        if (labelled.chunk_labels[works == work] == 0).all()
    }
    assert len(of_first) == 3 and np.ptp(list(of_first.values())) < 1e-9


def test_one_unit_counts_evenly_within_the_other(music):
    by_one = dataclasses.replace(music, chunk_labels=np.zeros(41, int))
    works, sources = (np.array(names)[music.chunk_pieces] for names in (music.works, music.sources))
    assert shares_by(by_one, sources, "work", "source") == pytest.approx({"x": 0.5, "y": 0.5})
    # In the first source there are three works, and another part of one; in the second two.
    assert shares_by(by_one, works, "source", "work")["d"] == pytest.approx(0.25)
    assert shares_by(by_one, works, "work")["a"] == pytest.approx(0.25)


def test_writers_count_evenly_within_what_is_asked(labelled):
    writers = np.array(labelled.writers)[labelled.chunk_pieces]  # the second class is by one of them
    assert shares_by(labelled, writers, "composer", "writer") == pytest.approx({"p": 0.25, "q": 0.75})
    assert shares_by(labelled, labelled.chunk_labels, "composer", "writer") == pytest.approx({0: 0.5, 1: 0.5})


def test_without_composer_each_has_the_share_of_his_chunks(labelled):
    counts = np.bincount(labelled.chunk_labels[INDICES])
    found = shares_by(labelled, labelled.chunk_labels, "work", "piece")
    assert list(found.values()) == pytest.approx((counts / counts.sum()).tolist())


@pytest.mark.parametrize("power", [0.0, 0.5])
def test_a_power_lies_between(labelled, power):
    pieces = labelled.chunk_pieces
    found = shares_by(labelled, pieces, "composer", "piece", power=power)
    for composer in (0, 1):
        counts = np.bincount(pieces[INDICES][labelled.chunk_labels[INDICES] == composer])
        expected = counts[counts > 0] ** (1 - power)
        mine = [found[piece] for piece in np.flatnonzero(counts)]
        assert np.array(mine) / sum(mine) == pytest.approx(expected / expected.sum())


def test_others_who_are_not_asked_about_have_the_share_that_is_theirs(labelled):
    beside = dataclasses.replace(labelled, num_auxiliary=1)  # the second class is learnt beside the first
    for sampling in ((), ("composer", "work")):
        config = TrainingConfig(sampling=sampling, auxiliary=0.3)
        shares = drawing_shares(beside, INDICES, config)
        evenly = drawing_shares(beside, INDICES, TrainingConfig(sampling=sampling))
        labels = beside.chunk_labels[INDICES]
        assert np.bincount(labels, shares).tolist() == pytest.approx([0.7, 0.3])
        for label, share in ((0, 0.7), (1, 0.3)):
            mine = labels == label
            assert shares[mine] == pytest.approx(share * evenly[mine] / evenly[mine].sum())


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=30), st.integers(1, 200), st.integers(0, 2**32))
def test_draws_what_the_shares_say_rounded(values, count, seed):
    shares = np.array(values) / sum(values)
    drawn = draw(shares, count, np.random.default_rng(seed))
    assert drawn.sum() == count
    assert (np.abs(drawn - shares * count) < 1 + 1e-6).all()


def test_weights_and_prior_are_those_of_what_is_drawn(labelled):
    labels = labelled.chunk_labels[INDICES]
    for weighted, power in ((True, 1.0), (True, 0.5), (False, 0.5), (False, 1.0)):
        config = TrainingConfig(
            sampling=("composer", "work"), sampling_power=power, class_weights=weighted, balance=0.5
        )
        shares = drawing_shares(labelled, INDICES, config)
        totals = np.bincount(labels, shares)
        if weighted:
            totals = totals * class_weights(labels, balance=0.5, shares=shares)
        prior = training_prior(labels, 2, config, shares=heard_shares(labelled, INDICES, config))
        assert prior == pytest.approx(totals / totals.sum())
    assert class_weights(labels, shares=shares) == pytest.approx([1, 1])


def test_in_bags_a_piece_that_fills_none_counts_as_one_that_does(labelled):
    config = TrainingConfig(class_weights=False, balance=0)
    first, other = (np.flatnonzero(labelled.chunk_labels == label) for label in (0, 1))
    few = first[labelled.chunk_pieces[first] == labelled.chunk_pieces[first[0]]][:1]  # a chunk of one piece
    many = other[labelled.chunk_pieces[other] == labelled.chunk_pieces[other[0]]]
    heard = np.sort(np.concatenate([few, many]))
    shares = heard_shares(labelled, heard, config, bag=len(many))
    prior = training_prior(labelled.chunk_labels[heard], 2, config, shares=shares)
    assert len(many) > 1 and prior == pytest.approx([0.5, 0.5])
