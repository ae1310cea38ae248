"""Cells shared among notes: nothing is counted twice, and nothing that has an owner is lost."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from experiments.engine.explaining.sharing import share_cells
from features.midi import NOTE

SPANS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 9), st.integers(60, 62)), min_size=1, max_size=12
)


def notes_of(spans):
    notes = np.zeros(len(spans), NOTE)
    for note, (first, length, pitch) in zip(notes, spans, strict=True):
        note["start_s"], note["end_s"], note["pitch"] = first / 8, (first + length) / 8, pitch
    return notes


@given(SPANS, st.integers(0, 2**32 - 1))
def test_weights_of_filled_cells_are_all_shared_out(spans, seed):
    notes = notes_of(spans)
    cells = np.zeros((128, 40))
    chance = np.random.default_rng(seed)
    for first, length, pitch in spans:
        cells[pitch, first : first + length] = chance.normal(size=len(cells[pitch, first : first + length]))
    assert np.isclose(share_cells(notes, cells, 8).sum(), cells.sum())


@given(SPANS)
def test_notes_that_sound_alike_weigh_alike(spans):
    notes, cells = notes_of([*spans, *spans]), np.zeros((128, 40))
    for first, length, pitch in spans:
        cells[pitch, first : first + length] = np.arange(first, first + length) + pitch
    weights = share_cells(notes, cells, 8)
    assert np.allclose(weights[: len(spans)], weights[len(spans) :])


def test_what_the_pedal_holds_belongs_to_the_last_note_before():
    cells = np.zeros((128, 40))
    cells[60] = 1
    weights = share_cells(notes_of([(2, 3, 60), (20, 2, 60), (0, 40, 61)]), cells, 8)
    assert weights.tolist() == [18, 20, 0]  # the two frames before the first note have no owner
