"""The remedies for imbalance, compared from the command line: on validation works, and each as it would be kept."""

import pytest

from experiments import imbalance
from experiments.engine import records

PLACES = ("--cache-dir", "--results-dir")


@pytest.fixture(scope="module")
def compared(cache_dir, small, tmp_path_factory):
    """Returns a function that compares, and returns its only folder."""
    results = tmp_path_factory.mktemp("results")

    def run(*arguments):
        imbalance.main([*arguments, *small, "--cache-dir", str(cache_dir), "--results-dir", str(results)])
        (folder,) = (results / "imbalance").iterdir()
        return folder

    return run


def test_every_remedy_has_a_row_and_the_test_part_is_not_touched(compared, read_rows, capsys):
    folder = compared("--smoke")
    rows = read_rows(folder / "imbalance.csv")
    assert [(row["weights"], float(row["adjustment"])) for row in rows] == [
        *(("none", adjustment) for adjustment in (0, 0.5, 1)),
        *(("root", adjustment) for adjustment in (0, 0.5, 1)),
        ("inverse", 0),
    ]
    assert all(0 <= float(row["piece_macro_f1"]) <= 1 for row in rows)
    assert {path.name for path in folder.iterdir()} - {".lock"} == {
        *("config.json", "environment.json", "imbalance.csv", "imbalance.json", "none", "root", "inverse"),
    }
    printed = capsys.readouterr().out
    assert "validation works" in printed and str(folder) in printed and "\u2026" not in printed


def test_started_again_it_shows_what_it_found(compared, monkeypatch, capsys):
    folder = compared("--smoke", "--resume")
    monkeypatch.setattr(imbalance, "score", lambda *args: pytest.fail("It was trained again."))
    assert compared("--smoke", "--resume") == folder
    found = records.read_json(folder / "imbalance.json")
    assert found["config"]["experiment"] == "imbalance"
    assert f"{found['rows'][0]['piece_macro_f1']:.3f}" in capsys.readouterr().out
