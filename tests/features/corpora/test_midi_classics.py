import sys
import zipfile
from collections import Counter

import pytest

from features.corpora import midi_classics
from features.corpora.catalogue import Request
from features.errors import InputError

NAMES = (
    "Bach/Bwv001 Chorales/001.mid",
    "Bach/Air.MID",
    "Mozart/K331.mid",
    "Albe_niz/Asturias.mid",
    "Grieg Piano Concerto 2mov.mid",
    "Bach/nested.zip",
)
LABELS = {"Bach": 2, "Mozart": 1, "Albe_niz": 1, "Grieg": 1}


@pytest.fixture(params=["midiclassics/", ""], ids=["with top folder", "without"])
def names(request):
    return [request.param + name for name in NAMES]


@pytest.fixture(autouse=True)
def no_home(monkeypatch):
    monkeypatch.delenv(midi_classics.HOME_VARIABLE, raising=False)


def write_zip(path, names):
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, name.encode())
    return path


def test_labels_are_folders_and_strays_go_by_their_first_word(tmp_path, names):
    home = write_zip(tmp_path / "corpus.zip", names)
    pieces = midi_classics.load(Request(data_home=home))
    assert Counter(piece.composer for piece in pieces) == LABELS
    assert [piece.piece for piece in pieces] == sorted({piece.piece for piece in pieces})
    zipfile.ZipFile(home).extractall(tmp_path / "folder")
    assert midi_classics.load(Request(data_home=tmp_path / "folder")) == pieces


def test_only_the_wanted_composers(tmp_path, names):
    request = Request(composers=("Mozart",), data_home=write_zip(tmp_path / "corpus.zip", names))
    assert [piece.piece for piece in midi_classics.load(request)] == ["Mozart/K331.mid"]


def test_a_missing_composer_is_told_who_is_there(tmp_path, names):
    request = Request(composers=("Brahms",), data_home=write_zip(tmp_path / "corpus.zip", names))
    with pytest.raises(InputError, match=r"No pieces by Brahms .* Bach \(2\)"):
        midi_classics.load(request)


def test_home_may_come_from_the_environment(tmp_path, names, monkeypatch):
    monkeypatch.setenv(midi_classics.HOME_VARIABLE, str(write_zip(tmp_path / "corpus.zip", names)))
    assert len(midi_classics.load(Request())) == 5


def test_without_a_home_the_error_names_three_ways():
    with pytest.raises(InputError, match="--data-home.*MIDI_CLASSICS_HOME.*--download"):
        midi_classics.load(Request())


def test_download_needs_kagglehub(monkeypatch):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(InputError, match="pip install kagglehub"):
        midi_classics.load(Request(download=True))


def test_a_failed_download_gives_its_reason(monkeypatch):
    class Offline:
        @staticmethod
        def dataset_download(handle):
            raise ConnectionError("no route to host")

    monkeypatch.setitem(sys.modules, "kagglehub", Offline)
    with pytest.raises(InputError, match="did not deliver .*no route to host"):
        midi_classics.load(Request(download=True))


def test_only_the_reference_list_is_known():
    with pytest.raises(InputError, match="no pieces 'clean', only 'reference'"):
        midi_classics.load(Request(pieces="clean"))
