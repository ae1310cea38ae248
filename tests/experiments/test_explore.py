"""A corpus explored, as a user does it: the page and all that belongs to it, and what goes wrong."""

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import matplotlib.image
import numpy as np
import pytest

from experiments import explore
from experiments.engine.exploring import exploration, figures, sounds
from experiments.engine.exploring.figures import FIGURES
from experiments.engine.exploring.rolls import measure_rate
from experiments.engine.exploring.tables import COMPOSER_COLUMNS, PIECE_COLUMNS
from features.ablations import ablate
from features.corpora.synthetic import compose
from features.midi import notes_to_midi, read_events, read_notes
from features.midi.writing import time_signature

SMALL = ("--frame-rates", "8", "4", "--seconds", "5")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder for each of three composers, and a file that is no music."""
    folder = tmp_path_factory.mktemp("corpus")
    files = {f"Ada/Sonata {number}.mid": compose("Ada", number, movement=1) for number in (1, 2, 3)}
    files |= {f"Bela/Dance {number}.mid": compose("Bela", number, movement=1) for number in (1, 2)}
    files["Cleo/Waltz.mid"] = notes_to_midi(
        [(0, 480, 60), (480, 9600, 64, 100, 40, 1, 1)],
        tempo_us=[(0, 1_000_000), (4800, 250_000)],
        conductor=[(0, time_signature(3, 4))],
    )
    files["Cleo/Broken.mid"] = b"no music at all"
    for name, data in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def explore_to(home, cache_dir):
    """Returns a function that explores the small corpus, and returns the folder of the page."""

    def run(output, *arguments):
        places = ["--data-home", str(home), "--cache-dir", str(cache_dir), "--output", str(output)]
        explore.main(["--corpus", "composer_folders", *SMALL, *places, *arguments])
        return output

    return run


@pytest.fixture(scope="module")
def folder(explore_to, tmp_path_factory):
    """The folder of a whole page."""
    return explore_to(tmp_path_factory.mktemp("page"), "--piece", "waltz")


@pytest.fixture
def run(explore_to, tmp_path, monkeypatch):
    """Returns a function that makes a page with one figure."""
    monkeypatch.setattr(figures, "FIGURES", {name: FIGURES[name] for name in ("chunks_by_composer",)})

    def explore_it(*arguments, output=tmp_path / "page"):
        return explore_to(output, *arguments)

    return explore_it


def test_what_is_taken_away_is_taken_from_all_that_is_shown_of_a_piece(run, home, read_rows):
    folder = run("--ablation", "constant_speed", "--piece", "waltz", "--no-sounds")
    notes = read_notes(read_events((home / "Cleo" / "Waltz.mid").read_bytes()))
    ablated, plain = (measure_rate(each, 8) for each in (ablate(notes, "constant_speed"), notes))
    assert int(read_rows(folder / "rates.csv")[0]["num_frames"]) == ablated.num_frames != plain.num_frames


def fails(run, capsys, *arguments, **settings):
    """Returns the sentence and the exit status with which exploring ends."""
    with pytest.raises(SystemExit) as stopped:
        run(*arguments, **settings)
    lines = [line.strip("\N{BOX DRAWINGS LIGHT VERTICAL} ") for line in capsys.readouterr().err.splitlines()]
    return " ".join(lines), stopped.value.code


def test_a_page_has_all_that_it_shows(folder):
    page = (folder / "explore.html").read_text(encoding="utf-8")
    assert "One piece: Cleo/Waltz.mid" in page and "Broken.mid: it has no MIDI header" in page
    shown = re.findall(r'(?:src|href)="([^"#]+)"', page)
    assert len(set(shown)) > 25
    assert not [name for name in shown if not (folder / name).exists()], "links lead to files beside the page"
    for name in FIGURES:
        picture = matplotlib.image.imread(folder / "figures" / f"{name}.png")
        assert picture.shape[1] == pytest.approx(754, abs=2) and picture.std() > 0.05, name
    record = json.loads((folder / "explore.json").read_text(encoding="utf-8"))
    made = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(record["files"]) == made - {"explore.json"}
    assert (record["num_pieces"], record["num_left_out"], record["piece"]) == (6, 1, "Cleo/Waltz.mid")


def test_the_numbers_behind_the_figures_are_written(folder, read_rows):
    rows = read_rows(folder / "descriptors.csv")
    assert tuple(rows[0]) == PIECE_COLUMNS
    waltz = rows[-1]
    assert (waltz["piece"], waltz["composer"]) == ("Cleo/Waltz.mid", "Cleo")
    assert float(waltz["length_s"]) == 10 * 1.0 + 10 * 0.25
    assert (waltz["num_notes"], waltz["time_signature"], waltz["programs"]) == ("2", "3/4", "0 40")
    assert (waltz["tempo_mean"], waltz["num_tempo_changes"]) == ("96.0", "1")
    assert (waltz["num_chunks"], waltz["padded_chunks"]) == ("1", "1")
    assert float(waltz["padding_share"]) == pytest.approx(25 / 150, abs=1e-3)

    composers = read_rows(folder / "composers.csv")
    assert tuple(composers[0]) == COMPOSER_COLUMNS
    assert [(row["composer"], row["pieces"]) for row in composers] == [
        ("Ada", "3"),
        ("Bela", "2"),
        ("Cleo", "1"),
    ]
    for name, column in (
        ("tempos.csv", "seconds"),
        ("polyphony.csv", "seconds"),
        ("time_signatures.csv", "seconds"),
        ("key_signatures.csv", "seconds"),
        ("velocities.csv", "notes"),
    ):
        total = sum(float(row[column]) for row in read_rows(folder / name))
        expected = sum(float(row[column]) for row in composers)
        assert total == pytest.approx(expected, abs=0.05), name
    assert [row["frames_per_second"] for row in read_rows(folder / "rates.csv")] == ["8.0", "4.0"]
    assert [row["piece"] for row in read_rows(folder / "left_out.csv")] == ["Cleo/Broken.mid"]


def test_another_page_in_the_same_folder_leaves_nothing_of_the_first(run):
    folder = run("--piece", "waltz", "--frame-rates", "16")
    (folder / "sounds" / "mine.mp3").write_bytes(b"of the user")
    run("--piece", "Sonata 1", "--no-sounds", "--composers", "Ada", "--most", "1")
    names = {path.name for path in folder.rglob("*.png")} | {path.name for path in folder.rglob("*.mp3")}
    assert "roll-16.png" not in names and "roll-8.png" in names
    assert {name for name in names if name.endswith(".mp3")} == {"mine.mp3"}
    page = (folder / "explore.html").read_text(encoding="utf-8")
    assert "<audio" not in page and "by 1 composer," in page and "Every file could be used." in page


def test_a_record_that_is_not_ours_removes_nothing(tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("not ours")
    folder = tmp_path / "page"
    folder.mkdir()
    for record in ({"files": ["../outside.txt", str(outside)]}, {"files": None}, ["files"], "nonsense"):
        text = record if record == "nonsense" else json.dumps(record)
        (folder / "explore.json").write_text(text)
        exploration.remove_older(folder, [])
    assert outside.exists()


def test_what_is_left_out_is_named_with_its_reason(run, capsys):
    folder = run("--no-sounds")
    said = capsys.readouterr()
    assert "Cleo/Broken.mid: it has no MIDI header (MThd)" in said.out
    assert "6 pieces by 3 composers" in said.out and f"Open {folder / 'explore.html'}" in said.out


def test_it_is_rehearsed_on_made_up_music(run, capsys):
    run("--smoke", "--no-sounds")
    assert "80 pieces by 4 composers" in capsys.readouterr().out


def test_the_same_seed_shows_the_same_and_others_differ():
    dataset = SimpleNamespace(pieces=tuple("abcdefgh"))
    chosen = [
        [explore.choose_piece(dataset, explore.Arguments(seed=seed)) for seed in range(9)] for _ in range(2)
    ]
    assert chosen[0] == chosen[1] and len(set(chosen[0])) > 2


def test_without_fluidsynth_there_are_sine_waves_and_advice(run, capsys, monkeypatch):
    monkeypatch.setattr(sounds, "find_fluidsynth", lambda: None)
    folder = run("--composers", "Ada", "Bela")
    assert "apt-get install fluidsynth" in capsys.readouterr().err
    assert "apt-get install fluidsynth" in (folder / "explore.html").read_text(encoding="utf-8")
    assert len(list((folder / "sounds").glob("*.mp3"))) == 2


def test_chunks_of_other_settings_are_counted_as_they_are(run, read_rows):
    folder = run("--no-sounds", "--chunk-frames", "50", "--channels", "onset", "timing", "--piece", "waltz")
    row = read_rows(folder / "descriptors.csv")[-1]
    assert (row["num_chunks"], row["num_frames"]) == ("3", "125")
    names = {path.name for path in (folder / "figures").glob("chunks-*")}
    assert names == {"chunks-onset-1.png", "chunks-timing-1.png"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--piece", "Wals"], "No piece has 'Wals' in its name; the nearest are Cleo/Waltz.mid"),
        (["--piece", "Sonata"], "3 pieces have 'Sonata' in their name: Ada/Sonata 1.mid; "),
        (["--piece", "Broken"], "Cleo/Broken.mid is left out: it has no MIDI header (MThd)."),
        (["--piece", " "], "Expected the name of a piece after --piece, but received ' '; "),
        (
            ["--piece", "qqq"],
            "No piece has 'qqq' in its name; descriptors.csv, written without --piece, has ",
        ),
        (["--composers", "Adda"], "No pieces by Adda in this corpus; nearest are Ada; "),
        (["--frame-rates", "0"], "Expected frame_rates above 0 and up to 100, but received 0; "),
        (["--frame-rates"], "Expected frame_rates above 0 and up to 100, but received none; "),
        (["--seconds", "-1"], "Expected seconds above 0 and up to 120, but received -1."),
        (["--most", "0"], "Expected most to be 1 or more, but received 0."),
        (["--channels", "colour"], "Channels are binary, "),
    ],
)
def test_what_cannot_be_shown_is_refused_with_help(run, capsys, arguments, sentence):
    said, status = fails(run, capsys, *arguments)
    assert sentence in said
    assert status == 2


ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such folder")


@pytest.mark.parametrize("folder", ["{file}", pytest.param("/proc/page", marks=ONLY_LINUX)])
def test_an_output_that_cannot_be_used_is_refused_before_the_corpus_is_read(
    run, capsys, tmp_path, monkeypatch, folder
):
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setattr(explore, "load", None)
    folder = Path(folder.format(file=file))
    said, status = fails(run, capsys, output=folder)
    assert said.startswith(f"Expected --output to name a folder to write to, but {folder} cannot be used: ")
    assert status == 2


@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
def test_the_page_fits_its_window_and_every_picture_and_sound_is_there(browser, folder, width):
    context = browser.new_context(viewport={"width": width, "height": 844}, offline=True)
    page, troubles = context.new_page(), []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    # A sound of which enough was heard is asked for no longer, which counts as failed.
    page.on("requestfailed", lambda request: request.resource_type == "media" or troubles.append(request.url))
    page.goto((folder / "explore.html").as_uri())
    page.evaluate("document.querySelectorAll('img').forEach(image => { image.loading = 'eager'; })")
    page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert page.evaluate("document.images.length") == len(FIGURES) + 2 + 2
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    lengths = page.evaluate(
        "Promise.all([...document.querySelectorAll('audio')].map(sound => new Promise((found, failed) => {"
        " sound.onloadedmetadata = () => found(sound.duration); sound.onerror = failed; sound.load();"
        " sound.preload = 'metadata'; })))"
    )
    assert len(lengths) == 3 and np.allclose(lengths, 10, atol=0.2)
    context.close()
    assert troubles == []
