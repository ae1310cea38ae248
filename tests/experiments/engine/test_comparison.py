"""Models compared on the same pieces: paired, by work, in any order."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.engine.comparison import combine, combine_on_common_pieces, differences
from experiments.engine.evaluation import FEWEST_WORKS, accuracy, balanced_accuracy
from experiments.engine.predictions import Predictions

CLASSES = ("Ada", "Bela", "Cleo")


def predictions(seed, certainty=0.5, count=60):
    """Answers for the same 60 pieces of 20 works, whatever the seed."""
    labels = np.arange(count) % 3
    raw = np.random.default_rng(seed).dirichlet(np.ones(3), count) + certainty * np.eye(3)[labels]
    return Predictions(
        pieces=tuple(f"piece {number}" for number in range(count)),
        works=tuple(f"work {number // 3}" for number in range(count)),
        composers=tuple(CLASSES[label] for label in labels),
        probabilities=raw / raw.sum(axis=1, keepdims=True),
        classes=CLASSES,
    )


def shuffled(part, seed=0):
    order = np.random.default_rng(seed).permutation(len(part.pieces))
    names = {name: tuple(np.array(getattr(part, name))[order]) for name in ("pieces", "works", "composers")}
    return dataclasses.replace(part, probabilities=part.probabilities[order], **names)


@given(st.integers(0, 100))
def test_one_model_has_its_own_score_and_interval(seed):
    part = predictions(seed)
    scores = part.scores()
    assert combine([part], [1]) == {
        name: scores[name] for name in ("macro_f1", "macro_f1_low", "macro_f1_high")
    }


@given(st.integers(0, 100))
def test_a_mean_lies_between_and_a_difference_is_one(seed):
    one, other = predictions(seed), predictions(seed + 1)
    scores = [part.scores()["macro_f1"] for part in (one, other)]
    mean = combine([one, other], [0.5, 0.5])
    assert mean["macro_f1"] == pytest.approx(np.mean(scores))
    assert mean["macro_f1_low"] <= mean["macro_f1"] <= mean["macro_f1_high"]
    assert combine([one, other], [1, -1])["macro_f1"] == pytest.approx(scores[0] - scores[1])


def test_the_order_of_the_pieces_does_not_matter():
    one, other = predictions(0), predictions(1)
    assert combine([one, shuffled(other)], [1, -1]) == combine([one, other], [1, -1])


def some(part, indices):
    """Returns some of the answers, some of them perhaps several times, as there are several chunks of a piece."""
    names = {name: tuple(np.array(getattr(part, name))[indices]) for name in ("pieces", "works", "composers")}
    return dataclasses.replace(part, probabilities=part.probabilities[indices], **names)


@given(st.integers(0, 100))
def test_on_the_same_pieces_all_that_is_common_is_all(seed):
    one, other = predictions(seed), shuffled(predictions(seed + 1))
    expected, found = combine([one, other], [1, -1]), combine_on_common_pieces([one, other], [1, -1])
    assert tuple(expected.values()) == (found.value, found.low, found.high)
    assert found.num_pieces == 60


@given(
    st.integers(0, 100), st.lists(st.integers(0, 59), min_size=1), st.lists(st.integers(20, 59), min_size=1)
)
def test_of_other_pieces_only_the_common_ones_count(seed, first, second):
    one, other = predictions(seed), predictions(seed + 1)
    found = combine_on_common_pieces([some(one, first), some(other, second)], [1, -1])
    common = set(first) & set(second)
    if not common:
        assert found is None
        return
    scores = [
        some(part, [index for index in chosen if index in common]).scores()["macro_f1"]
        for part, chosen in ((one, first), (other, second))
    ]
    assert found.value == pytest.approx(scores[0] - scores[1])
    assert found.num_pieces == len(common)
    num_works = len({one.works[index] for index in common})
    assert (found.low is None and found.high is None) if num_works < FEWEST_WORKS else found.low <= found.high


@given(st.integers(0, 100))
def test_accuracies_are_those_of_all_scores(seed):
    part = predictions(seed)
    scores = part.scores()
    for name, score in (("accuracy", accuracy), ("balanced_accuracy", balanced_accuracy)):
        found = combine_on_common_pieces([part], [1], score)
        assert found.value == pytest.approx(scores[name])
        assert found.low <= found.value <= found.high


@pytest.mark.parametrize(("num_works", "has_interval"), [(1, False), (4, False), (5, True)])
@pytest.mark.parametrize("drawn", ["works", "composers"])
def test_a_difference_on_too_few_works_has_no_interval(num_works, has_interval, drawn):
    """Not even one of which every draw is the same: it would leave 0 out, for certain."""
    one, other = (predictions(0, certainty, count=3 * num_works) for certainty in (3, 0))
    if drawn == "composers":
        one = dataclasses.replace(one, works=one.pieces, writers=one.works)
    found = combine_on_common_pieces([one, other], [1, -1])
    assert found.value > 0 and found.drawn == drawn
    assert (found.low is not None, found.high is not None) == (has_interval, has_interval)
    together = combine([one, other], [1, -1])
    assert (together["macro_f1_low"] is not None) == has_interval and together["macro_f1"] == found.value


def test_other_pieces_are_not_compared():
    with pytest.raises(ValueError, match="on the same pieces"):
        combine([predictions(0), predictions(0, count=57)], [1, -1])


def test_a_model_differs_from_itself_by_nothing_for_certain():
    part = predictions(0)
    assert combine([part, part], [1, -1]) == {"macro_f1": 0, "macro_f1_low": 0, "macro_f1_high": 0}


def test_a_paired_interval_is_narrower_than_that_of_a_score():
    """Two models that disagree about one work: that others are hard is no difference between them."""
    one = predictions(0)
    elsewhere = np.vstack([predictions(1).probabilities[:3], one.probabilities[3:]])
    nearly = dataclasses.replace(one, probabilities=elsewhere)
    paired, alone = combine([one, nearly], [1, -1]), combine([one], [1])
    widths = [found["macro_f1_high"] - found["macro_f1_low"] for found in (paired, alone)]
    assert widths[0] < 0.6 * widths[1]


def test_differences_are_means_over_the_seeds():
    networks, stacks, fingerprints = (
        [predictions(10 * k + seed, certainty=0.3 * k) for seed in range(3)] for k in (2, 3, 1)
    )
    found = differences(networks, stacks, fingerprints)
    assert set(found) == {"network_minus_fingerprint", "stacked_minus_fingerprint"}
    mean = {
        name: np.mean([part.scores()["macro_f1"] for part in parts])
        for name, parts in (("network", networks), ("stacked", stacks), ("fingerprint", fingerprints))
    }
    for name in ("network", "stacked"):
        difference = found[f"{name}_minus_fingerprint"]
        assert difference["macro_f1"] == pytest.approx(mean[name] - mean["fingerprint"])
        assert difference["macro_f1_low"] < difference["macro_f1"] < difference["macro_f1_high"]
    assert set(differences(networks, [], fingerprints)) == {"network_minus_fingerprint"}
