"""A saved model explained, as a user does it: the page of a piece, the check, and what goes wrong."""

import json
import re
import runpy
from pathlib import Path

import pytest

from experiments import explain
from experiments.engine.explaining import checking, page, trials
from experiments.engine.exploring import sounds
from features.corpora.synthetic import compose
from features.encoders.piano_roll import PianoRoll
from features.errors import InputError
from models.saving import save

LISTENER = Path(__file__).parent / "engine" / "explaining" / "conftest.py"


@pytest.fixture(scope="module")
def run_of(tmp_path_factory):
    """Returns a function that saves a model that listens to one pitch, as a run does that heard some pieces."""
    make = runpy.run_path(str(LISTENER))["make_listener"]

    def saved(**description):
        encoder = {"name": "piano_roll", "settings": PianoRoll(channels=("binary",)).settings()}
        usual = {"encoder": encoder, "classes": ["Ada", "Bela", "Cleo"], "trained_on": [], "validated_on": []}
        folder = tmp_path_factory.mktemp("run")
        save(make(), folder / "model.h5", description=usual | description)
        return folder

    return saved


@pytest.fixture(scope="module")
def model(run_of):
    return run_of()


@pytest.fixture(scope="module")
def piece(tmp_path_factory):
    path = tmp_path_factory.mktemp("music") / "Ada <b>waltz.mid"
    path.write_bytes(compose("Ada", 1, movement=1))
    return path


@pytest.fixture
def run(model, tmp_path, cache_dir, monkeypatch):
    """Returns a function that runs the tool, without FluidSynth and on the beginnings of pieces."""
    monkeypatch.setattr(sounds, "find_fluidsynth", lambda: None)
    monkeypatch.setattr(checking, "NUM_SHUFFLES", 1)
    monkeypatch.setattr(trials, "NUM_DRAWS", 2)

    def explain_it(*arguments, model=model):
        places = ("--corpus", "synthetic", "--cache-dir", str(cache_dir), "--results-dir", str(tmp_path))
        explain.main([str(model), *map(str, arguments), *places])
        return tmp_path / "explain"

    return explain_it


def fails(run, capsys, *arguments, **settings):
    """Returns the sentence and the exit status with which the tool ends."""
    with pytest.raises(SystemExit) as stopped:
        run(*arguments, **settings)
    return capsys.readouterr().err, stopped.value.code


def test_a_piece_has_a_page_that_needs_nothing_else(run, piece, read_rows, capsys):
    (folder,) = run(piece).glob("*/*")
    html = (folder / "explain.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;waltz" in html and "<b>waltz" not in html
    assert not re.search(r'(src|href)="(?!data:|notes\.csv|#)', html)
    assert html.count("<audio") >= 2 and html.count("data:image/png") >= 2
    assert "Not checked yet for this model" in html
    found = json.loads((folder / "explain.json").read_text(encoding="utf-8"))
    assert found["answer"].keys() == {"Ada", "Bela", "Cleo"}
    assert found["composer"] == max(found["predicted"], key=found["predicted"].get)
    assert "what experiments.predict answers" in html
    assert found["without"]["gradients"] < found["answer"][found["composer"]]
    rows = read_rows(folder / "notes.csv")
    assert len(rows) == found["num_notes"]
    assert sum(int(row["decided"]) for row in rows) == round(0.1 * len(rows))
    speaks = {"Ada": "60", "Bela": "62"}[found["composer"]]
    assert {row["pitch"] for row in rows if float(row["gradients"]) > 1e-3} == {speaks}
    said = capsys.readouterr().out
    assert "has not been checked: run it with --check" in said
    assert f"Open {folder / 'explain.html'}" in said


def test_what_speaks_for_another_can_be_asked(run, piece, tmp_path):
    run(piece, "--composer", "Cleo", "--no-sounds", "--output", tmp_path / "page")
    html = (tmp_path / "page" / "explain.html").read_text(encoding="utf-8")
    assert "what speaks for Cleo, whom the model does not answer" in html
    assert "<audio" not in html


def test_who_is_explained_is_who_is_predicted_though_the_plain_network_answers_another(run, run_of, piece):
    """Here the calibration leaves Cleo alone."""
    fitted = {"temperature": 1.0, "exponent": 0.0, "training_prior": [0.0, 0.0, 1.0]}
    (folder,) = run(piece, "--no-sounds", model=run_of(calibration=fitted)).glob("*/*")
    found = json.loads((folder / "explain.json").read_text(encoding="utf-8"))
    assert found["composer"] == "Cleo" == max(found["predicted"], key=found["predicted"].get)
    assert max(found["answer"], key=found["answer"].get) != "Cleo"


def test_a_long_piece_says_that_notes_were_taken_away_together(run, piece, monkeypatch, capsys):
    monkeypatch.setattr(page, "MOST_DELETIONS", 20)
    run(piece, "--no-sounds")
    assert re.search(r"took away \d+ neighbouring notes at once", capsys.readouterr().out)


def test_a_piece_of_a_corpus_is_found_by_its_name(run):
    (folder,) = run("Bela/opus 03/1", "--no-sounds").glob("*/*")
    assert folder.name == "Bela-opus-03-1"


def test_a_check_says_whether_explanations_can_be_believed(run, piece, read_rows, capsys):
    (folder,) = run("--check", "--seconds", "15", "--num-pieces", "5").glob("*/check-*")
    found = json.loads((folder / "explain_check.json").read_text(encoding="utf-8"))
    assert found["num_pieces"] == 5
    assert found["means"]["odds_gradients"]["mean"] > found["means"]["odds_random"]["mean"]
    rows = read_rows(folder / "pieces.csv")
    assert len({row["piece"] for row in rows}) == 5
    assert {row["composer"] for row in rows} == {"Ada", "Bela", "Cleo"}
    kinds = {row["kind"] for row in read_rows(folder / "categories.csv")}
    assert kinds == {"pitch_class", "register", "length", "density", "chord"}
    html = (folder / "check.html").read_text(encoding="utf-8")
    for file in re.findall(r'(?:src|href)="([^"#]+)"', html):
        assert (folder / file).stat().st_size > 0
    printed = capsys.readouterr().out
    assert "Paired over 5 pieces" in printed and "Not enough to say" in printed
    assert 'class="good"' not in html

    run(piece, "--no-sounds")
    (page_file,) = folder.parent.glob("*/explain.html")
    assert "Checked over 5 pieces of 4 works of synthetic" in page_file.read_text(encoding="utf-8")


def test_another_piece_is_tried_for_one_that_cannot_be(run, monkeypatch, capsys):
    whole, refused = checking.read_with, []

    def read_with(saved, notes):
        if not refused:
            refused.append(notes)
            raise InputError("nothing to hear")
        return whole(saved, notes)

    monkeypatch.setattr(checking, "read_with", read_with)
    (folder,) = run("--check", "--seconds", "15", "--num-pieces", "2").glob("*/check-*")
    assert json.loads((folder / "explain_check.json").read_text(encoding="utf-8"))["num_pieces"] == 2
    assert "Left out: " in capsys.readouterr().err


def test_a_check_that_was_stopped_goes_on(run, monkeypatch):
    tried = []
    whole = trials.try_piece

    def try_piece(*arguments, **settings):
        if len(tried) == 2:
            raise KeyboardInterrupt
        tried.append(arguments[0])
        return whole(*arguments, **settings)

    monkeypatch.setattr(trials, "try_piece", try_piece)
    with pytest.raises(SystemExit) as stopped:
        run("--check", "--seconds", "15", "--num-pieces", "3")
    assert stopped.value.code == 130
    tried.clear()
    (folder,) = run("--check", "--seconds", "15", "--num-pieces", "3", "--resume").glob("*/check-*")
    assert len(tried) == 1
    assert json.loads((folder / "explain_check.json").read_text(encoding="utf-8"))["num_pieces"] == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Expected either a piece to explain or --check"),
        (("piece.mid", "--check"), "Expected either a piece to explain or --check"),
        (("--check", "--composer", "Ada"), "--composer and --output are for a piece"),
        (("--check", "--num-pieces", "0"), "Expected num_pieces to be 1 or more, but received 0"),
        (
            ("--check", "--seconds", "nan"),
            "Expected seconds to be 15 or more, as long as a chunk, but received nan",
        ),
        (("no/such.mid",), "There is no file no/such.mid, and no piece of synthetic has this name"),
        (("no such piece",), "No piece has 'no such piece' in its name"),
        (("Ada/opus 04",), "2 pieces have 'Ada/opus 04' in their name"),
        (
            ("Ada/opus 03/1", "--composer", "Dora"),
            r"whom the model knows (Ada, Bela, Cleo), but received 'Dora'",
        ),
    ],
)
def test_what_cannot_be_explained_is_said_in_a_sentence(run, capsys, arguments, sentence):
    said, status = fails(run, capsys, *arguments)
    assert sentence in said
    assert status == 2


def test_what_is_no_music_is_refused(run, capsys, tmp_path):
    (tmp_path / "no.mid").write_bytes(b"no music at all")
    said, status = fails(run, capsys, tmp_path / "no.mid")
    assert said.strip().endswith("no.mid cannot be explained: it has no MIDI header (MThd)")
    assert status == 2


def test_there_must_be_a_model(run, capsys, tmp_path):
    said, status = fails(run, capsys, "--check", model=tmp_path / "nowhere")
    assert ("There is no model" in said, status) == (True, 2)


def test_a_model_that_has_heard_everything_cannot_be_checked(run, run_of, capsys):
    works = [f"{name} opus {opus:02d}" for name in ("Ada", "Bela", "Cleo") for opus in range(1, 11)]
    heard = [
        {"content": "", "work": prefix + work} for work in works for prefix in ("", "Ada/", "Bela/", "Cleo/")
    ]
    said, status = fails(run, capsys, "--check", model=run_of(trained_on=heard))
    assert ("has heard every work of synthetic; check it on other music" in said, status) == (True, 2)


def test_a_model_of_other_composers_cannot_be_checked(run, run_of, capsys):
    said, status = fails(run, capsys, "--check", model=run_of(classes=["Xan", "Yael", "Zoe"]))
    assert ("has nothing by Xan, Yael, Zoe, whom the model knows" in said, status) == (True, 2)


def test_a_file_that_the_model_was_trained_on_is_named(run, run_of, piece, monkeypatch):
    import hashlib

    content = hashlib.sha256(piece.read_bytes()).hexdigest()
    monkeypatch.setattr(
        page,
        "_pictures",
        lambda _: {"pictures": dict.fromkeys(page.METHODS, []), "legend": "red, blue", "drawn_s": None},
    )
    (folder,) = run(
        piece, "--no-sounds", model=run_of(trained_on=[{"content": content, "work": "waltz"}])
    ).glob("*/*")
    assert "was trained on this music" in (folder / "explain.html").read_text(encoding="utf-8")
