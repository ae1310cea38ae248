"""The catalogue of small corpora, as a user sees it: tables, reasons, and why two pieces are one work."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments import catalogue
from experiments.engine.inspection import description, validation
from features.corpora import midi_classics
from features.corpora.catalogue import Piece
from features.corpora.synthetic import compose
from features.errors import InputError
from features.midi import notes_to_midi

HOME = os.environ.get(midi_classics.HOME_VARIABLE, "")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A small midi_classics: two movements of a sonata, an arrangement of one, strays, and what is left out."""
    folder = tmp_path_factory.mktemp("corpus")
    files = {
        "Haydn/Sonata n4 1mov.mid": compose("Ada", 1, movement=1),
        "Haydn/Sonata n4 2mov.mid": compose("Ada", 2, movement=1),
        "Haydn/Sonata n4 2mov again.mid": compose("Ada", 2, movement=1),
        "Clementi/A theme.mid": compose("Ada", 1, movement=1) + b"\0",
        "Haydn/Broken.mid": b"no music at all",
        "Bach/Minuet in G.mid": compose("Bela", 1, movement=1),
        "Bach/AveMaria.mid": compose("Bela", 2, movement=1),
        "Bach/Bwv0999.mid": compose("Bela", 3, movement=1),
        "Nobody/Song.mid": compose("Cleo", 1, movement=1),
    }
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@pytest.fixture
def run(home, cache_dir, capsys):
    """Returns a function that catalogues the small corpus and returns what was printed."""

    def catalogue_it(*arguments):
        catalogue.main(
            [
                "midi_classics",
                "--pieces",
                "clean",
                "--data-home",
                str(home),
                "--cache-dir",
                str(cache_dir),
                *arguments,
            ]
        )
        return capsys.readouterr().out

    return catalogue_it


def fails(run, capsys, *arguments):
    """Returns the sentence and the exit status with which the catalogue ends."""
    with pytest.raises(SystemExit) as stopped:
        run(*arguments)
    return capsys.readouterr().err.splitlines()[-1], stopped.value.code


def test_composers_are_described_and_every_file_left_out_has_its_reason(run):
    printed = run()
    rows = {cells[0]: cells[1:] for cells in map(cells_of, printed.splitlines()) if len(cells) == 10}
    assert rows["Haydn"][:5] == ["1732-1809", "Classical", "2", "1", "1"]
    assert rows["Haydn"][-1] == "2"
    assert rows["Bach"][2:4] == ["1", "1"]
    assert rows["Petzold"][2] == "1"
    assert rows["Nobody"][:3] == ["", "", "1"]
    assert rows["5 composers"][2:4] == ["6", "4"]
    for line in (
        "1 left out, copies:",
        "  Haydn/Sonata n4 2mov.mid: the same bytes as Haydn/Sonata n4 2mov again.mid",
        "1 left out, label in doubt:",
        "  Bach/AveMaria.mid: Gounod's melody over a prelude by Bach",
        "1 left out, cannot be used:",
        "  Haydn/Broken.mid: it has no MIDI header (MThd)",
        "1 under another composer than their folder names:",
        "  Bach/Minuet in G.mid: by Petzold",
        "Labels that composers.csv has no composer for: Nobody (1).",
    ):
        assert line in printed.splitlines()
    assert "In all 6 pieces by 5 composers, 4 works" in printed
    shares = [float(row[6].rstrip("%")) for name, row in rows.items() if name in ("Haydn", "Bach", "Petzold")]
    assert all(0 < share < 100 for share in shares)


def test_several_corpora_are_one_with_a_plus_between_them(home, cache_dir, capsys):
    places = ("--data-home", str(home), "--cache-dir", str(cache_dir))
    catalogue.main(["synthetic+midi_classics", "--pieces", "clean", "--composers", "Ada", "Haydn", *places])
    printed = capsys.readouterr().out
    rows = {cells[0]: cells[1:] for cells in map(cells_of, printed.splitlines()) if len(cells) == 10}
    assert {"Ada", "Haydn", "2 composers"} <= rows.keys()


def test_composers_are_counted_above_and_below_thresholds(run, tmp_path, read_rows):
    printed = run("--min-share", "0.9", "--output", str(tmp_path / "tables"))
    rows = {cells[0]: cells[1:] for cells in map(cells_of, printed.splitlines()) if len(cells) == 5}
    assert rows["0 %"][:2] == ["5", "0"] and rows["90 %"][:2] == ["0", "5"]
    written = read_rows(tmp_path / "tables" / "composers.csv")
    assert {row["composer"]: row["kept"] for row in written} == dict.fromkeys(
        ("Bach", "Clementi", "Haydn", "Nobody", "Petzold"), "no"
    )
    assert [float(row["percent"]) for row in read_rows(tmp_path / "tables" / "thresholds.csv")][-1] == 90
    assert (tmp_path / "tables" / "figures" / "composers.png").exists()


def cells_of(line):
    return [cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")]


def test_tables_are_written_on_request(run, tmp_path, read_rows):
    printed = run("--output", str(tmp_path / "tables"))
    assert f"Wrote pieces.csv (6), left_out.csv (3) and catalogue.json to {tmp_path / 'tables'}." in printed
    catalogue_json = json.loads((tmp_path / "tables" / "catalogue.json").read_text(encoding="utf-8"))
    assert catalogue_json["num_pieces"] == 6 and sum(catalogue_json["num_left_out"].values()) == 3
    assert catalogue_json["validation"] is None
    pieces = {row["piece"]: row for row in read_rows(tmp_path / "tables" / "pieces.csv")}
    assert list(pieces) == sorted(pieces)
    row = pieces["Bach/Minuet in G.mid"]
    assert tuple(row) == description.PIECE_COLUMNS
    assert (row["composer"], len(row["sha256"])) == ("Petzold", 64)
    assert 15 * (int(row["chunks"]) - 1) < float(row["seconds"]) <= 15 * int(row["chunks"])
    left_out = {row["piece"]: row for row in read_rows(tmp_path / "tables" / "left_out.csv")}
    assert left_out.keys() == {"Bach/AveMaria.mid", "Haydn/Broken.mid", "Haydn/Sonata n4 2mov.mid"}
    assert left_out["Bach/AveMaria.mid"]["reason"].startswith("label in doubt: Gounod")


ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such folder")


@pytest.mark.parametrize(
    "folder", ["{file}", "{file}/tables", pytest.param("/proc/tables", marks=ONLY_LINUX)]
)
def test_an_output_that_cannot_be_used_is_refused_before_the_corpus_is_read(
    run, capsys, tmp_path, monkeypatch, folder
):
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setattr(catalogue, "load", None)
    folder = folder.format(file=file)
    said, status = fails(run, capsys, "--validate", "--output", folder)
    assert said.startswith(f"Expected --output to name a folder to write to, but {folder} cannot be used: ")
    assert status == 2


def test_long_lists_end_with_where_the_rest_is(run, monkeypatch, tmp_path):
    monkeypatch.setitem(description.LONGEST_LIST, "copies", 0)
    assert "  ... 1 more with --output FOLDER, in left_out.csv" in run()
    assert "  ... 1 more are in left_out.csv" in run("--output", str(tmp_path))


def test_why_shows_every_step_from_one_piece_to_the_other(run):
    printed = run("--why", "a THEME", "2mov again").splitlines()
    assert printed[0].startswith("One work, ") and printed[0].endswith(" (3 pieces):")
    assert printed[1:] == [
        "  Clementi/A theme.mid",
        "    the same melody from the first note to the last",
        "  Haydn/Sonata n4 1mov.mid",
        "    the same number among the composer's works of that form: Haydn/sonata-4",
        "  Haydn/Sonata n4 2mov again.mid",
        "    the same file is also: Haydn/Sonata n4 2mov.mid",
    ]


def test_why_shows_what_the_corpus_knows_beside_the_name(run):
    printed = run("--why", "Minuet in G", "2mov again").splitlines()
    (minuet,) = (index for index, line in enumerate(printed) if line.startswith("  Bach/Minuet in G.mid, of"))
    correction = midi_classics.load_corrections()["Bach/Minuet in G.mid"]
    assert printed[minuet + 1 : minuet + 3] == [
        f"    the corpus calls it: {correction.title}",
        f"    the corpus says of it: {correction.remark}",
    ]
    assert "    the same file is also: Haydn/Sonata n4 2mov.mid" in printed


def test_why_shows_what_each_says_if_nothing_joins_them(run):
    printed = run("--why", "Bwv0999", "Song").splitlines()
    assert printed == [
        "Two works: nothing that is known leads from one to the other.",
        "  Bach/Bwv0999.mid, of the work Bach/bwv-999 (1 piece)",
        "    the same number in a catalogue of the composer's works: Bach/bwv-999",
        "  Nobody/Song.mid, of the work Nobody/song (1 piece)",
        "    the same title: Nobody/song",
    ]
    assert "Both names mean Bach/Bwv0999.mid" in run("--why", "Bwv0999", "Bwv0999.mid")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "Sonata n4",
            "2 pieces have 'Sonata n4' in their name: Haydn/Sonata n4 1mov.mid; Haydn/Sonata n4 2mov again",
        ),
        ("ave maria", "No piece has 'ave maria' in its name; "),
        (
            "AveMaria",
            "Bach/AveMaria.mid is left out: label in doubt: Gounod's melody over a prelude by Bach.",
        ),
        ("Minute in G", "No piece has 'Minute in G' in its name; the nearest are Bach/Minuet in G.mid"),
        ("", "Expected the name of a piece after --why, but received ''; give a part of a name."),
        ("  ", "Expected the name of a piece after --why, but received '  '; give a part of a name."),
        ("qqq", "No piece has 'qqq' in its name; pieces.csv, written with --output, has them all."),
    ],
)
def test_a_name_that_means_no_piece_or_several_gets_help(run, capsys, name, sentence):
    said, status = fails(run, capsys, "--why", name, "Bwv0999")
    assert said.startswith(sentence)
    assert status == 2


def test_only_the_wanted_composers(run):
    printed = run("--composers", "haydn", "Bach")
    assert "In all 3 pieces by 2 composers" in printed
    assert "Petzold" not in printed


def test_validation_counts_what_pretty_midi_reads(run):
    printed = run("--validate")
    assert "pretty_midi reads 6 of 7 files; the rolls of 6 of these 6 are equal, cell by cell." in printed


def test_validation_names_the_first_file_that_differs(run, capsys, monkeypatch):
    monkeypatch.setattr(validation, "find_difference", lambda roll, expected: "so it differs")
    with pytest.raises(SystemExit) as stopped:
        run("--validate")
    assert stopped.value.code == 1
    printed = capsys.readouterr().out
    assert "the rolls of 0 of these 6 are equal" in printed
    assert "The first of 6 that differ: Bach/Bwv0999.mid: so it differs." in printed


def test_validation_fails_where_nothing_was_compared(run, capsys, monkeypatch):
    def exhausted(data):
        raise MemoryError

    monkeypatch.setattr(validation, "read_with_pretty_midi", exhausted)
    with pytest.raises(SystemExit) as stopped:
        run("--validate")
    assert stopped.value.code == 1
    printed = capsys.readouterr().out
    assert "pretty_midi reads 0 of 7 files; the rolls of 0 of these 0 are equal" in printed
    assert (
        "The first of 7 without anything to compare: Bach/Bwv0999.mid: pretty_midi's roll of it needs"
        in printed
    )
    assert "Nothing was compared" in printed


def test_validation_without_pretty_midi_is_refused(run, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "pretty_midi", None)
    said, status = fails(run, capsys, "--validate")
    assert said.startswith("--validate compares with pretty_midi, which cannot be imported (")
    assert status == 2


def test_a_threshold_is_a_share(run, capsys):
    with pytest.raises(SystemExit, match="2"):
        run("--min-share", "2")
    assert "Expected min_share to be a share from 0 to below 1" in capsys.readouterr().err


@pytest.mark.parametrize("flags", [("--validate",), ("--output", "tables"), ("--min-share", "0.1")])
def test_why_is_asked_for_alone(run, capsys, flags, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said, status = fails(run, capsys, "--why", "Bwv0999", "Song", *flags)
    assert said.startswith("--why explains two pieces and nothing else, but " + flags[0])
    assert status == 2 and not any(tmp_path.iterdir())


def test_labels_and_names_are_shown_as_they_are(tmp_path, cache_dir, capsys):
    labels = ("[/x]", "[bold]", ":smile:", "Faur\u00e9")
    lines = ["path,composer"]
    for number, label in enumerate(labels):
        (tmp_path / f"[red]{number}.mid").write_bytes(compose("Ada", number + 1, movement=1))
        lines.append(f"[red]{number}.mid,{label}")
    (tmp_path / "table.csv").write_text("\n".join(lines), encoding="utf-8")
    home = ("--data-home", str(tmp_path / "table.csv"), "--cache-dir", str(cache_dir))
    catalogue.main(["composer_folders", *home])
    printed = capsys.readouterr().out
    assert {cells_of(line)[0] for line in printed.splitlines()} >= set(labels)
    catalogue.main(["composer_folders", *home, "--composers", "Faure\u0301", "[bold]"])
    assert "In all 2 pieces by 2 composers" in capsys.readouterr().out


def refuse():
    raise InputError("It is gone.")


def test_rolls_are_compared_cell_by_cell():
    music = notes_to_midi([(0, 960, 60)])
    assert validation.compare(Piece("a", "A", lambda: music)) == validation.Comparison("a")
    assert validation.compare(Piece("a", "A", refuse)) == validation.Comparison("a", missing="It is gone.")
    assert validation.compare(Piece("a", "A", lambda: b"MThd")).refused
    roll = validation.read_with_ours(music)
    changed = roll.copy()
    changed[60, 3] += 1
    assert validation.find_difference(roll, roll) == ""
    assert validation.find_difference(changed, roll).startswith(
        "at pitch 60, frame 3 it is 65.0 instead of 64.0 (1 cell"
    )
    assert (
        validation.find_difference(roll[:, 1:], roll)
        == f"it has {roll.shape[1] - 1} frames instead of {roll.shape[1]}"
    )


def test_a_file_that_only_pretty_midi_reads_is_a_difference(monkeypatch):
    monkeypatch.setattr(validation, "read_with_ours", lambda data: refuse())
    music = notes_to_midi([(0, 960, 60)])
    compared = validation.compare(Piece("a", "A", lambda: music))
    assert compared.difference == "pretty_midi reads it, we do not: It is gone."


@pytest.mark.slow  # workers need seconds to start
def test_files_are_compared_in_several_processes():
    from features.corpora import synthetic
    from features.corpora.catalogue import Request

    pieces = synthetic.load(Request())
    assert [compared.piece for compared in validation.compare_all(pieces)] == [
        piece.piece for piece in pieces
    ]
    assert not any(one.difference or one.refused for one in validation.compare_all(pieces))


@pytest.mark.slow
def test_it_needs_neither_keras_nor_tensorflow(home, cache_dir):
    code = (
        "import sys; from experiments.catalogue import main; "
        f"main(['midi_classics', '--data-home', {str(home)!r}, '--cache-dir', {str(cache_dir)!r}, '--validate']); "
        "assert not {'keras', 'tensorflow', 'sklearn', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.slow
@pytest.mark.skipif(not HOME, reason=f"{midi_classics.HOME_VARIABLE} names no corpus")
class TestTheCorpusItself:
    """On the files from Kaggle: minutes."""

    def test_every_roll_that_pretty_midi_makes_is_ours(self, capsys, cache_dir):
        catalogue.main(["midi_classics", "--validate", "--cache-dir", str(cache_dir)])
        printed = capsys.readouterr().out
        assert (
            "pretty_midi reads 3,863 of 3,885 files; the rolls of 3,863 of these 3,863 are equal" in printed
        )

    def test_why_takes_seconds(self, capsys, cache_dir):
        arguments = [
            "midi_classics",
            "--cache-dir",
            str(cache_dir),
            "--why",
            "Winter wind etude",
            "Etude op25 n11",
        ]
        catalogue.main(arguments)
        started = time.perf_counter()
        catalogue.main(arguments)
        assert time.perf_counter() - started < 30
        assert "much of the same music" in capsys.readouterr().out

    def test_every_clean_piece_can_be_used_but_one(self, tmp_path, cache_dir, read_rows):
        catalogue.main(
            ["midi_classics", "--pieces", "clean", "--cache-dir", str(cache_dir), "--output", str(tmp_path)]
        )
        reasons = [row["reason"] for row in read_rows(Path(tmp_path, "left_out.csv"))]
        unusable = [reason for reason in reasons if description.kind_of(reason) == "cannot be used"]
        assert unusable == ["it has no MIDI header (MThd)"]
