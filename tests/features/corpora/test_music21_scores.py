import os
import signal
import subprocess
import sys
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

from features.corpora import music21_scores
from features.corpora.catalogue import Request
from features.corpora.music21_scores import Score, find_scores, load, prepare, read_converted
from features.errors import InputError

CORPUS = Path(find_spec("music21").origin).parent / "corpus"
FEW = (
    Score("Bach/bwv281", "Bach", "BWV 281", CORPUS / "bach/bwv281.mxl"),
    Score("Bach/bwv66.6", "Bach", "BWV 66", CORPUS / "bach/bwv66.6.mxl"),
    Score("Viennese/mozart/k156/movement2", "Viennese", "mozart k156", CORPUS / "mozart/k156/movement2.mxl"),
)


@pytest.fixture
def few_scores(monkeypatch):
    monkeypatch.setattr(music21_scores, "find_scores", lambda: list(FEW))


def test_the_corpus_is_what_the_readme_says():
    scores = find_scores()
    assert Counter(score.composer for score in scores) == {
        "Bach": 410,
        "Palestrina": 233,
        "Monteverdi": 48,
        "Viennese": 46,
    }
    works = {(score.composer, score.work) for score in scores}
    assert Counter(composer for composer, _ in works) == {
        "Bach": 343,
        "Palestrina": 17,
        "Monteverdi": 38,
        "Viennese": 11,
    }


def test_names_are_unique_on_every_file_system():
    names = [score.piece for score in find_scores()]
    assert names == sorted(names)
    assert len({name.lower() for name in names}) == len(names)
    assert not [name for name in names if "_old" in name or "k545" in name]


def test_masses_are_whole():
    scores = [score for score in find_scores() if score.composer == "Palestrina"]
    chosen = {score.work for score in scores}
    for path in CORPUS.glob("palestrina/Kyrie*.krn"):
        title = path.read_text(encoding="latin-1").split("!!!OPR: ")[1].splitlines()[0].strip()
        assert (title in chosen) == (path in {score.path for score in scores})


@pytest.mark.parametrize(
    ("piece", "work"),
    [
        ("Bach/bwv145-a", "BWV 145"),
        ("Bach/bwv248.23-2", "BWV 248"),
        ("Monteverdi/madrigal.3.1", "Madrigal 3.1"),
        ("Monteverdi/madrigal.5.6", "Madrigal 5.4 5.5 5.6 5.7 5.8"),
        ("Viennese/beethoven/opus18no1/movement2", "beethoven opus18"),
        ("Viennese/beethoven/opus132", "beethoven opus132"),
        ("Viennese/haydn/opus1no1/movement5", "haydn opus1"),
    ],
)
def test_movements_share_their_work(piece, work):
    assert {score.piece: score.work for score in find_scores()}[piece] == work


@pytest.mark.usefixtures("few_scores")
def test_two_loads_give_the_same_bytes(tmp_path):
    pieces = load(Request(cache_dir=tmp_path))
    assert [(piece.piece, piece.composer, piece.work) for piece in pieces] == [
        (score.piece, score.composer, score.work) for score in FEW
    ]
    elsewhere = load(Request(cache_dir=tmp_path / "elsewhere"))
    assert [piece.read() for piece in pieces] == [piece.read() for piece in elsewhere]
    assert all(piece.read().startswith(b"MThd") for piece in pieces)


@pytest.mark.usefixtures("few_scores")
def test_only_the_wanted_composers_are_converted(tmp_path):
    (piece,) = load(Request(composers=("Viennese",), cache_dir=tmp_path))
    assert [path.stem for path in tmp_path.rglob("*.mid")] == ["movement2"]
    with pytest.raises(InputError, match=r"No pieces by Haydn .* Bach \(2\), Viennese \(1\)"):
        load(Request(composers=("Haydn",), cache_dir=tmp_path))


def test_workers_make_the_same_files(tmp_path, monkeypatch):
    prepare([(score.path, tmp_path / "one" / score.piece) for score in FEW])
    monkeypatch.setattr(music21_scores, "SCORES_PER_WORKER", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    prepare([(score.path, tmp_path / "two" / score.piece) for score in FEW])
    for score in FEW:
        assert (tmp_path / "one" / score.piece).read_bytes() == (tmp_path / "two" / score.piece).read_bytes()


def test_what_is_there_is_not_converted_again(tmp_path):
    kept = tmp_path / "bwv66.6.mid"
    kept.write_bytes(b"from an earlier run")
    prepare([(FEW[1].path, kept)])
    assert read_converted(FEW[1].path, kept) == b"from an earlier run"


def test_a_score_that_cannot_be_converted_says_so_when_it_is_read(tmp_path):
    broken = tmp_path / "broken.mxl"
    broken.write_text("<html>")
    prepare([(broken, tmp_path / "broken.mid"), (FEW[1].path, tmp_path / "fine.mid")])
    assert (tmp_path / "fine.mid").exists()
    with pytest.raises(InputError, match="music21 cannot read .*broken.mxl"):
        read_converted(broken, tmp_path / "broken.mid")


def test_a_cache_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "cache").write_text("a file, not a folder")
    with pytest.raises(InputError, match="Cannot keep the converted scores .* another --cache-dir"):
        prepare([(FEW[1].path, tmp_path / "cache" / "bwv66.6.mid")])


PREPARE_MONTEVERDI = """
import sys
from pathlib import Path
from features.corpora.catalogue import Request
from features.corpora.music21_scores import load

if __name__ == "__main__":
    print(len(load(Request(composers=("Monteverdi",), cache_dir=Path(sys.argv[1])))))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs kill -9")
@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_run_leaves_whole_files_and_no_processes(tmp_path, stop):
    script, cache = tmp_path / "script.py", tmp_path / "cache"
    script.write_text(PREPARE_MONTEVERDI)
    command = [sys.executable, str(script), str(cache)]
    with subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL) as process:
        while len(list(cache.rglob("*.mid"))) < 3:
            time.sleep(0.05)
        process.send_signal(stop)
        process.wait(timeout=30)
        time.sleep(3)
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)
    done = {path: path.read_bytes() for path in cache.rglob("*.mid")}
    assert 3 <= len(done) < 48
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "48\n"
    assert all(path.read_bytes() == data for path, data in done.items())
    assert len(list(cache.rglob("*.mid"))) == 48
