"""TensorBoard is really served, on searches and on runs, and everything that cannot be shown ends in a sentence."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from experiments import dashboard
from experiments.engine.config import REPOSITORY
from experiments.engine.search.watching.events import write_search_events
from experiments.engine.showing import Shown
from features.errors import InputError

HISTORY = "epoch,seconds,loss,val_macro_f1\n0,1.5,0.9,0.4\n1,1.5,0.7,0.6\n"
PATIENCE_S = 120  # a busy machine takes its time


@pytest.fixture
def run_folder(tmp_path):
    folder = tmp_path / "results" / "four_composers" / "run-1"
    folder.mkdir(parents=True)
    (folder / "history.csv").write_text(HISTORY, encoding="utf-8")
    return folder


@pytest.fixture
def serve(tmp_path, hearing_ctrl_c):
    """Returns a function that starts the dashboard as a process and returns it with its address."""
    processes = []

    def start(path, *arguments):
        command = [sys.executable, "-m", "experiments.dashboard", str(path), "--no-open", "--port", "0"]
        process = subprocess.Popen(
            [*command, "--cache-dir", str(tmp_path / "cache"), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=REPOSITORY,
        )  # fmt: skip
        processes.append(process)
        said = process.stdout.readline()
        return process, re.search(r"http://127\.0\.0\.1:\d+/", said)[0]

    yield start
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


def fetch(url, body=None):
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return json.load(answer)


def wait_for(url, wanted):
    """Asks until an answer is wanted: TensorBoard loads in the background."""
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        answer = fetch(url)
        if wanted(answer):
            return answer
        time.sleep(0.3)
    raise AssertionError(f"{url} never answered what was wanted, at last {answer}")


def test_a_search_shows_its_hyperparameters_until_ctrl_c(serve, make_search, tmp_path):
    folder = make_search(tmp_path / "search", trials=3, failures=0, stopped=0, running=False)
    process, url = serve(folder)
    wait_for(f"{url}data/runs", lambda runs: any(run.endswith("trial_0002/fold_2") for run in runs))
    assert fetch(f"{url}data/plugins_listing")["hparams"]["enabled"]
    experiment = fetch(f"{url}data/plugin/hparams/experiment", {"includeMetrics": True})
    names = {info["name"] for info in experiment["hparamInfos"]}
    assert {"width", "momentum", "learning_rate", "weight_decay"} < names
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 0


def test_runs_show_their_curves_and_new_epochs(serve, run_folder, monkeypatch):
    _, url = serve(run_folder.parent)
    wait_for(f"{url}data/runs", lambda runs: runs == ["run-1"])
    curve = wait_for(f"{url}data/plugin/scalars/scalars?run=run-1&tag=loss", lambda found: len(found) == 2)
    assert [(step, value) for _, step, value in curve] == [(1, pytest.approx(0.9)), (2, pytest.approx(0.7))]
    assert [path.name for path in run_folder.iterdir()] == ["history.csv"]


def test_new_epochs_of_a_run_are_taken_up(run_folder, tmp_path):
    shown = Shown(run_folder, tmp_path / "cache")
    shown.update()
    (first,) = shown.folder.rglob("events.*")
    shown.update()
    assert list(shown.folder.rglob("events.*")) == [first]
    (run_folder / "history.csv").write_text(HISTORY + "2,1.5,0.6,0.7\n", encoding="utf-8")
    shown.update()
    (second,) = shown.folder.rglob("events.*")
    assert second != first


def test_a_study_shows_each_fold_under_its_name(run_folder, tmp_path):
    study = tmp_path / "study"
    for number in range(2):
        fold = study / "folds" / "four_composers" / f"fold-{number}"
        fold.mkdir(parents=True)
        (fold / "history.csv").write_text(HISTORY, encoding="utf-8")
    shown = Shown(study, tmp_path / "cache")
    shown.update()
    found = {path.parent.relative_to(shown.folder).as_posix() for path in shown.folder.rglob("events.*")}
    assert found == {"folds/four_composers/fold-0", "folds/four_composers/fold-1"}


def test_a_folder_of_several_shows_searches_and_runs(make_search, run_folder, tmp_path):
    results = run_folder.parent
    plain = make_search(results / "search-published", trials=1, failures=0, stopped=0, running=False)
    live = make_search(results / "search-live", trials=1, failures=0, stopped=0, running=False)
    (live / "tensorboard" / "trial_0000").mkdir(parents=True)
    (live / "tensorboard" / "trial_0000" / "events.out.tfevents.1").write_bytes(b"")
    before = sorted(plain.rglob("*"))
    shown = Shown(results, tmp_path / "cache")
    shown.update()
    assert (shown.folder / "search-live" / "trial_0000").resolve() == live / "tensorboard" / "trial_0000"
    assert list((shown.folder / "search-published" / "trial_0000" / "fold_1").glob("events.*"))
    assert list((shown.folder / "run-1").glob("events.*"))
    assert sorted(plain.rglob("*")) == before


def test_a_search_that_runs_shows_its_growing_event_files(make_search, serve, tmp_path):
    """Through links; the search folder stays as it is."""
    folder = make_search(tmp_path / "search", trials=2, failures=0, stopped=0)
    write_search_events(folder, folder / "tensorboard")
    before = sorted(folder.rglob("*"))
    _, url = serve(folder)
    wait_for(f"{url}data/runs", lambda runs: {"trial_0000", "trial_0001/fold_1"} <= set(runs))
    assert sorted(folder.rglob("*")) == before


def names(shown):
    return {path.parent.relative_to(shown.folder).as_posix() for path in shown.folder.rglob("events.*")}


def test_what_begins_later_is_taken_up(make_search, run_folder, tmp_path):
    results = run_folder.parent
    shown = Shown(results, tmp_path / "cache")
    shown.update()
    assert names(shown) == {"run-1"}
    fold = results / "study" / "folds" / "four_composers" / "fold-1"
    fold.mkdir(parents=True)
    (fold / "history.csv").write_text(HISTORY, encoding="utf-8")
    make_search(results / "search-later", trials=1, failures=0, stopped=0, running=False)
    shown.update()
    assert {"run-1", "study/folds/four_composers/fold-1", "search-later/trial_0000/fold_2"} <= names(shown)
    assert shown.searches == [results / "search-later"]


@pytest.mark.parametrize("alone", [True, False])
def test_a_search_opened_before_its_first_event_is_linked_once_it_has_some(make_search, tmp_path, alone):
    folder = make_search(tmp_path / "results" / "search", trials=1, failures=0, stopped=0)
    trial = folder / "trial_0000"
    trial.rename(tmp_path / "later")
    shown = Shown(folder if alone else folder.parent, tmp_path / "cache")
    shown.update()
    place = shown.folder if alone else shown.folder / "search"
    assert not (place / "trial_0000").exists()
    (tmp_path / "later").rename(trial)
    write_search_events(folder, folder / "tensorboard")
    shown.update()
    assert (place / "trial_0000").resolve() == folder / "tensorboard" / "trial_0000"
    assert (shown.folder / "events.out.tfevents.0.space").exists()
    (folder / "tensorboard" / "trial_0001").mkdir()
    shown.update()
    assert (place / "trial_0001").is_symlink()


@pytest.mark.parametrize("live", [True, False])
def test_the_best_of_a_search_is_shown_beside_its_trials(make_search, tmp_path, live):
    folder = make_search(tmp_path / "results" / "search", trials=1, failures=0, stopped=0, running=False)
    if live:
        write_search_events(folder, folder / "tensorboard")
    shown = Shown(folder.parent, tmp_path / "cache")
    shown.update()
    (folder / "best" / "history.csv").write_text(HISTORY, encoding="utf-8")
    shown.update()
    assert list((shown.folder / "search" / "best").glob("events.*"))
    assert (shown.folder / "search" / "trial_0000").exists()
    assert shown.runs == [folder / "best"]
    assert not (folder / "tensorboard" / "best").exists()


def test_where_links_are_not_allowed_copies_grow(make_search, tmp_path, monkeypatch):
    def refuse(*arguments, **more):
        raise OSError("A required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    folder = make_search(tmp_path / "search", trials=1, failures=0, stopped=0)
    write_search_events(folder, folder / "tensorboard")
    shown = Shown(folder, tmp_path / "cache")
    shown.update()
    (source,) = (folder / "tensorboard" / "trial_0000").glob("events.*")
    with source.open("ab") as file:
        file.write(b"more")
    shown.update()
    assert (shown.folder / "trial_0000" / source.name).read_bytes() == source.read_bytes()


@pytest.mark.parametrize("port", ["-5", "65536"])
def test_what_is_no_port_is_one_sentence(run_folder, capsys, port):
    with pytest.raises(SystemExit) as stopped:
        dashboard.main([str(run_folder), "--no-open", "--port", port])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.strip() == f"Expected --port to be 0 to 65535, but received {port}."


def test_what_holds_nothing_or_is_not_there_is_an_error(tmp_path):
    with pytest.raises(InputError, match="holds no search.json and no history.csv"):
        Shown(tmp_path, tmp_path / "cache")
    with pytest.raises(InputError, match="there is no"):
        Shown(tmp_path / "elsewhere", tmp_path / "cache")


def test_the_error_is_one_sentence_and_an_exit_status(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        dashboard.main([str(tmp_path), "--no-open"])
    assert stopped.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_port_that_is_taken_is_an_error(run_folder, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [
            sys.executable,
            "-m",
            "experiments.dashboard",
            str(run_folder),
            "--no-open",
            "--port",
            str(port),
        ]
        found = subprocess.run(
            [*command, "--cache-dir", str(tmp_path / "cache")], capture_output=True, text=True, cwd=REPOSITORY
        )
    assert found.returncode == 2
    assert f"port {port}" in found.stderr.splitlines()[-1]
    assert "Traceback" not in found.stderr
