"""Calibrated answers: what must hold of them, whatever was fitted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from experiments.engine.predicting.calibration import HOTTEST, UNKNOWN_COMPOSERS, Calibration, TurnedAway, fit
from experiments.engine.predicting.unknown import NUM_STATISTICS
from models.saving import ModelFileError

PRIOR = (0.5, 0.3, 0.2)

TESTED = {"false_rejections": 0.1, "known_pieces": 50, "false_acceptances": 0.75, "pieces": 40}

NUMBERS = st.floats(0.05, 20), st.floats(0, 1), st.integers(0, 2**32 - 1)


def draw(seed, count=400, spread=2.0):
    """Answers that are true: classes are drawn from them."""
    chance = np.random.default_rng(seed)
    answers = softmax(chance.normal(0, spread, (count, 3)), axis=1)
    labels = np.array([chance.choice(3, p=row) for row in answers])
    return answers, labels


def loss(answers, labels):
    return -np.log(answers[np.arange(len(labels)), labels]).mean()


@given(*NUMBERS)
def test_who_is_likeliest_stays_so_and_probabilities_are_some(temperature, exponent, seed):
    answers, _ = draw(seed, count=20)
    num_chunks = np.random.default_rng(seed).integers(1, 500, 20)
    found = Calibration(PRIOR, temperature, exponent).probabilities(answers, num_chunks)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_array_equal(found[np.arange(20), answers.argmax(axis=1)], found.max(axis=1))


def test_what_is_not_fitted_changes_nothing():
    answers, _ = draw(1)
    np.testing.assert_allclose(Calibration(PRIOR).probabilities(answers, 7), answers, atol=1e-6)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_a_network_that_is_too_sure_or_too_timid_is_found_out(temperature):
    answers, labels = draw(2, count=4000)
    distorted = softmax(np.log(answers) * temperature, axis=1)
    num_chunks = np.random.default_rng(3).integers(1, 50, len(labels))
    found, exponent = fit(distorted, num_chunks, labels)
    assert found * 10**-exponent == pytest.approx(temperature, rel=0.15), "for pieces of ten chunks or so"
    assert exponent < 0.1


def test_longer_pieces_are_trusted_more_where_they_deserve_it():
    answers, labels = draw(4, count=4000, spread=4.0)
    num_chunks = np.random.default_rng(5).integers(1, 50, len(labels))
    timid = softmax(np.log(answers) / np.sqrt(num_chunks)[:, None], axis=1)
    temperature, exponent = fit(timid, num_chunks, labels)
    assert exponent == pytest.approx(0.5, abs=0.1)
    found = Calibration(PRIOR, temperature, exponent).probabilities(timid, num_chunks)
    assert loss(found, labels) == pytest.approx(loss(answers, labels), abs=0.01)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_pieces_that_were_fitted_on_are_never_answered_worse(seed, count):
    answers, labels = draw(seed, count=count)
    temperature, exponent = fit(answers, np.full(count, 3), labels)
    found = Calibration(PRIOR, temperature, exponent).probabilities(answers, 3)
    assert loss(found, labels) <= loss(answers, labels) + 1e-6


def test_it_is_kept_in_json_with_what_tells_how_well_it_does():
    calibration = Calibration(PRIOR, 2.0, 0.25, (1.0,) * NUM_STATISTICS, (0.7, -0.1, 3.0))
    assert Calibration.from_dict(calibration.to_dict() | {"test": {"pieces": 3}}) == calibration


@pytest.mark.parametrize("temperature", [1 / HOTTEST, np.exp(np.log(HOTTEST)), 3])
def test_what_can_be_fitted_can_be_kept(temperature):
    calibration = Calibration((0.1,) * 9 + (0.1, 0.0), temperature, 1.0)
    assert Calibration.from_dict(calibration.to_dict(), num_classes=11) == calibration


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ({"temperature": 0}, "temperature = 0"),
        ({"temperature": "x"}, "temperature = 'x'"),
        ({"temperature": float("inf")}, "temperature = inf"),
        ({"exponent": float("nan")}, "exponent = nan"),
        ({"exponent": None}, "exponent = None"),
        ({"weights": "evil"}, "weights = 'evil'"),
        ({"weights": [1.0]}, "weights = "),
        ({"weights": 7}, "weights = 7"),
        ({"weights": [float("nan")] * NUM_STATISTICS}, "weights = "),
        ({"weights": [1.0] * NUM_STATISTICS}, "thresholds = "),
        ({"thresholds": [0.1, 0.2, 0.3]}, "thresholds = "),
        ({"thresholds": None}, "thresholds = None"),
        ({"training_prior": [0.5, 0.5]}, "training_prior = "),
        ({"training_prior": [0, 0, 0]}, "training_prior = "),
        ({"training_prior": [float("nan")] * 3}, "training_prior = "),
        ({"training_prior": [1.5, -0.5, 0]}, "training_prior = "),
        ({"training_prior": ["1", 0, 0]}, "training_prior = "),
        ({"training_prior": "abc"}, "training_prior = 'abc'"),
        ({"training_prior": 1}, "training_prior = 1"),
    ],
)
def test_a_damaged_calibration_is_told_in_one_sentence(damage, named):
    with pytest.raises(ModelFileError, match=named) as caught:
        Calibration.from_dict(Calibration(PRIOR).to_dict() | damage, num_classes=3)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "facts",
    [
        1,
        {},
        {"tested": []},
        {"tested": TESTED | {"pieces": "x"}},
        {"tested": TESTED | {"false_rejections": 2}},
    ],
)
def test_damaged_rates_of_none_of_these_are_told_in_one_sentence(facts):
    with pytest.raises(ModelFileError, match="unknown_composers = "):
        TurnedAway.from_dict({UNKNOWN_COMPOSERS: facts})


def test_of_a_calibration_that_told_unknown_composers_otherwise_the_probabilities_stay():
    older = {"score": "chunk_certainty", "threshold": 0.2, "none_of_these": {"tested": TESTED}}
    found = Calibration(PRIOR, 2.0).to_dict() | older
    assert Calibration.from_dict(found) == Calibration(PRIOR, 2.0) and TurnedAway.from_dict(found) is None


def test_a_calibration_without_unknown_composers_has_no_rates():
    assert TurnedAway.from_dict({}) is None


@pytest.mark.parametrize("values", [[1], "x", 5, {"temperature": 2.0}])
def test_what_is_no_calibration_is_refused(values):
    with pytest.raises(ModelFileError, match="training_prior = None"):
        Calibration.from_dict(values)
