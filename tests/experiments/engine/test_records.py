"""Run folders are found again, kept from two processes at once, and never half written."""

import csv
import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.engine import records
from experiments.engine.config import Config, Places
from experiments.engine.records import command_line, is_finished, run_folder, run_name
from features.errors import InputError

CONFIG = Config("example")

HOLD_LOCK = """
import sys
from pathlib import Path
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def places(tmp_path):
    return Places(cache_dir=tmp_path / "cache", results_dir=tmp_path / "results")


def resuming(places):
    return dataclasses.replace(places, resume=True)


def run(config, places):
    """Opens a run folder and closes it again."""
    with run_folder(config, places) as folder:
        return folder


def test_json_comes_back_with_its_letters(tmp_path):
    records.write_json(tmp_path / "x.json", {"composer": "Dvořák"})
    assert records.read_json(tmp_path / "x.json") == {"composer": "Dvořák"}
    assert "Dvořák" in (tmp_path / "x.json").read_text(encoding="utf-8")


def test_a_table_has_its_columns_and_no_others(tmp_path):
    records.write_csv(tmp_path / "x.csv", ("piece", "work"), [{"piece": "a, b", "work": "1"}])
    with open(tmp_path / "x.csv", newline="", encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == [{"piece": "a, b", "work": "1"}]
    with pytest.raises(ValueError, match="test_accuracy"):
        records.write_csv(tmp_path / "x.csv", ("piece",), [{"piece": "a", "test_accuracy": 1}])


@pytest.mark.parametrize("name", ["x.json", "x.csv.gz"])
def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch, name):
    records.write_text(tmp_path / name, "old")
    before = (tmp_path / name).read_bytes()

    def full_disk(source, target):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        records.write_text(tmp_path / name, "new")
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize("content", [None, b"{", b"\xff\xfe"])
def test_says_which_file_cannot_be_read(tmp_path, content):
    if content is not None:
        (tmp_path / "metrics.json").write_bytes(content)
    with pytest.raises(InputError, match=r"file of a run folder at .*metrics\.json"):
        records.read_json(tmp_path / "metrics.json")


def test_refuses_what_is_no_object(tmp_path):
    (tmp_path / "metrics.json").write_text("[1, 2]", encoding="utf-8")
    with pytest.raises(InputError, match="Expected an object of names and values"):
        records.read_json(tmp_path / "metrics.json")


def test_a_folder_is_named_after_its_run(places):
    config = CONFIG.replace(
        corpus={"corpus": "synthetic"}, model={"model": "lstm"}, split={"fold": "all"}, training={"seed": 7}
    )
    folder = run(config, places)
    assert folder.parent == places.results_dir / "example"
    assert folder.name == run_name(config) == f"synthetic-lstm-work-all-seed7-{config.digest()}"


def test_begins_with_the_configuration_and_what_it_is_made_with(places):
    with run_folder(CONFIG, places) as folder:
        assert Config.from_dict(records.read_json(folder / "config.json")) == CONFIG
        made_with = records.read_json(folder / "environment.json")
        assert not is_finished(folder)
    expected = {"started", "command", "commit", "python", "platform", "libraries", "device", "resumed_with"}
    assert expected == set(made_with)
    assert {"tensorflow", "keras", "numpy"} <= set(made_with["libraries"])


def test_a_second_run_of_one_configuration_has_a_folder_of_its_own(places):
    first, second, third = (run(CONFIG, places) for _ in range(3))
    assert [second.name, third.name] == [f"{first.name}-2", f"{first.name}-3"]


def test_resume_goes_on_with_the_same_configuration_and_no_other(places):
    first = run(CONFIG, places)
    run(CONFIG.replace(training={"epochs": 99}), places)
    run(CONFIG.replace(training={"seed": 1}), places)
    assert run(CONFIG, resuming(places)) == first


def test_resume_goes_on_with_a_folder_of_the_same_suffix_and_no_other(places):
    names = []
    for suffix in ("", "-folds0+1", "-folds0+1+2"):
        for how in (places, resuming(places)):
            with run_folder(CONFIG, how, suffix=suffix) as folder:
                names.append(folder.name.removeprefix(run_name(CONFIG)))
    assert names == ["", "", *["-folds0+1"] * 2, *["-folds0+1+2"] * 2]


def test_resume_takes_the_latest(places):
    first, second = run(CONFIG, places), run(CONFIG, places)
    os.utime(first / "config.json", (1, 1))
    assert run(CONFIG, resuming(places)) == second
    os.utime(second / "config.json", (0, 0))
    assert run(CONFIG, resuming(places)) == first


def test_a_run_that_goes_on_says_with_which_commit_and_keeps_the_first(places, monkeypatch):
    folder = run(CONFIG, places)
    first = records.read_json(folder / "environment.json")
    monkeypatch.setattr(records, "commit", lambda: "0123456789+")
    run(CONFIG, resuming(places))
    assert records.read_json(folder / "environment.json") == first | {"resumed_with": ["0123456789+"]}


def test_resume_without_a_run_starts_one(places):
    assert run(CONFIG, resuming(places)).name == run_name(CONFIG)


def test_a_folder_whose_configuration_was_never_written_is_not_resumed(places):
    empty = run(CONFIG, places)
    (empty / "config.json").unlink()
    assert run(CONFIG, resuming(places)) != empty


def test_a_finished_run_is_shown_again_as_it_was_made(places):
    folder = run(CONFIG, places)
    (folder / "metrics.json").write_text("{}")
    (folder / "environment.json").write_text('{"started": "long ago"}')
    with run_folder(CONFIG, resuming(places)) as again:
        assert again == folder
        assert is_finished(again)
    assert json.loads((folder / "environment.json").read_text()) == {"started": "long ago"}


def test_keeps_a_second_process_out(places):
    folder = run(CONFIG, places)
    command = [sys.executable, "-c", HOLD_LOCK, str(folder / ".lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(InputError, match=r"Another process is at work in .*; wait for it"):
            run(CONFIG, resuming(places))
        assert run(CONFIG, places) != folder  # without --resume there is room for both
        other.communicate("")
    assert run(CONFIG, resuming(places)) != folder  # the latest


def test_the_lock_of_a_killed_process_does_not_count(places):
    folder = run(CONFIG, places)
    command = [sys.executable, "-c", HOLD_LOCK, str(folder / ".lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        other.stdout.readline()
        other.kill()
    assert run(CONFIG, resuming(places)) == folder


def test_a_run_knows_its_music_again(places):
    music = records.contents_digest(["a", "b"], ["0f", "3c"])
    with run_folder(CONFIG, places) as folder:
        records.check_contents(folder, music)  # nothing noted yet
        records.note_contents(folder, music)
        records.check_contents(folder, music)
        with pytest.raises(InputError, match="hold other music than those that .* began with"):
            records.check_contents(folder, records.contents_digest(["a", "b"], ["3c", "0f"]))
    assert run(CONFIG, resuming(places)) == folder
    assert records.read_json(folder / "environment.json")["contents"] == music


@pytest.mark.parametrize(
    "own",
    [
        ["--data-home", "/home/me/music.zip"],
        ["--data-home=/home/me/music.zip"],
        ["--data_home", "/home/me//music.zip"],
    ],
)
def test_the_command_hides_own_folders_and_nothing_else(monkeypatch, tmp_path, own):
    arguments = [*own, "--results-dir", f"{tmp_path}/", "--composers", "Bach", "C. P. E. Bach"]
    monkeypatch.setattr(sys, "argv", ["/home/me/rollcall/experiments/example.py", *arguments])
    shown = command_line()
    assert "/home" not in shown
    assert str(tmp_path) not in shown
    assert shown.endswith("PATH --results-dir PATH --composers Bach 'C. P. E. Bach'")


def test_of_a_run_that_lies_elsewhere_the_command_has_its_name_alone(monkeypatch, tmp_path):
    runs = [f"{tmp_path}/study-all", "--teacher", f"{tmp_path}/a", "runs/b"]
    arguments = [*runs, "--unknown", f"{tmp_path}/others"]
    monkeypatch.setattr(sys, "argv", ["ship.py", *arguments])
    assert command_line().endswith(" PATH/study-all --teacher PATH/a runs/b --unknown PATH")


def test_a_word_that_is_also_a_folder_is_left_alone(monkeypatch):
    arguments = ["--results-dir", "work/runs", "--protocol", "work"]
    monkeypatch.setattr(sys, "argv", ["example.py", *arguments])
    assert command_line().endswith("--results-dir PATH --protocol work")


def test_the_command_of_a_module_can_be_typed_again(monkeypatch):
    main = type(sys)("__main__")
    main.__spec__ = type("Spec", (), {"name": "experiments.example"})
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.setattr(sys, "argv", ["example.py", "--epochs", "3"])
    assert command_line() == "python -m experiments.example --epochs 3"


def test_outside_git_there_is_no_commit(monkeypatch, tmp_path):
    monkeypatch.setattr(records, "REPOSITORY", tmp_path)
    assert records.commit() == ""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such folder")
def test_results_that_cannot_be_kept_anywhere_are_refused():
    with pytest.raises(
        InputError, match="Expected --results-dir to name a folder .* /proc/x/.* cannot be made: No"
    ):
        with run_folder(Config("ada"), Places(results_dir=Path("/proc/x"))):
            pass
