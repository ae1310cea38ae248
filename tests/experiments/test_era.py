"""The study of eras: from rolls and from messages, and nobody who is tested was heard."""

import importlib
import json
import shutil

import pytest

from experiments import compare, four_composers
from experiments.engine.config import Config
from experiments.engine.predictions import read_predictions
from experiments.engine.saved_models import load_saved_model
from experiments.engine.sharing import share
from experiments.era import DEFAULT, configure, main
from features.corpora import synthetic

MESSAGES = (
    "--smoke",
    "--encoder",
    "messages",
    "--hyperparameters",
    "units",
    "8",
    "--chunks-per-epoch",
    "300",
)


def run(results, cache_dir, *arguments):
    main([*arguments, "--cache-dir", str(cache_dir), "--results-dir", str(results)])
    (folder,) = (results / "era").iterdir()
    return folder


@pytest.fixture(scope="module")
def of_messages(cache_dir, tmp_path_factory):
    return run(tmp_path_factory.mktemp("messages"), cache_dir, *MESSAGES)


def test_a_run_asks_for_eras_and_says_so_everywhere(of_messages, read_rows):
    metrics = json.loads((of_messages / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["label"] == "era" and metrics["classes"] == ["Baroque", "Modern"]
    assert metrics["encoder"] == "messages" and metrics["model"] == "message_lstm"
    assert set(metrics["test"]["baselines"]) == {"majority", "fingerprint"}  # histograms are of rolls
    (row, *_) = read_rows(of_messages / "splits.csv")
    assert (row["composer"], row["era"]) == ("Pupil 2 of Ada", "Baroque")
    answers = read_predictions(of_messages / "predictions.csv")
    assert answers.label == "era" and set(answers.composers) == {"Baroque", "Modern"}
    assert list(read_rows(of_messages / "predictions.csv")[0])[:3] == ["piece", "work", "era"]
    assert "By era" in (of_messages / "report.html").read_text(encoding="utf-8")


def test_the_saved_model_knows_its_question_and_what_training_heard(of_messages):
    model = load_saved_model(of_messages)
    assert model.description["label"] == model.description["study"] == "era"
    assert model.encoder.is_fitted and model.encoder.means[model.encoder.features.index("note")] > 40
    assert model.model.input_shape[1:] == (24, 8)


@pytest.fixture(scope="module")
def by_composer(cache_dir, tmp_path_factory):
    small = ("--hyperparameters", "width", "16", "num_blocks", "3", "--channels", "binary")
    return run(tmp_path_factory.mktemp("composer"), cache_dir, "--smoke", "--protocol", "composer", *small)


def test_under_the_protocol_composer_nobody_is_trained_on_and_tested(by_composer, read_rows):
    folder = by_composer
    sides = {}
    for row in read_rows(folder / "splits.csv"):
        sides.setdefault(row["composer"], set()).add(row["split"])
    assert len(sides) == 12 and all(len(of_one) == 1 for of_one in sides.values())
    assert set().union(*sides.values()) == {"train", "validation", "test"}
    answers = read_predictions(folder / "predictions.csv")
    assert set(answers.units) == {name for name, of_one in sides.items() if of_one == {"test"}}
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "bootstrap over composers" in page and "<th>pieces</th><th>composers</th>" in page
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    tested = {name: of["writers"] for name, of in metrics["test"]["piece"]["per_class"].items()}
    assert sum(tested.values()) == len(set(answers.units)) and min(tested.values()) > 0
    for name in ("stacked", "fingerprint"):
        assert read_predictions(folder / f"predictions-{name}.csv").writers
    assert (folder / "figures" / "confusion_piece.png").exists()


def test_a_comparison_asks_for_eras_too_and_says_of_how_many_composers(by_composer, cache_dir, tmp_path):
    copy = shutil.copytree(by_composer, tmp_path / "copy")
    places = ("--cache-dir", str(cache_dir), "--output", str(tmp_path / "compared"))
    compare.main([str(by_composer), str(copy), "--no-speed", "--rolls", "0", *places])
    page = (tmp_path / "compared" / "compare.html").read_text(encoding="utf-8")
    assert "<h2>Eras</h2>" in page and "by 1 composer<" in page
    assert "<h2>What is taken for what</h2>" in page and "of the draws of composers" in page
    assert (
        "too few composers for an interval: too few composers to tell" in page and "too few works" not in page
    )
    report = (by_composer / "report.html").read_text(encoding="utf-8")
    assert report.count("too few composers to tell") == 2 and "<td>too few composers for one</td>" in report


def test_the_card_of_a_model_tested_on_too_few_composers_has_no_interval(by_composer, tmp_path):
    share(by_composer, tmp_path, repository="somebody/eras", license="cc-by-4.0", audit=None)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "too few composers to tell" in card and "None" not in card


def test_who_it_was_cannot_be_asked_of_unheard_composers(cache_dir, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        four_composers.main(
            [
                "--smoke",
                "--protocol",
                "composer",
                "--cache-dir",
                str(cache_dir),
                "--results-dir",
                str(tmp_path),
            ]
        )
    assert stopped.value.code == 2 and "so who it was cannot be asked" in capsys.readouterr().err


def test_the_sides_of_a_corpus_need_a_corpus_that_has_some(cache_dir, tmp_path, capsys):
    with pytest.raises(SystemExit):
        run(tmp_path, cache_dir, "--smoke", "--protocol", "given")
    assert "this corpus has none; take --protocol work" in capsys.readouterr().err


def test_types_of_messages_cannot_be_mixed(cache_dir, tmp_path, capsys):
    with pytest.raises(SystemExit):
        run(tmp_path, cache_dir, *MESSAGES, "--mixup", "0.2")
    assert "has nothing that could be changed by --mixup" in capsys.readouterr().err


@pytest.mark.slow
def test_the_references_own_corpus_with_its_own_sides(cache_dir, tmp_path, read_rows):
    table = importlib.import_module("pyarrow.parquet")
    sides = {"train": range(1, 7), "validation": (7, 8), "test": (9, 10)}
    for side, numbers in sides.items():
        rows = [
            {"title": f"{composer} {opus}", "composer": composer, "year": year, "era": None}
            | {name: "" for name in ("style", "key", "license")}
            | {"midi": synthetic.compose(composer, opus, movement=1)}
            for composer, year in (("Ada", 1650.0), ("Cleo", 1920.0))
            for opus in numbers
        ]
        path = tmp_path / "music" / f"{side}-00000-of-00001.parquet"
        path.parent.mkdir(exist_ok=True)
        table.write_table(importlib.import_module("pyarrow").Table.from_pylist(rows), path)
    where = ("--corpus", "imslp_midi", "--data-home", str(tmp_path / "music"), "--protocol", "given")
    small = ("--epochs", "1", "--min-pieces", "2", "--hyperparameters", "units", "8", "--encoder", "messages")
    folder = run(tmp_path / "results", cache_dir, *where, *small)
    for row in read_rows(folder / "splits.csv"):
        assert row["piece"].startswith(f"{row['split']}-")
        assert row["era"] == {"Ada": "Baroque", "Cleo": "Modern"}[row["composer"]]


@pytest.mark.parametrize(
    ("encoder", "model"),
    [("piano_roll", "frame_cnn"), ("messages", "message_lstm"), ("descriptors", "descriptor_lstm")],
)
def test_every_encoding_has_a_builder(encoder, model):
    assert configure(DEFAULT.replace(encoder={"encoder": encoder})).model.model == model
    asked = DEFAULT.replace(encoder={"encoder": encoder}, model={"model": "lstm"})
    assert configure(asked) == asked


def test_other_studies_are_called_what_they_were():
    """A question that is younger than published runs must not change their names."""
    assert "label" not in Config("four_composers").to_dict()["corpus"]
    assert Config("four_composers").digest() == Config.from_dict(Config("four_composers").to_dict()).digest()
