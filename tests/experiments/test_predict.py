"""Files asked about from the command line: MIDI and scores, one and many, for people and for scripts."""

import csv
import io
import json
import tempfile
from pathlib import Path

import pytest

from experiments import predict
from features.corpora import scores_in_time
from features.corpora.synthetic import compose

SCORES = {
    "tune.abc": "X:1\nM:4/4\nL:1/4\nQ:1/4=90\nK:C\nCDEF|GABc|cBAG|FEDC|\n",
    "song.krn": "**kern\n*M4/4\n=1\n4c\n4e\n4g\n4cc\n=\n*-\n",
    "sheet.musicxml": """<?xml version="1.0"?><score-partwise version="3.1">
        <part-list><score-part id="P1"><part-name>Solo</part-name></score-part></part-list>
        <part id="P1"><measure number="1"><attributes><divisions>1</divisions></attributes>
        <note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration></note></measure></part>
        </score-partwise>""",
}


@pytest.fixture
def music(tmp_path):
    """A folder with two pieces, three scores, and two files that cannot be read."""
    folder = tmp_path / "music"
    (folder / "inner").mkdir(parents=True)
    (folder / "ada.mid").write_bytes(compose("Ada", 1, movement=1))
    (folder / "inner" / "bela.MID").write_bytes(compose("Bela", 2, movement=1))
    for name, text in SCORES.items():
        (folder / name).write_text(text)
    (folder / "broken.mid").write_bytes(b"MThd")
    (folder / "broken.xml").write_text("<html>")
    (folder / "notes.txt").write_text("not music")
    return folder


@pytest.fixture
def ask(calibrated, capsys):
    """Returns a function that asks, and returns what it said on standard output and on standard error."""

    def run(*arguments, model=calibrated):
        capsys.readouterr()
        predict.main([*map(str, arguments), "--model", str(model)])
        return capsys.readouterr()

    return run


def test_a_folder_of_all_kinds_is_answered_for_and_what_fails_is_named(ask, music):
    said = ask(music, "--json", "-")
    found = json.loads(said.out)
    names = {Path(answer["file"]).name for answer in found["answers"]}
    assert names == {"ada.mid", "bela.MID", *SCORES}
    assert {Path(error["file"]).name for error in found["errors"]} == {"broken.mid", "broken.xml"}
    assert found["calibrated"] and set(found["prior"]) == {"Ada", "Bela"}
    assert found["says_none_of_these"]["known_pieces"] > 0 <= found["says_none_of_these"]["unknown"] <= 1
    for answer in found["answers"]:
        assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert answer["composer"] == max(answer["probabilities"], key=answer["probabilities"].get)
        assert answer["probability"] >= answer["runner_up_probability"]
        assert answer["answer"] == ("none of these" if answer["none_of_these"] else answer["composer"])
        assert "timeline" not in answer
    assert said.err.count("Not answered: ") == 2 and "broken.xml" in said.err


def test_what_is_not_there_or_holds_no_music_is_named_beside_the_answers(ask, music):
    (music / "bad.zip").write_bytes(b"no zip file")
    (music / "empty").mkdir()
    bad = [music / "bad.zip", music / "nothing.mid", music / "empty", Path("~nobody-of-this-name/a.mid")]
    found = json.loads(ask(*bad, music / "ada.mid", "--json", "-").out)
    assert [Path(answer["file"]).name for answer in found["answers"]] == ["ada.mid"]
    reasons = {Path(error["file"]): error["error"] for error in found["errors"]}
    assert list(reasons) == bad
    for path, reason in zip(
        bad,
        ("is not a zip file", "no file and no folder", "no MIDI file", "no file and no folder"),
        strict=True,
    ):
        assert reason in reasons[path] and path.name in reasons[path]


def test_scripts_read_csv_from_standard_output(ask, music):
    rows = list(csv.DictReader(io.StringIO(ask(music, "--csv", "-").out)))
    assert len(rows) == 7
    for row in rows:
        assert bool(row["error"]) == row["file"].endswith(("broken.mid", "broken.xml"))
        assert row["error"] or float(row["p_Ada"]) + float(row["p_Bela"]) == pytest.approx(1, abs=1e-5)


def test_people_read_a_table_and_a_timeline(ask, music, tmp_path):
    answers = tmp_path / "answers.json"
    said = ask(music / "ada.mid", music / "tune.abc", "--timeline", "--json", answers, "--prior", "Ada=0.9")
    assert (
        "ada.mid" in said.out
        and "runner-up" in said.out
        and "Ada 90%, Bela 10%" in said.out.replace("\n", " ")
    )
    assert "When tested, it said 'none of these' of" in said.out
    rows = json.loads(answers.read_text(encoding="utf-8"))["answers"][0]["timeline"]
    assert rows[0]["start_s"] == 0 and len(rows) > 1
    assert "0:00–0:15" in said.out and said.out.count("█") > 10
    for row in rows:
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-5)


def test_a_model_that_is_not_calibrated_answers_and_says_so(ask, music, uninterrupted):
    said = ask(music / "ada.mid", model=uninterrupted)
    assert "Not calibrated" in said.out
    found = json.loads(ask(music / "ada.mid", "--json", "-", model=uninterrupted).out)
    assert (found["calibrated"], found["prior"], found["answers"][0]["none_of_these"]) == (False, None, None)


def test_nothing_of_the_files_stays_on_disk(ask, music, tmp_path, monkeypatch):
    ask(music / "tune.abc")  # music21 may keep a cache of its own
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setenv("TMPDIR", str(place))
    before = sorted(music.rglob("*"))
    scores_in_time.end_worker()  # the next one inherits the place
    ask(music)
    scores_in_time.end_worker()
    left = [path for path in place.rglob("*") if path.is_file()]  # music21 makes an empty folder
    assert (sorted(music.rglob("*")), left) == (before, [])


def test_a_score_that_takes_too_long_holds_nobody_up(ask, music, monkeypatch):
    (music / "long.abc").write_text("X:1\nM:4/4\nL:1/4\nK:C\n" + "CDEF|" * 4000)  # minutes
    ask(music / "tune.abc")  # music21 has been imported
    monkeypatch.setattr(scores_in_time, "LONGEST_READ_S", 1.0)
    (reading,) = scores_in_time._worker()._pool
    said = ask(music / "ada.mid", music / "long.abc", "--json", "-")
    found = json.loads(said.out)
    assert [Path(answer["file"]).name for answer in found["answers"]] == ["ada.mid"]
    assert "music21 takes longer than 1 seconds to read" in found["errors"][0]["error"]
    reading.join(10)
    assert not reading.is_alive()
    monkeypatch.undo()
    assert len(json.loads(ask(music / "tune.abc", "--json", "-").out)["answers"]) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["broken.mid"], "Not answered: "),
        (["nothing.mid"], "There is no file and no folder"),
        (["ada.mid", "--prior", "Bach=1"], "Expected --prior to be training, flat or shares"),
        (["ada.mid", "--prior", "Ada=0.5,Ada=0.2"], "--prior names Ada twice"),
        (["ada.mid", "--prior", ""], "Expected --prior to be training, flat or shares"),
        (["ada.mid", "--model", "three_composers"], "There is no model"),
        (["ada.mid", "--model", ""], "There is no model ''"),
        (["ada.mid", "--csv", "-", "--json", "-"], "Expected --csv and --json to name different outputs"),
        (["ada.mid", "--csv", "a", "--json", "./a"], "Expected --csv and --json to name different outputs"),
        (["ada.mid", "--csv", "inner"], "Expected --csv to name a file to write, but inner is none"),
        (
            ["ada.mid", "--json", "ada.mid/a.json"],
            "Expected --json to name a file to write, but ada.mid/a.json",
        ),
        ([], "Expected files or folders to ask about"),
    ],
)
def test_what_leaves_nothing_to_answer_ends_in_a_sentence(
    music, calibrated, capsys, monkeypatch, arguments, sentence
):
    monkeypatch.chdir(music)
    with pytest.raises(SystemExit) as stopped:
        predict.main(["--model", str(calibrated), *arguments])
    assert stopped.value.code == 2
    said = capsys.readouterr()
    assert sentence in said.err and not said.out
