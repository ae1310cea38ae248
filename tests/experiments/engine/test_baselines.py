"""Baselines answer for what is asked, over all classes, and the same whether asked for one part or several."""

import numpy as np
import pytest

from experiments.engine.baselines import (
    all_histograms,
    answer_baseline,
    ask_baseline,
    run_baselines,
    usable_baselines,
)
from experiments.engine.evaluation import vote
from features.corpora import synthetic
from features.corpora.catalogue import Request
from features.datasets import load_dataset
from features.encoders.piano_roll import PianoRoll
from features.splits.protocols import TEST, TRAIN, VALIDATION, make_split
from models.baselines import BASELINES
from models.piece_histograms import piece_histograms


@pytest.fixture(scope="module")
def dataset(cache_dir):
    encoder = PianoRoll(channels=("binary",))
    return load_dataset(synthetic.load(Request()), encoder, cache_dir=cache_dir, progress=False)


@pytest.fixture(scope="module")
def split(dataset):
    names = ("composers", "pieces", "works", "num_chunks")
    return make_split("work", 0, **{name: getattr(dataset, name) for name in names})


@pytest.mark.parametrize("name", BASELINES)
def test_each_side_has_its_answers_whatever_else_is_asked(dataset, split, name):
    histograms = all_histograms(dataset)
    both, one = (
        answer_baseline(name, dataset, split, seed=3, sides=sides, histograms=histograms)
        for sides in ((VALIDATION, TEST), (TEST,))
    )
    assert list(both) == [VALIDATION, TEST]
    for side, answers in both.items():
        indices = split.indices(side)
        assert set(answers["piece"].pieces) == {dataset.pieces[i] for i in dataset.chunk_pieces[indices]}
        if "chunk" in answers:
            assert len(answers["chunk"].pieces) == len(indices)
            _, joined = vote(answers["chunk"].probabilities, dataset.chunk_pieces[indices])
            np.testing.assert_allclose(answers["piece"].probabilities, joined)
    for level, expected in one[TEST].items():
        np.testing.assert_allclose(both[TEST][level].probabilities, expected.probabilities)


def test_histograms_count_held_notes_whatever_the_order_of_channels(cache_dir):
    found = [
        all_histograms(
            load_dataset(
                synthetic.load(Request()), PianoRoll(channels=channels), cache_dir=cache_dir, progress=False
            )
        )
        for channels in (("velocity", "onset", "binary"), ("onset", "binary", "velocity"))
    ]
    np.testing.assert_array_equal(*found)


def test_a_class_without_examples_is_never_answered():
    examples, labels = np.random.default_rng(0).random((60, 5)), np.arange(60) % 3 * 2
    for name in BASELINES:
        answers = ask_baseline(name, examples, labels, examples[:7], num_classes=6, seed=0)
        assert answers.shape == (7, 6)
        np.testing.assert_allclose(answers.sum(axis=1), 1)
        assert not answers[:, [1, 3, 5]].any()


def test_without_a_piano_roll_histograms_are_left_out(dataset):
    assert usable_baselines(dataset) == list(BASELINES)

    class Sequences:
        chunk_shape = (20, 2)

    class Other:
        encoder = Sequences()

    assert usable_baselines(Other()) == ["majority", "fingerprint"]


def test_what_reads_pieces_knows_only_their_training_chunks(dataset, monkeypatch):
    """Under the protocol chunk, where other chunks of the same pieces are tested."""
    from experiments.engine import baselines

    names = ("composers", "pieces", "works", "num_chunks")
    split = make_split("chunk", 0, **{name: getattr(dataset, name) for name in names})
    histograms, seen = all_histograms(dataset), []
    monkeypatch.setattr(
        baselines,
        "ask_baseline",
        lambda name, examples, labels, asked, **_: seen.append((examples, labels, asked)) or asked[:, :4],
    )
    answer_baseline("histogram_boosting", dataset, split, seed=0, sides=[TEST], histograms=histograms)
    ((examples, labels, asked),) = seen
    for side, table in ((TRAIN, examples), (TEST, asked)):
        chunks = split.indices(side)
        pieces = dataset.chunk_pieces[chunks]
        np.testing.assert_array_equal(table, piece_histograms(histograms[chunks], pieces))
    np.testing.assert_array_equal(
        labels, dataset.labels[np.unique(dataset.chunk_pieces[split.indices(TRAIN)])]
    )


def test_what_is_written_is_not_made_again(dataset, split, tmp_path, monkeypatch):
    from experiments.engine import baselines

    first = run_baselines(dataset, split, seed=0, folder=tmp_path, show=False)
    monkeypatch.setattr(baselines, "ask_baseline", None)
    again = run_baselines(dataset, split, seed=0, folder=tmp_path, show=False)
    for name, sides in first.items():
        assert set(sides) == ({TEST, VALIDATION} if name == "fingerprint" else {TEST})
        for side, answers in sides.items():
            np.testing.assert_array_equal(answers.probabilities, again[name][side].probabilities)
