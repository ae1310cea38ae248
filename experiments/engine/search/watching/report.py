"""The page of a search, readable while it runs: it needs neither a server nor a network."""

import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Literal

from experiments.engine import records
from experiments.engine.columns import WATCHED
from experiments.engine.rendering import PAGES
from experiments.engine.search.state import (
    COMPLETED,
    FAILED,
    OVER,
    RUNNING,
    STOPPED_EARLY,
    WAITING,
    SearchState,
    TrialState,
    distance,
    read_search,
    seconds_left,
    trained_alike,
)
from experiments.engine.search.watching import charts
from experiments.engine.search.watching.axes import scored_trials
from experiments.engine.search.watching.importance import LEAST_TRIALS, importance
from experiments.engine.search.watching.words import (
    NO_BEST,
    describe_gave_up,
    describe_seconds,
    fixed_hyperparameters,
    format_value,
    hyperparameter_columns,
)
from features.whole import appears_whole

Phase = Literal["trials", "best", "finished", "stopped"]
"""What a search is at: its trials; its best setting, which is trained and tested; or nothing any more, because it is
finished, or was interrupted, failed or gave up."""

AT_WORK = ("trials", "best")

REFRESH_S = 20
"""How often the page loads itself anew while the search runs."""

STALE_S = 180
"""A search at work writes its page more often than this."""

NUM_SHOWN = 3
"""Trials whose learning curves are shown unless others are chosen; more are hard to tell apart."""

HELD_OUT = {"source": "sources", "composer": "composers"}
"""Of what the folds of a search are made under a protocol; else of works."""

TRIAL_COLUMNS = (
    *("trial_id", "status", "score", "spread", "fold_scores"),
    *("num_parameters", "epochs", "seconds", "chunk_epochs", "reason"),
)
"""Columns of `trials.csv` beside those of the hyper-parameters."""


def write_search_report(folder: Path, *, phase: Phase, note: str = "") -> None:
    """Writes `report.html` and `trials.csv` for what a search folder holds at this moment.

    Args:
        folder: The search folder, `<results>/<experiment>/search-<name>`.
        phase: What the search is at. In the first two the page loads itself anew, and says so when it has not been
            written for long, because a search that was killed could not.
        note: A sentence to stand out, for example why the search ended.
    """
    state = read_search(folder)
    script = provide_script(folder.resolve().parent.parent)
    important = importance(state)
    drawn = {
        "parallel": charts.parallel_coordinates(state),
        "importance": charts.importance_chart(important),
        "minutes": charts.cost_chart(state, of="minutes"),
        "parameters": charts.cost_chart(state, of="parameters"),
        "memory": charts.memory_chart(state),
    }
    ranked = state.ranked()
    page = PAGES.get_template("search.html").render(
        state=state,
        phase=phase,
        at_work=phase in AT_WORK,
        note=note,
        refresh_s=REFRESH_S,
        stale_s=STALE_S,
        written=datetime.now(UTC),
        progress=progress_sentences(state, phase=phase),
        num_over=len(state.with_status(*OVER)),
        completed=COMPLETED,
        failed=state.with_status(FAILED),
        no_best=NO_BEST,
        watched=WATCHED,
        script=os.path.relpath(script, folder.resolve()).replace(os.sep, "/"),
        charts=drawn,
        curves={trial.trial_id: charts.curves_of(trial) for trial in ranked if any(trial.histories)},
        curve_layouts=charts.curve_layouts(
            max([1, *(len(rows) for trial in ranked for rows in trial.histories)])
        ),
        num_shown=NUM_SHOWN,
        num_scored=len(scored_trials(state)),
        least_scored=LEAST_TRIALS,
        columns=hyperparameter_columns(state),
        fixed=fixed_hyperparameters(state),
        ranked=ranked,
        held_out=HELD_OUT.get(state.config["split"]["protocol"], "works"),
        rows=final_rows(state),
        verdicts=verdicts(state),
    )
    write_trials_csv(folder, state)
    records.write_text(folder / "report.html", page)


def provide_script(results_dir: Path) -> Path:
    """Puts plotly's script into the results folder unless it is there: once for all pages of its version.

    Returns:
        Its path.
    """
    from plotly.offline import get_plotlyjs_version

    script = results_dir / f"plotly-{get_plotlyjs_version()}.min.js"
    if not script.exists():
        plotly = files("plotly") / "package_data" / "plotly.min.js"
        with as_file(plotly) as source, appears_whole(script) as unfinished:
            shutil.copyfile(source, unfinished)
    return script


def write_trials_csv(folder: Path, state: SearchState | None = None) -> None:
    """Writes `trials.csv`: a row for each trial, in the order of their start; hyper-parameters as `hp_<name>`.

    Args:
        folder: The search folder.
        state: What it holds, if that has been read already.
    """
    state = state or read_search(folder)
    names = sorted({name for trial in state.trials for name in trial.hyperparameters})
    rungs = sorted({name for trial in state.trials for name in trial.rung})
    rows = [
        {name: getattr(trial, name) for name in TRIAL_COLUMNS}
        | {"fold_scores": " ".join(f"{score:.6f}" for score in trial.fold_scores)}
        | {f"hp_{name}": trial.hyperparameters.get(name, "") for name in names}
        | {f"tuner_{name}": trial.rung.get(name, "") for name in rungs}
        for trial in state.trials
    ]
    columns = (*TRIAL_COLUMNS, *(f"hp_{name}" for name in names), *(f"tuner_{name}" for name in rungs))
    records.write_csv(folder / "trials.csv", columns, rows)


def progress_sentences(state: SearchState, *, phase: Phase) -> list[str]:
    """Returns in words how far a search is."""
    statuses = (COMPLETED, STOPPED_EARLY, FAILED, RUNNING, WAITING)
    counts = {status: len(state.with_status(status)) for status in statuses}
    num_over = len(state.with_status(*OVER))
    of_all = f" of {state.max_trials}" if state.max_trials and state.metrics is None else ""
    named = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    sentences = [f"{num_over}{of_all} trials are over{f': {named}' if named else ''}."]
    if state.gave_up:
        sentences.append(describe_gave_up(state))
    if phase == "stopped":
        sentences.append(_how_to_go_on(state, num_over))
    elif phase == "best":
        sentences.append("The best setting is being trained and tested.")
    elif phase == "trials" and not state.gave_up:
        sentences.append(f"Time left for the trials: {describe_seconds(seconds_left(state))}.")
    return sentences


def _how_to_go_on(state: SearchState, num_over: int) -> str:
    no_more = state.gave_up or (state.max_trials is not None and num_over >= state.max_trials)
    if no_more and state.best is None:
        return (
            "The search is over, without a best setting; mend what kept it from one, and start a new search."
        )
    return "The search is not at work; the same command with --resume goes on with it."


def final_rows(state: SearchState) -> list[dict[str, Any]]:
    """Returns the search score of the best setting and the test scores, for a table.

    Returns:
        `name`, `value`, `low`, `high` and `note` of each; nothing before the end of the search.
    """
    if state.metrics is None:
        return []
    best, test = state.metrics["best"], state.metrics["test"]
    spread = f"\u00b1 {best['spread']:.3f}" if best.get("spread") is not None else "one fold"
    rows = [
        {"name": "search score, by chunk", "value": best["score"], "note": spread, "kind": "search"},
        _test_row("test, by chunk", test["chunk"], kind="test"),
        _test_row("test, by piece", test["piece"], kind="test"),
    ]
    if "stacked" in test:
        rows.append(_test_row("stacked with fingerprint, by piece", test["stacked"], kind="baseline"))
    return rows + [
        _test_row(f"{name}, by piece", found, kind="baseline") for name, found in test["baselines"].items()
    ]


def _test_row(name: str, found: Mapping[str, Any], *, kind: str) -> dict[str, Any]:
    low, high = found["macro_f1_low"], found["macro_f1_high"]
    note = "too few for an interval" if low is None else f"{low:.3f} to {high:.3f}"
    return {"name": name, "value": found["macro_f1"], "note": note, "kind": kind}


def verdicts(state: SearchState) -> list[str]:
    """Returns in words whether the best trial is better than others beyond the folds' spread."""
    best = state.best
    if best is None:
        return []
    comparable = [
        trial
        for trial in state.with_status(COMPLETED)
        if trial is not best
        and len(trial.fold_scores) == len(best.fold_scores)
        and trained_alike(trial, best)
    ]
    others = sorted(comparable, key=lambda trial: -trial.score)
    named, first, defaults = dict(zip(["second completed one"], others, strict=False)), [], state.of_defaults
    if defaults is best:
        first = [f"The best trial ({best.trial_id}) has the default settings."]
    elif defaults is not None and trained_alike(defaults, best):
        named = {"default settings": defaults} | named
    elif defaults is not None:
        first = [
            f"The default settings ({defaults.trial_id}) were left after {defaults.rung['epochs']} of "
            f"{best.rung['epochs']} epochs: how far the best trial lies before them is not known."
        ]
    if len(others) > 2:
        named["median one"] = sorted([best, *others], key=lambda trial: trial.score)[len(others) // 2]
    return first + (
        [
            f"The best trial ({best.trial_id}) against the {which} ({trial.trial_id}): {compare(best, trial)}"
            for which, trial in named.items()
        ]
        or ["No other trial was completed on as many folds and epochs: there is nothing to compare it with."]
    )


def compare(best: TrialState, other: TrialState) -> str:
    """Returns in words by how much a trial is better than another one, fold by fold."""
    mean, spread = distance(best, other)
    if spread is None:
        return f"{mean:+.3f}, on one fold: that tells nothing about chance."
    verdict = "better beyond the folds' spread" if mean > spread else "not better beyond the folds' spread"
    return f"{mean:+.3f}, and by fold this distance spreads by {spread:.3f}: {verdict}."


PAGES.filters |= {"value": format_value, "duration": describe_seconds}
