"""Which pieces are compared: those that every model answered for, by composers whom all know, with one truth."""

import dataclasses

import numpy as np

from experiments.engine.comparing.gathering import _names, restrict
from experiments.engine.predictions import Predictions


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
