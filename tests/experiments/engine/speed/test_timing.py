"""A measurement is taken in turn, or alone: on one core, after a rehearsal that does not count."""

import os

import pytest

from experiments.engine.speed.timing import ONE_THREAD, measure_alone, time_in_turn


def test_steps_take_turns_and_the_first_round_does_not_count():
    order = []
    seconds = time_in_turn({name: lambda name=name: order.append(name) for name in "ab"}, rounds=2)
    assert order == ["a", "b"] * 3
    assert {name: len(values) for name, values in seconds.items()} == {"a": 2, "b": 2}


def look_around(items, folder, *, progress):
    """A task that says where it is; pickled by its name, so at the top of this file."""
    (folder / "written.bin").write_bytes(bytes(1000))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return {
        "process": os.getpid(),
        "cores": cores,
        "threads": os.environ["OMP_NUM_THREADS"],
        "items": len(items),
    }


def fail(items, folder, *, progress):
    raise ValueError("as it must")


def test_a_task_has_a_process_and_a_core_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    before = dict(os.environ)
    one, two = (measure_alone(look_around, range(5), tmp_path / name) for name in ("one", "two"))
    assert len({one.result["process"], two.result["process"], os.getpid()}) == 3
    assert (one.result["cores"], one.result["threads"], one.result["items"]) == (1, "1", 5)
    assert one.bytes_written == 1000, "The rehearsal does not count."
    assert one.seconds > 0 and one.cpu_seconds >= 0
    assert one.peak_bytes is None or 10e6 < one.peak_bytes < 2e9
    assert dict(os.environ) == before
    assert set(ONE_THREAD.values()) == {"1"}


def test_what_goes_wrong_there_goes_wrong_here(tmp_path):
    with pytest.raises(ValueError, match="as it must"):
        measure_alone(fail, [], tmp_path / "folder")
