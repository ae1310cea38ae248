"""Timing in turn: what is printed, never how fast."""

from experiments import benchmark
from models import BUILDERS


def test_steps_take_turns_and_the_first_round_does_not_count():
    order = []
    seconds = benchmark.time_in_turn({name: lambda name=name: order.append(name) for name in "ab"}, rounds=2)
    assert order == ["a", "b"] * 3
    assert {name: len(values) for name, values in seconds.items()} == {"a": 2, "b": 2}


def test_every_builder_is_timed_beside_the_reference(capsys):
    benchmark.main(["builders", "--rounds", "1", "--batch-size", "2", "--precision", "float32"])
    printed = capsys.readouterr().out
    assert all(name in printed for name in BUILDERS)
    assert "1.00" in printed
