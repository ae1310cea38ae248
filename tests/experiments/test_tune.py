"""A search from the command line: real workers, real kills, and a folder that says what was found."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from experiments.engine.config import Config
from experiments.engine.records import write_json
from experiments.engine.search.config import Search, SearchConfig
from experiments.engine.search.opening import find_search
from experiments.tune import main
from features.datasets import Dataset
from features.errors import InputError

TINY = ("four_composers", "--hyperparameters", "width", "16", "num_blocks", "3", "--channels", "binary")
"""A network that is trained in a second; the rest of its space is searched."""

LONG = (
    *TINY,
    *"--corpus synthetic --epochs 6 --batch-size 8 --chunk-frames 50 --precision float32".split(),
    *"--space reference --max-trials 2 --folds 2 --no-stop-losing --patience None".split(),
)
"""Epochs long enough that a signal meets one."""

START_S = 180


@pytest.fixture
def folders(cache_dir, tmp_path):
    return ("--cache-dir", str(cache_dir), "--results-dir", str(tmp_path))


@pytest.fixture
def start(folders, tmp_path, hearing_ctrl_c):
    """Returns a function that starts a search in a process of its own; all are ended with the test."""
    started = []

    def start(*arguments):
        with open(tmp_path / f"search-{len(started)}.log", "w") as log:
            command = [sys.executable, "-m", "experiments.tune", *arguments, *folders]
            started.append(subprocess.Popen(command, stdout=log, stderr=log))
        started[-1].log = tmp_path / log.name
        return started[-1]

    yield start
    for process in started:
        for one in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else ():
            one.kill()
        process.kill()
        process.wait()


@pytest.fixture
def wait_for(tmp_path):
    """Returns a function that waits until files that match a pattern are there, and returns the first."""

    def wait(process, pattern, *, lines=0):
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            for path in sorted(tmp_path.glob(pattern)):
                if len(path.read_text(errors="replace").splitlines()) >= lines:
                    return path
            assert process.poll() is None, process.log.read_text()
            time.sleep(0.02)
        pytest.fail(f"{pattern} took more than {START_S} s: {process.log.read_text()}")

    return wait


def said(capsys):
    """What was said on standard error, without the frames and line ends of a terminal."""
    return " ".join(capsys.readouterr().err.replace("│", " ").split())


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_rehearsal_leaves_a_folder_that_says_what_was_found(folders, tmp_path, read_rows, capsys):
    main([*TINY, "--smoke", *folders])
    (folder,) = (tmp_path / "four_composers").iterdir()
    assert "Report:" in capsys.readouterr().out
    metrics = read(folder / "metrics.json")
    assert metrics["num_trials"] == metrics["num_completed"] + metrics["num_stopped_early"] == 2
    assert metrics["test"] == read(folder / "best" / "metrics.json")["test"]
    settings = read(folder / "best" / "config.json")
    assert settings["model"]["hyperparameters"].items() >= {"width": 16, "num_blocks": 3}.items()
    sides = {row["piece"]: row["split"] for row in read_rows(folder / "splits.csv")}
    validated = {row["piece"] for row in read_rows(folder / "folds.csv")}
    assert validated == {piece for piece, side in sides.items() if side != "test"}
    assert sides == {row["piece"]: row["split"] for row in read_rows(folder / "best" / "splits.csv")}
    assert len(read_rows(folder / "trials.csv")) == 2
    assert "http-equiv" not in (folder / "report.html").read_text(
        encoding="utf-8"
    )  # it no longer refreshes itself
    assert (folder / ".token").stat().st_mode & 0o077 == 0
    assert not list(folder.glob("trial_*/fold_*/checkpoint.npz"))

    main([*TINY, "--smoke", "--resume", *folders])  # shows it again
    assert [path.name for path in (tmp_path / "four_composers").iterdir()] == [folder.name]
    with pytest.raises(SystemExit) as stopped:
        main([*TINY, "--smoke", "--resume", "--batch-size", "16", "--max-failures", "5", *folders])
    assert stopped.value.code == 2
    expected = "is another search: training.batch_size is 16, was 64; search.max_failures is 5, was 3."
    assert expected in said(capsys)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has other ways to end a process.")
def test_a_killed_search_goes_on_with_the_same_trial(start, wait_for, tmp_path, read_rows):
    search = start(*LONG)
    history = wait_for(search, "four_composers/*/trial_0000/fold_1/history.csv", lines=3)  # two epochs
    workers = psutil.Process(search.pid).children(recursive=True)
    search.kill()
    search.wait()
    psutil.wait_procs(workers, timeout=30)
    assert not any(worker.is_running() for worker in workers)  # workers end with their chief
    folder = history.parents[2]
    first_fold, done = read(folder / "trial_0000" / "fold_0" / "fold.json"), read_rows(history)

    search = start(*LONG, "--resume")
    assert search.wait() == 0, search.log.read_text()
    assert read_rows(history)[: len(done)] == done  # to the second in which each epoch took place
    assert read(folder / "trial_0000" / "fold_0" / "fold.json") == first_fold
    assert read(folder / "metrics.json")["num_completed"] == 2
    assert sorted(path.name for path in folder.glob("trial_*")) == ["trial_0000", "trial_0001"]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has other ways to end a process.")
def test_killed_while_it_trains_the_best_a_search_goes_on_with_that(start, wait_for, read_rows):
    quick = (*LONG, "--max-trials", "1")
    search = start(*quick)
    history = wait_for(search, "four_composers/*/best/history.csv", lines=3)
    search.kill()
    search.wait()
    folder = history.parents[1]
    chosen, done = (folder / "best.json").read_bytes(), read_rows(history)
    assert not (folder / "metrics.json").exists()

    search = start(*quick, "--resume")
    assert search.wait() == 0, search.log.read_text()
    assert (folder / "best.json").read_bytes() == chosen
    assert read_rows(history)[: len(done)] == done
    assert read(folder / "metrics.json")["test"] == read(folder / "best" / "metrics.json")["test"]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows cannot send Ctrl-C to one process.")
def test_ctrl_c_ends_workers_and_the_page_says_so(start, wait_for):
    search = start(*LONG)
    history = wait_for(search, "four_composers/*/trial_0000/fold_0/history.csv", lines=2)
    workers = psutil.Process(search.pid).children(recursive=True)
    search.send_signal(signal.SIGINT)
    assert search.wait() == 130, search.log.read_text()
    assert search.log.read_text().rstrip().endswith("goes on with the same trials, from their last epochs.")
    psutil.wait_procs(workers, timeout=30)
    assert not any(worker.is_running() for worker in workers)
    page = (history.parents[2] / "report.html").read_text(encoding="utf-8")
    assert "It was interrupted." in page and "http-equiv" not in page


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Tells workers apart by /proc.")
def test_a_killed_worker_is_replaced_and_another_joins(start, wait_for):
    search = start(*LONG, "--workers", "2", "--listen", "127.0.0.1:17071")
    history = wait_for(search, "four_composers/*/trial_0000/fold_0/history.csv", lines=3)
    helper = start(*LONG, "--join", "127.0.0.1:17071")
    folder = history.parents[2]
    oracle = read(folder / "oracle.json")
    (worker,) = (name for name, trial in oracle["ongoing_trials"].items() if trial == "0000")
    log = str(folder / "workers" / f"{worker}.log")
    children = psutil.Process(search.pid).children(recursive=True)
    victims = [child for child in children if os.readlink(f"/proc/{child.pid}/fd/1") == log]
    assert len(victims) == 1
    victims[0].kill()
    assert search.wait() == 0, search.log.read_text()
    assert helper.wait(60) == 0, helper.log.read_text()
    assert read(folder / "metrics.json")["num_completed"] == 2
    assert read(folder / "oracle.json")["losses"] == {"0000": 1}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--fold", "all"), "give its fold as --fold N, not all"),
        (("--name", "a/b"), "Expected --name to be up to 100 letters, digits, dots, dashes or underscores"),
        (("--workers", "0"), "Expected 1 worker or more, but received 0; 0 only with --listen"),
        (("--resume", "--hyperparameters", "hight", "3"), "no hyper-parameter hight"),
        (
            ("--listen", "nowhere"),
            "Expected --listen HOST:PORT, such as 127.0.0.1:7070, but received 'nowhere'",
        ),
        (("--folds", "50"), "50 folds within the training part need as many works of every composer"),
        (("--max-trials", "0"), "Expected max_trials to be 1 or more, but received 0"),
        (
            ("--tuner", "hyperband", "--max-trials", "16"),
            "Expected --max-trials 17 or more for hyperband with 20",
        ),
        (("--model", "frame_cnm"), "There is no model named 'frame_cnm'"),
        (("--join", "127.0.0.1:9"), "Expected the search synthetic-frame_cnn-work-0-random-wide-seed0 in"),
        (("--hyperparameters", "hight", "3"), "no hyper-parameter hight"),
    ],
)
def test_bad_input_gets_a_sentence_and_leaves_no_folder(arguments, expected, folders, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["four_composers", "--corpus", "synthetic", *arguments, *folders])
    assert stopped.value.code == 2
    assert expected in said(capsys)
    assert not list(tmp_path.glob("four_composers/*"))


def test_drawing_writers_is_refused_where_each_composer_is_one(folders, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Dataset, "writers", property(lambda dataset: dataset.composers))
    with pytest.raises(SystemExit, match="2"):
        main([*TINY, "--smoke", "--sampling", "writer", *folders])
    assert "take --sampling composer" in said(capsys) and not list(tmp_path.glob("four_composers/*"))


def test_of_two_searches_of_one_name_the_one_that_is_meant_goes_on(tmp_path):
    """Their default names are alike, and the later one has a number."""
    one, other, third = (Search(Config("example"), SearchConfig(folds=folds)) for folds in (2, 3, 4))
    for search, name in ((one, "search-x"), (other, "search-x-2")):
        (tmp_path / name).mkdir()
        write_json(tmp_path / name / "search.json", search.to_dict())
    assert find_search(tmp_path, "x", one).name == "search-x"
    assert find_search(tmp_path, "x", other).name == "search-x-2"
    assert find_search(tmp_path, "y", one) is None
    with pytest.raises(InputError, match="search-x-2 is another search: search.folds is 4, was 3"):
        find_search(tmp_path, "x", third)


@pytest.mark.slow
@pytest.mark.parametrize("tuner", ["bayesian", "hyperband", "grid"])
def test_every_tuner_searches_to_its_end(tuner, folders, tmp_path, read_rows):
    """Hyperband with several brackets, which have as many epochs in rounds of fewer or more folds."""
    size = {"hyperband": ("--epochs", "9"), "bayesian": ("--max-trials", "5"), "grid": ("--max-trials", "3")}[
        tuner
    ]
    short = () if tuner == "hyperband" else ("--epochs", "1")
    quick = ("--corpus", "synthetic", "--precision", "float32", "--batch-size", "32", "--folds", "2")
    main([*TINY, *quick, *size, *short, "--tuner", tuner, "--space", "reference", *folders])
    (folder,) = (tmp_path / "four_composers").iterdir()
    metrics = read(folder / "metrics.json")
    assert (metrics["num_failed"], metrics["gave_up"]) == (0, False)
    assert len(metrics["best"]["fold_scores"]) == 2
    assert metrics["num_trials"] >= 3


def test_a_search_without_one_completed_trial_is_an_error(folders, tmp_path, capsys):
    """A rate at which nothing can be learnt: every loss is no number."""
    doomed = (
        "--hyperparameters",
        "width",
        "16",
        "optimizer",
        "sgd",
        "sgd_learning_rate",
        "1e30",
        "--channels",
        "binary",
    )
    with pytest.raises(SystemExit) as stopped:
        main(["four_composers", *doomed, "--smoke", *folders])
    assert stopped.value.code == 2
    assert "could be completed, so there is nothing to train: The network's answers are no numbers" in said(
        capsys
    )
    (page,) = tmp_path.glob("four_composers/*/report.html")
    text = page.read_text(encoding="utf-8")
    assert "http-equiv" not in text and "could be completed" in text  # it does not claim to be at work
