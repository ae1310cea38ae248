"""A study that is killed goes on as if nothing had happened: real processes, real signals."""

import signal
import subprocess
import sys
import time

import pytest

LONG = (
    "--corpus",
    "synthetic",
    "--epochs",
    "6",
    "--batch-size",
    "8",
    "--chunk-frames",
    "50",
    "--precision",
    "float32",
)
"""Epochs of a second and more, so that a signal meets one."""

START_S = 120
"""No machine of ours needs so long to start; past it the test has failed."""


@pytest.fixture
def start(cache_dir, tmp_path):
    """Returns a function that starts the study in a process of its own, with its errors in a file."""
    processes = []

    def start(*arguments):
        command = [sys.executable, "-m", "experiments.four_composers", *arguments]
        places = ["--cache-dir", str(cache_dir), "--results-dir", str(tmp_path / "results")]
        with open(tmp_path / "errors.txt", "w") as errors:
            processes.append(subprocess.Popen([*command, *places], stdout=subprocess.DEVNULL, stderr=errors))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def wait_for_epochs(tmp_path, read_rows):
    """Returns a function that waits until so many epochs are finished, and returns the run folder."""

    def wait(process, count):
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            for path in tmp_path.glob("results/*/*/history.csv"):
                if len(read_rows(path)) >= count:
                    return path.parent
            assert process.poll() is None, (tmp_path / "errors.txt").read_text()
            time.sleep(0.005)
        pytest.fail(f"{count} epochs took more than {START_S} s.")

    return wait


def stop(process, by, folder):
    """Stops a process in the middle of a batch, or close to it."""
    time.sleep(0.1)
    process.send_signal(by)
    process.wait()
    assert not (folder / "metrics.json").exists(), "It had finished before it was stopped."


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows knows no SIGKILL.")
def test_a_killed_study_ends_like_one_that_was_not(
    start, wait_for_epochs, run_study, assert_same_run, tmp_path, small
):
    command = (*LONG, *small)
    process = start(*command)
    folder = wait_for_epochs(process, 2)
    stop(process, signal.SIGKILL, folder)
    begun = (folder / "environment.json").read_bytes()

    process = start(*command, "--resume")
    assert process.wait() == 0, (tmp_path / "errors.txt").read_text()
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert (folder / "environment.json").read_bytes() != begun
    assert str(tmp_path) not in (folder / "environment.json").read_text()
    assert_same_run(folder, run_study(tmp_path / "straight", *command))


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows knows no SIGKILL.")
@pytest.mark.parametrize("model", ["frame_cnn", "lstm"])
def test_a_study_killed_again_and_again_ends_like_one_that_was_not(
    start, wait_for_epochs, run_study, assert_same_run, tmp_path, model
):
    command = (*LONG, "--model", model)
    for count, by in ((1, signal.SIGKILL), (2, signal.SIGKILL), (3, signal.SIGINT), (4, signal.SIGTERM)):
        process = start(*command, *(["--resume"] if count > 1 else []))
        stop(process, by, wait_for_epochs(process, count))
        if by == signal.SIGINT:
            assert process.returncode == 130
            last_words = (tmp_path / "errors.txt").read_text().strip().splitlines()[-1]
            assert last_words == "Interrupted; the same command with --resume goes on from the last epoch."
    process = start(*command, "--resume")
    assert process.wait() == 0, (tmp_path / "errors.txt").read_text()
    (folder,) = tmp_path.glob("results/*/*")
    assert_same_run(folder, run_study(tmp_path / "straight", *command))


@pytest.mark.slow
def test_a_second_process_is_kept_out(start, wait_for_epochs, tmp_path):
    first = start(*LONG)
    wait_for_epochs(first, 1)
    second = start(*LONG, "--resume")
    assert second.wait() == 2
    assert (
        (tmp_path / "errors.txt")
        .read_text()
        .strip()
        .splitlines()[-1]
        .startswith("Another process is at work in")
    )
    assert first.wait() == 0
