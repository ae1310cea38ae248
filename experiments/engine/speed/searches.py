"""Two searches of one space, for the compute they take: the reference's, and ours with all that saves some."""

import dataclasses
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.engine import records
from experiments.engine.config import Config, CorpusConfig, EncoderConfig, ModelConfig, Places, TrainingConfig
from experiments.engine.search.config import Hosts, Search, SearchConfig
from experiments.engine.search.files import read_history
from experiments.engine.search.opening import open_search, prepare_study
from experiments.engine.search.running import run_trials
from experiments.engine.search.state import best_trial, read_search
from experiments.engine.speed.settings import Searches
from experiments.engine.speed.tables import print_table
from experiments.engine.training import WATCHED
from experiments.four_composers import configure
from features.errors import InputError

FOLDS = 3

REFERENCE = SearchConfig(tuner="random", space="reference", max_trials=10, folds=FOLDS, stop_losing=False)
"""RandomizedSearchCV of the composer classification notebook: 10 draws, 3 folds, every epoch of each."""

OURS = SearchConfig(tuner="hyperband", space="reference", max_trials=18, folds=FOLDS)
"""A bracket of 9 settings on one fold, the best 3 of them on two, the best on all three; and 5 trials of the next."""

AS_THE_REFERENCE = TrainingConfig(
    patience=None, schedule="constant", transpose=0, move=False, class_weights=False
)

OURS_EPOCHS, OURS_PATIENCE = 9, 3
"""Nine are divided by three twice: with ten, every round is rounded up by an epoch."""

WHAT_IS_SCORED = f"""
Score: macro-F1 by chunk of the best setting, mean over its folds, of the network that is kept: after the last epoch
(reference), of the best epoch of each fold (rollcall). Best epochs: of the best epoch for both, so that they compare.
Chunk-epochs: chunks trained on, each as often as it was, over all trials. Both train alike but for what saves compute:
rollcall stops after {OURS_PATIENCE} epochs without a better one, has {OURS_EPOCHS} at most, tries 9 settings for one
epoch on one fold, the best 3 for three on two, the best for all on all, then some of hyperband's next bracket in 5
trials, and ends those that are clearly behind. The test works are not touched."""


@dataclass(frozen=True)
class Outcome:
    """What a search came to.

    Attributes:
        score: Macro-F1 by chunk of the best setting, mean over the folds, of the epoch that is kept.
        best_epochs: The same with the best epoch of every fold, which the reference does not look for.
        chunk_epochs: Chunks trained on, each as often as it was.
        seconds: Of training.
        num_trials: Settings tried, one trained for longer counted again.
    """

    score: float
    best_epochs: float
    chunk_epochs: int
    seconds: float
    num_trials: int


def benchmark(asked: Searches) -> None:
    """Runs every search with every seed, in turn, and prints what it came to and what it took."""
    corpus = configure(Config("benchmark", corpus=asked.corpus)).corpus
    measured = {}
    for seed in range(asked.seeds):
        for name, search in searches(corpus, asked.encoder, seed).items():
            print(f"{name}, seed {seed}", file=sys.stderr)
            folder = f"{corpus.corpus}-{corpus.sample:g}-{name}-seed{seed}"
            measured.setdefault(name, []).append(run(search, asked.places, name=folder))
    title = (
        f"{asked.corpus.corpus}, {asked.corpus.sample:g} of the works: settings of the reference CNN, 3 folds"
    )
    print_table(title, HEADINGS, rows(measured), output=asked.output)
    print(WHAT_IS_SCORED)


def searches(corpus: CorpusConfig, encoder: EncoderConfig, seed: int) -> dict[str, Search]:
    """Returns the searches to compare, which differ only in how they search.

    Args:
        corpus: The music; a sample of its works, or this takes hours.
        encoder: How notes become chunks.
        seed: Of the proposals, and of every training.
    """
    config = Config(
        "benchmark",
        corpus=corpus,
        encoder=encoder,
        model=ModelConfig("cnn_reference"),
        training=dataclasses.replace(AS_THE_REFERENCE, seed=seed),
    )
    stopping = config.replace(training={"epochs": OURS_EPOCHS, "patience": OURS_PATIENCE})
    return {
        "reference": Search(config, dataclasses.replace(REFERENCE, search_seed=seed)),
        "rollcall": Search(stopping, dataclasses.replace(OURS, search_seed=seed)),
    }


def run(search: Search, places: Places, *, name: str) -> Outcome:
    """Runs the trials of a search, or those that are left of it, and returns what they came to."""
    study = prepare_study(search, places)
    folder = open_search(search, study, dataclasses.replace(places, resume=True), name)
    with records.open_folder(folder):
        run_trials(folder, search, study, Hosts())
    return outcome(folder)


def outcome(folder: Path) -> Outcome:
    """Returns what the trials of a search folder came to."""
    state = read_search(folder)
    best = best_trial(state)
    if best is None:
        raise InputError(
            f"No trial of {folder} has done every fold, so there is nothing to compare; see its trials."
        )
    histories = [
        read_history(path / "history.csv")
        for path in sorted((folder / f"trial_{best.trial_id}").glob("fold_*"))
    ]
    return Outcome(
        score=best.score,
        best_epochs=statistics.fmean(max(row[WATCHED] for row in history) for history in histories),
        chunk_epochs=sum(trial.chunk_epochs for trial in state.trials),
        seconds=sum(trial.seconds for trial in state.trials),
        num_trials=len(state.trials),
    )


HEADINGS = ("search", "seed", "trials", "score", "best epochs", "chunk-epochs", "training s", "times less")
"""Of the table: a row for each seed of each search, and one for the mean."""


def rows(measured: dict[str, Sequence[Outcome]]) -> list[tuple[str, ...]]:
    """Returns the table of what searches came to, the first one being what the others are compared with."""
    first = next(iter(measured.values()))
    table = []
    for name, outcomes in measured.items():
        pairs = zip([*first, _mean(first)], [*outcomes, _mean(outcomes)], strict=True)
        for seed, (other, one) in enumerate(pairs):
            label = str(seed) if seed < len(outcomes) else "mean"
            table.append((name, label, *_cells(one), f"{other.chunk_epochs / one.chunk_epochs:.2f}"))
    return table


def _cells(one: Outcome) -> tuple[str, ...]:
    return (
        f"{one.num_trials:g}",
        f"{one.score:.3f}",
        f"{one.best_epochs:.3f}",
        f"{one.chunk_epochs:,.0f}",
        f"{one.seconds:.0f}",
    )


def _mean(outcomes: Sequence[Outcome]) -> Outcome:
    names = [field.name for field in dataclasses.fields(Outcome)]
    return Outcome(**{name: statistics.fmean(getattr(one, name) for one in outcomes) for name in names})
