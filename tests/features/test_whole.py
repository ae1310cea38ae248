"""A file is the old one or the whole new one, whoever else writes it, and killed writers leave nothing for long."""

import os
import socket
import subprocess
import sys
import time

import pytest

from features import whole
from features.whole import appears_whole

HOLD_UNFINISHED = """
import sys
from pathlib import Path
from features.whole import appears_whole
with appears_whole(Path(sys.argv[1])) as unfinished:
    unfinished.write_text("of another process")
    print("half", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other_writer(tmp_path):
    """A process that has begun to write the file, and ends writing it when its input ends."""
    command = [sys.executable, "-c", HOLD_UNFINISHED, str(tmp_path / "x.json")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "half\n"
        yield process
        process.kill()


def write(path, text):
    with appears_whole(path) as unfinished:
        unfinished.write_text(text)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_old_file_is_there_until_the_block_ends(tmp_path):
    write(tmp_path / "x.json", "old")
    with appears_whole(tmp_path / "x.json") as unfinished:
        unfinished.write_text("new")
        assert (tmp_path / "x.json").read_text() == "old"
    assert (tmp_path / "x.json").read_text() == "new"
    assert names(tmp_path) == ["x.json"]


@pytest.mark.parametrize("error", [OSError("No space left on device"), KeyboardInterrupt()])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, error):
    write(tmp_path / "x.json", "old")
    with pytest.raises(type(error)), appears_whole(tmp_path / "x.json") as unfinished:
        unfinished.write_text("half of")
        raise error
    assert (tmp_path / "x.json").read_text() == "old"
    assert names(tmp_path) == ["x.json"]


def test_two_processes_that_write_one_file_do_not_mix_it(tmp_path, other_writer):
    write(tmp_path / "x.json", "ours")
    assert (tmp_path / "x.json").read_text() == "ours"
    other_writer.communicate("")
    assert other_writer.returncode == 0
    assert (tmp_path / "x.json").read_text() == "of another process"
    assert names(tmp_path) == ["x.json"]


def test_what_a_killed_process_left_is_removed(tmp_path, other_writer):
    other_writer.kill()
    other_writer.wait()
    (left,) = names(tmp_path)
    assert left == f"x.json.{socket.gethostname()}.{other_writer.pid}.unfinished"
    write(tmp_path / "y.json", "another file")
    assert left in names(tmp_path)
    write(tmp_path / "x.json", "ours")
    assert names(tmp_path) == ["x.json", "y.json"]


def test_what_another_host_writes_stays_for_a_day(tmp_path):
    foreign = tmp_path / f"x.json.another-host.{os.getpid()}.unfinished"
    foreign.touch()
    write(tmp_path / "x.json", "ours")
    assert foreign.exists()
    long_ago = time.time() - whole.LONGEST_WRITE_S - 1
    os.utime(foreign, (long_ago, long_ago))
    write(tmp_path / "x.json", "ours")
    assert names(tmp_path) == ["x.json"]
