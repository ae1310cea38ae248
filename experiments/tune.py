"""Which settings serve a study best? Searches them with keras-tuner, each validated on unheard works.

    python -m experiments.tune four_composers --max-trials 20
    python -m experiments.tune four_composers --model cnn_reference --space reference --no-stop-losing
    python -m experiments.tune four_composers --tuner hyperband --workers 2 --resume

Every trial is cross-validated within the works outside the test part. When all are over, the best setting is trained as
any study is, and tested once. Stop a search when you like, or kill it: the same command with --resume goes on with the
same trials, from their last epochs. Watch it on the terminal, in report.html of its folder, or with
`python -m experiments.dashboard FOLDER`. A second machine that shares the folder works for the same search by the same
command and --join HOST:PORT, if the first one was started with --listen HOST:PORT.
"""

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from experiments import STUDIES
from experiments.engine.command import Command, as_sentences, configuration, read_for_study
from experiments.engine.config import Places
from experiments.engine.environment import share_gpus
from experiments.engine.search.config import Hosts, Search, SearchConfig, check_search_name
from features.errors import InputError

SMOKE = {"max_trials": 2, "folds": 2}
"""What a rehearsal searches."""


@dataclass(frozen=True)
class Tune(Command):
    """What was asked for on the command line."""

    study: Annotated[Literal[tuple(STUDIES)], tyro.conf.Positional] = "four_composers"
    """The study to search settings for."""
    search: SearchConfig = SearchConfig()
    hosts: Hosts = Hosts()
    name: str = ""
    """Of the search folder; made of corpus, model, split and tuner if it is left out."""


INTERRUPTED = "Interrupted; with --resume the search goes on with the same trials, from their last epochs."


@as_sentences(interrupted=INTERRUPTED)
def main(argv: Sequence[str] | None = None) -> None:
    """Runs the search that the command line asks for, or works for one."""
    share_gpus()
    study, asked = read_for_study(Tune, argv, description=__doc__, name="tune")
    check_search_name(asked.name)
    settings = rehearsed(asked.search) if asked.smoke else asked.search
    config, places = configuration(asked, study.DEFAULT)
    search = Search(study.configure(config), settings)
    if asked.hosts.join is None:
        from experiments.engine.search.searching import run_search

        run_search(search, places, hosts=asked.hosts, name=asked.name)
    else:
        join(search, places, asked)


def rehearsed(settings: SearchConfig) -> SearchConfig:
    """Returns the search of a rehearsal, and says what of the user's it does not heed."""
    unheeded = [
        f"--{name.replace('_', '-')}"
        for name, value in SMOKE.items()
        if getattr(settings, name) not in (value, getattr(SearchConfig, name))
    ]
    if unheeded:
        print(f"A rehearsal has its own size; it does not heed {', '.join(unheeded)}.", file=sys.stderr)
    return dataclasses.replace(settings, **SMOKE)


def join(search: Search, places: Places, asked: Tune) -> None:
    """Works for a search that another process has started, perhaps on another machine, in a folder that both see.

    Raises:
        InputError: There is no such search, or it is for something else.
    """
    from experiments.engine.search import opening, running

    parent, name = places.results_dir / search.config.experiment, asked.name or search.name
    folder = opening.find_search(parent, name, search)
    if folder is None:
        raise InputError(
            f"Expected the search {name} in {parent}, but there is none; give the flags and the --results-dir it was "
            "started with."
        )
    running.join(folder, places, asked.hosts)


if __name__ == "__main__":
    main()
