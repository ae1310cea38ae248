"""Passages that decided: they lie where the weight is, apart from each other, and can be heard."""

import base64

import numpy as np
import pytest

from experiments.engine.explaining.passages import decided_in, find_passages, sound_of
from experiments.engine.explaining.picture import draw_roll, line_starts
from experiments.engine.explaining.places import slug
from experiments.engine.exploring import sounds
from features.midi import NOTE


def notes_at(starts):
    notes = np.zeros(len(starts), NOTE)
    notes["start_s"], notes["end_s"] = starts, np.add(starts, 0.5)
    notes["pitch"], notes["velocity"] = 60, 80
    return notes


def test_passages_lie_where_the_weight_is():
    notes, weights = notes_at(np.arange(60)), np.zeros(60)
    weights[30:33], weights[50] = 2, 1
    first, second = find_passages(notes, weights, most=5)
    assert first.start_s <= 30 and first.start_s + 10 > 32
    assert first.weight == 6
    assert second.weight == 1
    assert abs(first.start_s - second.start_s) >= 10
    assert 50 in second.notes


def test_passages_that_hardly_weigh_anything_are_none():
    notes = notes_at(np.arange(60))
    weights = np.where(np.arange(60) == 20, 5.0, -1e-3)
    weights[50] = 0.02
    assert [passage.weight > 4 for passage in find_passages(notes, weights, most=5)] == [True]
    assert find_passages(notes, np.zeros(60), most=5) == []
    assert find_passages(notes[:0], np.zeros(0), most=5) == []


def test_notes_that_decided_are_found_in_a_passage():
    notes, weights = notes_at(np.arange(30)), np.zeros(30)
    weights[4] = 1
    (passage,) = find_passages(notes, weights, most=1)
    assert decided_in(passage, [4, 29]).tolist() == [4]


def test_a_passage_can_be_heard(monkeypatch):
    monkeypatch.setattr(sounds, "find_fluidsynth", lambda: None)
    address = sound_of(notes_at([3.0, 4.0, 12.9999]), 3.0)
    data = base64.b64decode(address.removeprefix("data:audio/mpeg;base64,"), validate=True)
    assert len(data) > 10_000


def test_a_piece_is_drawn_in_lines_of_a_chunk(explained):
    pictures = draw_roll(explained, "gradients")
    assert len(pictures) == 1
    assert line_starts(explained) == [0, 1, 2]
    data = base64.b64decode(pictures[0].removeprefix("data:image/png;base64,"), validate=True)
    assert data.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b\\c:d*?.mid", "...", "é" * 300, ".mid", "x.musicxml"]
)
def test_any_name_is_the_name_of_a_folder(name):
    assert slug(name) and len(slug(name)) <= 100
    assert not set(slug(name)) & set('/\\:*?"<>|')
    assert not slug(name).startswith(".")
