"""Scores keep their laws, and agree with scikit-learn's where it has the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from experiments.engine.evaluation import (
    SMALLEST_PROBABILITY,
    addends,
    calibration_error,
    f1_over_draws,
    macro_f1,
    macro_f1_interval,
    score_over_draws,
    scores,
    top_accuracy,
    vote,
)

CLASSES = ("Ada", "Bela", "Cleo", "Dov")


def random_answers(seed, count=60, certainty=1.0):
    """Labels with every class among them, and probabilities that lean towards the truth."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(4), rng.integers(0, 4, count - 4)])
    raw = rng.random((count, 4)) + certainty * np.eye(4)[labels] * rng.random((count, 1))
    return labels, raw / raw.sum(axis=1, keepdims=True)


def score(seed=0, **changes):
    labels, probabilities = random_answers(seed)
    works = [f"work {number // 3}" for number in range(len(labels))]
    return scores(labels, changes.get("probabilities", probabilities), works=works, classes=CLASSES)


@given(st.integers(0, 1000))
def test_the_vote_of_one_chunk_is_that_chunk(seed):
    _, probabilities = random_answers(seed, count=5)
    pieces, joined = vote(probabilities, np.array([7, 3, 9, 1, 4]))
    assert pieces.tolist() == [1, 3, 4, 7, 9]
    np.testing.assert_allclose(joined, probabilities[[3, 1, 4, 0, 2]], rtol=1e-9)


@given(st.integers(0, 1000), st.integers(1, 6))
def test_a_vote_of_equal_chunks_is_unanimous_and_does_not_know_their_order(seed, copies):
    _, probabilities = random_answers(seed, count=5)
    groups = np.repeat(np.arange(5), copies)
    order = np.random.default_rng(seed).permutation(5 * copies)
    _, joined = vote(np.repeat(probabilities, copies, axis=0)[order], groups[order])
    np.testing.assert_allclose(joined, probabilities, rtol=1e-9)


def test_a_vote_is_a_mean_of_logarithms():
    _, joined = vote(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 0]))
    expected = np.sqrt([0.9 * 0.2, 0.1 * 0.8])
    np.testing.assert_allclose(joined[0], expected / expected.sum())


def test_a_chunk_that_is_wrongly_sure_does_not_decide_alone():
    chunks = np.array([[0.0, 1.0]] + [[0.9, 0.1]] * 9, np.float32)
    _, joined = vote(chunks, np.zeros(10, int))
    assert joined[0].argmax() == 0
    assert np.isfinite(joined).all()
    assert SMALLEST_PROBABILITY < np.finfo(np.float32).eps


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_scikit_learn(seed):
    labels, probabilities = random_answers(seed)
    answers = probabilities.argmax(axis=1)
    assert set(answers) == set(labels) == set(range(4))
    ours = score(seed)
    assert ours["count"] == 60
    assert ours["accuracy"] == pytest.approx(metrics.accuracy_score(labels, answers))
    assert ours["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(labels, answers))
    assert ours["macro_f1"] == pytest.approx(metrics.f1_score(labels, answers, average="macro"))
    assert ours["log_loss"] == pytest.approx(metrics.log_loss(labels, probabilities))
    top_3 = metrics.top_k_accuracy_score(labels, probabilities, k=3)
    assert ours["top_3_accuracy"] == pytest.approx(top_3)
    report = metrics.classification_report(labels, answers, target_names=CLASSES, output_dict=True)
    for name in CLASSES:
        expected = {key.replace("-score", ""): value for key, value in report[name].items()}
        assert ours["per_class"][name] == pytest.approx(expected)


def test_a_class_that_nobody_wrote_and_nobody_named_does_not_count():
    labels, probabilities = np.array([0, 0, 1]), np.eye(4)[[0, 1, 1]]
    measured = scores(labels, probabilities, works=["a", "b", "c"], classes=CLASSES)
    assert measured["macro_f1"] == pytest.approx(metrics.f1_score(labels, [0, 1, 1], average="macro"))
    assert measured["balanced_accuracy"] == 0.75
    assert measured["per_class"]["Dov"] == {"precision": 0, "recall": 0, "f1": 0, "support": 0}


def test_a_class_that_is_only_named_by_mistake_has_no_f1_of_its_own():
    labels, probabilities = np.array([0, 0, 1]), np.eye(4)[[0, 2, 1]]
    measured = scores(labels, probabilities, works=["a", "b", "c"], classes=CLASSES)
    assert measured["macro_f1"] == pytest.approx(
        metrics.f1_score(labels, [0, 2, 1], labels=[0, 1], average="macro")
    )


def test_a_perfect_answer_has_perfect_scores():
    labels, _ = random_answers(0)
    measured = score(probabilities=np.eye(4)[labels])
    exact = ("accuracy", "balanced_accuracy", "macro_f1", "macro_f1_low", "macro_f1_high", "top_3_accuracy")
    assert {measured[name] for name in exact} == {1.0}
    assert measured["log_loss"] == pytest.approx(0, abs=1e-5)
    assert measured["calibration_error"] == 0


def test_a_certain_mistake_costs_much_but_not_without_end():
    labels, _ = random_answers(0)
    measured = score(probabilities=np.eye(4, dtype=np.float32)[(labels + 1) % 4])
    assert measured["log_loss"] == pytest.approx(-np.log(SMALLEST_PROBABILITY), rel=1e-3)
    assert measured["calibration_error"] == 1


def test_one_of_the_three_likeliest_is_enough_for_top_3():
    probabilities = np.array([[0.4, 0.3, 0.2, 0.1]] * 4)
    measured = scores(np.arange(4), probabilities, works=list("abcd"), classes=CLASSES)
    assert measured["top_3_accuracy"] == 0.75


@given(st.integers(0, 1000), st.integers(1, 4))
def test_the_truth_among_the_likeliest_is_what_scikit_learn_counts(seed, count):
    labels, probabilities = random_answers(seed)
    expected = metrics.top_k_accuracy_score(labels, probabilities, k=count) if count < 4 else 1
    assert top_accuracy(labels, probabilities, count) == pytest.approx(expected)


def test_classes_that_nobody_named_share_the_places_that_are_left():
    answers = np.array([[0.7, 0.3] + [0] * 8])
    assert [top_accuracy(np.array([5]), answers, count) for count in (1, 2, 3, 5, 10)] == [
        0,
        0,
        1 / 8,
        3 / 8,
        1,
    ]
    even = np.full((1, 10), 0.1)
    assert top_accuracy(np.array([5]), even, 5) == 0.5


def test_macro_f1_of_many_confusions_at_once():
    confusions = np.random.default_rng(0).integers(0, 9, (3, 2, 4, 4))
    together = macro_f1(confusions)
    assert together.shape == (3, 2)
    for place in np.ndindex(3, 2):
        assert together[place] == pytest.approx(macro_f1(confusions[place]))


@given(st.integers(0, 1000))
def test_the_interval_holds_the_score_and_is_always_the_same(seed):
    labels, probabilities = random_answers(seed)
    works = [f"work {number % 20}" for number in range(60)]
    answers = probabilities.argmax(axis=1)
    low, high = macro_f1_interval(labels, answers, works=works, num_classes=4)
    assert 0 <= low <= metrics.f1_score(labels, answers, average="macro") <= high <= 1
    assert (low, high) == macro_f1_interval(labels, answers, works=works, num_classes=4)


@pytest.mark.parametrize("seed", range(5))
def test_the_interval_lies_around_the_score_also_with_a_long_tail(seed):
    """Of many composers one work is tested: a draw without it has no say about them."""
    rng = np.random.default_rng(seed)
    num_works = np.maximum(1, 60 // np.arange(1, 51))
    labels = np.repeat(np.arange(50), num_works)
    answers = np.where(rng.random(len(labels)) < 0.65, labels, rng.permutation(labels))
    low, high = macro_f1_interval(labels, answers, works=[f"{n}" for n in range(len(labels))], num_classes=50)
    score = metrics.f1_score(labels, answers, labels=range(50), average="macro")
    assert low < score < high
    assert abs((low + high) / 2 - score) < 0.25 * (high - low)


def test_the_interval_narrows_with_more_works_and_not_with_more_pieces_of_one():
    labels, probabilities = random_answers(3, count=40)
    answers = probabilities.argmax(axis=1)
    few = [f"work {number}" for number in range(40)]
    many = [f"work {number}" for number in range(40 * 9)]
    widths = {
        name: np.diff(
            macro_f1_interval(np.tile(labels, times), np.tile(answers, times), works=works, num_classes=4)
        )
        for name, times, works in (("once", 1, few), ("copied", 9, few * 9), ("more works", 9, many))
    }
    assert widths["more works"] < 0.5 * widths["once"]
    assert widths["copied"] == pytest.approx(widths["once"])


@pytest.mark.parametrize("label", [0, 1, 2])
def test_the_interval_of_one_class_is_that_of_its_f1_over_the_same_draws(label):
    rng = np.random.default_rng(4)
    labels, answers, works = rng.integers(0, 3, 90), rng.integers(0, 3, 90), np.arange(90) % 30

    def f1(confusions):
        hits, either = confusions[..., 0, label, label], confusions.sum(-1) + confusions.sum(-2)
        return 2 * hits / either[..., 0, label]

    expected = score_over_draws([labels], [answers], [works], score=f1, num_classes=3)
    assert f1_over_draws(labels, answers, label, works=works) == pytest.approx(expected)


def test_a_class_of_four_works_has_no_interval():
    assert f1_over_draws(np.ones(8, int), np.ones(8, int), 1, works=list("aabbccdd")) is None


@pytest.mark.parametrize(("num_works", "has_interval"), [(1, False), (4, False), (5, True)])
def test_fewer_than_five_works_give_no_interval(num_works, has_interval):
    labels, probabilities = random_answers(0)
    measured = scores(labels, probabilities, works=[n % num_works for n in range(60)], classes=CLASSES)
    assert measured["macro_f1"] == score(0)["macro_f1"]
    ends = measured["macro_f1_low"], measured["macro_f1_high"]
    assert (ends != (None, None)) == has_interval
    assert not has_interval or ends[0] < measured["macro_f1"] < ends[1]


def test_who_is_right_as_often_as_he_is_sure_is_calibrated():
    sure = np.repeat([0.6, 0.9], [50, 100])
    right = np.concatenate([np.arange(50) < 30, np.arange(100) < 90])
    probabilities = np.stack([sure, 1 - sure], axis=1)
    calibrated, wrong = (
        addends(labels, probabilities).sum(axis=0)
        for labels in (np.where(right, 0, 1), np.where(right, 1, 0))
    )
    assert calibration_error(calibrated) == pytest.approx(0, abs=1e-12)
    assert calibration_error(wrong) > 0.1
