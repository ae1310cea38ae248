"""Whatever a file holds, the door reads it or says why not: no crash, no hang, no more than a fixed amount of memory.

With MIDI_CLASSICS_HOME set, the slow tests damage real files, otherwise those that `fuzzing.py` writes.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

if not hasattr(signal, "SIGPROF"):
    pytest.skip("Windows cannot limit the time and the memory of a process.", allow_module_level=True)

HOME = os.environ.get("MIDI_CLASSICS_HOME")


def fuzz(progress: Path, *arguments: str, **variables: str) -> dict:
    """Runs `fuzzing.py`, which ends as soon as a file is neither read nor refused; returns its figures."""
    command = [
        sys.executable,
        str(Path(__file__).with_name("fuzzing.py")),
        "--progress",
        str(progress),
        *arguments,
    ]
    ended = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True)
    where = progress.read_text() if progress.exists() else "before the first file"
    assert ended.returncode == 0, f"ended with {ended.returncode} at {where}: {ended.stderr}"
    print(ended.stdout)
    return json.loads(ended.stdout)


def test_damaged_files_are_read_or_refused(tmp_path):
    figures = fuzz(tmp_path / "progress", "--count", "300")
    assert figures["files"] == 300
    assert 30 < figures["refused"] < 270


@pytest.mark.slow
def test_a_hundred_thousand_damaged_files_are_read_or_refused(tmp_path):
    home = ["--home", HOME] if HOME else []
    figures = fuzz(tmp_path / "progress", "--count", "100000", *home)
    assert 10_000 < figures["refused"] < 90_000


@pytest.mark.slow
def test_nothing_is_read_or_written_out_of_bounds(tmp_path):
    """Compiled code does not check its indices, unless it is compiled to: anew, into a cache of its own."""
    home = ["--home", HOME] if HOME else []
    checks = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path / "numba")}
    assert fuzz(tmp_path / "progress", "--count", "10000", "--seed", "1", *home, **checks)["files"] == 10_000
