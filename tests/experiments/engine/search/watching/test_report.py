"""The page of a search is whole at every moment, says what is known, and needs no network."""

import csv
import dataclasses
import json
import re
import time
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from experiments.engine.search.state import TrialState, read_search
from experiments.engine.search.watching.report import (
    compare,
    fixed_hyperparameters,
    progress_sentences,
    provide_script,
    verdicts,
    write_search_report,
)


class Page(HTMLParser):
    """The visible texts, the links and the data of a page."""

    def __init__(self, folder):
        super().__init__()
        self.tags, self.sources, self.texts, self._inside = [], [], [], ""
        self.html = (folder / "report.html").read_text(encoding="utf-8")
        self.feed(self.html)
        self.text = re.sub(r"\s+", " ", " ".join(self.texts))

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self._inside = tag
        self.sources += [value for name, value in attributes if name in ("src", "href")]

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside == "script":
            if data.startswith("{"):
                self.data = json.loads(data)
        elif self._inside != "style":
            self.texts.append(data)


@pytest.fixture
def make_page(make_search, tmp_path):
    def make(running=True, **arguments):
        folder = make_search(
            tmp_path / "results" / "four_composers" / "search-x", running=running, **arguments
        )
        write_search_report(folder, phase="trials" if running else "finished")
        return folder, Page(folder)

    return make


def test_a_search_at_work_says_how_far_it_is_and_loads_itself_anew(make_page):
    folder, page = make_page(trials=12, max_trials=20)
    assert 'http-equiv="refresh"' in page.html
    assert (
        "10 of 20 trials are over: 6 completed, 2 stopped early, 2 failed, 1 running, 1 waiting." in page.text
    )
    assert "Time left for the trials: 28 min." in page.text
    assert "Search score and test score" not in page.text


def test_a_finished_search_shows_search_and_test_score_and_stays(make_page):
    folder, page = make_page(running=False)
    assert "refresh" not in page.html.split("</head>")[0]
    best = read_search(folder).best
    assert f"search score, by chunk {best.score:.3f} ± {best.spread:.3f}" in page.text.replace("  ", " ")
    assert "test, by piece 0.820 0.760 to 0.870" in page.text.replace("  ", " ")
    assert "fingerprint, by piece 0.660" in page.text.replace("  ", " ")
    assert "best/report.html" in page.sources


def test_a_search_that_was_killed_says_how_to_go_on(make_search, tmp_path):
    folder = make_search(tmp_path / "results" / "x" / "search-x")
    write_search_report(folder, phase="stopped")
    assert "--resume" in Page(folder).text


def test_a_search_that_ended_says_why_and_stays(make_search, tmp_path):
    folder = make_search(tmp_path / "results" / "x" / "search-x")
    write_search_report(folder, phase="stopped", note="It was <interrupted>.")
    page = Page(folder)
    assert "It was <interrupted>." in page.text
    assert "interrupted" not in page.tags
    assert "refresh" not in page.html.split("</head>")[0]
    assert 'id="stale"' not in page.html


@pytest.mark.parametrize("phase", ["trials", "best", "finished", "stopped"])
def test_only_where_the_best_is_trained_it_is_said(make_search, tmp_path, phase):
    folder = make_search(tmp_path / "results" / "x" / "search-x", running=False)
    (folder / "metrics.json").unlink()
    write_search_report(folder, phase=phase)
    page = Page(folder)
    assert ("is being trained" in page.text) == (phase == "best")
    assert ('http-equiv="refresh"' in page.html) == (phase in ("trials", "best"))
    written = re.search(r'<time id="written" datetime="([^"]*)"', page.html)[1]
    assert abs((datetime.now(UTC) - datetime.fromisoformat(written)).total_seconds()) < 60


def test_a_search_that_gave_up_says_so_and_cannot_be_gone_on_with(make_search, tmp_path):
    folder = make_search(tmp_path / "results" / "x" / "search-x", trials=3, failures=3, running=False)
    write_search_report(folder, phase="stopped")
    text = Page(folder).text
    assert "The search gave up after 3 failed trials in a row." in text
    assert "--resume" not in text
    assert "start a new search" in text
    assert "No trial has done every fold yet." in text


def test_a_failure_is_linked_only_where_its_traceback_is(make_search, tmp_path):
    """The chief notes no traceback of a worker that it lost."""
    folder = make_search(tmp_path / "results" / "x" / "search-x")
    (folder / "trial_0001" / "failure.txt").unlink()
    write_search_report(folder, phase="trials")
    assert [source for source in Page(folder).sources if "failure" in source] == ["trial_0002/failure.txt"]


def test_the_leaderboard_has_every_trial_with_all_its_settings_and_marks_the_best(make_page):
    folder, page = make_page()
    state = read_search(folder)
    table = re.search(r'<table id="leaderboard">.*?</table>', page.html, re.S)[0]
    rows = re.findall(r"<tr.*?</tr>", table, re.S)
    assert len(rows) == 1 + len(state.trials)
    assert [state.best.trial_id in row for row in rows if "★" in row] == [True]
    for choice in state.space:
        assert (f"<th>{choice.name}</th>" in rows[0]) == (choice.kind != "Fixed")
    assert fixed_hyperparameters(state) == {"init": "he_normal"}
    assert "The same in all trials: init he_normal" in page.text


def test_failures_stand_with_their_reasons_escaped(make_page):
    _, page = make_page()
    assert "out of memory, <b>width</b> 320 & more" in page.text
    assert "b" not in page.tags[page.tags.index("table") :]


@pytest.mark.parametrize("arguments", [
    {"trials": 0}, {"trials": 0, "running": False}, {"trials": 1, "failures": 0, "stopped": 0},
    {"trials": 1, "failures": 0, "stopped": 0, "running": False}, {"trials": 3, "failures": 3, "running": False},
    {"trials": 9, "folds": 1, "running": False}, {"trials": 200, "stopped": 60, "failures": 9, "running": False},
    {"trials": 20, "tuner": "hyperband"},
], ids=str)  # fmt: skip
def test_every_search_has_a_page(make_page, arguments):
    folder, page = make_page(**arguments)
    assert {"charts", "curves", "layouts"} < set(page.data)
    assert page.tags.count("table") >= (arguments["trials"] > 0)


def test_nothing_comes_from_a_network(make_page):
    folder, page = make_page(running=False)
    assert not [source for source in page.sources if "//" in source]
    for source in page.sources:
        assert (folder / source).exists(), source


def test_the_script_is_stored_once_for_all_searches(make_search, tmp_path):
    results = tmp_path / "results"
    pages = []
    for name in ("search-a", "search-b"):
        folder = make_search(results / "four_composers" / name, trials=4)
        write_search_report(folder, phase="trials")
        pages.append(folder / "report.html")
    (script,) = results.rglob("plotly*")
    assert script.parent == results
    assert script.stat().st_size > 1_000_000
    assert all(page.stat().st_size < 100_000 for page in pages)
    before = script.stat().st_mtime_ns
    assert provide_script(results) == script
    assert script.stat().st_mtime_ns == before
    assert f'src="../../{script.name}"' in pages[0].read_text(encoding="utf-8")


def test_trials_csv_has_a_row_a_trial(make_page):
    folder, _ = make_page()
    with (folder / "trials.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    state = read_search(folder)
    assert [row["trial_id"] for row in rows] == [trial.trial_id for trial in state.trials]
    assert [row["status"] for row in rows] == [trial.status for trial in state.trials]
    assert float(rows[0]["hp_dropout"]) == state.trials[0].hyperparameters["dropout"]
    assert {row["hp_momentum"] != "" for row in rows} == {True, False}


def trial(name, *scores):
    return TrialState(name, 0, "completed", score=sum(scores) / len(scores), fold_scores=scores)


def test_better_beyond_the_spread_is_told_fold_by_fold():
    """Folds differ in how hard they are; what counts is whether one setting is better on each of them."""
    best = trial("a", 0.5, 0.7, 0.9)
    assert compare(best, trial("b", 0.48, 0.67, 0.88)).endswith(
        "spreads by 0.006: better beyond the folds' spread."
    )
    assert compare(best, trial("b", 0.6, 0.5, 0.9)).endswith("not better beyond the folds' spread.")
    assert "one fold" in compare(trial("a", 0.5), trial("b", 0.4))


def test_the_best_is_compared_with_the_second_and_the_median(make_search, tmp_path):
    second, median = verdicts(read_search(make_search(tmp_path / "many", failures=0, stopped=0)))
    assert "against the second" in second and "against the median" in median
    alone = read_search(make_search(tmp_path / "one", trials=1, failures=0, stopped=0, running=False))
    assert verdicts(alone) == [
        "No other trial was completed on as many folds and epochs: there is nothing to compare it with."
    ]
    assert verdicts(read_search(make_search(tmp_path / "none", trials=0))) == []


def test_the_best_is_compared_with_the_default_settings(make_search, tmp_path):
    folder = make_search(tmp_path / "search", failures=0, stopped=0)
    described = json.loads((folder / "search.json").read_text())
    described["search"]["defaults_first"] = True
    (folder / "search.json").write_text(json.dumps(described))
    state = read_search(folder)
    assert state.of_defaults is not state.best
    assert verdicts(state)[0].startswith(
        f"The best trial ({state.best.trial_id}) against the default settings (0000): "
    )
    (trial,) = (trial for trial in state.trials if trial is state.best)
    winning = dataclasses.replace(state, trials=(trial, *(one for one in state.trials if one is not trial)))
    assert verdicts(winning)[0] == f"The best trial ({trial.trial_id}) has the default settings."


def test_default_settings_that_hyperband_left_early_are_not_compared(make_search, tmp_path):
    state = read_search(make_search(tmp_path / "search", failures=0, stopped=0, running=False))
    trials = [dataclasses.replace(trial, rung={"epochs": 9}) for trial in state.trials]
    trials[0] = dataclasses.replace(trials[0], rung={"epochs": 3}, score=0.1)
    state = dataclasses.replace(
        state, trials=tuple(trials), settings={**state.settings, "defaults_first": True}
    )
    first, second, *_ = verdicts(state)
    assert first.startswith("The default settings (0000) were left after 3 of 9 epochs: ")
    assert "against the second" in second
    trials[1:] = [dataclasses.replace(one, rung={"epochs": 3}) for one in trials[1:]]
    best = max(trials[1:], key=lambda one: one.score or 0)
    trials[trials.index(best)] = dataclasses.replace(best, rung={"epochs": 9})
    alone = verdicts(dataclasses.replace(state, trials=tuple(trials)))
    assert alone[0].startswith("The default settings (0000) were left after 3 of 9 epochs: ")
    assert alone[1].startswith("No other trial")


def test_after_the_last_trial_the_best_is_trained(make_search, tmp_path):
    folder = make_search(tmp_path / "search", running=False)
    (folder / "metrics.json").unlink()
    assert (
        progress_sentences(read_search(folder), phase="best")[-1]
        == "The best setting is being trained and tested."
    )


def test_reporting_takes_well_under_two_seconds(make_search, tmp_path):
    folder = make_search(tmp_path / "results" / "x" / "search-x", trials=30)
    write_search_report(folder, phase="trials")  # imports plotly and scikit-learn
    started = time.process_time()
    write_search_report(folder, phase="trials")
    assert time.process_time() - started < 2
