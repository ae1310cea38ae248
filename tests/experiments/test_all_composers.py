"""The study of all composers, with rare ones and one below the threshold, from the command line to its run folder."""

import gzip
import json

import numpy as np
import pytest

from experiments import all_composers
from experiments.engine.predictions import read_predictions
from features.corpora import synthetic
from features.corpora.catalogue import Request
from features.midi import notes_to_midi

WORKS = {"Ada": range(1, 11), "Bela": range(1, 8), "Cleo": range(1, 3), "Dov": range(1, 2)}
"""Two composers with many works, one with two, and one with one."""

TRAINED = ("--epochs", "2", "--precision", "float32", "--num-folds", "3")


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder of music, with a seventh of a minute by Eve, who is below the threshold."""
    home = tmp_path_factory.mktemp("music")
    for piece in synthetic.load(Request()):
        composer, opus, _ = piece.piece.split("/")
        if int(opus.split()[1]) in WORKS[composer]:
            path = home / f"{piece.piece}.mid"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(piece.read())
    (home / "Eve").mkdir()
    (home / "Eve" / "scale.mid").write_bytes(
        notes_to_midi([(i * 480, i * 480 + 480, 60 + i) for i in range(16)])
    )
    return home


@pytest.fixture(scope="module")
def study(home, cache_dir, small, tmp_path_factory):
    """Returns a function that runs the study and returns its only run folder."""

    def run(*arguments, results=None):
        results = results or tmp_path_factory.mktemp("results")
        all_composers.main(
            [
                *("--corpus", "composer_folders", "--data-home", str(home), "--min-share", "0.01"),
                *(*TRAINED, *small, *arguments),
                *("--cache-dir", str(cache_dir), "--results-dir", str(results)),
            ]
        )
        (folder,) = (results / "all_composers").iterdir()
        return folder

    return run


@pytest.fixture(scope="module")
def folder(study):
    return study("--logit-adjustment", "1")


def test_who_is_below_the_threshold_is_counted_but_no_class(folder, read_rows):
    metrics = read_json(folder / "metrics.json")
    assert metrics["classes"] == ["Ada", "Bela", "Cleo", "Dov"]
    assert metrics["pieces"] == "reference (composers from 1 %)"
    rows = {row["composer"]: row for row in read_rows(folder / "composers.csv")}
    assert {name: row["kept"] for name, row in rows.items()} == dict.fromkeys(WORKS, "yes") | {"Eve": "no"}
    assert {name: int(row["works"]) for name, row in rows.items()} == {
        name: len(works) for name, works in WORKS.items()
    } | {"Eve": 1}
    assert sum(float(row["percent"]) for row in rows.values()) == pytest.approx(100, abs=0.01)
    thresholds = {
        float(row["percent"]): (int(row["above"]), int(row["below"]))
        for row in read_rows(folder / "thresholds.csv")
    }
    assert thresholds[0] == (5, 0) and thresholds[1] == (4, 1)
    assert (folder / "figures" / "composers.png").read_bytes().startswith(b"\x89PNG")


def test_some_of_everybody_is_in_training_and_the_only_work_is_never_tested(folder, read_rows, study, capsys):
    sides = {}
    for row in read_rows(folder / "splits.csv"):
        sides.setdefault(row["composer"], set()).add(row["split"])
    assert set(sides) == set(WORKS)
    assert all("train" in of for of in sides.values())
    assert sides["Dov"] == {"train"}
    metrics = read_json(folder / "metrics.json")
    (never,) = metrics["never_tested"]
    assert (never["composer"], never["works"]) == ("Dov", 1)
    assert never["pieces"] == never["of_pieces"] > 0
    assert metrics["not_in_this_fold"] == ([] if "test" in sides["Cleo"] else ["Cleo"])
    study("--logit-adjustment", "1", "--resume", results=folder.parent.parent)
    for text in (capsys.readouterr().out, (folder / "report.html").read_text(encoding="utf-8")):
        assert "Never tested, but trained on: Dov (" in " ".join(text.split())
    (row,) = (row for row in text.split("<tr>") if row.startswith("<td>Dov</td>"))
    assert row.count("<td></td>") == 3, "nobody can say how well Dov is told"


def test_priors_are_shares_of_the_training_chunks(folder, read_rows):
    priors = read_json(folder / "metrics.json")["priors"]
    assert sum(priors.values()) == pytest.approx(1, abs=1e-4)
    assert priors["Ada"] > priors["Cleo"] > 0


def test_the_saved_model_says_what_was_taken_off_its_logits(folder):
    metrics, description = (read_json(folder / name) for name in ("metrics.json", "model.json"))
    priors = [metrics["priors"][name] for name in description["classes"]]
    np.testing.assert_allclose(description["logit_offsets"], np.log(priors), atol=1e-4)


def test_the_adjusted_network_is_the_one_that_validates_answers_and_is_saved(folder, home, read_rows):
    from features.encoders.piano_roll import PianoRoll
    from features.midi import read_events, read_notes
    from models import saving

    answers = read_predictions(folder / "predictions-chunks.csv.gz")
    model, description = saving.load(folder / "model.h5")
    encoder = PianoRoll(**description["encoder"]["settings"])
    rows = encoder.encode(read_notes(read_events((home / answers.pieces[0]).read_bytes())))
    starts = encoder.chunk_starts(rows.num_frames)
    chunks = encoder.decode(rows, starts, np.full(len(starts), rows.num_frames))
    expected = answers.probabilities[[name == answers.pieces[0] for name in answers.pieces]]
    np.testing.assert_allclose(model.predict(chunks, verbose=0), expected, atol=1e-4)
    history, metrics = read_rows(folder / "history.csv"), read_json(folder / "metrics.json")
    best = max(history, key=lambda row: float(row["val_macro_f1"]))
    assert float(best["val_macro_f1"]) == pytest.approx(metrics["validation"]["chunk"]["macro_f1"], abs=1e-3)
    assert float(best["val_loss"]) == pytest.approx(metrics["validation"]["chunk"]["log_loss"], rel=1e-3)


def test_who_is_taken_for_whom_stands_in_a_table(folder, read_rows):
    rows = read_rows(folder / "confusions.csv")
    answers = read_predictions(folder / "predictions.csv")
    named = [answers.classes[number] for number in answers.probabilities.argmax(axis=1)]
    wrong = sum(one != other for one, other in zip(answers.composers, named, strict=True))
    assert sum(int(row["pieces"]) for row in rows) == wrong
    assert all(row["composer"] != row["taken_for"] for row in rows)


def test_over_all_folds_who_has_two_works_is_tested_once_in_each_piece(study, read_rows):
    folder = study("--fold", "all", "--no-class-weights")
    answers = read_predictions(folder / "predictions.csv")
    expected = [
        piece for piece in read_rows(next(folder.glob("folds/*/*/splits.csv"))) if piece["composer"] != "Dov"
    ]
    assert sorted(answers.pieces) == sorted(row["piece"] for row in expected)
    metrics = read_json(folder / "metrics.json")
    assert [row["composer"] for row in metrics["never_tested"]] == ["Dov"]
    assert metrics["not_in_this_fold"] == []
    assert set(metrics["priors"]) == set(WORKS)
    assert {path.name for path in folder.glob("*.csv")} >= {
        "composers.csv",
        "thresholds.csv",
        "confusions.csv",
    }


@pytest.mark.parametrize("protocol", ["file", "chunk"])
def test_every_protocol_copes_with_rare_composers(study, protocol):
    folder = study("--protocol", protocol, "--no-move")
    metrics = read_json(folder / "metrics.json")
    assert metrics["classes"] == ["Ada", "Bela", "Cleo", "Dov"]
    assert (folder / "predictions-fingerprint.csv").exists()
    header = gzip.decompress((folder / "predictions-chunks.csv.gz").read_bytes()).decode().splitlines()[0]
    assert header == "piece,work,composer,p_Ada,p_Bela,p_Cleo,p_Dov"


def test_it_is_rehearsed_and_has_its_own_defaults(cache_dir, tmp_path, small):
    all_composers.main(["--smoke", *small, "--cache-dir", str(cache_dir), "--results-dir", str(tmp_path)])
    (folder,) = (tmp_path / "all_composers").iterdir()
    config = read_json(folder / "config.json")
    assert config["split"]["rare"] == "train"
    assert config["corpus"]["min_share"] == 0.001
    assert read_json(folder / "metrics.json")["never_tested"] == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--min-share", "0.9"],
            "Expected two composers or more with 0.9 of all chunks and 1 work, but nobody has",
        ),
        (["--min-works", "9"], "but Ada alone has as much; take a lower --min-share or --min-works"),
        (
            ["--rare", "refuse"],
            "3 folds need 3 works of every composer, but there are fewer by Cleo (2), Dov (1)",
        ),
    ],
)
def test_what_leaves_too_little_ends_in_one_sentence(study, arguments, sentence, capsys, tmp_path):
    with pytest.raises(SystemExit) as stopped:
        study(*arguments, results=tmp_path)
    assert stopped.value.code == 2
    assert sentence in capsys.readouterr().err.strip().splitlines()[-1]
    assert not list(tmp_path.iterdir())
