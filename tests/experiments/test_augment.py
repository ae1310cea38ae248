"""Files in other keys and at other tempos: named after what was done, beside what was read, never over it."""

import errno
import os
import re
import zipfile

import numpy as np
import pytest

from experiments.augment import main
from features.corpora import synthetic
from features.corpora.catalogue import Request
from features.midi import notes_to_midi, read_events, read_notes


def notes_of(path):
    return read_notes(read_events(path.read_bytes())).notes


def files_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def music(tmp_path):
    """A folder with two readable files, one of them deep within, and one that is none."""
    home = tmp_path / "music"
    (home / "Suites" / "first").mkdir(parents=True)
    (home / "Air.MID").write_bytes(notes_to_midi([(0, 480, 60), (480, 960, 126)]))
    (home / "Suites" / "first" / "Gigue.mid").write_bytes(notes_to_midi([(0, 240, 50)], tempo_us=400_000))
    (home / "broken.mid").write_bytes(b"MThd, but no more")
    return home


def run(home, output, *arguments):
    main(["--data-home", str(home), "--output", str(output), *arguments])


def test_every_file_is_written_in_every_way_and_none_is_touched(music, tmp_path, capsys):
    before = {path: path.read_bytes() for path in music.rglob("*.*")}
    output = tmp_path / "changed"
    run(music, output, "--semitones", "-2", "0", "2", "--tempo", "1", "0.5")
    assert files_in(output) == sorted(
        f"{name}{change}{suffix}"
        for name, suffix in (("Air", ".MID"), ("Suites/first/Gigue", ".mid"))
        for change in ("-2", "+2", " x0.5", "-2 x0.5", "+2 x0.5")
    )
    moved, slow = notes_of(output / "Air+2 x0.5.MID"), notes_of(music / "Air.MID")
    assert moved["pitch"].tolist() == [62, 116]
    np.testing.assert_allclose(moved["end_s"], 2 * slow["end_s"])
    assert notes_of(output / "Suites/first/Gigue-2 x0.5.mid")["end_s"].tolist() == [0.4]
    printed = capsys.readouterr()
    assert "Wrote 10 files" in printed.out and "1 could not be read or written" in printed.out
    assert "Left out: broken.mid: it has no tracks" in printed.err
    assert {path: path.read_bytes() for path in music.rglob("*.*")} == before


def test_notes_beyond_the_edges_are_dropped_when_asked(music, tmp_path):
    run(music / "Air.MID", tmp_path / "out", "--semitones", "2", "--edges", "drop")
    assert notes_of(tmp_path / "out" / "Air+2.MID")["pitch"].tolist() == [62]


def test_what_is_there_stays_unless_it_should_be_written_anew(music, tmp_path, capsys):
    output = tmp_path / "out"
    run(music, output, "--semitones", "1")
    kept = output / "Air+1.MID"
    kept.write_bytes(b"my own")
    run(music, output, "--semitones", "1")
    assert kept.read_bytes() == b"my own"
    printed = capsys.readouterr().out
    assert "Wrote 0 files" in printed and "There already, and left as they were: 2 files" in printed
    run(music, output, "--semitones", "1", "--overwrite")
    assert notes_of(kept)["pitch"].tolist() == [61, 127]
    assert files_in(output) == ["Air+1.MID", "Suites/first/Gigue+1.mid"]  # nothing unfinished


def test_zip_files_and_corpora_are_read_too(music, tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "music.zip", "w") as archive:
        archive.write(music / "Air.MID", "Bach/Air.MID")
    run(tmp_path / "music.zip", tmp_path / "zipped", "--tempo", "2")
    assert files_in(tmp_path / "zipped") == ["Bach/Air x2.MID"]
    corpus = ["--corpus", "synthetic", "--composers", "Ada", "--cache-dir", str(tmp_path / "cache")]
    main([*corpus, "--semitones", "12", "--output", str(tmp_path / "ada")])
    pieces = synthetic.load(Request(composers=("Ada",)))
    assert files_in(tmp_path / "ada") == sorted(f"{piece.piece}+12.mid" for piece in pieces)
    np.testing.assert_array_equal(
        notes_of(tmp_path / "ada" / f"{pieces[0].piece}+12.mid")["pitch"],
        read_notes(read_events(pieces[0].read())).notes["pitch"] + 12,
    )


def test_several_corpora_are_one_with_a_plus_between_them(music, tmp_path):
    for path in music.glob("*.*"):
        path.unlink()  # what lies in no folder has no composer
    corpora = ["--corpus", "synthetic+composer_folders", "--composers", "Ada", "Suites"]
    run(music, tmp_path / "out", *corpora, "--semitones", "12", "--cache-dir", str(tmp_path / "cache"))
    ada = [f"{piece.piece}+12.mid" for piece in synthetic.load(Request(composers=("Ada",)))]
    assert files_in(tmp_path / "out") == sorted([*ada, "Suites/first/Gigue+12.mid"])


def test_two_files_that_would_have_one_name_are_not_written_over_each_other(tmp_path, capsys):
    from experiments.engine.augmenting import Change, augment

    sources = [(name, lambda: notes_to_midi([(0, 480, 60)])) for name in ("Air", "Air.mid")]
    first, second = augment(sources, [Change(2)], tmp_path, overwrite=True)
    assert not first.problem and "what Air became" in second.problem
    assert files_in(tmp_path) == ["Air+2.mid"]


def test_a_name_that_cannot_be_written_does_not_stop_the_others(tmp_path):
    from experiments.engine.augmenting import Change, augment

    names = ["a" * 300, "../out", "Air.mid"]
    sources = [(name, lambda: notes_to_midi([(0, 480, 60)])) for name in names]
    output = tmp_path / "out"
    output.mkdir()
    problems = [outcome.problem for outcome in augment(sources, [Change(2)], output)]
    assert problems[0] == f"it cannot be written: {os.strerror(errno.ENAMETOOLONG)}"
    assert "leads out of the folder" in problems[1] and problems[2] == ""
    assert files_in(tmp_path) == ["out/Air+2.mid"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--semitones", "2"], "Say with --output where the files go"),
        (["--output", "out", "--data-home", "music"], "nothing to change: give --semitones"),
        (["--output", "out", "--semitones", "0", "--tempo", "1.0"], "nothing to change"),
        (["--output", "out", "--semitones", "2"], "Give --data-home a MIDI file, .* or name a --corpus"),
        (["--output", "out", "--semitones", "200"], "semitones from -127 to 127, not 200"),
        (["--output", "out", "--tempo", "0"], "from 0.05 to 20 times that of the piece, not 0"),
        (["--output", "out", "--tempo", "nan"], "from 0.05 to 20 times that of the piece, not nan"),
        (["--output", "music/out", "--semitones", "2", "--data-home", "music"], "lies within music, where"),
        (["--output", "music", "--semitones", "2", "--data-home", "music"], "lies within music, where"),
        (["--output", "out", "--semitones", "2", "--data-home", "nowhere"], "no folder and no file nowhere"),
        (["--output", "out", "--semitones", "2", "--corpus", "songs"], "no corpus named 'songs'"),
        (
            ["--output", "out", "--semitones", "2", "--data-home", "music", "--composers", "Bach"],
            "choose from a corpus; name it with --corpus",
        ),
        (
            ["--output", "out", "--semitones", "2", "--data-home", "music/broken.mid"],
            "Nothing could be written to out; the reasons stand above",
        ),
        (
            ["--output", "out", "--tempo", "0.06", "--data-home", "music/slow.mid"],
            "a beat of it would last 166,666,667 microseconds",
        ),
    ],
)
def test_what_cannot_be_done_ends_in_one_sentence(music, tmp_path, monkeypatch, capsys, arguments, sentence):
    (music / "slow.mid").write_bytes(notes_to_midi([(0, 480, 60)], tempo_us=10_000_000))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert re.search(sentence, " ".join(capsys.readouterr().err.replace("│", " ").split()))
