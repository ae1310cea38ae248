"""What the tests of whole runs share: one prepared corpus, and commands that take seconds."""

import csv
import os
import runpy
import shutil
import signal
from pathlib import Path

import pytest

SMALL = ("--hyperparameters", "width", "16", "num_blocks", "3", "--channels", "binary")
"""A network that is trained in a second."""

SEVERAL_EPOCHS = ("--corpus", "synthetic", "--epochs", "4", "--precision", "float32", *SMALL)
"""Not a rehearsal, which has one epoch, but as small."""


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def read_rows():
    def read(path):
        with open(path, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    return read


@pytest.fixture(scope="session")
def run_study(cache_dir):
    """Returns a function that runs the study in this process and returns its only new run folder."""

    def run(results_dir, *arguments):
        from experiments.four_composers import main

        main([*arguments, "--cache-dir", str(cache_dir), "--results-dir", str(results_dir)])
        (folder,) = (results_dir / "four_composers").iterdir()
        return folder

    return run


@pytest.fixture(scope="session")
def small():
    return SMALL


@pytest.fixture(scope="session")
def several_epochs():
    return SEVERAL_EPOCHS


@pytest.fixture(scope="session")
def uninterrupted(run_study, several_epochs, tmp_path_factory):
    """The run folder of several epochs, run in one go."""
    return run_study(tmp_path_factory.mktemp("uninterrupted"), *several_epochs)


@pytest.fixture(scope="session")
def assert_same_run(read_rows):
    """Returns a function that compares what two runs learnt and answered; only the clock may differ."""

    def check(folder, other):
        one, two = (read_rows(path / "history.csv") for path in (folder, other))
        for row in (*one, *two):
            row.pop("seconds")
        assert one == two
        for name in ("config.json", "splits.csv", "predictions.csv", "predictions-chunks.csv.gz"):
            assert (folder / name).read_bytes() == (other / name).read_bytes(), name

    return check


@pytest.fixture
def hearing_ctrl_c():
    """Lets processes that a test starts hear Ctrl-C, which a shell lets its jobs in the background ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def make_search():
    """Returns the function that writes a search folder as a search leaves it."""
    return runpy.run_path(str(Path(__file__).with_name("made_up_search.py")))["make_search"]


@pytest.fixture(scope="module")
def browser():
    """Debian's chromium, or what other systems have: Playwright's own browsers are not needed."""
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = next(filter(None, map(shutil.which, names)), None)
    if chromium is None:
        pytest.skip("no chromium is installed (on Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Root, as in a container, has no sandbox.
        arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def calibrated(run_study, several_epochs, cache_dir, tmp_path_factory):
    """The run folder of a model that knows two composers of four, and has been calibrated."""
    from experiments.calibrate import main

    results_dir = tmp_path_factory.mktemp("calibrated")
    folder = run_study(results_dir, *several_epochs, "--composers", "Ada", "Bela")
    shutil.copyfile(folder / "model.json", folder / "uncalibrated.json")
    main([str(folder), "--cache-dir", str(cache_dir)])
    return folder
