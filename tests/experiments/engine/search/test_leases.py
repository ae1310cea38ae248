"""Leases end after a silence, but not after one that nobody could have heard."""

import pytest

from experiments.engine.search.leases import Leases


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def advance(clock, leases, seconds, *, renewing=()):
    """Lets time pass in steps, as a main loop does; returns whose leases ran out."""
    gone = []
    for _ in range(seconds):
        clock.now += 1
        for name in renewing:
            leases.renew(name)
        gone += leases.run_out()
    return gone


def test_a_lease_ends_after_a_silence_and_once(clock):
    leases = Leases(10, ["a", "b"], clock=clock)
    assert advance(clock, leases, 10) == []
    assert advance(clock, leases, 5, renewing=["b"]) == ["a"]
    assert leases.living == ["b"]


def test_an_ended_lease_is_not_renewed_by_a_sign_of_life(clock):
    leases = Leases(10, ["a"], clock=clock)
    leases.end("a")
    leases.renew("a")
    assert leases.living == []
    leases.begin("a")
    assert leases.living == ["a"]


def test_a_chief_that_was_held_up_blames_nobody(clock):
    leases = Leases(10, ["a", "b"], clock=clock)
    clock.now += 3600
    assert leases.run_out() == []
    assert advance(clock, leases, 11, renewing=["b"]) == ["a"]
