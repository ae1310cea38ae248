"""Which pieces are compared: those that every model answered for, by composers whom all know, with one truth."""

import dataclasses

import numpy as np
import pytest

from experiments.engine.comparing.candidates import Candidate, read_candidates
from experiments.engine.comparing.gathering import _names, common_classes, restrict
from experiments.engine.predictions import Predictions
from features.errors import InputError


def answers(**composers):
    """Answers for some pieces, each with its composer."""
    pieces = tuple(composers)
    probabilities = np.full((len(pieces), 2), 0.5)
    return Predictions(pieces, pieces, tuple(composers.values()), probabilities, ("Ada", "Bela"))


def test_pieces_are_those_of_all_models_by_composers_whom_all_know():
    parts = [answers(a="Ada", b="Bela", c="Zoe", d="Ada"), answers(d="Ada", b="Bela", c="Zoe")]
    assert _names(parts, ("Ada", "Bela")) == (["b", "d"], [])


def test_a_piece_on_whose_composer_runs_disagree_is_left_out():
    parts = [answers(a="Ada", b="Bela"), answers(a="Bela", b="Bela")]
    assert _names(parts, ("Ada", "Bela")) == (["b"], ["a"])


def test_who_wrote_a_piece_stays_with_it():
    part = dataclasses.replace(answers(a="Ada", b="Bela", c="Ada"), writers=("Ann", "Bob", "Cid"))
    kept = restrict(part, ["c", "b"], ("Ada", "Bela"), {"c": "work 1", "b": "work 2"})
    assert (kept.pieces, kept.units, kept.works) == (("c", "b"), ("Cid", "Bob"), ("work 1", "work 2"))


def test_models_that_know_nobody_in_common_are_refused_in_words(tmp_path):
    candidates = [Candidate("A", "a", None, run=tmp_path), Candidate("B", "b", None, run=tmp_path)]
    for candidate, classes in zip(candidates, (["Ada"], ["Modern"]), strict=True):
        vars(candidate)["metrics"] = {"classes": classes}
    with pytest.raises(InputError, match="have 0 classes in common, .* A Ada; B Modern"):
        common_classes(candidates)


def test_names_that_are_not_enough_are_counted(tmp_path):
    with pytest.raises(InputError, match=r"for each of 2 models, but received 1 name\."):
        read_candidates(["a.h5", "b.h5"], names=["one"], described=None)
