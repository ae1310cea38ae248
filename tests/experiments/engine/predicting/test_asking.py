"""A model asked about one file: priors, none of these, time."""

import dataclasses

import numpy as np
import pytest

from experiments.engine.heard import Heard
from experiments.engine.predicting.asking import CALIBRATION, Asker, read_prior, spans_of
from experiments.engine.predicting.calibration import Calibration
from experiments.engine.predicting.presenting import values_of
from experiments.engine.predicting.unknown import NUM_STATISTICS
from experiments.engine.saved_models import load_saved_model
from features.corpora.synthetic import compose
from features.encoders.messages import Messages
from features.errors import InputError
from features.in_memory import dataset_of_file
from features.midi import write_tracks
from features.midi.writing import note_on

PROBABLE_ENOUGH = {"weights": (0.0, 1.0, *[0.0] * (NUM_STATISTICS - 2))}
"""The score is how likely the likeliest is."""

CLASSES, TRAINING = ("Bach", "Chopin", "Mozart"), (0.6, 0.4, 0.0)


@pytest.fixture(scope="module")
def saved(uninterrupted):
    return load_saved_model(uninterrupted)


def calibrated(saved, **values):
    calibration = Calibration((0.4, 0.3, 0.2, 0.1), **values).to_dict()
    return dataclasses.replace(saved, description=saved.description | {CALIBRATION: calibration})


@pytest.mark.parametrize(
    ("text", "prior"),
    [
        ("training", (0.6, 0.4, 0.0)),
        ("flat", (0.5, 0.5, 0.0)),
        ("J. S. Bach=0.25", (0.25, 0.75, 0.0)),
        ("Bach=0.5, Mozart=0.5", (0.5, 0.0, 0.5)),
        ("chopin=0", (1.0, 0.0, 0.0)),
    ],
)
def test_a_prior_is_named_or_given_in_shares(text, prior):
    assert read_prior(text, CLASSES, TRAINING).tolist() == pytest.approx(prior)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Brahms=0.5", "received 'Brahms=0.5'; the model knows Bach, Chopin, Mozart"),
        ("Bach", "received 'Bach'"),
        ("Bach=2", "received 'Bach=2'"),
        ("Bach=0.7,Chopin=0.7", "add up to 1 or less, but they come to 1.4"),
        ("Bach=0.2,Chopin=0.2", "add up to 1, but they come to 0.4"),
    ],
)
def test_a_prior_that_cannot_be_is_refused(text, sentence):
    with pytest.raises(InputError, match=sentence):
        read_prior(text, CLASSES, TRAINING)


def test_a_file_is_answered_for_as_its_corpus_was(saved, uninterrupted):
    from experiments.engine.predictions import read_predictions

    expected = read_predictions(uninterrupted / "predictions.csv")
    composer, opus, movement = expected.pieces[0].split("/")
    answer = Asker(saved).ask("Guess", compose(composer, int(opus.split()[1]), movement=int(movement)))
    np.testing.assert_allclose(answer.probabilities, expected.probabilities[0], atol=1e-4)
    assert not answer.was_heard and answer.is_none is None
    assert answer.ranking[0][1] == answer.probabilities.max()


@pytest.mark.parametrize("few", [0, 1])
def test_few_batches_asked_one_by_one_are_answered_as_predict_answers(saved, monkeypatch, few):
    dataset = dataset_of_file("", compose("Ada", 1, movement=1), saved.encoder)
    expected = saved.model.predict(dataset.chunks(np.arange(len(dataset.chunk_pieces))), verbose=0)
    monkeypatch.setattr("experiments.engine.answering.FEW_BATCHES", few)
    answers = Asker(saved).listen(dataset)
    np.testing.assert_allclose(answers["chunk"], expected, atol=1e-6)
    joint = np.exp(np.log(expected).mean(axis=0))
    np.testing.assert_allclose(answers["piece"][0], joint / joint.sum(), atol=1e-6)


def test_a_file_of_the_training_is_known_again(saved):
    (first,) = [
        answer
        for opus in range(1, 11)
        if (answer := Asker(saved).ask("", compose("Ada", opus, movement=1))).was_heard
    ][:1]
    assert first.was_heard


def test_the_name_of_a_file_tells_of_a_work_of_the_training_by_who_is_answered(saved):
    data, composers = compose("Ada", 1, movement=1), ("Ada", "Bela", "Cleo", "Dov")
    works = frozenset(f"{composer}/op-6" for composer in composers)
    model = dataclasses.replace(saved, trained_on=Heard(works=works))
    answers = [
        Asker(model).ask(name, data) for name in ("music/Waltz op. 6.mid", "op. 6/x/Waltz.mid", "Waltz.mid")
    ]
    assert [answer.named_work for answer in answers] == [f"{answers[0].ranking[0][0]}/op-6", "", ""]
    assert not any(answer.was_heard for answer in answers)


def test_time_runs_through_the_whole_piece(saved):
    answer = Asker(saved).ask("", compose("Ada", 1, movement=1))
    dataset = dataset_of_file("", compose("Ada", 1, movement=1), saved.encoder)
    assert answer.spans[0, 0] == 0 and answer.spans[-1, 1] == pytest.approx(dataset.num_frames[0] / 10)
    np.testing.assert_array_equal(answer.spans[1:, 0], answer.spans[:-1, 1])
    assert len(answer.timeline) == len(answer.spans)


@pytest.mark.parametrize("merge_tracks", [False, True])
def test_windows_of_messages_have_their_times_too(merge_tracks):
    hands = [[(beat * 480, note_on(pitch)) for beat in range(40)] for pitch in (48, 72)]
    data = write_tracks(hands, ticks_per_beat=480)
    starts, ends = spans_of(dataset_of_file("", data, Messages(merge_tracks=merge_tracks))).T
    expected = (
        ([0, 5, 10, 15], [5.5, 10.5, 15.5, 19.5])
        if merge_tracks
        else ([0, 10, 0, 9.5], [11.5, 19.5, 11, 19.5])
    )
    assert (starts.tolist(), ends.tolist()) == expected


def test_another_prior_moves_the_answer_as_bayes_says_and_never_none_of_these(saved):
    model = calibrated(saved, **PROBABLE_ENOUGH | {"thresholds": (0.9,) * 4})
    data = compose("Cleo", 3, movement=1)
    usual, flat, one = (Asker(model, prior=prior).ask("", data) for prior in (None, "flat", "Dov=1"))
    odds = usual.probabilities / np.array([0.4, 0.3, 0.2, 0.1])
    np.testing.assert_allclose(flat.probabilities, odds / odds.sum())
    assert one.ranking[0] == ("Dov", 1.0)
    assert usual.is_none == flat.is_none == one.is_none == bool(usual.probabilities.max() < 0.9)


@pytest.mark.parametrize(("threshold", "is_none"), [(0.0, False), (1.1, True)])
def test_what_is_below_the_threshold_of_who_is_answered_is_by_none_of_these(saved, threshold, is_none):
    data = compose("Ada", 1, movement=1)
    likeliest = Asker(saved).ask("", data).probabilities.argmax()
    thresholds = tuple(np.where(np.arange(4) == likeliest, threshold, 1.1 - threshold).tolist())
    model = calibrated(saved, **PROBABLE_ENOUGH | {"thresholds": thresholds})
    assert Asker(model).ask("", data).is_none is is_none


def test_no_prior_can_be_put_into_answers_whose_own_is_not_known(saved):
    with pytest.raises(InputError, match="calibrate the model"):
        Asker(saved, prior="flat")


def test_a_model_of_something_else_than_composers_says_what_it_tells(saved):
    model = dataclasses.replace(saved, description=saved.description | {"label": "era"})
    answer = Asker(model).ask("", compose("Ada", 1, movement=1))
    values = values_of(answer, timeline=False)
    assert values["era"] == values["answer"] == answer.ranking[0][0] and "composer" not in values
