"""Models compared, from the command line to the page: runs, files without runs, what was heard, what is refused."""

import json
import shutil

import h5py
import pytest

from experiments import compare
from experiments.engine import records
from experiments.engine.comparing.candidates import Candidate
from experiments.engine.saved_models import SavedModel

QUICK = ("--no-speed", "--rolls", "2")
BINARY = ("--encoder", "piano_roll", "--channels", "binary")
COMPOSERS = ("Ada", "Bela", "Cleo", "Dov")


@pytest.fixture(scope="module")
def other(run_study, tmp_path_factory):
    """A run of another network, which reads velocities too."""
    small = ("--hyperparameters", "units", "16", "num_layers", "1", "--model", "lstm")
    return run_study(tmp_path_factory.mktemp("other"), "--smoke", *small)


@pytest.fixture
def run_compare(tmp_path, cache_dir):
    """Returns a function that compares in this process and returns the folder and what `compare.json` holds."""

    def run(*arguments):
        folder = tmp_path / "comparison"
        places = ["--output", str(folder), "--cache-dir", str(cache_dir)]
        compare.main([*map(str, arguments), *QUICK, *places])
        return folder, records.read_json(folder / "compare.json")

    return run


@pytest.fixture
def refuse(run_compare, capsys):
    """Returns a function that gives the sentence with which a comparison is refused."""

    def run(*arguments):
        with pytest.raises(SystemExit) as stopped:
            run_compare(*arguments)
        assert stopped.value.code == 2
        return capsys.readouterr().err.strip().splitlines()[-1]

    return run


@pytest.fixture
def copy_run(tmp_path):
    """Returns a function that copies a run, to be changed."""

    def copy(run, name="copy"):
        shutil.copytree(run, tmp_path / name)
        return tmp_path / name

    return copy


@pytest.fixture
def bare(uninterrupted, tmp_path):
    shutil.copyfile(uninterrupted / "model.h5", tmp_path / "bare.h5")
    return tmp_path / "bare.h5"


def change_rows(path, change):
    rows = [row for row in map(change, records.read_csv(path)) if row]
    records.write_csv(path, list(rows[0]), rows)


def fail(*arguments, **keywords):
    pytest.fail("The model was asked again.")


def test_runs_are_compared_with_the_answers_that_they_hold(
    run_compare, uninterrupted, other, monkeypatch, read_rows
):
    monkeypatch.setattr(SavedModel, "answer", fail)
    folder, record = run_compare(uninterrupted, other, "--names", "convolutions", "recurrent")
    assert {path.name for path in folder.iterdir()} == {
        *(
            "compare.json",
            "compare.html",
            "compare.csv",
            "differences.csv",
            "composers.csv",
            "disagreements.csv",
        ),
        *("figures", "rolls"),
    }
    rows = read_rows(folder / "compare.csv")
    assert [(row["model"], row["level"], row["on"], row["heard"]) for row in rows] == [
        (letter, level, "unheard works", "0") for letter in "AB" for level in ("piece", "chunk")
    ]
    for row, run in zip(rows[::2], (uninterrupted, other), strict=True):
        expected = records.read_json(run / "metrics.json")["test"]["piece"]
        for metric in ("accuracy", "macro_f1", "log_loss", "calibration_error"):
            assert float(row[metric]) == pytest.approx(expected[metric], abs=1e-4)
            assert float(row[f"{metric}_low"]) <= float(row[f"{metric}_high"])
    (pair,) = read_rows(folder / "differences.csv")
    assert pair["sentence"] == record["pairs"][0]["sentence"]
    assert sum(int(pair[f"works_{name}"]) for name in ("better", "worse", "equal")) == int(rows[0]["works"])
    assert {row["composer"] for row in read_rows(folder / "composers.csv")} == set(COMPOSERS)
    assert not record["alarms"]


def test_the_page_shows_figures_and_rolls_that_are_there(run_compare, uninterrupted, other):
    folder, record = run_compare(uninterrupted, other)
    page = (folder / "compare.html").read_text(encoding="utf-8")
    for path in (*folder.glob("figures/*.png"), *folder.glob("rolls/*.png")):
        assert f'"{path.relative_to(folder).as_posix()}"' in page
    assert {path.name for path in folder.glob("figures/*.png")} == {
        *("confusion_A.png", "confusion_B.png", "reliability.png", "composers.png")
    }
    assert len([*folder.glob("rolls/*.png")]) == min(2, record["num_disagreements"]) > 0
    assert "http" not in page.replace(record["command"], "")


def test_without_runs_a_corpus_is_asked_for(refuse, uninterrupted, bare):
    (file := bare.with_name("model.h5")).write_bytes(bare.read_bytes())
    shutil.copyfile(uninterrupted / "model.json", file.with_suffix(".json"))
    assert "name a corpus with --corpus" in refuse(file, file)


def test_on_a_corpus_what_was_heard_stands_apart_and_is_said_in_red(
    run_compare, uninterrupted, other, capsys, monkeypatch
):
    monkeypatch.setenv("FORCE_COLOR", "1")
    folder, record = run_compare(uninterrupted / "model.h5", other, "--corpus", "synthetic")
    groups = {row["on"]: row for row in record["rows"] if row["level"] == "piece" and row["model"] == "A"}
    tested = records.read_json(uninterrupted / "metrics.json")["test"]["piece"]
    assert groups["unheard works"]["pieces"] == tested["count"]
    assert groups["unheard works"]["accuracy"] == pytest.approx(tested["accuracy"])
    assert groups["unheard works"]["heard"] == 0 < groups["heard works"]["heard"]
    assert [alarm[:3] for alarm in record["alarms"]] == ["A (", "B ("]
    printed = capsys.readouterr().out
    assert f"\x1b[1;31m{record['alarms'][0][:20]}" in printed
    page = (folder / "compare.html").read_text(encoding="utf-8")
    assert page.count('class="alarm"') == 2
    assert page.count('<tr class="heard">') == 4
    assert record["on"] == "unheard works"


def test_a_bare_file_is_asked_for_its_encoder_and_classes_and_nobody_knows_what_it_heard(
    run_compare, refuse, other, bare
):
    assert "which says for which encoder and classes" in refuse(other, bare)
    for half in (BINARY, ("--classes", *COMPOSERS)):
        assert "have to be told both whom they know" in refuse(other, bare, *half)
    assert "takes (128, 150, 1)" in refuse(other, bare, "--encoder", "piano_roll", "--classes", *COMPOSERS)
    assert "none of these models is one" in refuse(other, other, *BINARY, "--classes", "Nobody", "Else")
    _, record = run_compare(other, bare, *BINARY, "--classes", *COMPOSERS)
    (alarm,) = record["alarms"]
    assert alarm.startswith("B (") and "does not say what it was trained on" in alarm
    assert {row["heard"] for row in record["rows"] if row["model"] == "B"} == {""}
    assert record["pairs"][0]["sentence"].endswith(" But B does not say what it has heard.")
    assert {row["pieces"] for row in record["rows"]} == {len(records.read_csv(other / "predictions.csv"))}


def test_runs_tested_on_other_pieces_are_refused_unless_the_intersection_is_wanted(
    run_compare, refuse, uninterrupted, other, copy_run
):
    fewer = copy_run(other)
    left_out = records.read_csv(fewer / "predictions.csv")[0]["piece"]
    change_rows(fewer / "predictions.csv", lambda row: row if row["piece"] != left_out else None)
    sentence = refuse(uninterrupted, fewer)
    assert "tested on different pieces (A on 16, B on 15), 15 of which are common" in sentence
    _, record = run_compare(uninterrupted, fewer, "--intersection")
    assert {row["pieces"] for row in record["rows"]} == {15}


def test_a_published_study_answers_by_its_folds_where_its_own_answers_are_too_large(other, copy_run):
    study = copy_run(other)
    fold = study / "folds" / "four_composers" / "one"
    fold.mkdir(parents=True)
    (study / "config.json").rename(fold / "config.json")
    (study / "predictions.csv").rename(fold / "predictions.csv")
    found = Candidate("A", "study", None, run=study).answers("piece")
    assert found.pieces == Candidate("B", "run", None, run=other).answers("piece").pieces


def test_runs_of_other_pieces_altogether_are_refused(refuse, uninterrupted, other, copy_run):
    foreign = copy_run(other)
    change_rows(foreign / "predictions.csv", lambda row: row | {"piece": f"other/{row['piece']}"})
    assert "no test piece in common" in refuse(uninterrupted, foreign, "--intersection")


def test_a_run_that_has_heard_its_test_works_is_found_out(run_compare, uninterrupted, other, copy_run):
    leaky = copy_run(other)
    tested = records.read_csv(leaky / "predictions.csv")[0]["work"]

    def leak(row):
        return row | {"work": tested} if row["split"] == "train" and row["piece"].startswith("Ada") else row

    change_rows(leaky / "splits.csv", leak)
    _, record = run_compare(uninterrupted, leaky)
    assert any(
        "another movement or arrangement of a work that was heard" in alarm for alarm in record["alarms"]
    )
    assert {row["on"] for row in record["rows"]} == {"unheard works", "heard works"}


def test_where_every_work_was_heard_even_the_differences_are_marked(
    run_compare, uninterrupted, other, copy_run
):
    leaky = copy_run(other)
    change_rows(leaky / "splits.csv", lambda row: row | {"work": "one"})
    _, record = run_compare(uninterrupted, leaky)
    assert {row["on"] for row in record["rows"]} == {record["on"]} == {"heard works"}
    assert "even their differences are on heard works" in record["alarms"][-1]
    (pair,) = record["pairs"]
    assert pair["sentence"].endswith(" and B has heard the works of 16 of these 16 pieces.")
    assert not pair["is_sure"]


def test_a_calibration_that_changes_nothing_here_is_told(run_compare, uninterrupted, other, copy_run):
    calibrated = copy_run(other)
    description = records.read_json(calibrated / "model.json")
    fitted = {"temperature": 2.0, "training_prior": [0.25] * len(COMPOSERS)}
    records.write_json(calibrated / "model.json", description | {"calibration": fitted})
    _, record = run_compare(uninterrupted, calibrated)
    assert [note[:20] for note in record["notes"]] == ["B is calibrated, but"]


def test_files_that_changed_are_asked_again(run_compare, refuse, uninterrupted, other, copy_run, monkeypatch):
    older = copy_run(other)
    records.write_json(
        older / "environment.json", records.read_json(older / "environment.json") | {"contents": "changed"}
    )
    _, record = run_compare(uninterrupted, older)
    assert len(record["pairs"]) == 1
    (older / "model.h5").unlink()
    assert "holds no model.h5 to ask" in refuse(uninterrupted, older)


def test_models_of_other_classes_are_compared_on_those_in_common(
    run_compare, refuse, uninterrupted, other, copy_run
):
    fewer = copy_run(other)

    def keep(composers):
        metrics = records.read_json(other / "metrics.json") | {"classes": list(composers)}
        records.write_json(fewer / "metrics.json", metrics)
        shutil.copyfile(other / "predictions.csv", fewer / "predictions.csv")
        kept = [f"p_{name}" for name in composers]
        change_rows(
            fewer / "predictions.csv",
            lambda row: {
                name: value for name, value in row.items() if not name.startswith("p_") or name in kept
            },
        )
        (fewer / "predictions-chunks.csv.gz").unlink(missing_ok=True)

    keep(COMPOSERS[:3])
    _, record = run_compare(uninterrupted, fewer)
    assert record["classes"] == list(COMPOSERS[:3])
    assert any(note.startswith("A also knows Dov: pieces by them are left out") for note in record["notes"])
    assert all(row["level"] == "piece" for row in record["rows"] if row["model"] == "B")
    keep(COMPOSERS[:1])
    assert "1 class in common, too few to compare" in refuse(uninterrupted, fewer)


def test_a_hostile_file_is_one_sentence(refuse, uninterrupted, bare, tmp_path):
    with h5py.File(bare, "a") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"][-1]["class_name"] = "Lambda"
        file.attrs["model_config"] = json.dumps(config)
    sentence = refuse(uninterrupted, bare, *BINARY, "--classes", *COMPOSERS)
    assert "was not loaded: it asks for a Lambda layer, which is code" in sentence


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "at least two models"),
        (("nobody", "nobody"), "There is no model 'nobody'"),
        (("nobody", "nobody", "--names", "one"), "a name for each of 2 models"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(refuse, arguments, sentence):
    assert sentence in refuse(*arguments)


@pytest.mark.slow
def test_a_rehearsal_measures_speed_and_memory_too(tmp_path, cache_dir):
    compare.main(["--smoke", "--results-dir", str(tmp_path), "--cache-dir", str(cache_dir)])
    record = records.read_json(tmp_path / "compare" / "comparison" / "compare.json")
    for model in record["models"]:
        assert model["chunks_per_second"] >= model["slowest_chunks_per_second"] > 0
        assert model["file_bytes"] > 10_000
        assert model["peak_bytes"] is None or model["peak_bytes"] > 100_000_000
