"""A store is right whoever else wants it and whoever is killed over it: real processes, real signals."""

import random
import signal
import subprocess
import sys
import time

import pytest

from features.corpora.catalogue import Request
from features.corpora.synthetic import load
from features.encoders.piano_roll import PianoRoll
from features.preparation import prepare

if not hasattr(signal, "SIGKILL"):
    pytest.skip("Windows has other ways to end a process.", allow_module_level=True)

PREPARE = """
import sys, time
from pathlib import Path
from features.corpora.catalogue import Request
from features.corpora.synthetic import load
from features.encoders.piano_roll import PianoRoll
from features.preparation import prepare

folder, stop_at, pause_s, most_bytes = sys.argv[1], *map(float, sys.argv[2:])
if most_bytes:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most_bytes), resource.RLIM_INFINITY))
encode, done = PianoRoll.encode, []

def slowly(encoder, notes):
    print("a piece", flush=True)
    done.append(notes)
    time.sleep(600 if len(done) == stop_at else pause_s)
    return encode(encoder, notes)

PianoRoll.encode = slowly
prepare(load(Request()), PianoRoll(), cache_dir=Path(folder), progress=False)
"""

WAIT_S = 120
"""No machine of ours needs so long for 80 small pieces; past it the test has failed."""


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """What is written when nobody disturbs."""
    folder = tmp_path_factory.mktemp("quiet")
    prepare(load(Request()), PianoRoll(), cache_dir=folder, progress=False)
    return written(folder)


@pytest.fixture
def start(tmp_path):
    """Returns a function that starts a process that prepares the store in `tmp_path`."""
    processes = []

    def start(*, stop_at=0, pause_s=0.0, most_bytes=0):
        command = [sys.executable, "-c", PREPARE, str(tmp_path), str(stop_at), str(pause_s), str(most_bytes)]
        pipe = subprocess.PIPE
        processes.append(subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def written(cache_dir):
    """The bytes of all that lies there, but for the empty files of locks."""
    files = {path.relative_to(cache_dir): path for path in cache_dir.rglob("*") if path.is_file()}
    locks = {name for name in files if name.suffix == ".lock"}
    assert all(files[name].stat().st_size == 0 for name in locks)
    return {name: path.read_bytes() for name, path in files.items() if name not in locks}


def wait_for_pieces(process, count):
    for _ in range(count):
        assert process.stdout.readline() == "a piece\n", process.stderr.read()


def test_two_at_once_share_the_work(start, quiet, tmp_path):
    processes = [start(pause_s=0.005) for _ in range(2)]
    pieces = [process.communicate(timeout=WAIT_S)[0].count("a piece") for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(pieces) == [0, len(load(Request()))]
    assert written(tmp_path) == quiet


def test_one_that_waits_takes_over_from_one_that_is_killed(start, quiet, tmp_path):
    first = start(stop_at=40)
    wait_for_pieces(first, 40)
    assert [path.suffix for path in (tmp_path / "rows").iterdir() if path.is_dir()] == [".unfinished"]
    second = start()
    time.sleep(2)  # by then it waits for the lock; if not, the test is only easier
    assert second.poll() is None, "It must not go on beside the first."
    first.send_signal(signal.SIGKILL)
    printed, errors = second.communicate(timeout=WAIT_S)
    assert second.returncode == 0, errors
    assert printed.count("a piece") == len(load(Request()))
    assert written(tmp_path) == quiet


def test_a_file_system_without_room_leaves_nothing_behind(start, quiet, tmp_path):
    process = start(most_bytes=50_000)
    _, errors = process.communicate(timeout=WAIT_S)
    assert process.returncode != 0
    assert "File too large" in errors.splitlines()[-1], errors
    assert written(tmp_path) == {}
    assert start().wait(WAIT_S) == 0
    assert written(tmp_path) == quiet


@pytest.mark.slow
def test_any_number_of_kills_at_any_moment_leave_a_store_that_is_right_or_none(start, quiet, tmp_path):
    rng = random.Random(0)
    started = time.monotonic()
    start(pause_s=0.005).communicate(timeout=WAIT_S)
    longest_s = time.monotonic() - started
    for round_ in range(25):
        for path in sorted(tmp_path.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        victims = [start(pause_s=0.005) for _ in range(2)]
        survivor = start(pause_s=0.005) if round_ % 2 else None
        for victim in victims:
            time.sleep(rng.uniform(0, longest_s))
            victim.send_signal(signal.SIGKILL)
            victim.communicate()
        if survivor is None:
            assert (
                all(path.suffix == ".unfinished" for path in tmp_path.glob("rows/*/"))
                or written(tmp_path) == quiet
            )
            survivor = start()
        _, errors = survivor.communicate(timeout=WAIT_S)
        assert survivor.returncode == 0, errors
        assert written(tmp_path) == quiet
