"""Memory is noted while a search runs, drawn on its page, and bounds how long a worker lives."""

import csv
import os

import pytest

from experiments.engine.search import memory
from experiments.engine.search.state import read_search
from experiments.engine.search.watching.charts import memory_chart


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass when the test says so."""
    now = [100.0]
    monkeypatch.setattr(memory.time, "monotonic", lambda: now[0])
    return now


def rows(folder):
    with open(folder / "memory.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_notes_every_few_seconds_and_goes_on_after_a_kill(tmp_path, clock):
    log = memory.MemoryLog(tmp_path)
    for seconds in (0, 1, 4, 3):
        clock[0] += seconds
        log.note(0)
    assert [row["seconds"] for row in rows(tmp_path)] == ["0", "5"]
    clock[0] += 1000  # killed, and started again much later
    log = memory.MemoryLog(tmp_path)
    clock[0] += 2
    log.note(7)
    assert [(row["seconds"], row["trials_over"]) for row in rows(tmp_path)][2:] == [("7", "7")]


def test_counts_this_process_with_those_it_has_started():
    num_processes, held = memory.memory_of_tree()
    assert num_processes >= 1
    assert held >= memory.psutil.Process(os.getpid()).memory_info().rss / 2


def test_a_worker_is_replaced_when_it_has_grown_by_more_than_the_bound(monkeypatch):
    held = iter([500, 600, 500 + memory.MOST_GROWTH, 501 + memory.MOST_GROWTH])

    class Process:
        def memory_info(self):
            return type("Info", (), {"rss": next(held)})

    monkeypatch.setattr(memory.psutil, "Process", Process)
    growth = memory.Growth()
    assert [growth.is_too_much() for _ in range(4)] == [False, False, False, True]


def test_the_page_draws_what_was_noted(make_search, tmp_path):
    folder = tmp_path / "search"
    make_search(folder, trials=2)
    (folder / "memory.csv").write_text(
        "seconds,trials_over,processes,megabytes\n0,0,3,900.0\n60,1,3,1500.0\n"
    )
    (trace,) = memory_chart(read_search(folder))["data"]
    assert (trace["x"], trace["y"]) == ([0, 1], [0.9, 1.5])
    (folder / "memory.csv").unlink()
    assert memory_chart(read_search(folder)) is None
