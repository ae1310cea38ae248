"""A trial is cross-validated over works, goes on where it was left, ends early if it loses, and says why it failed."""

import errno
import json

import numpy as np
import pytest

from experiments.engine.config import Config, Places
from experiments.engine.runner import Study, prepare, split_of
from experiments.engine.search import trials as module
from experiments.engine.search.config import Search, SearchConfig
from experiments.engine.search.trials import Trials, finished_scores
from experiments.engine.search.working import folds_of
from features.splits.protocols import TEST, TRAIN, VALIDATION

CONFIG = Config("example").replace(
    corpus={"corpus": "synthetic"},
    encoder={"channels": ("binary",)},
    model={"hyperparameters": {"width": 16, "num_blocks": 3}},
    training={"epochs": 4, "batch_size": 16, "precision": "float32", "patience": None},
)
"""A network that is trained in a second; fixed hyper-parameters may have values outside of the space."""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    places = Places(cache_dir=tmp_path_factory.mktemp("cache"))
    return Study(CONFIG, places, prepare(CONFIG, places))


@pytest.fixture
def make_trials(study, tmp_path):
    """Returns a function that makes the trials of a search in an empty folder."""

    def make(*, folder=tmp_path, config=CONFIG, **settings):
        search = Search(config, SearchConfig(**{"folds": 2} | settings))
        return Trials(folder, search, study.dataset, folds_of(search, study.dataset, split_of(study)))

    return make


@pytest.fixture
def scripted(monkeypatch):
    """Returns a function that replaces training by scores: trial after trial, fold after fold."""

    def replace(*scores):
        left = list(scores)

        class Answers:
            num_parameters = 7

            def __init__(self, folder):
                for name in ("checkpoint.npz", "history.csv"):
                    (folder / name).touch()
                self.history = [
                    {"epoch": 0, "val_macro_f1": left.pop(0), "val_piece_macro_f1": 0.5, "seconds": 1.0}
                ]

            def predict(self, indices):
                return np.eye(4)[np.zeros(len(indices), int)]

        monkeypatch.setattr(module, "train_network", lambda *_, folder, **how: Answers(folder))
        monkeypatch.setattr(module.keras.utils, "clear_session", lambda: None)  # takes half a second
        return left

    return replace


def without_seconds(values):
    if isinstance(values, dict):
        return {name: without_seconds(value) for name, value in values.items() if name != "seconds"}
    return values


def test_the_test_part_is_neither_trained_on_nor_validated(study):
    for num_folds in (1, 3):
        split = split_of(study)
        tested = set(split.indices(TEST))
        for fold in folds_of(Search(CONFIG, SearchConfig(folds=num_folds)), study.dataset, split):
            assert not tested & {*fold.indices(TRAIN), *fold.indices(VALIDATION)}


def test_a_real_trial_goes_on_from_its_last_epoch(make_trials, tmp_path):
    """Killed in its second fold, a trial ends as one that was not, and its finished fold is not trained again."""
    for name in ("straight", "killed"):
        (tmp_path / name).mkdir()
    straight = make_trials(folder=tmp_path / "straight").run("00", {"batch_size": 16})

    epochs = []

    def kill(trial_id):
        epochs.append(trial_id)
        if len(epochs) == 7:  # four of the first fold, three of the second
            raise KeyboardInterrupt

    killed = make_trials(folder=tmp_path / "killed")
    with pytest.raises(KeyboardInterrupt):
        Trials(killed.folder, killed.search, killed.dataset, killed.folds, check=kill).run(
            "00", {"batch_size": 16}
        )
    noted = []
    resumed = Trials(
        killed.folder,
        killed.search,
        killed.dataset,
        killed.folds,
        check=noted.append,
    ).run("00", {"batch_size": 16})
    assert without_seconds(resumed) == without_seconds(straight)
    assert noted == ["00", "00"]  # the epoch in progress, and the last one
    assert json.loads((killed.folder / "trial_00" / "result.json").read_text()) == resumed
    assert len(resumed["fold_scores"]) == 2
    fold = json.loads((killed.folder / "trial_00" / "fold_1" / "fold.json").read_text())
    assert np.sum(fold["confusion"]) == len(killed.folds[1].indices(VALIDATION))
    assert not list(killed.folder.glob("*/*/checkpoint.npz"))


def test_what_hyperband_promotes_goes_on_in_every_fold(make_trials, tmp_path):
    whole = make_trials(folder=tmp_path).run("99", {})
    trials = make_trials(folder=tmp_path)
    first = trials.run("00", {"tuner/epochs": 2, "tuner/initial_epoch": 0})
    second = trials.run("01", {"tuner/epochs": 4, "tuner/initial_epoch": 2, "tuner/trial_id": "00"})
    assert (first["epochs"], second["epochs"], whole["epochs"]) == (4, 4, 8)
    assert second["fold_scores"] == whole["fold_scores"]
    assert second["chunk_epochs"] == first["chunk_epochs"] == whole["chunk_epochs"] / 2
    assert finished_scores(tmp_path, 2, 2) == [first["fold_scores"]]  # compared with those of as many epochs


def test_chunks_that_an_epoch_does_not_draw_are_not_counted(make_trials, scripted):
    scripted(0.5, 0.6)
    trials = make_trials(config=CONFIG.replace(training={"chunks_per_epoch": 30}))
    assert trials.run("00", {})["chunk_epochs"] == 2 * 30


def test_early_rounds_validate_on_some_folds_only(make_trials, scripted):
    scripted(0.5, 0.6, 0.7, 0.1, 0.2)
    first = {"tuner/epochs": 1, "tuner/initial_epoch": 0, "tuner/bracket": 1, "tuner/round": 0}
    second = first | {"tuner/epochs": 2, "tuner/round": 1, "tuner/trial_id": "00"}
    halving, whole = make_trials(), make_trials(halve_folds=False)
    assert halving.run("00", first)["fold_scores"] == [0.5]
    assert halving.run("01", second)["fold_scores"] == [0.6, 0.7]
    assert whole.run("02", first)["fold_scores"] == [0.1, 0.2]


def test_brackets_with_as_many_epochs_but_other_folds_are_not_compared(make_trials, scripted):
    """Hyperband of nine epochs: a bracket's second round has as many as the next bracket's first."""
    scripted(0.9, 0.9, 0.8, 0.8, 0.1)
    trials = make_trials(folds=2)
    for number in range(2):
        trials.run(f"0{number}", {"tuner/epochs": 3, "tuner/bracket": 2, "tuner/round": 1})
    other = trials.run("02", {"tuner/epochs": 3, "tuner/bracket": 1, "tuner/round": 0})
    assert (other["status"], other["fold_scores"]) == ("completed", [0.1])
    assert finished_scores(trials.folder, 3, 2) == [[0.9, 0.9], [0.8, 0.8]]
    assert finished_scores(trials.folder, 3, 1) == [[0.1]]


def test_every_round_of_hyperband_has_one_fold_at_least_and_the_last_has_all():
    for num_folds in range(1, 8):
        for bracket in range(6):
            folds = [
                module.folds_of_round(num_folds, {"tuner/bracket": bracket, "tuner/round": number})
                for number in range(bracket + 1)
            ]
            assert folds == sorted(folds) and folds[0] >= 1 and folds[-1] == num_folds


def test_a_full_disk_is_no_fault_of_the_trial(make_trials, monkeypatch):
    def fail(*unused, **how):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "train_network", fail)
    trials = make_trials()
    with pytest.raises(OSError, match="No space left"):
        trials.run("00", {})
    assert not (trials.folder / "trial_00" / "result.json").exists()


def test_a_trial_that_clearly_loses_ends_after_its_first_fold(make_trials, scripted):
    left = scripted(0.8, 0.8, 0.7, 0.71, 0.2, 0.3)
    trials = make_trials()
    results = [trials.run(f"0{number}", {}) for number in range(3)]
    assert [result["status"] for result in results] == ["completed", "completed", "stopped early"]
    assert results[2]["reason"] == "Clearly behind the best trial after 1 of 2 folds."
    assert results[2]["score"] == pytest.approx(0.2)
    assert left == [0.3]
    assert finished_scores(trials.folder, None, 2) == [[0.8, 0.8], [0.7, 0.71]]


def test_nothing_ends_early_unless_wanted(make_trials, scripted):
    scripted(0.8, 0.8, 0.7, 0.71, 0.2, 0.3)
    trials = make_trials(stop_losing=False)
    results = [trials.run(f"0{number}", {}) for number in range(3)]
    assert {result["status"] for result in results} == {"completed"}
    assert results[2]["spread"] == pytest.approx(0.0707, abs=1e-4)


def test_a_failure_is_noted_with_its_reason(make_trials, scripted, monkeypatch):
    def fail(*unused, **how):
        raise MemoryError("No room for 3 tensors.\nDetails.")

    monkeypatch.setattr(module, "train_network", fail)
    trials = make_trials()
    with pytest.raises(MemoryError):
        trials.run("00", {})
    noted = json.loads((trials.folder / "trial_00" / "result.json").read_text())
    assert noted == {"status": "failed", "reason": "MemoryError: No room for 3 tensors.", "score": None}
    assert "Traceback" in (trials.folder / "trial_00" / "failure.txt").read_text()
    assert finished_scores(trials.folder, None, 2) == []
