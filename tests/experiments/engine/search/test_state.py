"""A search is read at any moment: at work, killed, finished, with files half there."""

import json
import os
import subprocess
import sys

import pytest

from experiments.engine.search.state import best_trial, read_search, seconds_left
from features.errors import InputError


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
    assert places["0000"] == len(state.with_status("completed")) - 1


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
    modules = [f"experiments.engine.search.{name}" for name in ("state", "charts", "report", "view")]
    slow = ["keras", "keras_tuner", "tensorflow", "sklearn", "matplotlib"]
    code = f"import sys, {', '.join(modules)}; print([name for name in {slow} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
