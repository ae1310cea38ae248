"""Searches end, every trial once, with the settings that an uninterrupted search tries, wherever they are killed."""

import json
import math
from contextlib import contextmanager
from itertools import count, product

import keras_tuner
import pytest
import scipy.optimize
from keras_tuner.engine.trial import Trial

from experiments.engine.search import durable
from experiments.engine.search.durable import MOST_LOSSES
from experiments.engine.search.oracles import ORACLES, default_values, make_oracle
from features.errors import InputError

MANY = 300
"""More turns than any of these searches may take."""

MINIMIZE = scipy.optimize.minimize


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


def space():
    """Twelve settings: a choice on which others depend, a boolean, and one that is fixed."""
    hp = keras_tuner.HyperParameters()
    hp.Fixed("width", 8)
    hp.Choice("optimizer", ["adam", "sgd", "rmsprop"])
    hp.Boolean("flip", default=True)
    with hp.conditional_scope("optimizer", ["sgd"]):
        hp.Choice("momentum", [0.0, 0.9], default=0.9)
    with hp.conditional_scope("optimizer", ["adam"]):
        hp.Choice("decay", [0.1, 0.01, 0.001])
    return hp


NUM_SETTINGS = 2 * (2 + 3 + 1)


def wide_space():
    hp = keras_tuner.HyperParameters()
    hp.Float("rate", 1e-4, 1e-1, sampling="log")
    hp.Int("width", 8, 64, step=8)
    hp.Choice("optimizer", ["adam", "sgd"])
    return hp


@pytest.fixture(autouse=True)
def guesses(monkeypatch):
    """Takes guesses for the optima of the Gaussian process, whose search takes a second a trial."""

    def guess(function, x0, *, jac=False, **unused):
        value = function(x0)[0] if jac else function(x0)
        return scipy.optimize.OptimizeResult(x=x0, fun=value, success=True, status=0, nit=1)

    monkeypatch.setattr(scipy.optimize, "minimize", guess)


@pytest.fixture
def oracle_in(tmp_path):
    """Returns a function that makes an oracle in the search folder of the test, or in another one."""

    def make(tuner, *, hyperparameters=None, resume=False, folder="search", **changes):
        folder = tmp_path / folder
        folder.mkdir(exist_ok=True)
        settings = {"max_trials": None, "max_epochs": 9, "seed": 0, "max_failures": 3} | changes
        return make_oracle(tuner, hyperparameters or space(), folder=folder, resume=resume, **settings)

    return make


def score_of(trial):
    """A score that depends on the setting alone, and on how long it is trained."""
    values = trial.hyperparameters.values
    text = json.dumps(
        {name: value for name, value in values.items() if not name.startswith("tuner/")}, sort_keys=True
    )
    return (sum(map(ord, text)) % 97) / 97 + values.get("tuner/epochs", 0) / 100


def end(oracle, trial, score=None, *, message=None):
    """Reports a trial as a worker does, which has only a copy of it."""
    report = Trial(keras_tuner.HyperParameters(), trial_id=trial.trial_id, status="INVALID", message=message)
    if score is not None:
        oracle.update_trial(trial.trial_id, {"val_macro_f1": score, "seconds": 1.5})
        report.status = "COMPLETED"
    oracle.end_trial(report)


def search(oracle, *, workers=("local-0",), fails=lambda trial: False, runs=None):
    """Runs trials to the end, the workers in turn; notes in `runs` which setting each one had."""
    working = list(workers)
    for turn in range(MANY):
        if not working:
            return oracle
        worker = working[turn % len(working)]
        trial = oracle.create_trial(worker)
        if trial.status == "STOPPED":
            working.remove(worker)
        elif trial.status == "RUNNING":
            failed = fails(trial)
            if runs is not None:
                runs.append(key(trial))
            end(oracle, trial, None if failed else score_of(trial), message="Too wide." if failed else None)
    raise AssertionError("The search does not end.")


def fails_at(*trial_ids):
    return lambda trial: trial.trial_id in trial_ids


def key(trial):
    return json.dumps(trial.hyperparameters.values, sort_keys=True)


def tried(oracle):
    return [key(oracle.trials[trial_id]) for trial_id in oracle.start_order]


def statuses(oracle):
    return {trial.status for trial in oracle.trials.values()}


def assert_over(oracle):
    assert oracle.is_over
    assert statuses(oracle) <= {"COMPLETED", "FAILED"}
    assert sorted(oracle.end_order) == sorted(oracle.trials)
    assert len(set(tried(oracle))) == len(oracle.trials)


@pytest.mark.parametrize("tuner", ORACLES)
@pytest.mark.parametrize("workers", [["local-0"], ["local-0", "far-0", "far-1"]])
@pytest.mark.parametrize("hyperparameters", [space, wide_space])
def test_every_trial_ends_and_none_comes_twice(oracle_in, tuner, workers, hyperparameters):
    max_trials = 24 if tuner == "grid" else None
    oracle = search(
        oracle_in(tuner, hyperparameters=hyperparameters(), max_trials=max_trials), workers=workers
    )
    assert_over(oracle)
    assert statuses(oracle) == {"COMPLETED"}
    assert not oracle.gave_up
    best = oracle.get_best_trials(1)[0]
    assert best.score == max(trial.score for trial in oracle.trials.values())


def test_a_grid_has_every_setting_once(oracle_in):
    oracle = search(oracle_in("grid"), workers=["a", "b", "c"])
    assert len(oracle.trials) == NUM_SETTINGS
    assert {len(trial.hyperparameters.values) for trial in oracle.trials.values()} == {3, 4}


def test_a_grid_keeps_many_workers_busy(oracle_in):
    oracle = oracle_in("grid")
    assert {oracle.create_trial(f"far-{n}").status for n in range(NUM_SETTINGS)} == {"RUNNING"}
    assert oracle.create_trial("far-late").status == "IDLE"


def test_inactive_values_are_not_handed_out(oracle_in):
    for trial in search(oracle_in("random")).trials.values():
        values = trial.hyperparameters.values
        assert ("momentum" in values) == (values["optimizer"] == "sgd")
        assert ("decay" in values) == (values["optimizer"] == "adam")


@pytest.mark.parametrize("tuner", ORACLES)
def test_a_seed_makes_a_search_and_another_seed_another_one(oracle_in, tuner):
    first, second, third = (
        tried(search(oracle_in(tuner, hyperparameters=wide_space(), max_trials=12, seed=seed, folder=folder)))
        for seed, folder in ((0, "a"), (0, "b"), (1, "c"))
    )
    assert first == second
    assert (set(first) & set(third) == set()) == (tuner != "grid")


@pytest.mark.parametrize("tuner", ORACLES)
@pytest.mark.parametrize("hyperparameters", [space, wide_space])
def test_the_first_trial_has_the_defaults_and_none_comes_twice(oracle_in, tuner, hyperparameters):
    runs = []
    oracle = oracle_in(tuner, hyperparameters=hyperparameters(), defaults_first=True, max_trials=8)
    search(oracle, runs=runs)
    first = oracle.trials["0000"].hyperparameters.values
    assert {name: value for name, value in first.items() if not name.startswith("tuner/")} == default_values(
        hyperparameters()
    )
    assert ("tuner/bracket" in first) == (tuner == "hyperband")
    assert len(set(runs)) == len(runs) == 8


@pytest.mark.parametrize("tuner", ORACLES)
def test_trials_that_fail_do_not_keep_the_others_from_their_end(oracle_in, tuner):
    oracle = search(
        oracle_in(tuner), workers=["local-0", "far-0"], fails=lambda trial: int(trial.trial_id) % 3 == 0
    )
    assert_over(oracle)
    assert statuses(oracle) == {"COMPLETED", "FAILED"}
    best = oracle.get_best_trials(MANY)
    assert {trial.status for trial in best} == {"COMPLETED"}
    assert all(
        trial.message == "Too wide." and trial.score is None
        for trial in oracle.trials.values()
        if trial.status == "FAILED"
    )


@pytest.mark.parametrize("tuner", ORACLES)
def test_a_search_in_which_all_fails_gives_up(oracle_in, tuner):
    oracle = search(oracle_in(tuner), fails=lambda trial: True)
    assert_over(oracle)
    assert oracle.gave_up
    assert len(oracle.trials) == 3
    assert oracle.get_best_trials(1) == []
    again = oracle_in(tuner, resume=True)
    assert again.gave_up
    assert again.create_trial("local-0").status == "STOPPED"


def test_failures_that_are_not_in_a_row_are_borne(oracle_in):
    oracle = search(oracle_in("grid"), fails=lambda trial: int(trial.trial_id) % 3 < 2)
    assert len(oracle.trials) == NUM_SETTINGS
    assert not oracle.gave_up


def test_a_search_that_gives_up_ends_what_waits(oracle_in):
    oracle = oracle_in("grid", max_failures=2)
    waiting, first, second, last = (oracle.create_trial(f"far-{n}") for n in range(4))
    oracle.give_back("far-0")
    end(oracle, first)
    end(oracle, second)
    assert oracle.gave_up
    assert waiting.status == "FAILED"
    assert "gave up" in waiting.message
    assert oracle.create_trial("far-1").status == "IDLE"
    end(oracle, last, 0.5)
    assert oracle.create_trial("far-1").status == "STOPPED"
    assert oracle.get_best_trials(9) == [last]
    assert_over(oracle)


@pytest.mark.parametrize("score", [math.nan, math.inf, None])
def test_a_score_that_is_no_number_is_a_failure(oracle_in, score):
    oracle = oracle_in("random")
    trial = oracle.create_trial("local-0")
    if score is not None:
        oracle.update_trial(trial.trial_id, {"val_macro_f1": score})
    oracle.end_trial(Trial(keras_tuner.HyperParameters(), trial_id=trial.trial_id, status="COMPLETED"))
    assert oracle.trials["0000"].status == "FAILED"
    assert "finite val_macro_f1" in oracle.trials["0000"].message


def rounds_of(oracle):
    """Counts the trials of each bracket and round."""
    counts = {}
    for trial in oracle.trials.values():
        values = trial.hyperparameters.values
        place = values["tuner/bracket"], values["tuner/round"]
        counts[place] = counts.get(place, 0) + 1
    return counts


def test_hyperband_trains_the_best_for_longer(oracle_in):
    oracle = search(oracle_in("hyperband", hyperparameters=wide_space()))
    assert rounds_of(oracle) == {(2, 0): 9, (2, 1): 3, (2, 2): 1, (1, 0): 5, (1, 1): 2, (0, 0): 3}
    for trial in oracle.trials.values():
        values = trial.hyperparameters.values
        if values["tuner/round"]:
            earlier = oracle.trials[values["tuner/trial_id"]].hyperparameters.values
            assert values["tuner/initial_epoch"] == earlier["tuner/epochs"] < values["tuner/epochs"]
            assert values["rate"] == earlier["rate"]


def test_failures_do_not_starve_hyperbands_later_rounds(oracle_in):
    """By keras-tuner's own rule nothing would be trained to the end here."""
    oracle = search(
        oracle_in("hyperband", hyperparameters=wide_space(), max_failures=99),
        fails=lambda trial: (
            trial.hyperparameters.values["tuner/round"] == 1 or trial.trial_id in ("0000", "0001")
        ),
    )
    assert rounds_of(oracle)[2, 1] == 3
    oracle = search(
        oracle_in("hyperband", hyperparameters=wide_space(), max_failures=99, folder="other"),
        fails=fails_at("0000", "0001", "0009"),
    )
    assert rounds_of(oracle) == {(2, 0): 9, (2, 1): 3, (2, 2): 1, (1, 0): 5, (1, 1): 2, (0, 0): 3}


def test_hyperband_promotes_in_a_space_too_small_for_its_first_round(oracle_in):
    hp = keras_tuner.HyperParameters()
    hp.Choice("width", [1, 2, 3, 4])
    oracle = search(oracle_in("hyperband", hyperparameters=hp))
    assert rounds_of(oracle) == {(2, 0): 4, (2, 1): 3, (2, 2): 1}


def test_hyperband_counts_alike_however_many_workers_there_are(oracle_in):
    oracle = search(oracle_in("hyperband", hyperparameters=wide_space()), workers=list("abcdefg"))
    assert rounds_of(oracle) == {(2, 0): 9, (2, 1): 3, (2, 2): 1, (1, 0): 5, (1, 1): 2, (0, 0): 3}


def test_hyperband_heeds_a_limit(oracle_in):
    assert len(search(oracle_in("hyperband", hyperparameters=wide_space(), max_trials=11)).trials) == 11


def test_bayesian_leaves_draws_for_a_model(oracle_in, monkeypatch):
    monkeypatch.setattr(scipy.optimize, "minimize", MINIMIZE)
    fits = []
    oracle = oracle_in("bayesian", hyperparameters=wide_space(), max_trials=5)
    fit = oracle.gpr.fit
    monkeypatch.setattr(oracle.gpr, "fit", lambda x, y: fits.append(len(x)) or fit(x, y))
    search(oracle)
    assert fits == [3, 4]


# Workers that are lost.


def test_while_others_run_a_worker_waits(oracle_in):
    oracle = oracle_in("random", max_trials=1)
    trial = oracle.create_trial("far-0")
    assert oracle.create_trial("far-1").status == "IDLE"
    assert not oracle.is_over
    assert oracle.give_back("far-0") == "0000"
    assert not oracle.is_over
    taken = oracle.create_trial("far-1")
    assert (taken.status, taken.trial_id) == ("RUNNING", trial.trial_id)
    end(oracle, taken, 0.5)
    assert oracle.create_trial("far-1").status == "STOPPED"
    assert_over(oracle)


def test_a_worker_that_asks_again_has_its_trial(oracle_in):
    oracle = oracle_in("random")
    assert oracle.create_trial("far-0") is oracle.create_trial("far-0")
    assert oracle.give_back("nobody") is None


@pytest.mark.parametrize("tuner", ORACLES)
def test_trials_that_lose_their_worker_are_run_by_others(oracle_in, tuner):
    oracle = oracle_in(tuner, max_trials=5)
    for n in range(3):
        oracle.create_trial(f"far-{n}")
    for n in range(3):
        oracle.give_back(f"far-{n}")
    runs = []
    assert_over(search(oracle, runs=runs))
    assert len(set(runs)) == len(runs) == len(oracle.trials)


def test_a_trial_that_loses_all_its_workers_has_failed(oracle_in):
    oracle = oracle_in("grid")
    for n in range(MOST_LOSSES):
        assert oracle.create_trial(f"far-{n}").trial_id == "0000"
        oracle.give_back(f"far-{n}")
    again = oracle_in("grid", resume=True)
    for books in (oracle, again):
        assert books.trials["0000"].status == "FAILED"
        assert "without a word 3 times" in books.trials["0000"].message
    result = json.loads((oracle.folder / "trial_0000" / "result.json").read_text())
    assert result == {"status": "failed", "reason": oracle.trials["0000"].message, "score": None}
    assert oracle.create_trial("far-9").trial_id == "0001"


def test_late_and_double_reports_change_nothing(oracle_in):
    oracle = oracle_in("grid")
    trial = oracle.create_trial("far-0")
    end(oracle, trial, 0.5)
    end(oracle, trial, 0.9)
    end(oracle, trial)
    assert (oracle.trials["0000"].status, oracle.trials["0000"].score) == ("COMPLETED", 0.5)
    assert oracle.end_order == ["0000"]
    late = oracle.create_trial("far-0")
    oracle.give_back("far-0")
    end(oracle, late, 0.7)
    assert oracle.trials["0001"].status == "INVALID"
    taken = oracle.create_trial("far-1")
    end(oracle, taken, 0.25)
    assert oracle.trials["0001"].score == 0.25


# Kills.


@contextmanager
def killed_at_write(number, *, after):
    """Ends what is done in the block at its n-th write, just before it or just after it."""
    write, writes = durable.write_json, count()

    def kill(path, values):
        this = next(writes)
        if this != number or after:
            write(path, values)
        if this == number:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(durable, "write_json", kill)
        yield


@pytest.mark.parametrize("tuner", ORACLES)
def test_a_kill_at_any_write_changes_nothing(oracle_in, tuner):
    def oracle(folder, *, resume=False):
        hyperparameters = space() if tuner in ("random", "grid") else wide_space()
        limit = {"hyperband": 11, "bayesian": 7}.get(tuner, 5)
        return oracle_in(
            tuner, hyperparameters=hyperparameters, max_trials=limit, folder=folder, resume=resume
        )

    fails = fails_at("0001", "0002")
    expected = tried(search(oracle("undisturbed"), fails=fails))
    for number, after in product(range(MANY), (False, True)):
        folder, runs = f"{number}-{after}", []
        try:
            with killed_at_write(number, after=after):
                search(oracle(folder), fails=fails, runs=runs)
            break
        except Killed:
            books = oracle(folder, resume=True)
            ended = {key(trial) for trial in books.trials.values() if trial.status in durable.ENDED}
            runs = [run for run in runs if run in ended]
            search(books, fails=fails, runs=runs)
        assert_over(books)
        assert tried(books) == expected
        assert sorted(runs) == sorted(expected), "A setting was run to its end twice, or never."
    assert number > 2 * len(expected)


@pytest.mark.parametrize("tuner", ORACLES)
def test_a_trial_goes_on_after_a_kill(oracle_in, tuner):
    oracle = oracle_in(tuner)
    local, far = oracle.create_trial("local-0"), oracle.create_trial("far-0")
    oracle.update_trial(far.trial_id, {"val_macro_f1": 0.25})
    again = oracle_in(tuner, resume=True)
    assert again.create_trial("far-0").trial_id == far.trial_id
    taken = again.create_trial("local-1")
    assert taken.trial_id == local.trial_id
    assert taken.hyperparameters.values == local.hyperparameters.values
    end(again, taken, 0.5)
    end(again, far, 0.25)
    assert [again.trials[trial.trial_id].score for trial in (local, far)] == [0.5, 0.25]


def test_a_score_of_a_lost_worker_does_not_count(oracle_in):
    oracle = oracle_in("random")
    trial = oracle.create_trial("local-0")
    oracle.update_trial(trial.trial_id, {"val_macro_f1": 1.0})
    again = oracle_in("random", resume=True)
    end(again, again.create_trial("local-1"), 0.5)
    assert again.trials[trial.trial_id].score == 0.5


def test_kills_of_the_search_are_no_losses_of_a_trial(oracle_in):
    oracle = oracle_in("random")
    for _ in range(MOST_LOSSES + 1):
        assert oracle.create_trial("local-0").status == "RUNNING"
        oracle = oracle_in("random", resume=True)
    assert oracle.losses == {}


def test_a_search_that_is_over_stays_so(oracle_in, monkeypatch):
    """Draws from a small space may find a setting after they have found none, when workers have been sent home."""
    oracle = search(oracle_in("random", max_trials=99), workers=["far-0"])
    assert oracle.is_over and len(oracle.trials) < 99
    again = oracle_in("random", max_trials=99, resume=True)
    for known in (oracle, again):
        one_more = {"status": "RUNNING", "values": {"width": 9, "optimizer": "rmsprop", "flip": True}}
        monkeypatch.setattr(known, "populate_space", lambda trial_id, found=one_more: found)
        assert known.is_over
        assert known.create_trial("far-1").status == "STOPPED"


def test_a_state_that_does_not_tell_whether_the_search_is_over_is_read(oracle_in):
    oracle = search(oracle_in("random", max_trials=99))
    state = json.loads((oracle.folder / "oracle.json").read_text())
    assert state.pop("told_to_stop") is True
    (oracle.folder / "oracle.json").write_text(json.dumps(state))
    again = oracle_in("random", max_trials=99, resume=True)
    assert not again.is_over
    assert_over(search(again))


def test_an_empty_folder_is_where_a_search_begins(oracle_in):
    assert oracle_in("random", resume=True).trials == {}


def test_a_search_is_gone_on_with_only_when_asked(oracle_in):
    oracle_in("random").create_trial("local-0")
    with pytest.raises(InputError, match="go on with it with --resume"):
        oracle_in("random")


@pytest.mark.parametrize("damage", ["oracle.json", "trial_0000/trial.json"])
@pytest.mark.parametrize("content", [None, "{", "{}"])
def test_a_damaged_search_is_not_gone_on_with(oracle_in, damage, content):
    oracle = oracle_in("random")
    oracle.create_trial("local-0")
    path = oracle.folder / damage
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(InputError, match="Expected"):
        oracle_in("random", resume=True)


def test_nothing_is_printed(oracle_in, capsys):
    search(oracle_in("random"), fails=fails_at("0001"))
    assert capsys.readouterr().out == ""
