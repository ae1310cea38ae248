"""The comparison of two searches: they differ only in how they search, and their cost is counted alike."""

import json

import pytest

from experiments.engine.config import CorpusConfig, EncoderConfig
from experiments.engine.search.spaces import declare
from experiments.engine.speed.searches import FOLDS, HEADINGS, Outcome, outcome, rows, searches
from features.errors import InputError

SEARCHES = searches(CorpusConfig(sample=0.2), EncoderConfig(channels=("velocity",)), seed=2)


def test_they_differ_only_in_how_they_search():
    reference, ours = SEARCHES["reference"], SEARCHES["rollcall"]
    assert reference.settings.folds == ours.settings.folds == FOLDS
    names = {difference.split(" is ")[0] for difference in ours.differences(reference)}
    assert names <= {
        *("search.tuner", "search.max_trials", "search.stop_losing"),
        *("training.epochs", "training.patience"),
    }


def test_the_reference_draws_from_its_own_space_and_ends_nothing_early():
    reference = SEARCHES["reference"]
    assert (reference.settings.max_trials, reference.settings.stop_losing) == (10, False)
    assert reference.config.training.patience is None
    space = declare(reference, (128, 150, 1), 4)
    assert {entry.name: list(entry.values) for entry in space.space}["epochs"] == [10, 20]


def test_the_table_has_a_row_a_seed_and_the_ratio_of_all_chunks():
    costs = {"reference": (100, 300), "rollcall": (20, 30)}
    measured = {name: [Outcome(0.5, 0.6, cost, 1.0, 10) for cost in found] for name, found in costs.items()}
    table = rows(measured)
    assert all(len(row) == len(HEADINGS) for row in table)
    ratios = [(row[0], row[1], row[-1]) for row in table]
    assert ratios == [
        *(("reference", "0", "1.00"), ("reference", "1", "1.00"), ("reference", "mean", "1.00")),
        *(("rollcall", "0", "5.00"), ("rollcall", "1", "10.00"), ("rollcall", "mean", "8.00")),
    ]


def test_a_search_without_a_whole_trial_cannot_be_compared(tmp_path):
    (tmp_path / "search.json").write_text(json.dumps(SEARCHES["rollcall"].to_dict()))
    with pytest.raises(InputError, match="has done every fold, so there is nothing to compare"):
        outcome(tmp_path)
