"""The comparison of builders, from the command line to its table, its page and the published tables."""

import shutil

import pytest

from experiments import builders, leaderboard
from experiments.engine import records
from experiments.engine.boards import builders as board
from experiments.engine.boards.overviews import Overview
from experiments.engine.boards.readme import IN_README
from experiments.engine.zoo import comparing
from experiments.engine.zoo.page import print_zoo, write_zoo
from experiments.engine.zoo.rows import COLUMNS
from features.errors import InputError
from models.baselines import BASELINES

TWO = ("--smoke", "--folds", "0", "--builders", "lstm", "gru")


@pytest.fixture(scope="session")
def compare(cache_dir):
    """Returns a function that compares builders in this process and returns the only folder of a comparison."""

    def run(results_dir, *arguments):
        places = ["--cache-dir", str(cache_dir), "--results-dir", str(results_dir)]
        builders.main([*arguments, *places, "--published", str(results_dir / "published")])
        (folder,) = (results_dir / "four_composers").glob("builders-*")
        return folder

    return run


@pytest.fixture(scope="module")
def finished(compare, tmp_path_factory):
    return compare(tmp_path_factory.mktemp("results"), *TWO)


def fail(*arguments, **keywords):
    pytest.fail("It was run again.")


def test_it_leaves_a_table_of_scores_and_costs_a_figure_and_a_page(finished, read_rows):
    files = {path.relative_to(finished).as_posix() for path in finished.rglob("*") if path.is_file()}
    assert files - {".lock"} == {
        *("builders.json", "builders.csv", "builders.html", "metrics.json", "environment.json"),
        "figures/score_against_cost.png",
    }
    table = read_rows(finished / "builders.csv")
    assert tuple(table[0]) == COLUMNS
    networks = {row["name"]: row for row in table if row["part"] == "network"}
    assert set(networks) == {"lstm", "gru"}
    assert networks["gru"]["model"] == "lstm" and networks["gru"]["hyperparameters"] == "cell=gru"
    assert int(networks["gru"]["num_parameters"]) < int(networks["lstm"]["num_parameters"])
    assert networks["gru"]["against"] == "lstm" and networks["gru"]["piece_difference"] != ""
    assert all(float(row["train_seconds"]) > 0 and row["num_epochs"] == "1.0" for row in networks.values())
    scores = [float(row["piece_macro_f1"]) for row in table if row["part"] == "network"]
    assert scores == sorted(scores, reverse=True)
    baselines = [row["name"] for row in table if row["part"] == "baseline"]
    assert baselines == list(BASELINES)
    page = (finished / "builders.html").read_text(encoding="utf-8")
    assert "http" not in page and 'src="figures/score_against_cost.png"' in page and "cell=gru" in page


def test_of_too_few_works_neither_page_nor_tables_have_intervals(finished, tmp_path, capsys):
    folder = shutil.copytree(finished, tmp_path / "builders-example")
    metrics = records.read_json(folder / "metrics.json")
    ends = [name for name in COLUMNS if name.endswith(("_low", "_high"))]
    rows = [row | {name: None for name in ends if row[name] != ""} for row in metrics["rows"]]
    write_zoo(folder, metrics | {"rows": rows})
    page = (folder / "builders.html").read_text(encoding="utf-8")
    assert "too few for an interval" in page and 'class="better"' not in page and 'class="worse"' not in page
    print_zoo(folder)
    assert "–" not in capsys.readouterr().out
    table, _, _ = board.in_short(
        [Overview(folder, metrics | {"rows": rows}, "command")], tmp_path
    ).rpartition(board.NOTE)
    assert f"| {rows[0]['piece_macro_f1']:.3f} |" in table and "*" not in table and "–" not in table


def test_the_scores_are_those_of_the_runs(finished):
    rows = {row["name"]: row for row in records.read_json(finished / "metrics.json")["rows"]}
    metrics = records.read_json(finished.parent / rows["lstm"]["runs"] / "metrics.json")
    assert rows["lstm"]["piece_macro_f1"] == pytest.approx(metrics["test"]["piece"]["macro_f1"], abs=1e-6)
    assert rows["lstm"]["chunk_macro_f1"] == pytest.approx(metrics["test"]["chunk"]["macro_f1"], abs=1e-6)
    forest = metrics["test"]["baselines"]["histogram_forest"]["macro_f1"]
    assert rows["histogram_forest"]["piece_macro_f1"] == pytest.approx(forest, abs=1e-6)
    assert rows["lstm"]["num_parameters"] == metrics["num_parameters"]


def test_finished_runs_are_taken_and_what_is_missing_is_shown_with_its_command(
    finished, compare, tmp_path, monkeypatch, capsys
):
    results = shutil.copytree(finished.parents[1], tmp_path / "results")
    monkeypatch.setattr(comparing, "run_study", fail)
    folder = compare(results, *TWO, "crnn", "--no-train")
    assert folder.name == finished.name
    rows = {row["name"]: row for row in records.read_json(folder / "metrics.json")["rows"]}
    assert rows["crnn"]["problem"] == "Not run on fold 0." and "--model crnn" in rows["crnn"]["command"]
    assert "crnn: Not run on fold 0." in capsys.readouterr().out
    assert "--model crnn" in (folder / "builders.html").read_text(encoding="utf-8")
    before = records.read_json(finished / "metrics.json")["rows"]
    assert [row for name, row in rows.items() if name != "crnn"] == before


def test_a_builder_whose_training_diverges_does_not_cost_the_others_their_table(
    finished, compare, tmp_path, monkeypatch, capsys
):
    def diverge(study):
        raise InputError("Its training has diverged.")

    results = shutil.copytree(finished.parents[1], tmp_path / "results")
    monkeypatch.setattr(comparing, "run_study", diverge)
    rows = {
        row["name"]: row for row in records.read_json(compare(results, *TWO, "crnn") / "metrics.json")["rows"]
    }
    assert rows["crnn"]["problem"] == "Not run on fold 0. Its training has diverged."
    assert rows["lstm"]["piece_macro_f1"] != "" and "has diverged" in capsys.readouterr().err


def test_a_run_that_is_older_than_a_baseline_does_not_hide_it(finished, compare, tmp_path, monkeypatch):
    results = shutil.copytree(finished.parents[1], tmp_path / "results")
    monkeypatch.setattr(comparing, "run_study", fail)
    runs = sorted(path.parent for path in (results / "four_composers").glob("synthetic-*/metrics.json"))
    for number, run in enumerate(runs):
        metrics = records.read_json(run / "metrics.json")
        if number == 0:
            del metrics["test"]["baselines"]["histogram_boosting"]
        del metrics["test"]["baselines"]["histogram_linear"]
        records.write_json(run / "metrics.json", metrics)
    names = {row["name"] for row in records.read_json(compare(results, *TWO) / "metrics.json")["rows"]}
    assert "histogram_boosting" in names and "histogram_linear" not in names


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (("--bag", "3"), "--bag has no effect"),
        (("--builders", "nobody"), "There is no builder named 'nobody'; known are"),
        (("--folds", "0", "0"), "Expected folds to be numbers of different folds"),
        (("--model", "lstm"), "name some with --builders, and leave --model out"),
        (
            ("--builders", "descriptor_lstm"),
            "cannot be read by descriptor_lstm; name others of cnn_reference",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_is_made(compare, tmp_path, capsys, flags, reason):
    with pytest.raises(SystemExit, match="2"):
        compare(tmp_path / "results", "--smoke", *flags)
    assert reason in " ".join(capsys.readouterr().err.split())
    assert not list(tmp_path.glob("results/*/builders-*"))


def test_what_no_builder_can_be_trained_with_is_no_comparison(compare, tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        compare(tmp_path / "results", *TWO, "--channels", "binary", "--velocity-dropout", "0.5")
    assert capsys.readouterr().err.rstrip().endswith("changed by --velocity-dropout; leave it out.")
    assert not list(tmp_path.glob("results/*/builders-*/metrics.json"))


def test_a_comparison_is_published_after_its_runs_and_has_a_table(finished, tmp_path, capsys):
    home = shutil.copytree(finished.parent, tmp_path / "runs")
    for path in home.rglob("environment.json"):
        records.write_json(path, records.read_json(path) | {"commit": "0123456789", "resumed_with": []})
    (tmp_path / "README.md").write_text(leaderboard.empty_places(*IN_README), encoding="utf-8")
    places = ["--published", str(tmp_path / "results" / "published"), "--readme", str(tmp_path / "README.md")]
    folder = home / finished.name
    with pytest.raises(SystemExit, match="2"):
        leaderboard.main(["--publish", str(folder), *places])
    assert "shows runs that are not published; publish first: synthetic-lstm" in capsys.readouterr().err
    runs = map(str, home.glob("synthetic-*"))
    leaderboard.main(["--publish", *runs, str(folder), *places])
    text = (tmp_path / "results" / "README.md").read_text(encoding="utf-8")
    assert "**Builders**" in text and f"[B1](published/four_composers/{folder.name})" in text
    (row,) = (row for row in records.read_json(folder / "metrics.json")["rows"] if row["name"] == "gru")
    assert f"| gru | {row['num_parameters']:,} |" in text and "| histogram_boosting |" in text
    assert (tmp_path / "results" / "published" / "four_composers" / folder.name / "builders.html").exists()
    assert "Single splits" not in text, "what a comparison shows has no second row"
    assert f"| gru | {row['num_parameters']:,} |" in (tmp_path / "README.md").read_text(encoding="utf-8")
