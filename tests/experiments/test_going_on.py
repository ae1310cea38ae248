"""A study over all folds that is published before it is finished goes on where only the repository is."""

import shutil

import pytest

from experiments import leaderboard
from experiments.engine import networks, publishing, records
from experiments.engine.boards.readme import IN_README
from experiments.engine.boards.runs import COLUMNS
from experiments.engine.predictions import read_predictions
from experiments.engine.publishing import publish
from experiments.four_composers import main
from features.errors import InputError

ALL_FOLDS = ("--smoke", "--fold", "all")


def folds_of(study):
    return sorted(path.parent for path in study.glob("folds/*/*/metrics.json"))


def rewrite(folder, **values):
    path = folder / "environment.json"
    records.write_json(path, records.read_json(path) | values)


@pytest.fixture(scope="module")
def finished(run_study, small, tmp_path_factory):
    """The run folder of a study of three folds."""
    return run_study(tmp_path_factory.mktemp("finished"), *ALL_FOLDS, *small)


@pytest.fixture
def study(finished, tmp_path):
    """A copy of it, made as if all code were committed."""
    copy = tmp_path / "here" / finished.name
    shutil.copytree(finished, copy)
    for folder in (copy, *folds_of(copy)):
        rewrite(folder, commit="0123456789", resumed_with=[])
    return copy


@pytest.fixture
def unfinished(study):
    """The same, stopped in the middle of the third fold."""
    (study / "metrics.json").unlink()
    (folds_of(study)[2] / "metrics.json").unlink()
    return study


@pytest.fixture
def published(unfinished, tmp_path):
    """Where the two finished folds are published."""
    publish(unfinished, tmp_path / "published")
    return tmp_path / "published"


@pytest.fixture
def go_on(run_study, small, tmp_path, published, monkeypatch):
    """Returns a function that goes on elsewhere; it returns the run folder and how many folds were trained."""

    def run():
        trained, train = [], networks.train_network
        monkeypatch.setattr(
            networks, "train_network", lambda *args, **kwargs: trained.append(1) or train(*args, **kwargs)
        )
        arguments = ("--resume", "--published", str(published))
        return run_study(tmp_path / "there", *ALL_FOLDS, *small, *arguments), len(trained)

    return run


def test_finished_folds_are_taken_and_the_rest_is_trained(go_on, finished, unfinished, capsys):
    folder, num_trained = go_on()
    assert num_trained == 1
    assert capsys.readouterr().err.count("Taken as it is in") == 2
    assert [fold.name for fold in folds_of(folder)] == [fold.name for fold in folds_of(finished)]
    for name in ("predictions.csv", "predictions-fingerprint.csv", "predictions-stacked.csv"):
        assert read_predictions(folder / name).pieces == read_predictions(finished / name).pieces
    assert (folder / "predictions.csv").read_bytes() == (finished / "predictions.csv").read_bytes()
    taken = records.read_json(folds_of(folder)[0] / "environment.json")
    assert taken == records.read_json(folds_of(unfinished)[0] / "environment.json")


def test_a_fold_that_was_published_by_itself_is_taken_too(go_on, published):
    fold = min(published.glob("*/*/folds/*/*/metrics.json")).parent
    fold.rename(published / "four_composers" / fold.name)
    _, num_trained = go_on()
    assert num_trained == 1


def test_a_fold_that_was_run_here_by_itself_is_taken_too(run_study, small, tmp_path, cache_dir, capsys):
    alone = run_study(tmp_path, "--smoke", "--num-folds", "3", *small)
    places = (
        "--results-dir",
        str(tmp_path),
        "--cache-dir",
        str(cache_dir),
        "--published",
        str(tmp_path / "none"),
    )
    main([*ALL_FOLDS, *small, "--resume", *places])
    assert f"Taken as it is in {alone}." in capsys.readouterr().err
    (study,) = set(alone.parent.iterdir()) - {alone}
    first, *others = folds_of(study)
    assert first.name == alone.name and len(others) == 2
    assert (first / "model.h5").read_bytes() == (alone / "model.h5").read_bytes()


def test_a_fold_split_otherwise_or_of_other_music_is_trained_anew(go_on, published, capsys):
    first, second = sorted(path.parent for path in published.glob("*/*/folds/*/*/metrics.json"))
    rows = records.read_csv(first / "splits.csv")
    for row in rows:
        row["split"] = {"train": "test", "test": "train"}.get(row["split"], row["split"])
    records.write_csv(first / "splits.csv", list(rows[0]), rows)
    rewrite(second, contents="of other files")
    _, num_trained = go_on()
    assert num_trained == 3
    said = capsys.readouterr().err
    assert "The split has changed since" in said and "hold other music" in said
    assert said.count("Not taken from") == 2


def test_without_resume_nothing_is_taken(run_study, small, tmp_path, published, monkeypatch):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(networks, "train_network", stop)
    with pytest.raises(SystemExit, match="130"):
        run_study(tmp_path / "there", *ALL_FOLDS, *small, "--published", str(published))
    assert not list((tmp_path / "there").rglob("metrics.json"))


def test_a_published_fold_holds_what_sums_it_up_and_no_figure(published, unfinished):
    (study,) = (published / "four_composers").iterdir()
    assert study.name == unfinished.name
    assert not records.is_finished(study)
    folds = folds_of(study)
    assert [fold.name for fold in folds] == [fold.name for fold in folds_of(unfinished)]
    names = {path.name for path in folds[0].iterdir()}
    assert {
        "config.json",
        "environment.json",
        "splits.csv",
        "predictions-chunks.csv.gz",
        "history.csv",
    } <= names
    assert not names & {"figures", "model.h5", "model.json", "report.html"}


def test_an_unfinished_study_has_no_row(published, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(leaderboard.empty_places(*IN_README), encoding="utf-8")
    leaderboard.main(["--published", str(published), "--readme", str(readme)])
    assert "No run has been published yet." in readme.read_text(encoding="utf-8")
    assert (tmp_path / "leaderboard.csv").read_text(encoding="utf-8").strip() == ",".join(COLUMNS)


def test_publishing_one_fold_more_keeps_those_of_other_machines(unfinished, published):
    shutil.rmtree(folds_of(unfinished)[0])
    before = len(list(published.rglob("metrics.json")))
    publish(unfinished, published)
    assert len(list(published.rglob("metrics.json"))) == before == 2


def test_folds_of_a_finished_study_leave_their_answers_to_its_summary(study, tmp_path):
    target = publish(study, tmp_path / "published")
    assert (target / "predictions-chunks.csv.gz").exists() and (target / "figures").exists()
    assert len(folds_of(target)) == 3
    for fold in folds_of(target):
        names = {path.name for path in fold.glob("predictions*")}
        assert names == {"predictions-validation.csv", "predictions-fingerprint-validation.csv"}
        assert {"splits.csv", "history.csv", "environment.json"} <= {path.name for path in fold.iterdir()}


def test_an_answer_too_large_for_the_summary_stays_with_the_folds(study, tmp_path, monkeypatch):
    name = "predictions-chunks.csv.gz"
    monkeypatch.setattr(publishing, "LARGEST_BYTES", (study / name).stat().st_size - 1)
    target = publish(study, tmp_path / "published")
    assert not (target / name).exists()
    assert all((fold / name).exists() for fold in folds_of(target))


@pytest.mark.parametrize("finish", [True, False])
def test_a_fold_made_with_code_that_is_in_no_commit_is_not_published(study, tmp_path, finish):
    if not finish:
        (study / "metrics.json").unlink()
    rewrite(folds_of(study)[1], resumed_with=["0123456789+"])
    with pytest.raises(InputError, match=r"work-1-seed0.* was made with code that is in no commit"):
        publish(study, tmp_path / "published")
    assert not (tmp_path / "published").exists()


def test_a_finished_study_is_not_replaced_by_an_unfinished_one(study, tmp_path):
    publish(study, tmp_path / "published")
    (study / "metrics.json").unlink()
    with pytest.raises(InputError, match="is finished, .* is not"):
        publish(study, tmp_path / "published")
