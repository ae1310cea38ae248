"""The remedies for imbalance, compared from the command line: on validation works, and each as it would be kept."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from experiments import imbalance, leaderboard
from experiments.engine import networks, records
from experiments.engine.answering import answer
from experiments.engine.boards import imbalance as board
from experiments.engine.boards.overviews import Overview
from experiments.engine.boards.readme import IN_README
from experiments.engine.config import Places
from experiments.engine.publishing import publish
from experiments.engine.runner import Study, prepare, split_of
from features.datasets import Dataset
from features.splits.protocols import VALIDATION

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
        *((balance, adjustment) for balance in (0, 0.5) for adjustment in (0, 0.25, 0.5, 1)),
        (1, 0),
    ]
    for row in rows:
        low, score, high = (float(row[f"piece_macro_f1{end}"]) for end in ("_low", "", "_high"))
        assert 0 <= low <= score <= high <= 1
    trained = [
        records.read_json(folder / f"balance-{name}" / "config.json")["training"] for name in ("0", "1")
    ]
    assert [part.get("balance", 1) for part in trained] == [0, 1]
    assert {path.name for path in folder.iterdir()} - {".lock"} == {
        *("config.json", "environment.json", "imbalance.csv", "imbalance.json", "metrics.json", "splits.csv"),
        *("balance-0", "balance-0.5", "balance-1"),
    }
    printed = capsys.readouterr().out
    assert "validation works" in printed and str(folder) in printed and "\u2026" not in printed


def test_of_too_few_works_rows_have_no_interval(compared, tmp_path, capsys):
    found = records.read_json(compared("--smoke", "--resume") / "metrics.json")
    rows = [row | dict.fromkeys(imbalance.INTERVAL) for row in found["rows"]]
    capsys.readouterr()
    imbalance.print_rows(found | {"rows": rows})
    printed = capsys.readouterr().out
    assert f"{rows[0]['piece_macro_f1']:.3f}" in printed and "–" not in printed
    table = board.markdown([Overview(tmp_path, found | {"rows": rows}, "command")], tmp_path)
    assert f"{rows[0]['piece_macro_f1']:.3f}" in table and "–" not in table


def test_it_goes_on_with_other_balances_and_trains_none_again(compared, read_rows, capsys):
    folder = compared("--smoke", "--resume")
    before = {path: path.stat().st_mtime_ns for path in folder.glob("balance-*/checkpoint.npz")}
    asked = ("--balances", "0", "0.25", "--adjustments", "0", "0.75")
    assert compared("--smoke", "--resume", *asked) == folder
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert records.read_json(folder / "imbalance.json")["adjustments"] == [0, 0.75]
    rows = records.read_json(folder / "metrics.json")["rows"]
    assert [row["balance"] for row in rows] == [0, 0, 0.25, 0.25]
    assert f"{rows[1]['piece_macro_f1']:.3f}" in capsys.readouterr().out


def test_it_goes_on_with_the_same_works_on_the_same_sides_alone(compared, small, cache_dir, tmp_path, capsys):
    begun = compared("--smoke", "--resume")
    folder = shutil.copytree(begun, tmp_path / "imbalance" / begun.name)
    places = ("--cache-dir", str(cache_dir), "--results-dir", str(tmp_path))
    (folder / "splits.csv").unlink()
    imbalance.main(["--smoke", "--resume", *small, *places])  # as older ones were begun
    assert (folder / "splits.csv").read_bytes() == (begun / "splits.csv").read_bytes()
    rows = records.read_csv(folder / "splits.csv")
    for row in rows:
        row["split"] = {"train": "validation", "validation": "train"}.get(row["split"], row["split"])
    records.write_csv(folder / "splits.csv", list(rows[0]), rows)
    with pytest.raises(SystemExit, match="2"):
        imbalance.main(["--smoke", "--resume", *small, *places])
    assert "The split has changed since" in capsys.readouterr().err


def test_what_helps_is_published_with_a_table_of_its_own(compared, tmp_path):
    folder = shutil.copytree(compared("--smoke", "--resume"), tmp_path / "imbalance-example")
    path = folder / "environment.json"
    records.write_json(path, records.read_json(path) | {"commit": "0123456789", "resumed_with": []})
    published, readme = tmp_path / "results" / "published", tmp_path / "README.md"
    readme.write_text(leaderboard.empty_places(*IN_README), encoding="utf-8")
    leaderboard.main(["--publish", str(folder), "--published", str(published), "--readme", str(readme)])
    assert {path.name for path in (published / "imbalance" / folder.name).iterdir()} == {
        *("config.json", "environment.json", "imbalance.csv", "imbalance.json", "metrics.json", "splits.csv"),
    }
    lines = (tmp_path / "results" / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [line.split(" | ") for line in lines if line.startswith("| [I1](published/imbalance/")]
    assert [row[5:7] for row in rows] == [
        *([balance, adjustment] for balance in ("0", "0.5") for adjustment in ("0", "0.25", "0.5", "1")),
        ["1", "0"],
    ]
    assert all(any("**" in row[column] for row in rows) for column in range(7, 15))
    made_for = records.read_json(folder / "imbalance.json")
    records.write_json(folder / "imbalance.json", made_for | {"balances": [0.0, 0.25], "adjustments": [0.0]})
    publish(folder, published)  # it has gone on
    (copy,) = (published / "imbalance").iterdir()
    assert records.read_json(copy / "imbalance.json")["balances"] == [0.0, 0.25]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--balances", "7"), "Expected balances to be different numbers from 0 to 2, but received 7."),
        (("--balances",), "but received none"),
        (("--balances", "0", "0"), "but received 0 0"),
        (("--adjustments", "inf"), "Expected adjustments"),
        (("--fold", "all"), "one fold"),
        (("--balance", "0.5"), "--balance is set for each remedy by itself; give --balances"),
        (("--class-weights",), "--class-weights is set for each remedy by itself; give --balances"),
        (
            ("--logit-adjustment", "1"),
            "--logit-adjustment is set for each remedy by itself; give --adjustments",
        ),
        (("--patience", "3"), "the network of the last epoch is kept, so give --epochs"),
    ],
)
def test_what_cannot_be_compared_ends_in_one_sentence_before_anything_is_trained(
    asked, said, tmp_path, capsys
):
    with pytest.raises(SystemExit) as stopped:
        imbalance.main(["--smoke", *asked, "--results-dir", str(tmp_path)])
    assert stopped.value.code == 2
    printed = " ".join(capsys.readouterr().err.replace("\u2502", " ").split())
    assert said in printed and not list(tmp_path.iterdir())


def test_drawing_writers_is_refused_where_each_composer_is_one(cache_dir, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Dataset, "writers", property(lambda dataset: dataset.composers))
    places = ("--cache-dir", str(cache_dir), "--results-dir", str(tmp_path))
    with pytest.raises(SystemExit, match="2"):
        imbalance.main(["--smoke", "--sampling", "writer", *places])
    assert "take --sampling composer" in capsys.readouterr().err and not list(tmp_path.iterdir())


class Listener:
    """A network whose answer is how much sounds."""

    input_shape = (None,) * 4

    def predict_on_batch(self, chunks):
        first = 0.1 + 0.8 * chunks.mean(axis=(1, 2, 3)) / chunks.mean(axis=(1, 2, 3)).max()
        return np.stack([first, *[(1 - first) / 3] * 3], axis=1)


def test_pieces_are_asked_as_the_command_says(cache_dir, tmp_path, monkeypatch):
    config = imbalance.DEFAULT.replace(
        corpus={"corpus": "synthetic", "min_share": 0.0}, answering={"answer_overlap": 2}
    )
    dataset = prepare(config, Places(cache_dir=cache_dir))
    split = split_of(Study(config, Places(), dataset))
    network = SimpleNamespace(model=Listener(), dataset=dataset)
    monkeypatch.setattr(networks, "train_network", lambda *_, **__: network)
    (row,) = imbalance.score(config, dataset, split, folder=tmp_path, adjustments=[0.0])
    once, twice = (
        answer(network.model, dataset, split.indices(VALIDATION), how)["piece"].scores()["log_loss"]
        for how in (imbalance.DEFAULT.answering, config.answering)
    )
    assert row["piece_log_loss"] == twice != once
