"""Routes to an answer, stage by stage."""

import dataclasses

import pytest

from experiments.engine.predicting.asking import Asker
from experiments.engine.saved_models import load_saved_model
from experiments.engine.speed.answers import STAGES, our_route, take, take_turns, their_route
from features.corpora.synthetic import compose
from features.encoders.piano_roll import PianoRoll


@pytest.fixture(scope="module")
def saved(uninterrupted):
    return load_saved_model(uninterrupted)


@pytest.mark.parametrize("route", [our_route, their_route])
def test_a_route_says_stage_by_stage_what_is_said_at_once(saved, tmp_path, route):
    (tmp_path / "piece.mid").write_bytes(data := compose("Bela", 2, movement=1))
    seconds, said = take(route(saved), tmp_path / "piece.mid")
    assert said == Asker(saved).ask("", data).ranking[0][0]
    assert len(seconds) == len(STAGES) and min(seconds) >= 0


def test_pretty_midi_has_no_route_to_a_model_of_other_rolls(saved):
    for encoder in (PianoRoll(channels=("onset",)), PianoRoll(channels=("binary",), pedal=False), None):
        assert their_route(dataclasses.replace(saved, encoder=encoder)) is None


def test_routes_take_turns_and_the_first_round_does_not_count(tmp_path):
    visits = []

    def stage_of(name):
        def stage(path):
            if path.name == "bad" and name == "b":
                raise ValueError("as it must")
            visits.append((name, path.name))
            return path.name

        return stage

    routes = {name: (stage_of(name), str.upper) for name in "ab"}
    good, bad = tmp_path / "good", tmp_path / "bad"
    turns = take_turns(routes, [bad, good], rounds=2)
    assert visits == [("a", "bad"), *[("a", "good"), ("b", "good")] * 3]
    assert turns.problems == {bad: "as it must"}
    assert turns.said == {"a": ["GOOD"] * 2, "b": ["GOOD"] * 2}
    assert [len(seconds) for seconds in turns.seconds["a"]] == [2, 2]
