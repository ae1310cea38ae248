"""A search on the terminal: how far it is while it runs, and what it came to."""

import time
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from experiments.engine.columns import WATCHED
from experiments.engine.search.state import (
    FAILED,
    RUNNING,
    STOPPED_EARLY,
    WAITING,
    SearchState,
    TrialState,
    read_search,
    seconds_left,
)
from experiments.engine.search.watching.report import final_rows, verdicts
from experiments.engine.search.watching.words import (
    NO_BEST,
    best_settings,
    describe_gave_up,
    describe_seconds,
)
from experiments.engine.telling import drawn
from experiments.engine.terminal import console as new_console
from features.errors import InputError
from features.words import counted

BAR_WIDTH = 60

MOST_WORKERS = 12
"""Workers shown one by one; more would push the rest off the screen."""


class SearchView:
    """Shows a search while it runs; a context, at whose end the display stays as it was last.

    On a terminal it is a display that renews itself; elsewhere, in a log for instance, one plain line for each trial
    that is over.

    Args:
        console: Where to show it; None for standard error.
    """

    def __init__(self, console: Console | None = None):
        self.console = console or new_console(stderr=True)
        self.started = time.monotonic()
        self.live = Live(console=self.console, auto_refresh=False) if self.console.is_terminal else None
        self.told: set[str] | None = None
        self.told_why = False

    def __enter__(self) -> "SearchView":
        if self.live:
            self.live.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        if self.live:
            self.live.__exit__(*error)

    def update(self, state: SearchState) -> None:
        """Shows how a search stands now."""
        if self.live:
            self.live.update(screen(state, seconds_passed=time.monotonic() - self.started), refresh=True)
            return
        over = [trial for trial in state.trials if trial.is_over]
        if self.told is None:  # going on: what was over before is not told again
            self.told = {trial.trial_id for trial in over}
            if over:
                self._say(f"Going on after {counted(len(over), 'trial')}.")
        for trial in over:
            if trial.trial_id not in self.told:
                self.told.add(trial.trial_id)
                self._say(trial_line(state, trial))
        if state.gave_up and not self.told_why:
            self.told_why = True
            self._say(describe_gave_up(state))

    def _say(self, line: str) -> None:
        self.console.print(line, soft_wrap=True, markup=False, highlight=False)


def screen(state: SearchState, *, seconds_passed: float) -> RenderableType:
    """Returns what the terminal shows of a search at work.

    Args:
        state: The search.
        seconds_passed: Since this process began to show it.
    """
    num_over = sum(trial.is_over for trial in state.trials)
    of_all = f" of {state.max_trials}" if state.max_trials else ""
    counts = [
        f"{len(state.with_status(status))} {status}"
        for status in (STOPPED_EARLY, FAILED, WAITING)
        if state.with_status(status)
    ]
    head = Text(f"{num_over}{of_all} trials done", style="bold")
    head.append(f"{' (' + ', '.join(counts) + ')' if counts else ''}", style="not bold")
    left = describe_seconds(seconds_left(state))
    head.append(f", {describe_seconds(seconds_passed)} passed, time left {left}", style="not bold")
    bar = Table.grid()  # gives the bar a line of its own
    if state.max_trials:
        bar.add_row(ProgressBar(total=state.max_trials, completed=num_over, width=BAR_WIDTH))
    told = [Text(describe_gave_up(state), style="red")] if state.gave_up else []
    return Group(head, bar, *told, _best_line(state), _workers_table(state))


def _best_line(state: SearchState) -> Text:
    best = state.best
    if best is None:
        return Text(NO_BEST)
    settings = ", ".join(f"{name} {value}" for name, value in best_settings(state, best))
    line = Text(f"Best so far: trial {best.trial_id}, {_score(best)}", style="green")
    return line.append(f" with {settings}", style="default")


def _workers_table(state: SearchState) -> RenderableType:
    running = state.with_status(RUNNING)
    if not running:
        return Text("No trial is running.")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("worker", "trial", "fold", "epoch", "last score", "so far"):
        table.add_column(heading, justify="left" if heading == "worker" else "right")
    for trial in running[:MOST_WORKERS]:
        rows = trial.histories[-1] if trial.histories else ()
        last = f"{rows[-1].get(WATCHED, 0):.3f}" if rows else ""
        fold = f"{max(len(trial.histories), 1)} of {state.settings.get('folds', '?')}"
        table.add_row(
            Text(trial.worker), trial.trial_id, fold, str(len(rows)), last, describe_seconds(trial.seconds)
        )
    if len(running) > MOST_WORKERS:
        table.add_row(f"and {len(running) - MOST_WORKERS} more")
    return table


def trial_line(state: SearchState, trial: TrialState) -> str:
    """Returns what is said of a trial that is over, where there is no terminal."""
    num_over = sum(other.is_over for other in state.trials)
    of_all = f" of {state.max_trials}" if state.max_trials else ""
    scored = f": {_score(trial)}" if trial.score is not None else ""
    reason = f": {trial.reason}" if trial.status == FAILED else ""
    best = f"; best so far {state.best.score:.3f} (trial {state.best.trial_id})" if state.best else ""
    left = f"; time left {describe_seconds(seconds_left(state))}"
    return f"Trial {trial.trial_id} {trial.status}{scored}{reason} ({num_over}{of_all}){best}{left}."


def _score(trial: TrialState) -> str:
    spread = f" \u00b1 {trial.spread:.3f}" if trial.spread is not None else ""
    return f"{trial.score:.3f}{spread}"


def print_search_summary(folder: Path) -> None:
    """Prints the scores of a finished search: of the search and of the one test, side by side, with baselines.

    Raises:
        InputError: The search is not finished.
    """
    state = read_search(folder)
    if state.metrics is None:
        raise InputError(
            f"The search in {folder} is not finished; the same command with --resume goes on with it."
        )
    metrics = state.metrics
    title = f"{metrics['experiment']}: {metrics['corpus']}, {metrics['model']}, search {metrics['tuner']}"
    table = Table(
        title=f"{title} {metrics['space']}", caption=f"95 % intervals by bootstrap over {drawn(metrics)}."
    )
    for heading, justify in (
        ("macro-F1", "left"),
        ("score", "right"),
        ("spread over folds, or 95 %", "right"),
    ):
        table.add_column(heading, justify=justify)
    for row in final_rows(state):
        style = "" if row["kind"] == "baseline" else "bold"
        table.add_row(row["name"], f"{row['value']:.3f}", row["note"], style=style)
    console = new_console()
    console.print(table)
    if state.gave_up:
        console.print(describe_gave_up(state), soft_wrap=True, highlight=False)
    best = state.best
    if best is None:
        console.print(NO_BEST)
    else:
        settings = ", ".join(f"{name} {value}" for name, value in best_settings(state, best))
        console.print(
            f"Best of {counted(len(state.trials), 'trial')}: {best.trial_id}: {settings}.", soft_wrap=True
        )
    for sentence in verdicts(state):
        console.print(sentence, soft_wrap=True, highlight=False)
    console.print(f"Report: {folder / 'report.html'}", soft_wrap=True, highlight=False)
    console.print(f"Run folder of the best: {folder / 'best'}", soft_wrap=True, highlight=False)
