"""Other music: asked of what was trained, over the composers who are there, with the prior that the training had."""

import dataclasses

import numpy as np
import pytest

from experiments.engine import records
from experiments.engine.auditing.training_pieces import what_was_heard
from experiments.engine.auditing.transfer import transfer
from experiments.engine.config import Config, CorpusConfig, Places
from experiments.engine.external import load_external
from experiments.engine.runner import Study, prepare
from experiments.engine.saved_models import load_saved_model
from features.corpora import synthetic
from features.errors import InputError


@pytest.fixture(scope="module")
def saved(uninterrupted):
    return load_saved_model(uninterrupted)


@pytest.fixture(scope="module")
def study(uninterrupted, cache_dir):
    config = Config.from_dict(records.read_json(uninterrupted / "config.json"))
    places = Places(cache_dir=cache_dir)
    return Study(config, places, prepare(config, places))


@pytest.fixture(scope="module")
def external(study, tmp_path_factory):
    """New music by two of the four, much more of one than of the other."""
    home = tmp_path_factory.mktemp("music")
    for composer, count in (("Ada", 12), ("Cleo", 3)):
        (home / composer).mkdir()
        for opus in range(50, 50 + count):
            (home / composer / f"opus {opus}.mid").write_bytes(synthetic.compose(composer, opus, movement=1))
    places = dataclasses.replace(study.places, data_home=home)
    return load_external(CorpusConfig("composer_folders"), study.dataset.classes, places)


def rows_of(study, external, saved, *models):
    rows, facts = transfer(study, external, saved=saved, cheap_models=models, at_home={"frame_cnn": 0.5})
    return {(row.name, row.model): row for row in rows}, facts


def test_the_cheap_models_are_trained_on_what_the_network_was_trained_on(study, external, saved):
    with_network, without = what_was_heard(study, saved), what_was_heard(study, None)
    np.testing.assert_array_equal(with_network.train, without.train)
    np.testing.assert_array_equal(with_network.heard, without.heard)
    rows, facts = rows_of(study, external, saved, "fingerprint", "majority")
    assert facts["trained_on"] == with_network.train.sum() < with_network.heard.sum()
    assert facts["heard"] == {} and facts["composers"] == {"Ada": 12, "Cleo": 3}
    row = rows["unheard works, as it is", "frame_cnn"]
    assert row.against == "fingerprint" and row.pieces == 15
    assert "; at home 0.500" in row.finding
    assert rows["heard works", ""].problem == "There is no piece of such a work."


def test_whoever_trains_with_weights_has_a_flat_prior_already(study, external, saved):
    rows, facts = rows_of(study, external, saved, "histogram_linear")
    np.testing.assert_allclose(facts["priors"]["frame_cnn"], 0.25, atol=1e-4)
    assert ("unheard works, flat prior", "frame_cnn") not in rows
    estimated = facts["estimated_priors"]["histogram_linear"]
    assert estimated[0] == pytest.approx(0.8, abs=0.1) and estimated[1] + estimated[3] < 0.1


def test_without_weights_the_prior_is_that_of_the_chunks_and_is_taken_out(study, external, saved):
    unweighted = dataclasses.replace(study, config=study.config.replace(training={"class_weights": False}))
    rows, facts = rows_of(unweighted, external, saved)
    train = what_was_heard(study, saved).train
    chunks = np.bincount(study.dataset.chunk_labels[train[study.dataset.chunk_pieces]], minlength=4)
    np.testing.assert_allclose(facts["priors"]["frame_cnn"], chunks / chunks.sum(), atol=1e-4)
    assert rows["unheard works, flat prior", "frame_cnn"].against == "as it is"


def test_macro_f1_is_over_those_who_are_there(study, external, saved):
    rows, _ = rows_of(study, external, saved, "majority")
    row = rows["unheard works, as it is", "majority"]
    # One answer for all: a composer who is there, or one who is not and then has no F1 of his own.
    assert row.numbers["piece_macro_f1"].value in (
        0,
        pytest.approx((2 * 12 / 27) / 2),
        pytest.approx((2 * 3 / 18) / 2),
    )


def test_a_model_of_other_composers_is_refused(study, saved):
    other = dataclasses.replace(saved, classes=("Ada", "Bela"))
    with pytest.raises(InputError, match="knows Ada, Bela, but the study is about Ada, Bela, Cleo, Dov"):
        what_was_heard(study, other)
