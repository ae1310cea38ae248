"""A chief hears only its own workers, gives the trials of silent ones to others, and ends when all is told."""

import errno
import socket
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import keras_tuner
import pytest

from experiments.engine.search import client
from experiments.engine.search.chief import serve
from experiments.engine.search.client import ChiefLost, TrialLost, connect, reach
from experiments.engine.search.oracles import make_oracle
from experiments.engine.search.tuner import CrossValidationTuner
from features.errors import InputError

TOKEN = "only for this search"


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    """Lets workers ask again at once."""
    monkeypatch.setattr(client, "IDLE_S", 0.02)
    monkeypatch.setattr(client, "RETRY_S", 0.02)


def space():
    hp = keras_tuner.HyperParameters()
    hp.Fixed("width", 8)
    hp.Choice("optimizer", ["adam", "sgd"])
    with hp.conditional_scope("optimizer", ["adam"]):
        hp.Choice("epsilon", [1e-7, 0.1])  # no double of the binary system
        hp.Boolean("amsgrad")
    hp.Float("rate", 0.1, 0.7, step=0.2)
    return hp


@pytest.fixture
def oracle_in(tmp_path):
    def make(tuner="grid", *, resume=False, **changes):
        settings = {"max_trials": None, "max_epochs": 9, "seed": 0, "max_failures": 3} | changes
        return make_oracle(tuner, space(), folder=tmp_path, resume=resume, **settings)

    return make


def worker(chief, name="far-0", *, token=TOKEN, patience_s=20.0):
    return connect(chief.address, tuner_id=name, token=token, patience_s=patience_s)


def wait_for(condition, *, seconds=30):
    """Returns the first true answer to a question."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"Nothing came within {seconds} seconds.")


def work(chief, folder: Path, name, run):
    with worker(chief, name) as oracle:
        CrossValidationTuner(oracle, folder=folder, run=run).search()


def test_several_workers_run_every_trial_once(oracle_in, tmp_path):
    oracle, runs = oracle_in(), []

    def run(trial):
        runs.append((trial.trial_id, trial.hyperparameters.values))
        if trial.trial_id == "0003":
            raise ValueError("Zu groß.")
        return {"val_macro_f1": 1 / 3, "seconds": 1}

    with serve(oracle, token=TOKEN) as chief:
        threads = [
            threading.Thread(target=work, args=(chief, tmp_path, f"far-{n}", run), name=f"worker {n}")
            for n in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert chief.is_over
        assert chief.workers == []
    assert sorted(trial_id for trial_id, _ in runs) == sorted(oracle.trials)
    assert all(oracle.trials[trial_id].hyperparameters.values == values for trial_id, values in runs)
    assert {trial.score for trial in oracle.get_best_trials(99)} == {1 / 3}
    assert oracle.trials["0003"].status == "FAILED"
    assert oracle.trials["0003"].message.endswith("ValueError: Zu groß.\n")


@pytest.mark.parametrize("tuner", ["random", "hyperband"])
def test_values_reach_a_worker_as_they_are(oracle_in, tuner, capfd):
    oracle = oracle_in(tuner)
    with serve(oracle, token=TOKEN) as chief, worker(chief) as far:
        for _ in range(10):
            trial = far.create_trial()
            ours = oracle.trials[trial.trial_id].hyperparameters.values
            assert trial.hyperparameters.values == ours
            assert {name: type(value) for name, value in trial.hyperparameters.values.items()} == {
                name: type(value) for name, value in ours.items()
            }
            assert far.get_trial(trial.trial_id).hyperparameters.values == ours
            far.update_trial(trial.trial_id, {"val_macro_f1": int(trial.trial_id) / 7})
            trial.status = "COMPLETED"
            far.end_trial(trial)
            assert oracle.trials[trial.trial_id].score == int(trial.trial_id) / 7
    assert capfd.readouterr().out == ""  # keras-tuner prints the values of conditions


def test_a_builder_can_be_given_what_reaches_a_worker(oracle_in):
    with serve(oracle_in(), token=TOKEN) as chief, worker(chief) as far:
        hp = far.create_trial().hyperparameters
    assert hp.Choice("optimizer", ["sgd", "adam"]) == "adam"
    with hp.conditional_scope("optimizer", ["sgd"]):
        assert hp.Choice("momentum", [0.0, 0.9]) is None
    with hp.conditional_scope("optimizer", ["adam"]):
        assert hp.Choice("epsilon", [0.1, 1e-7]) == 1e-7


@pytest.mark.parametrize("token", ["", "another", TOKEN + " "])
def test_who_does_not_know_the_token_is_not_heard(oracle_in, token):
    oracle = oracle_in()
    with serve(oracle, token=TOKEN) as chief:
        with pytest.raises(ChiefLost, match="refused it; give --name and --results-dir of that very search"):
            worker(chief, token=token)
        with pytest.raises(ChiefLost, match="refused it; give --name and --results-dir of that very search"):
            reach(chief.address, token=token)
        assert chief.workers == []
    assert oracle.trials == {}


def test_a_chief_that_answers_is_reached_and_takes_nobody_for_a_worker(oracle_in):
    with serve(oracle_in(), token=TOKEN) as chief:
        began = time.monotonic()
        reach(chief.address, token=TOKEN)
        assert time.monotonic() - began < 5
        assert chief.workers == []


@pytest.mark.parametrize("listens", [False, True])
def test_says_soon_that_no_chief_is_at_an_address(listens):
    """Nothing at all, or something that says nothing."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        if listens:
            taken.listen()
        began = time.monotonic()
        with pytest.raises(InputError, match=r"at 127.*, but none answered within 0\.5 seconds; give --join"):
            reach(address, token=TOKEN, within_s=0.5)
        assert 0.4 <= time.monotonic() - began < 5


def test_a_chief_that_is_not_there_is_waited_for(oracle_in):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    began = time.monotonic()
    with pytest.raises(
        InputError, match=r"has not answered for 0\.5 seconds; start it again with --resume, which"
    ):
        connect(address, tuner_id="far-0", token=TOKEN, patience_s=0.5)
    assert 0.5 <= time.monotonic() - began < 5
    found = []
    thread = threading.Thread(
        target=lambda: found.append(connect(address, tuner_id="far-0", token=TOKEN, patience_s=20))
    )
    thread.start()
    time.sleep(0.2)
    with serve(oracle_in(), address=address, token=TOKEN) as chief:
        thread.join()
        assert chief.address == address
        assert found[0].create_trial().status == "RUNNING"
        found[0].close()


def test_a_worker_without_its_chief_ends_and_its_trial_is_not_taken_for_a_failure(oracle_in, tmp_path):
    oracle = oracle_in()

    def run(trial):
        server.close()
        wait_for(lambda: far.check(trial.trial_id))

    with ExitStack() as server:
        chief = server.enter_context(serve(oracle, token=TOKEN))
        with worker(chief, patience_s=0.5) as far, pytest.raises(ChiefLost, match="has not answered"):
            CrossValidationTuner(far, folder=tmp_path, run=run).search()
    assert oracle.trials["0000"].status == "RUNNING"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_full_disk_ends_a_worker_and_its_trial_is_not_taken_for_a_failure(oracle_in, tmp_path, number):
    def run(trial):
        raise OSError(number, "in other words", "fold_0/history.csv")

    oracle = oracle_in()
    with serve(oracle, token=TOKEN) as chief:
        with pytest.raises(InputError, match=r"could not be used: .* \(fold_0/history\.csv\); make room"):
            work(chief, tmp_path, "far-0", run)
    assert oracle.trials["0000"].status == "RUNNING"


def test_other_errors_of_the_system_make_a_trial_fail(oracle_in, tmp_path):
    def run(trial):
        raise OSError(errno.ENOENT, "in other words", "fold_0/history.csv")

    oracle = oracle_in(max_trials=1)
    with serve(oracle, token=TOKEN) as chief:
        work(chief, tmp_path, "far-0", run)
    assert oracle.trials["0000"].status == "FAILED"


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_interruptions_end_a_worker(oracle_in, tmp_path, interruption):
    def run(trial):
        raise interruption

    with serve(oracle_in(), token=TOKEN) as chief, pytest.raises(interruption):
        work(chief, tmp_path, "far-0", run)


def test_signs_of_life_keep_a_lease(oracle_in):
    with serve(oracle_in(), token=TOKEN, lease_s=1.0) as chief, worker(chief) as far:
        trial = far.create_trial()
        until = time.monotonic() + 2
        while time.monotonic() < until:
            assert chief.check_leases() == []
            far.check(trial.trial_id)
            time.sleep(0.02)
        far.close()
        assert wait_for(chief.check_leases) == ["far-0"]


def test_a_late_worker_harms_nobody(oracle_in):
    oracle = oracle_in(max_trials=1)
    with serve(oracle, token=TOKEN, lease_s=0.3) as chief:
        with worker(chief, "far-late") as late:
            trial = late.create_trial()
        assert wait_for(chief.check_leases) == ["far-late"]
        with worker(chief, "far-late") as late, worker(chief, "far-1") as other:
            taken = other.create_trial()
            assert taken.trial_id == trial.trial_id
            with pytest.raises(TrialLost, match="Trial 0000 was given to another worker"):
                late.check(trial.trial_id)
            late.update_trial(trial.trial_id, {"val_macro_f1": 0.9})
            trial.status = "COMPLETED"
            late.end_trial(trial)
            assert oracle.trials["0000"].status == "RUNNING"
            other.update_trial(taken.trial_id, {"val_macro_f1": 0.5})
            taken.status = "COMPLETED"
            other.end_trial(taken)
            late.update_trial(trial.trial_id, {"val_macro_f1": 0.9})
            late.end_trial(trial)
            assert (oracle.trials["0000"].status, oracle.trials["0000"].score) == ("COMPLETED", 0.5)
            assert other.create_trial().status == "STOPPED"
            assert chief.is_over, "A late worker is not waited for."
            assert late.create_trial().status == "STOPPED"


def test_a_late_worker_goes_on_with_other_trials(oracle_in, tmp_path):
    """Its tuner must not take another worker's scores for its own."""
    oracle = oracle_in(max_trials=2)
    runs = []

    def run(trial):
        runs.append(trial.trial_id)
        if runs == ["0000"]:
            chief.gone("far-late")
            work(chief, tmp_path, "far-1", run)
        return {"val_macro_f1": len(runs) / 10}

    with serve(oracle, token=TOKEN) as chief:
        work(chief, tmp_path, "far-late", run)
        assert chief.is_over
    assert runs == ["0000", "0000", "0001"]
    assert [trial.score for trial in oracle.trials.values()] == [0.2, 0.3]


def test_the_trial_of_a_worker_that_ended_is_free_at_once(oracle_in):
    with serve(oracle_in(), token=TOKEN) as chief, worker(chief, "local-1") as far:
        trial = far.create_trial()
        assert chief.gone("local-1") == trial.trial_id
        assert chief.gone("local-1") is None
        assert chief.workers == []
        with worker(chief, "local-2") as other:
            assert other.create_trial().trial_id == trial.trial_id


def test_a_search_is_over_when_every_worker_has_been_told(oracle_in):
    with serve(oracle_in(max_trials=1), token=TOKEN) as chief, worker(chief) as far:
        assert not chief.is_over
        trial = far.create_trial()
        far.update_trial(trial.trial_id, {"val_macro_f1": 0.5})
        trial.status = "COMPLETED"
        far.end_trial(trial)
        assert chief.workers == ["far-0"]
        assert not chief.is_over
        assert far.create_trial().status == "STOPPED"
        assert chief.is_over


def test_what_keeps_a_chief_from_its_books_ends_it(oracle_in, monkeypatch):
    oracle = oracle_in()

    def full_disk():
        raise OSError(errno.ENOSPC, "No space left on device")

    with serve(oracle, token=TOKEN) as chief, worker(chief, patience_s=0.5) as far:
        monkeypatch.setattr(oracle, "save", full_disk)
        with pytest.raises(ChiefLost):
            far.create_trial()
        monkeypatch.undo()
        with pytest.raises(OSError, match="No space left"):
            chief.check_leases()
    assert oracle_in(resume=True).trials == {}


def test_a_chief_stops_at_once(oracle_in):
    with serve(oracle_in(), token=TOKEN) as chief, worker(chief) as far:
        far.create_trial()
        began = time.monotonic()  # the block ends with a worker connected
    assert time.monotonic() - began < 3


def test_two_chiefs_do_not_share_an_address(oracle_in, tmp_path):
    with serve(oracle_in(), token=TOKEN) as chief:
        with pytest.raises(InputError, match=f"but {chief.address} cannot be used; name another one"):
            with serve(oracle_in(resume=True), address=chief.address, token=TOKEN):
                pass


@pytest.mark.parametrize("address", ["", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "192.0.2.1:0", ":0"])
def test_says_which_address_cannot_be_used(oracle_in, address):
    with pytest.raises(InputError, match="Expected HOST:PORT"):
        with serve(oracle_in(), address=address, token=TOKEN):
            pass
