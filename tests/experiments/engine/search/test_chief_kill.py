"""Real processes, killed for real: every trial still ends, and none is completed twice.

Trials are stubs, which note in files that they begin and end; the other side is a thread of the test.
"""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager

import keras_tuner
import pytest

from experiments.engine.search import client
from experiments.engine.search.chief import serve
from experiments.engine.search.client import connect
from experiments.engine.search.oracles import make_oracle
from experiments.engine.search.tuner import CrossValidationTuner

TOKEN = "only for this search"

TRIAL_S = 0.4
"""How long a stub takes."""

CHIEF = """
import sys, time
from pathlib import Path
import keras_tuner
from experiments.engine.search.chief import serve
from experiments.engine.search.oracles import make_oracle

folder, address, tuner = Path(sys.argv[1]), *sys.argv[2:]
hp = keras_tuner.HyperParameters()
hp.Choice("width", list(range(8)))
oracle = make_oracle(
    tuner, hp, folder=folder, max_trials=8, max_epochs=9, seed=0, max_failures=3, resume=True
)
with serve(oracle, address=address, token="only for this search", lease_s=5) as chief:
    print("serving", flush=True)
    while not chief.is_over:
        chief.check_leases()
        time.sleep(0.02)
print("over", flush=True)
"""

WORKER = """
import sys, time
from pathlib import Path
from experiments.engine.search.client import connect
from experiments.engine.search.tuner import CrossValidationTuner

folder, address, name, seconds = Path(sys.argv[1]), *sys.argv[2:]

def run(trial):
    (folder / f"{name} began {trial.trial_id}").touch()
    time.sleep(float(seconds))
    return {"val_macro_f1": 0.5}

with connect(address, tuner_id=name, token="only for this search", patience_s=30) as oracle:
    CrossValidationTuner(oracle, folder=folder, run=run).search()
"""


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(client, "IDLE_S", 0.1)
    monkeypatch.setattr(client, "RETRY_S", 0.1)


def space():
    hp = keras_tuner.HyperParameters()
    hp.Choice("width", list(range(8)))
    return hp


def oracle_in(folder, tuner="grid"):
    return make_oracle(
        tuner, space(), folder=folder, max_trials=8, max_epochs=9, seed=0, max_failures=3, resume=True
    )


@contextmanager
def process(script, *arguments):
    """Runs a script in a process of its own, which does not outlive the block."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def wait_for(condition, *, seconds=60):
    """Returns the first true answer to a question."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"Nothing came within {seconds} seconds.")


@contextmanager
def working(address, folder, name, *, seconds=TRIAL_S):
    """Works in a thread until the search is over; yields the ids of the trials it has run."""
    runs, errors = [], []

    def run(trial):
        time.sleep(seconds)
        runs.append(trial.trial_id)
        return {"val_macro_f1": 0.5}

    def work():
        try:
            with connect(address, tuner_id=name, token=TOKEN, patience_s=60) as oracle:
                CrossValidationTuner(oracle, folder=folder, run=run).search()
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=work, name=name)
    thread.start()
    yield runs
    thread.join(60)
    assert not thread.is_alive()
    assert errors == []


def free_address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


def assert_every_trial_ended(oracle, *, num_trials=8):
    assert Counter(trial.status for trial in oracle.trials.values()) == {"COMPLETED": num_trials}
    assert sorted(oracle.end_order) == sorted(oracle.trials)


def test_a_killed_worker_is_not_waited_for(tmp_path):
    """It is not started again, and nobody sees it die: its lease ends, and the other worker takes its trial."""
    oracle = oracle_in(tmp_path)
    with serve(oracle, token=TOKEN, lease_s=2) as chief:
        with process(WORKER, tmp_path, chief.address, "far-killed", 600) as killed:
            wait_for(lambda: list(tmp_path.glob("far-killed began *")))
            killed.send_signal(signal.SIGKILL)
            killed.wait()
            with working(chief.address, tmp_path, "far-other", seconds=0.01) as runs:
                wait_for(lambda: chief.check_leases() or chief.is_over)
                assert not chief.is_over
                wait_for(lambda: chief.check_leases() or chief.is_over)
    assert sorted(runs) == sorted(oracle.trials)
    assert oracle.losses == {"0000": 1}
    assert_every_trial_ended(oracle)


@pytest.mark.parametrize(
    "tuner", ["random", *(pytest.param(name, marks=pytest.mark.slow) for name in ("grid", "bayesian"))]
)
def test_a_killed_chief_goes_on_where_it_was(tmp_path, tuner):
    address = free_address()
    with working(address, tmp_path, "far-0") as runs:
        with process(CHIEF, tmp_path, address, tuner) as chief:
            wait_for(lambda: len(runs) >= 2)
            time.sleep(TRIAL_S / 2)  # within a trial
            chief.send_signal(signal.SIGKILL)
        with process(CHIEF, tmp_path, address, tuner) as chief:
            assert chief.stdout.read().split() == ["serving", "over"]
    assert len(set(runs)) == len(runs) == 8
    assert_every_trial_ended(oracle_in(tmp_path, tuner))


@pytest.mark.slow
def test_a_search_survives_kills_of_everybody(tmp_path):
    """The chief is killed four times, at any moment, and two of three workers once."""
    address = free_address()
    with (
        working(address, tmp_path, "far-0") as runs,
        process(WORKER, tmp_path, address, "far-1", TRIAL_S) as one,
        process(WORKER, tmp_path, address, "far-2", TRIAL_S) as two,
    ):
        for number in range(4):
            with process(CHIEF, tmp_path, address, "grid") as chief:
                assert chief.stdout.readline() == "serving\n"
                time.sleep(0.37 * number)
                chief.send_signal(signal.SIGKILL)
            if number == 1:
                one.kill()
            if number == 2:
                two.kill()
        with process(CHIEF, tmp_path, address, "grid") as chief:
            assert chief.stdout.read().split() == ["serving", "over"]
    assert len(set(runs)) == len(runs)
    assert_every_trial_ended(oracle_in(tmp_path))


@pytest.mark.slow
def test_a_worker_that_is_held_up_for_longer_than_its_lease_goes_on_with_others(tmp_path):
    oracle = oracle_in(tmp_path)
    with serve(oracle, token=TOKEN, lease_s=2) as chief:
        with process(WORKER, tmp_path, chief.address, "far-late", 0.5) as late:
            wait_for(lambda: list(tmp_path.glob("far-late began *")))
            late.send_signal(signal.SIGSTOP)
            with working(chief.address, tmp_path, "far-other") as runs:
                assert wait_for(chief.check_leases) == ["far-late"]
                wait_for(lambda: "0000" in runs)
                late.send_signal(signal.SIGCONT)
                wait_for(lambda: chief.check_leases() or chief.is_over)
            assert late.wait(60) == 0
    assert runs.count("0000") == 1
    assert_every_trial_ended(oracle)
