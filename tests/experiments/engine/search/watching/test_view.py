"""A search on the terminal, and in a log."""

import io

import pytest
from rich.console import Console

from experiments.engine import records
from experiments.engine.search.state import read_search
from experiments.engine.search.watching.view import SearchView, print_search_summary, screen
from features.errors import InputError


def shown(state, width=120):
    console = Console(file=io.StringIO(), width=width)
    console.print(screen(state, seconds_passed=300))
    return console.file.getvalue()


def test_the_screen_says_what_is_done_what_is_best_and_who_does_what(make_search, tmp_path):
    state = read_search(make_search(tmp_path / "search", max_trials=20))
    text = shown(state)
    assert (
        "10 of 20 trials done (2 stopped early, 2 failed, 1 waiting), 5 min passed, time left 28 min" in text
    )
    assert f"Best so far: trial {state.best.trial_id}, {state.best.score:.3f} ±" in text
    assert "optimizer" in text
    (line,) = [line for line in text.splitlines() if "local-1-0" in line]
    assert line.split()[:6] == ["local-1-0", "0011", "2", "of", "3", "4"]


@pytest.mark.parametrize("trials", [0, 1])
def test_at_first_nothing_is_known(make_search, tmp_path, trials):
    text = shown(read_search(make_search(tmp_path / "search", trials=trials, max_trials=None)))
    assert "No trial has done every fold yet." in text


def test_many_workers_do_not_push_the_rest_away(make_search, tmp_path):
    import dataclasses

    state = read_search(make_search(tmp_path / "search"))
    many = dataclasses.replace(state, trials=state.trials[-1:] * 40)
    text = shown(many)
    assert "and 28 more" in text
    assert len(text.splitlines()) < 24


def test_without_a_terminal_each_trial_has_one_plain_line(make_search, tmp_path):
    console = Console(file=io.StringIO(), width=40)
    folder = make_search(tmp_path / "search", trials=4, failures=1, stopped=1, running=False)
    later = read_search(folder)
    import dataclasses

    earlier = dataclasses.replace(later, trials=later.trials[:1])
    with SearchView(console) as view:
        for state in (dataclasses.replace(later, trials=()), earlier, earlier, later, later):
            view.update(state)
    lines = console.file.getvalue().splitlines()
    assert len(lines) == 4
    assert [line.split(":")[0] for line in lines] == [
        "Trial 0000 completed", "Trial 0001 failed", "Trial 0002 stopped early", "Trial 0003 completed",
    ]  # fmt: skip
    assert "out of memory, <b>width</b>" in lines[1]
    assert "\x1b" not in console.file.getvalue()


def test_going_on_does_not_tell_again_what_was_over(make_search, tmp_path):
    console = Console(file=io.StringIO())
    with SearchView(console) as view:
        view.update(read_search(make_search(tmp_path / "search")))
        view.told = None
        view.update(
            read_search(make_search(tmp_path / "another", trials=1, failures=0, stopped=0, running=False))
        )
    assert console.file.getvalue() == "Going on after 10 trials.\nGoing on after 1 trial.\n"


def test_on_a_terminal_the_display_renews_itself(make_search, tmp_path):
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with SearchView(console) as view:
        view.update(read_search(make_search(tmp_path / "search")))
    assert "trials done" in console.file.getvalue()
    assert "Trial 0000 completed" not in console.file.getvalue()


def test_the_summary_shows_search_and_test_score_with_baselines(make_search, tmp_path, capsys):
    folder = make_search(tmp_path / "search", running=False)
    print_search_summary(folder)
    text = capsys.readouterr().out
    state = read_search(folder)
    for words in (
        "search score, by chunk", f"{state.best.score:.3f}", "test, by piece", "0.760 to 0.870", "majority, by piece",
        "fingerprint, by piece", "beyond the folds' spread", str(folder / "report.html"),
    ):  # fmt: skip
        assert words in text


def test_a_test_on_too_few_works_has_no_interval(make_search, tmp_path, capsys):
    folder = make_search(tmp_path / "search", running=False)
    metrics = records.read_json(folder / "metrics.json")
    metrics["test"]["piece"] |= {"macro_f1_low": None, "macro_f1_high": None}
    records.write_json(folder / "metrics.json", metrics)
    print_search_summary(folder)
    text = capsys.readouterr().out
    assert "too few for an interval" in text and "0.760 to 0.870" not in text


def test_giving_up_is_told_on_the_terminal_in_the_log_and_at_the_end(make_search, tmp_path, capsys):
    folder = make_search(tmp_path / "search", failures=3, stopped=1)
    sentence = "The search gave up after 3 failed trials in a row."
    state = read_search(folder)
    assert sentence in shown(state)
    console = Console(file=io.StringIO())
    with SearchView(console) as view:
        view.update(state)
        view.update(state)
    assert console.file.getvalue().count(sentence) == 1
    finished = make_search(tmp_path / "finished", failures=3, stopped=1, running=False)
    print_search_summary(finished)
    assert sentence in capsys.readouterr().out


def test_an_unfinished_search_has_no_summary(make_search, tmp_path):
    with pytest.raises(InputError, match="not finished"):
        print_search_summary(make_search(tmp_path / "search"))
