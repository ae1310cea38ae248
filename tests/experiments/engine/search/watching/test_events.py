"""TensorBoard, asked by its own readers, finds hyper-parameters, curves, scores and confusion matrices."""

import json
import subprocess
import sys

import pytest
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.hparams import api_pb2, backend_context, get_experiment, list_session_groups
from tensorboard.plugins.hparams.summary_v2 import Discrete, IntInterval, RealInterval

from experiments.engine.search.choices import Choice
from experiments.engine.search.state import read_search
from experiments.engine.search.watching.events import TrialEvents, _domain, write_search_events, write_space
from experiments.engine.search.watching.tensorboard_files import PATTERN

PNG = b"\x89PNG\r\n\x1a\n"
CLASSES = ("Bach", "Monteverdi", "Palestrina", "Viennese quartet")


def load(folder):
    multiplexer = EventMultiplexer(tensor_size_guidance={"scalars": 0, "images": 0}).AddRunsFromDirectory(
        str(folder)
    )
    multiplexer.Reload()
    return multiplexer


class HParams:
    """What the HPARAMS tab asks the server."""

    def __init__(self, folder):
        provider = MultiplexerDataProvider(load(folder), str(folder))
        self.context = backend_context.Context(TBContext(data_provider=provider, logdir=str(folder)))
        self.request = RequestContext()

    def experiment(self):
        request = api_pb2.GetExperimentRequest(include_metrics=True)
        return get_experiment.Handler(self.request, self.context, "", request).run()

    def groups(self):
        experiment = self.experiment()
        request = api_pb2.ListSessionGroupsRequest(
            slice_size=100, allowed_statuses=list(range(5)), include_metrics=True, aggregation_type="AGGREGATION_AVG",
            col_params=[api_pb2.ColParams(hparam=info.name) for info in experiment.hparam_infos],
        )  # fmt: skip
        answer = list_session_groups.Handler(self.request, self.context, "", request).run()
        return {group.name: group for group in answer.session_groups}


@pytest.fixture(scope="module")
def folder(make_search, tmp_path_factory):
    folder = make_search(tmp_path_factory.mktemp("events") / "search", trials=8, failures=1, stopped=1)
    write_search_events(folder, folder / "tensorboard")
    write_space([folder], folder / "tensorboard")
    return folder


def value_of(value):
    return getattr(value, value.WhichOneof("kind"))


def test_every_hyperparameter_is_described_conditional_ones_too(folder):
    experiment = HParams(folder / "tensorboard").experiment()
    described = {info.name: info for info in experiment.hparam_infos}
    assert set(described) == {choice.name for choice in read_search(folder).space}
    assert list(described["width"].domain_discrete) == [128, 192, 256, 320]
    assert described["learning_rate"].domain_interval.max_value == 0.01
    assert described["move"].type == api_pb2.DATA_TYPE_BOOL


def test_every_trial_has_its_active_values_its_status_and_its_scores(folder):
    groups = HParams(folder / "tensorboard").groups()
    state = read_search(folder)
    of = f"of {folder.parent.name}/search"
    assert set(groups) == {f"trial_{trial.trial_id} {of}" for trial in state.trials}
    for trial in state.trials:
        group = groups[f"trial_{trial.trial_id} {of}"]
        shown = {name: value_of(value) for name, value in group.hparams.items()}
        assert shown == pytest.approx(dict(trial.hyperparameters))
        scores = {value.name.tag: value.value for value in group.metric_values}
        if trial.score is not None:
            assert scores["score"] == pytest.approx(trial.score, rel=1e-6)
        else:
            assert "score" not in scores
        (session,) = group.sessions
        assert session.status == {
            "failed": api_pb2.STATUS_FAILURE, "running": api_pb2.STATUS_UNKNOWN, "waiting": api_pb2.STATUS_UNKNOWN,
        }.get(trial.status, api_pb2.STATUS_SUCCESS)  # fmt: skip


def scalars(multiplexer, run, tag):
    return {event.step: event.tensor_proto.float_val[0] for event in multiplexer.Tensors(run, tag)}


def curve(history, column):
    return pytest.approx({row["epoch"] + 1: row[column] for row in history}, rel=1e-6)


def test_learning_curves_are_there_by_fold(folder):
    multiplexer = load(folder / "tensorboard")
    for trial in read_search(folder).trials:
        for number, history in enumerate(trial.histories):
            found = scalars(multiplexer, f"trial_{trial.trial_id}/fold_{number}", "val_macro_f1")
            assert found == curve(history, "val_macro_f1")


def test_confusion_matrices_are_pictures(folder):
    multiplexer = load(folder / "tensorboard")
    for run in ("trial_0000", "trial_0000/fold_0", "trial_0000/fold_2"):
        (event,) = multiplexer.Tensors(run, "confusion")
        width, height, png = event.tensor_proto.string_val
        assert png.startswith(PNG)
        assert int(width) > 400 and int(height) > 400


def rows(folder, trial="0000", fold=0):
    (found,) = [one for one in read_search(folder).trials if one.trial_id == trial]
    return found.histories[fold]


def test_a_trial_that_goes_on_after_a_kill_repeats_nothing_and_lacks_nothing(make_search, tmp_path):
    folder = make_search(tmp_path / "search", trials=1, failures=0, stopped=0, running=False)
    history, runs = rows(folder), folder / "tensorboard" / "trial_0000" / "fold_0"
    before = TrialEvents(folder, "0000", {"width": 128})
    for row in history[:5]:
        before.epoch(0, row)
    (path,) = runs.glob(PATTERN)
    with path.open("ab") as file:  # the kill comes amid an event
        file.write(path.read_bytes()[-37:-9])
    again = TrialEvents(folder, "0000", {"width": 128})
    again.epoch(0, history[4])  # killed before its checkpoint, the epoch is trained again
    again.epoch(0, history[5])
    assert len(list(runs.glob(PATTERN))) == 1
    multiplexer = load(folder / "tensorboard")
    assert len(multiplexer.Tensors("trial_0000/fold_0", "loss")) == 6
    found = scalars(multiplexer, "trial_0000/fold_0", "loss")
    assert found == curve(history[:6], "loss")
    assert len(HParams(folder / "tensorboard").groups()) == 1


def test_folds_that_were_finished_before_a_kill_are_complete_in_the_end(make_search, tmp_path):
    folder = make_search(tmp_path / "search", trials=1, failures=0, stopped=0, running=False)
    state = read_search(folder)
    result = json.loads((folder / "trial_0000" / "result.json").read_text())
    TrialEvents(folder, "0000", {"width": 128}).end(result, state.trials[0].confusions, CLASSES)
    for number in range(3):
        assert len(scalars(load(folder / "tensorboard"), f"trial_0000/fold_{number}", "val_loss")) == 8


def test_a_failed_trial_ends_without_scores(make_search, tmp_path):
    folder = make_search(tmp_path / "search", trials=1, failures=1)
    TrialEvents(folder, "0000", {"width": 128}).end(
        {"status": "failed", "reason": "x", "score": None}, [], CLASSES
    )
    (group,) = HParams(folder / "tensorboard").groups().values()
    assert group.sessions[0].status == api_pb2.STATUS_FAILURE


def test_the_epochs_of_hyperband_are_shown_and_nothing_else_of_it(make_search, tmp_path):
    folder = make_search(tmp_path / "search", trials=2, failures=0, stopped=0, tuner="hyperband")
    values = {"width": 128, "tuner/epochs": 4, "tuner/initial_epoch": 2, "tuner/trial_id": "0000"}
    TrialEvents(folder, "0001", values)
    hparams = HParams(folder / "tensorboard")
    (group,) = hparams.groups().values()
    assert set(group.hparams) == {"width", "tuner/epochs"}
    assert "tuner/epochs" in [info.name for info in hparams.experiment().hparam_infos]


def test_searches_shown_together_keep_their_trials_and_values_apart(make_search, tmp_path):
    folders = [make_search(tmp_path / study / "search", trials=2, failures=0, stopped=0) for study in "ab"]
    for folder, width in zip(folders, (128, 17), strict=True):
        TrialEvents(folder, "0000", {"width": width}, runs=tmp_path / "shown" / folder.parent.name)
    space = json.loads((folders[1] / "oracle.json").read_text())
    (entry,) = (one for one in space["hyperparameters"]["space"] if one["config"]["name"] == "width")
    entry |= {"class_name": "Fixed", "config": {"name": "width", "value": 17, "conditions": []}}
    (folders[1] / "oracle.json").write_text(json.dumps(space))
    write_space(folders, tmp_path / "shown")
    hparams = HParams(tmp_path / "shown")
    widths = {name: value_of(group.hparams["width"]) for name, group in hparams.groups().items()}
    assert widths == {"trial_0000 of a/search": 128, "trial_0000 of b/search": 17}
    (width,) = (info for info in hparams.experiment().hparam_infos if info.name == "width")
    assert list(width.domain_discrete) == [17, 128, 192, 256, 320]


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ([Choice("a", "Boolean"), Choice("a", "Fixed", (True,))], Discrete([False, True])),
        ([Choice("a", "Choice", (0, 0.5)), Choice("a", "Fixed", (1,))], Discrete([0.0, 0.5, 1.0])),
        ([Choice("a", "Int", low=0, high=6), Choice("a", "Fixed", (8,))], IntInterval(0, 8)),
        (
            [Choice("a", "Float", low=0.1, high=0.6), Choice("a", "Int", low=0, high=1)],
            RealInterval(0.0, 1.0),
        ),
    ],
)
def test_the_domain_of_several_searches_holds_that_of_each(choices, expected):
    assert str(_domain(choices)) == str(expected)


def test_numbers_that_are_none_are_left_out(make_search, tmp_path):
    folder = make_search(tmp_path / "search", trials=1, failures=0, stopped=0)
    TrialEvents(folder, "0000", {"width": 128}).epoch(0, {"epoch": 0, "loss": float("nan"), "val_loss": 0.5})
    tags = load(folder / "tensorboard").Runs()["trial_0000/fold_0"]["tensors"]
    assert tags == ["val_loss"]


def test_needs_no_tensorflow(make_search, tmp_path):
    folder = make_search(tmp_path / "search", trials=2, failures=0, stopped=0)
    code = (
        "import sys; from pathlib import Path; "
        "from experiments.engine.search.watching.events import write_search_events as w; "
        f"w(Path({str(folder)!r}), Path({str(tmp_path / 'events')!r})); "
        "print([name for name in ('tensorflow', 'keras') if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
