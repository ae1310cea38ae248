"""The table of searches says what each won over the default settings."""

import pytest

from experiments.engine.boards.overviews import Overview
from experiments.engine.boards.searches import markdown

SCORES = {"macro_f1": 0.8, "macro_f1_low": 0.7, "macro_f1_high": 0.9}


@pytest.mark.parametrize(
    ("defaults", "cell"),
    [
        (None, ""),
        ({"trial_id": "0000", "difference": 0.0125, "spread": 0.004}, "+0.013 ± 0.004"),
        ({"trial_id": "0000", "difference": -0.002, "spread": None}, "-0.002 (one fold)"),
        ({"trial_id": "0007", "difference": 0.0, "spread": 0.0}, "none is better"),
    ],
)
def test_what_a_search_won_over_the_defaults(defaults, cell, tmp_path):
    metrics = {
        **{"corpus": "midi_classics", "pieces": "clean", "protocol": "work", "fold": 0, "model": "frame_cnn"},
        **{"tuner": "random", "space": "wide", "num_trials": 8, "num_stopped_early": 2, "num_failed": 1},
        **{"chunk_epochs": 250_000, "test": {"chunk": SCORES, "piece": SCORES}, "defaults": defaults},
        "best": {"trial_id": "0007", "score": 0.75, "spread": 0.02},
    }
    table = markdown([Overview(tmp_path / "search-example", metrics, "python -m ...")], tmp_path)
    row = next(line for line in table.splitlines() if "[S1]" in line)
    assert [part.strip() for part in row.split("|")][1:8] == [
        *("midi_classics, clean", "work 0", "frame_cnn", "random, wide", "8 (2, 1)", "0.750 ± 0.020"),
        cell,
    ]
