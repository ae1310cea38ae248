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
    assert [(float(row["balance"]), float(row["adjustment"])) for row in rows] == [
        *((balance, adjustment) for balance in (0, 0.5) for adjustment in (0, 0.5, 1)),
        (1, 0),
    ]
    assert all(0 <= float(row["piece_macro_f1"]) <= 1 for row in rows)
    assert {path.name for path in folder.iterdir()} - {".lock"} == {
        *("config.json", "environment.json", "imbalance.csv", "imbalance.json"),
        *("balance-0", "balance-0.5", "balance-1"),
    }
    printed = capsys.readouterr().out
    assert "validation works" in printed and str(folder) in printed and "\u2026" not in printed


def test_it_goes_on_with_other_balances_and_trains_none_again(compared, read_rows, capsys):
    folder = compared("--smoke", "--resume")
    before = {path: path.stat().st_mtime_ns for path in folder.glob("balance-*/checkpoint.npz")}
    asked = ("--balances", "0", "0.25", "--adjustments", "0", "0.75")
    assert compared("--smoke", "--resume", *asked) == folder
    assert {path: path.stat().st_mtime_ns for path in before} == before
    rows = records.read_json(folder / "imbalance.json")["rows"]
    assert [row["balance"] for row in rows] == [0, 0, 0.25, 0.25]
    assert f"{rows[1]['piece_macro_f1']:.3f}" in capsys.readouterr().out


def test_a_balance_that_cannot_be_ends_in_one_sentence(compared, capsys):
    with pytest.raises(SystemExit) as stopped:
        compared("--smoke", "--resume", "--balances", "7")
    assert stopped.value.code == 2
    assert "Expected balance to be from 0 to 2, but received 7" in capsys.readouterr().err
