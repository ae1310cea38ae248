"""Weights of notes: they add up, and they point at what a model is known to listen to."""

import dataclasses

import keras
import numpy as np
import pytest

from experiments.engine.config import CorpusConfig, Places
from experiments.engine.explaining import note_attributions, top_notes
from experiments.engine.explaining.attribution import (
    DELETION,
    GRADIENTS,
    METHODS,
    compare_weights,
    gradient_weights,
)
from experiments.engine.explaining.checking import check
from experiments.engine.explaining.chunks import read_with
from experiments.engine.explaining.deletion import deletion_weights
from experiments.engine.explaining.gradients import IntegratedGradients, log_odds
from features.encoders.descriptors import DescriptorSteps
from features.errors import InputError
from features.midi import notes_to_midi, read_events, read_notes


@pytest.mark.parametrize("method", METHODS)
def test_only_the_pitches_that_the_model_hears_have_weight(explained, method):
    pitches, weights = explained.piece.notes.notes["pitch"], explained.weights[method]
    assert explained.composer in ("Ada", "Bela")
    mine, other = (60, 62) if explained.composer == "Ada" else (62, 60)
    assert (weights[pitches == mine] > 0.05).all()
    assert (weights[pitches == other] < -0.01).all()
    assert np.abs(weights[~np.isin(pitches, (60, 62))]).max() < 1e-6
    assert set(pitches[top_notes(weights)]) == {mine}


def test_the_ways_agree_on_it(explained):
    assert explained.agreement.agrees
    assert explained.agreement.rank_correlation > 0.9


def test_gradients_add_up_to_the_log_odds_less_those_of_silence(explained, listener):
    """The axiom of completeness, which gradients in training mode, with dropout, would not keep."""
    wanted = listener.classes.index(explained.composer)
    piece = explained.piece
    silence = log_odds(piece.ask(np.zeros_like(piece.chunks[:1])), wanted)
    expected = (log_odds(piece.probabilities, wanted) - silence).sum()
    assert explained.weights[GRADIENTS].sum() == pytest.approx(expected, rel=0.01)


def test_a_deletion_is_what_the_answer_loses_without_the_note(explained, listener):
    piece, wanted = explained.piece, listener.classes.index(explained.composer)
    note = int(top_notes(explained.weights[DELETION])[0])
    lost = log_odds(piece.probabilities, wanted) - log_odds(
        piece.answers_without(np.array([note]))[0], wanted
    )
    assert explained.weights[DELETION][note] == pytest.approx(lost.sum(), abs=1e-4)


def test_a_model_of_bags_hears_each_chunk_in_a_bag_of_its_own(listener, scale):
    listens = listener.model
    bag = keras.Input((None, 128, 150, 1), name="bag")
    each = keras.layers.TimeDistributed(listens, name="each")(bag)
    model = keras.Model(bag, keras.layers.GlobalAveragePooling1D(name="mean")(each))
    plain, bagged = (
        note_attributions(saved, scale) for saved in (listener, dataclasses.replace(listener, model=model))
    )
    for method in METHODS:
        assert np.allclose(plain.weights[method], bagged.weights[method], atol=1e-4)


def test_a_model_is_explained_without_being_changed(listener, scale):
    before = listener.model.get_weights()
    note_attributions(listener, scale, methods=(GRADIENTS,))
    assert all(np.array_equal(*pair) for pair in zip(before, listener.model.get_weights(), strict=True))
    assert listener.model.trainable_weights


def test_what_is_asked_of_another_composer_is_told_of_him(listener, scale):
    weights = note_attributions(listener, scale, composer="Cleo", methods=(GRADIENTS,)).weights[GRADIENTS]
    assert (weights[np.isin(scale.notes["pitch"], (60, 62))] < 0).all()


def test_a_composer_whom_the_model_does_not_know_is_refused(listener, scale):
    with pytest.raises(InputError, match=r"whom the model knows \(Ada, Bela, Cleo\), but received 'Dora'"):
        note_attributions(listener, scale, composer="Dora")


def test_a_model_that_reads_no_rolls_is_refused(listener, scale):
    description = {"encoder": {"name": "descriptors"}}
    other = dataclasses.replace(listener, encoder=DescriptorSteps(), description=description)
    with pytest.raises(InputError, match="a model of piano rolls, in which notes can be pointed at"):
        note_attributions(other, scale)
    with pytest.raises(InputError, match="a model of piano rolls"):  # once, not for every piece
        check(other, CorpusConfig("synthetic"), Places(), num_pieces=1, seconds=15, seed=0)


def test_a_piece_without_notes_is_refused(listener):
    drums = notes_to_midi([(0, 480, 40, 100, 0, 9, 1)])
    with pytest.raises(InputError, match="no pitched note that lasts"):
        note_attributions(listener, read_notes(read_events(drums)))


def test_notes_taken_away_together_share_their_weight(listener, scale):
    piece = read_with(listener, scale)
    one, two = deletion_weights(piece, 0), deletion_weights(piece, 0, most=40)
    in_time = np.argsort(scale.notes["start_s"], kind="stable")
    assert two[in_time[2]] == two[in_time[3]]
    assert two.sum() == pytest.approx(one.sum(), rel=0.05)


def test_overlapping_chunks_each_add_theirs(listener, scale):
    overlapping = dataclasses.replace(listener, encoder=dataclasses.replace(listener.encoder, hop=75))
    plain, twice = (gradient_weights(read_with(saved, scale), 0) for saved in (listener, overlapping))
    middle = (scale.notes["pitch"] == 60) & (scale.notes["start_s"] > 10) & (scale.notes["start_s"] < 20)
    assert (twice[middle] > 1.5 * plain[middle]).all()


@pytest.mark.parametrize("ablation", ["random_key", "constant_speed", "one_instrument"])
def test_what_an_ablation_takes_away_stays_away_when_a_note_goes(listener, scale, ablation):
    saved = dataclasses.replace(listener, encoder=dataclasses.replace(listener.encoder, ablation=ablation))
    piece = read_with(saved, scale)
    assert np.array_equal(
        piece.chunks_of(piece.without(np.array([], int)), np.arange(len(piece.starts))), piece.chunks
    )
    assert len(piece.without(np.array([3])).columns) < len(piece.rows.columns)


def test_silence_has_no_weight(listener):
    attribute = IntegratedGradients(listener.model, points=4)
    chunk = np.zeros((128, 150, 1), np.float32)
    chunk[60, :30] = 1
    weights = attribute(chunk, 0)
    assert weights.shape == chunk.shape
    assert (weights[60, :30] > 0).all()
    assert not weights[chunk == 0].any()


@pytest.mark.parametrize(
    ("one", "other", "correlation", "overlap"),
    [
        (np.arange(20), np.arange(20), 1, 1),
        (np.arange(20), -np.arange(20), -1, 0),
        (np.ones(20), np.arange(20), 0, 0),
    ],
)
def test_how_alike_weights_are(one, other, correlation, overlap):
    found = compare_weights(one, other)
    assert found.rank_correlation == pytest.approx(correlation)
    assert found.top_overlap == overlap
