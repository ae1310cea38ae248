"""The charts of a search hold every trial and every hyper-parameter, whatever has an effect where."""

import json

import pytest

from experiments.engine.search.state import read_search
from experiments.engine.search.watching import charts
from experiments.engine.search.watching.axes import NOT_USED, ROUNDS, axes_of, scored_trials
from experiments.engine.search.watching.importance import importance


@pytest.fixture(scope="module")
def state(make_search, tmp_path_factory):
    return read_search(make_search(tmp_path_factory.mktemp("charts") / "search", trials=24))


def test_every_axis_has_a_place_for_every_trial(state):
    trials = scored_trials(state)
    axes = axes_of(state, trials)
    searched = [choice.name for choice in state.space if choice.kind != "Fixed"]
    assert [axis.name for axis in axes] == searched
    assert all(len(axis.places) == len(trials) for axis in axes)


def test_what_has_no_effect_stands_below_all_others(state):
    trials = scored_trials(state)
    axes = {axis.name: axis for axis in axes_of(state, trials)}
    for name in ("learning_rate", "weight_decay", "momentum"):
        without = {
            place
            for place, trial in zip(axes[name].places, trials, strict=True)
            if name not in trial.hyperparameters
        }
        others = {
            place
            for place, trial in zip(axes[name].places, trials, strict=True)
            if name in trial.hyperparameters
        }
        assert len(without) == 1
        assert max(without) < min(others)
        assert (max(without), NOT_USED) in axes[name].ticks


def test_listed_values_keep_their_order(state):
    axes = {axis.name: axis for axis in axes_of(state, scored_trials(state))}
    assert [text for _, text in axes["width"].ticks] == ["128", "192", "256", "320"]
    assert {text for _, text in axes["move"].ticks} == {"no", "yes"}


def test_a_logarithmic_scale_is_drawn_as_one(state):
    trials = scored_trials(state)
    (axis,) = [axis for axis in axes_of(state, trials) if axis.name == "learning_rate"]
    for place, trial in zip(axis.places, trials, strict=True):
        if "learning_rate" in trial.hyperparameters:
            assert 10**place == pytest.approx(trial.hyperparameters["learning_rate"])


def test_parallel_coordinates_end_in_the_score(state):
    chart = charts.parallel_coordinates(state)
    (lines,) = chart["data"]
    assert lines["dimensions"][-1]["values"] == [trial.score for trial in scored_trials(state)]
    assert lines["line"]["color"] == lines["dimensions"][-1]["values"]


def test_trials_of_one_value_stay_nearer_to_it_than_to_the_next(state):
    trials = scored_trials(state)
    axes = {axis.name: axis for axis in axes_of(state, trials)}
    for dimension in charts.parallel_coordinates(state)["data"][0]["dimensions"][:-1]:
        axis = axes[dimension["label"]]
        for drawn, place in zip(dimension["values"], axis.places, strict=True):
            assert drawn == place if axis.continuous else abs(drawn - place) < 0.5
            lowest, highest = dimension["range"]
            assert lowest <= drawn <= highest
        assert all(dimension["range"][0] <= place <= dimension["range"][1] for place in dimension["tickvals"])


def test_what_decides_the_score_matters_most(state):
    """The made-up scores depend on the width first."""
    rows = importance(state)
    assert rows[0]["name"] == "width"
    assert sum(row["share"] for row in rows) == pytest.approx(1)
    assert [row["share"] for row in rows] == sorted((row["share"] for row in rows), reverse=True)


@pytest.mark.parametrize("trials", [0, 1, 4])
def test_too_few_trials_say_nothing(make_search, tmp_path, trials):
    state = read_search(make_search(tmp_path / "search", trials=trials, failures=0, stopped=0, running=False))
    assert importance(state) == []
    assert charts.importance_chart([]) is None
    if trials < 2:
        assert charts.parallel_coordinates(state) is None


def test_equal_trials_can_be_drawn(make_search, tmp_path):
    folder = make_search(tmp_path / "search", trials=7, failures=0, stopped=0, running=False)
    for path in folder.glob("trial_*/result.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"score": 0.5}), encoding="utf-8")
    state = read_search(folder)
    assert importance(state) == []
    assert charts.parallel_coordinates(state)["data"][0]["dimensions"][-1]["range"] == [0.49, 0.51]


@pytest.mark.parametrize("of", ["minutes", "parameters"])
def test_costs_show_every_scored_trial_and_mark_the_best(state, of):
    traces = {trace["name"]: trace for trace in charts.cost_chart(state, of=of)["data"]}
    assert len(traces["completed"]["x"]) + len(traces["stopped early"]["x"]) == len(scored_trials(state))
    assert traces["best"]["y"] == [state.best.score]


def test_hyperband_has_an_axis_for_its_epochs(make_search, tmp_path):
    state = read_search(make_search(tmp_path / "search", trials=12, tuner="hyperband"))
    assert ROUNDS in [axis.name for axis in axes_of(state, scored_trials(state))]


def test_texts_are_escaped_because_plotly_reads_them(make_search, tmp_path):
    folder = make_search(tmp_path / "search", trials=4, failures=0, stopped=0, running=False)
    for number, path in enumerate(sorted(folder.glob("trial_*/trial.json"))):
        told = json.loads(path.read_text())
        told["hyperparameters"]["values"]["<b>"] = f"<i>{number}</i>"
        path.write_text(json.dumps(told), encoding="utf-8")
    drawn = json.dumps(charts.parallel_coordinates(read_search(folder)))
    assert "&lt;b&gt;" in drawn and "&lt;i&gt;3" in drawn
    assert "<b>" not in drawn and "<i>" not in drawn


def test_learning_curves_are_by_fold_and_hold_no_nan(make_search, tmp_path):
    folder = make_search(tmp_path / "search", trials=3, failures=0, stopped=0, running=False)
    path = folder / "trial_0000" / "fold_1" / "history.csv"
    path.write_text(path.read_text().replace("1.3,", "nan,"), encoding="utf-8")
    curves = charts.curves_of(read_search(folder).trials[0])
    assert [len(curve) for curve in curves["val_macro_f1"]] == [8, 8, 8]
    assert curves["loss"][1][0] is None


def test_a_trial_that_had_no_epoch_left_is_drawn_at_no_cost(make_search, tmp_path):
    folder = make_search(tmp_path / "search", failures=0, stopped=0, tuner="hyperband")
    path = folder / "trial_0000" / "result.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"epochs": 0, "seconds": 0}), encoding="utf-8")
    state = read_search(folder)
    drawn = charts.cost_chart(state, of="minutes")["data"][0]
    assert len(drawn["x"]) == len(scored_trials(state))
    assert 0 in drawn["x"]
