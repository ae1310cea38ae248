"""Batches with variations: mixtures, bags, other draws, each a function of seed, epoch and number alone."""

import dataclasses

import numpy as np
import pytest

from experiments.engine.batches import Targets, TrainingChunks
from experiments.engine.config import TrainingConfig
from experiments.engine.imbalance import class_weights

INDICES = np.arange(2, 41)
PLAIN = TrainingConfig(batch_size=8, transpose=0, move=False)

VARIED = {
    "mixed": {"mixup": 0.4},
    "by work": {"sampling": ("composer", "work")},
    "all": {"mixup": 0.4, "sampling": ("piece",), "tempo": 0.1, "transpose": 2},
}


def batches_of(music, config, count=12, **how):
    batches = TrainingChunks(music, INDICES, config, first_epoch=0, **how)
    return [batches[step] for step in range(count)]


@pytest.mark.parametrize("changes", VARIED.values(), ids=VARIED)
@pytest.mark.parametrize("bag", [None, 3])
def test_a_batch_depends_on_its_number_alone(music, changes, bag):
    config = dataclasses.replace(PLAIN, **changes)
    straight = batches_of(music, config, bag=bag)
    again = TrainingChunks(music, INDICES, config, first_epoch=0, bag=bag)
    for step in reversed(range(12)):
        for one, other in zip(again[step], straight[step], strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_mixture_has_the_targets_of_what_is_in_it(music):
    config = dataclasses.replace(PLAIN, mixup=0.4)
    weights = class_weights(music.chunk_labels[INDICES])
    for (chunks, labels, _), (mixed, targets, of_targets) in zip(
        batches_of(music, PLAIN), batches_of(music, config), strict=True
    ):
        ends = chunks.reshape(8, -1), chunks[::-1].reshape(8, -1)
        difference = ends[0] - ends[1]
        shares = ((mixed.reshape(8, -1) - ends[1]) * difference).sum(1) / (difference**2).sum(1)
        assert ((shares > -1e-6) & (shares < 1 + 1e-6)).all()
        expected = np.eye(2)[labels] * weights
        expected = shares[:, None] * expected + (1 - shares[:, None]) * expected[::-1]
        np.testing.assert_allclose(targets * of_targets[:, None], expected, atol=1e-4)
        np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("share", [0.2, 0.6])
@pytest.mark.parametrize("bag", [None, 3])
def test_others_have_their_share_of_the_loss_and_make_no_epoch_longer(music, share, bag):
    beside = dataclasses.replace(music, num_auxiliary=1)  # a third of the chunks are by somebody else
    batches = TrainingChunks(
        beside, INDICES, dataclasses.replace(PLAIN, auxiliary=share), first_epoch=0, bag=bag
    )
    asked = np.flatnonzero(music.chunk_labels[INDICES] == 0)
    if bag is None:
        assert batches.num_examples == len(asked)
    of_loss = np.bincount(
        music.chunk_labels[INDICES], batches.shares * batches.weights[music.chunk_labels[INDICES]]
    )
    assert of_loss == pytest.approx([1 - share, share])
    assert len(list(batches[step] for step in range(4))) == 4


def test_a_teacher_has_its_share_of_the_targets(music):
    answers = np.random.default_rng(1).dirichlet([1, 1], 41).astype(np.float32)
    config = dataclasses.replace(PLAIN, class_weights=False)
    taught = batches_of(music, config, targets=Targets(answers, 0.25))
    for (chunks, labels), (same, targets, weights) in zip(batches_of(music, config), taught, strict=True):
        np.testing.assert_array_equal(chunks, same)
        known = music.chunks(np.arange(41))
        which = [int(np.flatnonzero((known == chunk).all(axis=(1, 2, 3)))[0]) for chunk in chunks]
        np.testing.assert_allclose(targets, 0.75 * np.eye(2)[labels] + 0.25 * answers[which], atol=1e-6)
        np.testing.assert_allclose(weights, 1, rtol=1e-5)


def test_a_rare_composer_weighs_more_by_his_labels_and_not_again_by_what_a_teacher_says(music):
    answers = np.random.default_rng(1).dirichlet([1, 1], 41).astype(np.float32)
    unweighted = dataclasses.replace(PLAIN, class_weights=False)
    for (_, same, _), (_, targets, weights), (_, _, of_labels) in zip(
        *(batches_of(music, config, targets=Targets(answers, 0.5)) for config in (unweighted, PLAIN)),
        batches_of(music, PLAIN),
        strict=True,
    ):
        np.testing.assert_allclose(targets, same, atol=1e-6)
        np.testing.assert_allclose(weights, of_labels, rtol=1e-5)


def test_an_epoch_of_works_is_as_long_and_hears_rare_ones_more_often(music):
    config = dataclasses.replace(PLAIN, sampling=("work",), class_weights=False)
    music = dataclasses.replace(music, chunk_labels=np.zeros(41, int))
    batches = TrainingChunks(music, INDICES, config, first_epoch=0)
    assert batches.steps_per_epoch == 4
    order = np.concatenate([batches._plan_epoch(epoch)[0] for epoch in range(20)])
    works = np.array(music.works)[music.chunk_pieces[order]]
    assert np.unique(works, return_counts=True)[1] == pytest.approx([195] * 4, abs=20)


def test_bags_are_of_one_piece_in_one_key(music):
    config = dataclasses.replace(PLAIN, transpose=3, move=True, tempo=0.1, batch_size=12)
    batches = TrainingChunks(music, INDICES, config, first_epoch=0, bag=3)
    assert batches.batch_size == 4
    assert batches.steps_per_epoch == 4  # of 1 + 2 * 7 + 1 bags
    order, changes, _ = batches._plan_epoch(0)
    pieces = music.chunk_pieces[order]
    assert order.shape == (16, 3)
    assert (pieces == pieces[:, :1]).all()
    assert set(order.ravel()) == set(INDICES)
    for name in ("semitones", "rates"):
        assert (changes[name] == changes[name][:, :1]).all()
    assert (changes["later"] != changes["later"][:, :1]).any()
    chunks, labels, weights = batches[0]
    assert chunks.shape == (4, 3, *music.encoder.chunk_shape)
    assert labels.shape == weights.shape == (4,)


@pytest.mark.parametrize("sampling", [(), ("work",)])
def test_all_composers_weigh_alike_in_bags_too_however_short_their_pieces(music, sampling):
    labels = (music.chunk_pieces == 8).astype(int)  # a piece of one chunk, which makes a bag as others do
    music = dataclasses.replace(music, chunk_labels=labels)
    config = dataclasses.replace(PLAIN, sampling=sampling, batch_size=3)
    batches = TrainingChunks(music, INDICES, config, first_epoch=0, bag=3)
    firsts = np.concatenate([batches._plan_epoch(epoch)[0][:, 0] for epoch in range(50)])
    totals = np.bincount(labels[firsts], batches.weights[labels[firsts]])
    assert totals[1] / totals[0] == pytest.approx(1, rel=0.01 if not sampling else 0.2)
