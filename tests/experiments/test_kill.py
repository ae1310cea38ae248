"""A study that is killed goes on as if nothing had happened: real processes, real signals."""

import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

if not hasattr(signal, "SIGKILL"):
    pytest.skip("Windows has other ways to end a process.", allow_module_level=True)

LONG = tuple("--corpus synthetic --epochs 6 --batch-size 8 --chunk-frames 50 --precision float32".split())
"""Epochs of a second and more, so that a signal meets one."""

START_S = 120
"""No machine of ours needs so long to start; past it the test has failed."""


@dataclass(frozen=True)
class Study:
    """The study in a process of its own, and the file that its errors go to."""

    process: subprocess.Popen
    errors: Path

    def said(self):
        return self.errors.read_text(encoding="utf-8").strip()


@pytest.fixture
def start(cache_dir, tmp_path, hearing_ctrl_c):
    """Returns a function that starts the study."""
    studies = []

    def start(*arguments):
        command = [sys.executable, "-m", "experiments.four_composers", *arguments]
        places = ["--cache-dir", str(cache_dir), "--results-dir", str(tmp_path / "results")]
        path = tmp_path / f"errors-{len(studies)}.txt"
        with open(path, "w") as errors:
            process = subprocess.Popen([*command, *places], stdout=subprocess.DEVNULL, stderr=errors)
        studies.append(Study(process, path))
        return studies[-1]

    yield start
    for study in studies:
        study.process.kill()
        study.process.wait()


@pytest.fixture
def wait_for_epochs(tmp_path, read_rows):
    """Returns a function that waits until so many epochs are finished, and returns the run folder."""

    def wait(study, count):
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            for path in tmp_path.glob("results/*/*/history.csv"):
                if len(read_rows(path)) >= count:
                    return path.parent
            assert study.process.poll() is None, study.said()
            time.sleep(0.005)
        pytest.fail(f"{count} epochs took more than {START_S} s.")

    return wait


def stop(study, by, folder):
    """Stops a process in the middle of a batch, or close to it."""
    time.sleep(0.1)
    study.process.send_signal(by)
    study.process.wait()
    assert not (folder / "metrics.json").exists(), "It had finished before it was stopped."


def test_a_killed_study_ends_like_one_that_was_not(
    start, wait_for_epochs, run_study, assert_same_run, tmp_path, small
):
    command = (*LONG, *small)
    study = start(*command)
    folder = wait_for_epochs(study, 2)
    stop(study, signal.SIGKILL, folder)
    begun = (folder / "environment.json").read_bytes()

    study = start(*command, "--resume")
    assert study.process.wait() == 0, study.said()
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert (folder / "environment.json").read_bytes() != begun
    assert str(tmp_path) not in (folder / "environment.json").read_text(encoding="utf-8")
    assert_same_run(folder, run_study(tmp_path / "straight", *command))


@pytest.mark.slow
@pytest.mark.parametrize("model", ["frame_cnn", "lstm"])
def test_a_study_killed_again_and_again_ends_like_one_that_was_not(
    start, wait_for_epochs, run_study, assert_same_run, tmp_path, model
):
    command = (*LONG, "--model", model)
    for count, by in ((1, signal.SIGKILL), (2, signal.SIGKILL), (3, signal.SIGINT), (4, signal.SIGTERM)):
        study = start(*command, *(["--resume"] if count > 1 else []))
        stop(study, by, wait_for_epochs(study, count))
        if by == signal.SIGINT:
            assert study.process.returncode == 130
            last_words = study.said().splitlines()[-1]
            assert last_words.startswith("Interrupted; a study goes on from the last epoch")
    study = start(*command, "--resume")
    assert study.process.wait() == 0, study.said()
    (folder,) = tmp_path.glob("results/*/*")
    assert_same_run(folder, run_study(tmp_path / "straight", *command))


@pytest.mark.slow
def test_a_second_process_is_kept_out(start, wait_for_epochs):
    first = start(*LONG)
    wait_for_epochs(first, 1)
    second = start(*LONG, "--resume")
    assert second.process.wait() == 2
    assert second.said().splitlines()[-1].startswith("Another process is at work in")
    assert first.process.wait() == 0
