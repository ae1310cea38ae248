"""Workers are started anew while there is something to do, say why they cannot work, and leave nothing behind."""

import subprocess
import sys
import time

import pytest

from experiments.engine.command import EXIT_INPUT
from experiments.engine.config import Places
from experiments.engine.search import workers as module
from experiments.engine.search.sharing import Share
from experiments.engine.search.workers import EXIT_GROWN, MOST_LOST_AT_START, REACHED, LocalWorkers
from features.errors import InputError

KILLED, ENDED = -9, -15

AT_WORK = """
import signal, sys, time
from pathlib import Path
from tqdm import tqdm
from experiments.engine.config import Places
from experiments.engine.search import working
from experiments.engine.search.workers import LocalWorkers

def work(*_, on_reached, **__):
    list(tqdm([1, 2], disable=True))
    on_reached()
    time.sleep(600)

working.work = work  # the worker imports this file, too
print(__name__, "ignores Ctrl-C:", signal.getsignal(signal.SIGINT) == signal.SIG_IGN, flush=True)

if __name__ == "__main__":
    with LocalWorkers(1, folder=Path(sys.argv[1]), address="127.0.0.1:1", places=Places()) as local:
        (worker,) = local.running.values()
        while not worker.has_reached_chief:
            assert worker.process.is_alive()
            worker.listen()
        signal.raise_signal(signal.SIGINT)
        time.sleep(600)
"""


class Process:
    """Stands in for that of a worker: it ends when the test says so, or when it is told to."""

    def __init__(self, *, args, name, **unused):
        self.name, self.says, self.exitcode, self.closed = name, args[-1], None, False

    def start(self):
        if self.reaches_chief:
            self.says.send(REACHED)

    def is_alive(self):
        return self.exitcode is None

    def terminate(self):
        self.exitcode = ENDED if self.exitcode is None else self.exitcode

    kill = terminate

    def join(self, seconds=None):
        assert seconds is None or seconds <= module.LONGEST_END_S

    def close(self):
        assert not self.is_alive()
        self.closed = True


@pytest.fixture
def started(monkeypatch):
    """The processes that were started, which are stubs."""
    started = []

    def make(**arguments):
        started.append(Process(**arguments))
        return started[-1]

    monkeypatch.setattr(Process, "reaches_chief", True, raising=False)
    monkeypatch.setattr(module, "_process", make)
    monkeypatch.setattr(module, "shares", lambda num_workers: [Share()] * num_workers)
    return started


@pytest.fixture
def make_workers(tmp_path):
    def make(num_workers=1):
        return LocalWorkers(num_workers, folder=tmp_path, address="127.0.0.1:1", places=Places())

    return make


def names(processes):
    return [process.name for process in processes]


def test_as_many_workers_as_asked_for_end_with_the_block(make_workers, started):
    with make_workers(3) as local:
        assert list(local.running) == names(started) == ["local-0", "local-1", "local-2"]
        assert local.look_after() == []
    assert local.running == {}
    assert len(started) == 3
    assert all(process.closed for process in started)


def test_a_start_that_fails_ends_the_workers_that_have_begun(make_workers, started, monkeypatch):
    def fail(self):
        if self.name == "local-1":
            raise KeyboardInterrupt

    monkeypatch.setattr(Process, "start", fail)
    with pytest.raises(KeyboardInterrupt), make_workers(2):
        pass
    assert started[0].closed


@pytest.mark.parametrize("replace", [True, False])
def test_a_worker_that_was_sent_home_stays_there(make_workers, started, replace):
    with make_workers(2) as local:
        started[0].exitcode = 0
        assert local.look_after(replace=replace) == []
        assert list(local.running) == ["local-1"]
    assert len(started) == 2


@pytest.mark.parametrize("status", [EXIT_GROWN, KILLED, 1])
def test_a_worker_that_has_grown_or_is_lost_is_started_anew_under_its_name(make_workers, started, status):
    with make_workers(2) as local:
        for number in range(3 * MOST_LOST_AT_START):
            started[-1].exitcode = status
            (gone,) = local.look_after()
            assert gone == started[-1].name == names(started)[number + 1]
            assert sorted(local.running) == ["local-0", "local-1"]
            assert local.look_after() == []


@pytest.mark.parametrize("status", [EXIT_GROWN, KILLED, 1, EXIT_INPUT])
def test_no_worker_is_started_when_the_search_is_over_and_none_spoils_it(make_workers, started, status):
    with make_workers() as local:
        started[0].exitcode = status
        assert local.look_after(replace=False) == ["local-0"]
        assert local.running == {}
    assert len(started) == 1


def test_workers_that_would_come_too_late_are_not_waited_for(make_workers, started, monkeypatch):
    with make_workers(2) as local:
        monkeypatch.setattr(Process, "reaches_chief", False)
        started[0].exitcode = EXIT_GROWN
        assert local.look_after() == ["local-0"]
        assert local.look_after(replace=False) == []
        assert local.look_after(replace=False) == ["local-0"]
        assert list(local.running) == ["local-1"], "It is told by the chief."


def test_a_worker_that_cannot_work_ends_the_search_with_its_words(make_workers, started, tmp_path):
    with (
        make_workers() as local,
        pytest.raises(InputError, match=r"cannot work: No corpus\. \(.*local-0\.log"),
    ):
        (tmp_path / "workers" / "local-0.log").write_text("a warning\nNo corpus.\n")
        started[0].exitcode = EXIT_INPUT
        local.look_after()


def test_workers_that_end_before_they_begin_end_the_search(make_workers, started, monkeypatch, tmp_path):
    monkeypatch.setattr(Process, "reaches_chief", False)
    with make_workers() as local:
        for _ in range(MOST_LOST_AT_START - 1):
            started[-1].exitcode = KILLED
            assert local.look_after() == ["local-0"]
        started[-1].exitcode = KILLED
        with pytest.raises(InputError, match="3 workers ended before they began; the last one said: nothing"):
            local.look_after()


def test_losses_at_the_start_are_counted_anew_after_one_that_began(make_workers, started, monkeypatch):
    with make_workers() as local:
        for reaches_chief in (False, False, True, False, False, True):
            monkeypatch.setattr(Process, "reaches_chief", reaches_chief)
            started[-1].exitcode = KILLED
            assert local.look_after() == ["local-0"]


def look_until_error(local, *, seconds=120):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        local.look_after()
        time.sleep(0.05)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Other systems have no /dev/full.")
def test_a_real_worker_says_why_it_cannot_work_even_if_its_disk_is_full(make_workers, tmp_path):
    (tmp_path / "workers").mkdir()
    (tmp_path / "workers" / "local-0.log").symlink_to("/dev/full")
    with make_workers() as local:
        with pytest.raises(InputError, match=r"A worker cannot work: Expected .*search\.json"):
            look_until_error(local)


def test_workers_leave_nothing_behind_after_ctrl_c(tmp_path, hearing_ctrl_c):
    """Semaphores, for instance, of which Python tells the user when they are left."""
    script = tmp_path / "at_work.py"
    script.write_text(AT_WORK)
    done = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines() == ["__main__ ignores Ctrl-C: False", "__mp_main__ ignores Ctrl-C: True"]
    assert done.stderr.splitlines()[-1] == "KeyboardInterrupt"
    assert "resource_tracker" not in done.stderr
