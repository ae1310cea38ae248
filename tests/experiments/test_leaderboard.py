"""Published runs, the leaderboard and the README's table: all three say the same."""

import shlex
import shutil
from pathlib import PurePosixPath, PureWindowsPath

import pytest

from experiments import leaderboard
from experiments.engine import records
from experiments.engine.boards import runs as board
from experiments.engine.boards.overviews import NOTHING_YET
from experiments.engine.boards.readme import IN_README
from experiments.engine.config import REPOSITORY
from experiments.engine.predictions import read_predictions

README = f"before\n{leaderboard.empty_places(*IN_README)}after\n"


@pytest.fixture
def finished(uninterrupted, tmp_path):
    """A finished run folder of its own, made as if all code were committed."""
    folder = tmp_path / "runs" / uninterrupted.name
    shutil.copytree(uninterrupted, folder)
    set_commit(folder, "0123456789")
    return folder


@pytest.fixture
def places(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(README, encoding="utf-8")
    return ["--published", str(tmp_path / "results" / "published"), "--readme", str(readme)]


def set_commit(folder, commit):
    path = folder / "environment.json"
    records.write_json(path, records.read_json(path) | {"commit": commit})


def test_publishing_fills_the_leaderboard_and_the_table(finished, places, tmp_path):
    leaderboard.main(["--publish", str(finished), *places])
    (row,) = records.read_csv(tmp_path / "results" / "leaderboard.csv")
    assert tuple(row) == board.COLUMNS
    metrics = records.read_json(finished / "metrics.json")
    assert row["run_id"] == finished.name
    assert float(row["piece_macro_f1"]) == round(metrics["test"]["piece"]["macro_f1"], 4)
    assert float(row["stacked_piece_macro_f1"]) == round(metrics["test"]["stacked"]["macro_f1"], 4)
    text = (tmp_path / "results" / "README.md").read_text(encoding="utf-8")
    assert f"**{metrics['test']['piece']['macro_f1']:.3f}**" in text
    assert f"(published/four_composers/{finished.name})" in text
    assert records.read_json(finished / "environment.json")["command"] in text


def test_runs_published_elsewhere_leave_the_readme_of_the_clone_alone(
    finished, places, tmp_path, monkeypatch
):
    readme = tmp_path / "README.md"
    monkeypatch.setattr(leaderboard, "README", readme)
    leaderboard.main(["--publish", str(finished), *places[:2]])
    assert readme.read_text(encoding="utf-8") == README
    monkeypatch.setattr(leaderboard, "PUBLISHED", tmp_path / "results" / "published")
    leaderboard.main(places[:2])
    assert readme.read_text(encoding="utf-8") != README


def test_weights_stay_at_home_and_small_files_travel(finished, places, tmp_path):
    leaderboard.main(["--publish", str(finished), *places])
    published = tmp_path / "results" / "published" / "four_composers" / finished.name
    names = {path.relative_to(published).as_posix() for path in published.rglob("*") if path.is_file()}
    assert {"metrics.json", "splits.csv", "predictions-chunks.csv.gz", "figures/class_scores.png"} <= names
    assert not names & {"model.h5", "model.json", "report.html", ".lock"}


def test_made_again_without_changes_it_is_the_same(finished, places, tmp_path):
    leaderboard.main(["--publish", str(finished), *places])
    pages = (tmp_path / "README.md", tmp_path / "results" / "README.md")
    first = [page.read_bytes() for page in pages]
    leaderboard.main(places)
    assert [page.read_bytes() for page in pages] == first


def test_the_readme_shows_whole_studies_alone(finished, places, tmp_path):
    leaderboard.main(["--publish", str(finished), *places])
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert text == README.replace("begin -->", f"begin -->\n{NOTHING_YET}"), "one fold is no whole study"


@pytest.mark.parametrize("commit", ["", "0123456789+"])
def test_code_that_is_in_no_commit_is_not_published(finished, places, commit, capsys):
    set_commit(finished, commit)
    with pytest.raises(SystemExit, match="2"):
        leaderboard.main(["--publish", str(finished), *places])
    assert "in no commit" in capsys.readouterr().err


def test_a_run_that_went_on_with_such_code_is_not_published_either(finished, places, capsys):
    path = finished / "environment.json"
    records.write_json(path, records.read_json(path) | {"resumed_with": ["0123456789", "9876543210+"]})
    with pytest.raises(SystemExit, match="2"):
        leaderboard.main(["--publish", str(finished), *places])
    assert "in no commit" in capsys.readouterr().err


def test_an_unfinished_run_is_not_published(finished, places, capsys):
    (finished / "metrics.json").unlink()
    with pytest.raises(SystemExit, match="2"):
        leaderboard.main(["--publish", str(finished), *places])
    assert "no finished run" in capsys.readouterr().err


def test_a_readme_without_marks_is_an_error(finished, places, tmp_path, capsys):
    (tmp_path / "README.md").write_text("nothing", encoding="utf-8")
    with pytest.raises(SystemExit, match="2"):
        leaderboard.main(["--publish", str(finished), *places])
    assert "lacks the lines" in capsys.readouterr().err


def test_what_this_repository_shows_is_what_its_published_runs_say(tmp_path):
    published = REPOSITORY / "results" / "published"
    assert list(published.glob("*/*/metrics.json")), "nothing is published"
    copy = tmp_path / "results" / "published"
    shutil.copytree(published, copy)
    for name in ("README.md", "results/README.md"):
        shutil.copyfile(REPOSITORY / name, tmp_path / name)
    leaderboard.main(["--published", str(copy), "--readme", str(tmp_path / "README.md")])
    for name in ("README.md", "results/README.md", "results/leaderboard.csv"):
        shown, made = ((root / name).read_text(encoding="utf-8") for root in (REPOSITORY, tmp_path))
        assert shown == made, f"{name} was edited by hand; run python -m experiments.leaderboard"


def test_published_runs_name_no_folder_of_the_machine_they_ran_on():
    paths = [*(REPOSITORY / "results" / "published").rglob("environment.json")]
    assert paths, "nothing is published"
    for path in paths:
        words = shlex.split(records.read_json(path)["command"])
        assert not [
            word for word in words if PurePosixPath(word).is_absolute() or PureWindowsPath(word).drive
        ]


@pytest.fixture
def finished_search(make_search, tmp_path):
    """A finished search with the run of its best setting, made as if all code were committed."""
    folder = tmp_path / "runs" / "four_composers" / "search-example"
    make_search(folder, running=False)
    for one in (folder, folder / "best"):
        path = one / "environment.json"
        made_with = records.read_json(path) if path.exists() else {"command": "python -m experiments.tune"}
        records.write_json(path, made_with | {"commit": "0123456789", "resumed_with": []})
    return folder


def test_a_search_is_published_with_its_trials_and_has_a_row_of_its_own(
    finished_search, places, tmp_path, capsys
):
    leaderboard.main(["--publish", str(finished_search), *places])
    assert "Published runs: 0, in" in capsys.readouterr().out
    published = tmp_path / "results" / "published" / "four_composers" / finished_search.name
    names = {path.relative_to(published).as_posix() for path in published.rglob("*") if path.is_file()}
    assert {
        "search.json",
        "oracle.json",
        "metrics.json",
        "trials.csv",
        "best/metrics.json",
        "report.html",
    } <= names
    assert not [name for name in names if "checkpoint" in name or name.startswith((".", "tensorboard"))]
    assert len([name for name in names if name.endswith("trial.json")]) == 12
    metrics = records.read_json(finished_search / "metrics.json")
    text = (tmp_path / "results" / "README.md").read_text(encoding="utf-8")
    assert f"{metrics['best']['score']:.3f} ± {metrics['best']['spread']:.3f}" in text
    assert f"**{metrics['test']['piece']['macro_f1']:.3f}**" in text
    assert f"[S1](published/four_composers/{finished_search.name})" in text


def test_an_unfinished_search_is_not_published(finished_search, places, capsys):
    (finished_search / "metrics.json").unlink()
    with pytest.raises(SystemExit, match="2"):
        leaderboard.main(["--publish", str(finished_search), *places])
    assert "is not finished; go on with it with --resume first" in capsys.readouterr().err


def test_many_answers_by_piece_are_published_compressed_and_read_as_before(
    finished, places, tmp_path, monkeypatch
):
    from experiments.engine import publishing
    from experiments.engine.boards.seeds import over_seeds, read_run

    largest = (finished / "metrics.json").stat().st_size
    monkeypatch.setattr(publishing, "LARGEST_BYTES", largest)
    with (finished / "predictions.csv").open("a", encoding="utf-8") as file:
        file.write("\n" * largest)  # a table skips empty lines
    leaderboard.main(["--publish", str(finished), *places])
    published = tmp_path / "results" / "published" / "four_composers" / finished.name
    assert (published / "predictions.csv.gz").exists() and not (published / "predictions.csv").exists()
    run = read_run(published)
    assert run.answers("piece").pieces == read_predictions(finished / "predictions.csv").pieces
    other = read_run(published)
    other.metrics["seed"] = 1
    (group,) = over_seeds([run, other])
    assert group.piece_macro_f1()["macro_f1"] == pytest.approx(run.metrics["test"]["piece"]["macro_f1"])
