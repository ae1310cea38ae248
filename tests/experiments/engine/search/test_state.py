"""A search is read at any moment: at work, killed, finished, with files half there."""

import json
import os
import subprocess
import sys

import pytest

from experiments.engine.search import files
from experiments.engine.search.state import FAILED, best_trial, read_search, seconds_left
from features.errors import InputError


def change(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values), encoding="utf-8")


def by_status(state):
    statuses = ("completed", "stopped early", "failed", "running", "waiting")
    return {status: len(state.with_status(status)) for status in statuses}


def test_every_trial_stands_somewhere(make_search, tmp_path):
    state = read_search(make_search(tmp_path / "search"))
    assert by_status(state) == {"completed": 6, "stopped early": 2, "failed": 2, "running": 1, "waiting": 1}
    assert [trial.number for trial in state.trials] == list(range(12))
    assert state.metrics is None
    assert state.classes == ("Bach", "Monteverdi", "Palestrina", "Viennese quartet")
    assert state.started.startswith("2026-03-01")


def test_the_best_is_the_highest_of_the_completed(make_search, tmp_path):
    folder = make_search(tmp_path / "search")
    path = folder / "trial_0004" / "result.json"  # one that was stopped
    path.write_text(json.dumps(json.loads(path.read_text()) | {"score": 0.99}), encoding="utf-8")
    state = read_search(folder)
    completed = state.with_status("completed")
    assert best_trial(state).score == max(trial.score for trial in completed)
    assert best_trial(state) in completed


@pytest.mark.parametrize("trials", [0, 3])
def test_without_a_completed_trial_there_is_no_best(make_search, tmp_path, trials):
    state = read_search(make_search(tmp_path / "search", trials=trials, failures=trials, running=False))
    assert best_trial(state) is None
    assert not state.with_status("completed")


def test_a_finished_search_has_its_scores(make_search, tmp_path):
    state = read_search(make_search(tmp_path / "search", running=False))
    assert state.metrics["best"]["trial_id"] == state.best.trial_id
    assert state.best_metrics["test"]["piece"]["macro_f1"] == 0.82


def test_folds_have_their_histories_and_confusions(make_search, tmp_path):
    (trial,) = read_search(make_search(tmp_path / "search")).with_status("running")
    assert [len(history) for history in trial.histories] == [8, 4]
    assert trial.histories[1][3]["epoch"] == 3
    assert len(trial.fold_scores) == 1
    assert trial.confusions[0][0] == (40, 3, 3, 3)
    assert trial.seconds == 12 * 7.5
    assert trial.epochs == 12
    assert trial.worker == "local-1-0"


def test_only_values_with_an_effect_are_shown(make_search, tmp_path):
    """Once a network was built, keras-tuner keeps the defaults of what has none beside them."""
    folder = make_search(tmp_path / "search", values={"optimizer": "adam", "momentum": 0.9})
    for trial in read_search(folder).trials:
        assert "momentum" not in trial.hyperparameters
        assert {"optimizer", "width", "init"} < set(trial.hyperparameters)


def test_the_values_of_hyperband_are_its_own(make_search, tmp_path):
    for trial in read_search(make_search(tmp_path / "search", tuner="hyperband")).trials:
        assert trial.rung["epochs"] in (2, 4, 8)
        assert not [name for name in trial.hyperparameters if name.startswith("tuner/")]


def test_a_trial_whose_worker_was_lost_is_failed(make_search, tmp_path):
    folder = make_search(tmp_path / "search")
    path = folder / "trial_0011" / "trial.json"
    told = json.loads(path.read_text()) | {"status": "FAILED", "message": "Traceback\nits worker was lost"}
    path.write_text(json.dumps(told), encoding="utf-8")
    trial = read_search(folder).trials[11]
    assert (trial.status, trial.reason, trial.score) == ("failed", "its worker was lost", None)


def test_ranked_begins_with_the_best_and_ends_with_the_failed(make_search, tmp_path):
    state = read_search(make_search(tmp_path / "search"))
    ranked = state.ranked()
    assert ranked[0] == state.best
    assert [trial.status for trial in ranked[-2:]] == ["failed", "failed"]
    assert len(ranked) == len(state.trials)


def test_early_rounds_of_hyperband_stand_behind_later_ones(make_search, tmp_path):
    """They validate on fewer folds, which differ in how hard they are."""
    folder = make_search(tmp_path / "search", tuner="hyperband", failures=0, stopped=0)
    path = folder / "trial_0000" / "result.json"
    result = json.loads(path.read_text())
    early = {"score": 0.99, "fold_scores": [0.99], "spread": None}
    path.write_text(json.dumps(result | early), encoding="utf-8")
    state = read_search(folder)
    places = {trial.trial_id: place for place, trial in enumerate(state.ranked())}
    assert state.best.trial_id != "0000"
    folds = [len(trial.fold_scores) for trial in state.ranked()[: len(state.with_status("completed"))]]
    assert folds == sorted(folds, reverse=True)
    assert len(state.best.fold_scores) == 3
    assert places["0000"] == folds.index(1)  # the first of those with one fold


def test_without_a_trial_of_every_fold_there_is_no_best(make_search, tmp_path):
    """However many folds the others have done."""
    folder = make_search(tmp_path / "search", failures=0, stopped=0)
    for path in folder.glob("trial_*/result.json"):
        change(path, fold_scores=[0.9, 0.8])
    state = read_search(folder)
    assert state.with_status("completed")
    assert state.best is None
    assert best_trial(state) is None
    change(folder / "trial_0003" / "result.json", fold_scores=[0.3, 0.3, 0.3], score=0.3)
    assert read_search(folder).best.trial_id == "0003"


def test_hyperband_counts_no_epoch_twice(make_search, tmp_path):
    """What a trial inherits from an earlier one is in its curves, not in its costs."""
    state = read_search(
        make_search(tmp_path / "search", tuner="hyperband", failures=0, stopped=0, running=False)
    )
    for trial in state.trials:
        assert {len(history) for history in trial.histories} == {8}
        num_inherited = {2: 0, 4: 1, 8: 2}[trial.rung["epochs"]]
        assert trial.epochs == 8 * len(trial.histories) - 4 * num_inherited
        assert trial.seconds == 7.5 * trial.epochs


def test_a_trial_that_had_no_epoch_left_has_none(make_search, tmp_path):
    folder = make_search(tmp_path / "search", tuner="hyperband", failures=0, stopped=0)
    change(folder / "trial_0000" / "result.json", epochs=0, seconds=0, chunk_epochs=0)
    trial = read_search(folder).trials[0]
    assert (trial.epochs, trial.seconds, trial.chunk_epochs) == (0, 0, 0)
    assert len(trial.histories[0]) == 8


def test_a_trial_at_work_leaves_out_what_it_inherited(make_search, tmp_path):
    folder = make_search(tmp_path / "search")
    (folder / "trial_0011" / "fold_0" / "inherited.json").write_text('{"epochs": 8}')
    (folder / "trial_0011" / "fold_1" / "inherited.json").write_text('{"epochs": 3}')
    trial = read_search(folder).trials[11]
    assert (trial.epochs, trial.seconds) == (1, 7.5)
    assert [len(history) for history in trial.histories] == [8, 4]


@pytest.mark.parametrize("ended, gave_up", [
    ("FFF", True), ("CFFF", True), ("FFC", False), ("FCFF", False), ("FFFC", True), ("", False),
])  # fmt: skip
def test_too_many_failures_in_a_row_are_giving_up(make_search, tmp_path, ended, gave_up):
    """As the oracle has it: what other workers still ran may end later, and well."""
    folder = make_search(tmp_path / "search", trials=len(ended), failures=0, stopped=0, running=False)
    (folder / "metrics.json").unlink(missing_ok=True)
    for number, letter in enumerate(ended):
        if letter == "F":
            change(folder / f"trial_{number:04d}" / "result.json", status=FAILED, score=None)
    assert read_search(folder).gave_up == gave_up


def test_a_finished_search_says_itself_whether_it_gave_up(make_search, tmp_path):
    folder = make_search(tmp_path / "search", running=False)
    assert not read_search(folder).gave_up
    change(folder / "metrics.json", gave_up=True)
    assert read_search(folder).gave_up


def test_whatever_is_missing_or_half_there_is_read_as_absent(make_search, tmp_path):
    """A reader never crashes a running search."""
    folder = make_search(tmp_path / "search", trials=6, running=False)
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "search.json"]
    assert len(paths) > 30
    for path in paths:
        content = path.read_bytes()
        for rest in (content[: len(content) // 2], b"", b"\xff\xfe", None):
            path.unlink()
            if rest is not None:
                path.write_bytes(rest)
            read_search(folder)
            path.write_bytes(content)


def test_a_changed_file_is_read_again(make_search, tmp_path):
    folder = make_search(tmp_path / "search")
    before = read_search(folder)
    path = folder / "trial_0011" / "fold_1" / "history.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[-1]]) + "\n")
    os.utime(path, ns=(1, 1))
    assert len(read_search(folder).trials[11].histories[1]) == len(before.trials[11].histories[1]) + 1


def test_of_each_file_only_the_latest_version_is_kept(make_search, tmp_path):
    """A search of days writes each of its files thousands of times."""
    folder = make_search(tmp_path / "search")
    read_search(folder)
    path = folder / "trial_0011" / "fold_1" / "history.csv"
    text, before = path.read_text(), len(files._READ)
    for number in range(20):
        path.write_text(text + text.splitlines()[-1] + "\n" * number)
        read_search(folder)
    assert len(files._READ) == before
    path.unlink()
    read_search(folder)
    assert len(files._READ) == before - 1


def test_numbers_are_converted_once(make_search, tmp_path):
    path = make_search(tmp_path / "search") / "trial_0011" / "fold_1" / "history.csv"
    assert files.read_history(path)[0] is files.read_history(path)[0]


def test_a_file_of_the_same_time_and_another_size_is_read_again(tmp_path):
    path = tmp_path / "x.json"
    for text in ('{"a": 1}', '{"a": 10}'):
        path.write_text(text)
        os.utime(path, ns=(1, 1))
        assert files.read_json(path) == json.loads(text)


def test_a_folder_of_which_the_oracle_does_not_know_was_never_begun(make_search, tmp_path):
    folder = make_search(tmp_path / "search")
    (folder / "trial_0012").mkdir()
    (folder / "trial_0011" / "fold_2.unfinished").mkdir()
    state = read_search(folder)
    assert len(state.trials) == 12
    assert len(state.trials[11].histories) == 2


def test_another_folder_is_an_error(tmp_path):
    with pytest.raises(InputError, match="Expected a search folder"):
        read_search(tmp_path)


def test_time_left_is_unknown_at_first_and_then_by_the_median_trial(make_search, tmp_path):
    assert seconds_left(read_search(make_search(tmp_path / "none", trials=0, max_trials=5))) is None
    state = read_search(make_search(tmp_path / "some", trials=6, failures=0, stopped=0, max_trials=10))
    one = 3 * 8 * 7.5  # each of three folds has eight epochs
    assert seconds_left(state) == (10 - 4 - 1) * one + (one - 12 * 7.5)
    assert seconds_left(read_search(make_search(tmp_path / "done", running=False))) == 0


def test_before_the_first_trial_is_over_time_left_is_told_by_its_folds(make_search, tmp_path):
    state = read_search(make_search(tmp_path / "search", trials=1, max_trials=2))
    assert seconds_left(state) > 0


def test_hyperband_alone_knows_how_many_trials_there_are(make_search, tmp_path):
    folder = make_search(tmp_path / "search", tuner="hyperband")
    path = folder / "search.json"
    described = json.loads(path.read_text())
    described["search"]["max_trials"] = None
    path.write_text(json.dumps(described), encoding="utf-8")
    state = read_search(folder)
    assert state.max_trials is None
    assert seconds_left(state) is None


def test_needs_neither_keras_nor_what_is_slow():
    names = ("state", "watching.charts", "watching.report", "watching.view")
    modules = [f"experiments.engine.search.{name}" for name in names]
    slow = ["keras", "keras_tuner", "tensorflow", "sklearn", "matplotlib"]
    code = f"import sys, {', '.join(modules)}; print([name for name in {slow} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
