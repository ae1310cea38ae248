import os
import sys
import zipfile
from collections import Counter
from hashlib import sha256
from pathlib import Path, PurePosixPath

import pytest

from features.corpora import midi_classics
from features.corpora.catalogue import Request
from features.corpora.composers import load_composers
from features.errors import InputError

HOME = os.environ.get(midi_classics.HOME_VARIABLE, "")

REFERENCE_DIGEST = "b91fedebc00d47d185156ba1bd660d9868658ee38960b5f4fb091ab07021dcf9"
COUNTS = [979, 207, 143, 249]
REASONS = {"the same bytes": 148, "label in doubt": 74}

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


def test_an_unknown_list_is_refused():
    with pytest.raises(InputError, match="no pieces 'tidy', only 'reference' and 'clean'"):
        midi_classics.load(Request(pieces="tidy"))


CLEAN = {
    "Bach/Air.MID": "Bach",
    "Bach/AveMaria.mid": "Bach",
    "Bach/Minuet in G.mid": "Petzold",
    "Haendel/Allemande.mid": "Handel",
    "Handel/Air, HWV 471.mid": "Handel",
    "Skriabin/Mazurka opus.17.mid": "Chopin",
    "Villa-Lobos/Choros.mid": "Villa-Lobos",
    "C.P.E.Bach Solfeggieto.mid": "C.P.E. Bach",
    "Lizt Piano Concerto n1 S124.mid": "Liszt",
    "meditation thais.mid": "Massenet",
    "nobody knows.mid": "unknown",
}


@pytest.fixture
def clean_home(tmp_path):
    return write_zip(tmp_path / "corpus.zip", [f"midiclassics/{name}" for name in CLEAN])


def load_clean(home, *composers):
    return midi_classics.load(Request(pieces="clean", data_home=home, composers=composers))


def test_clean_pieces_have_the_name_of_who_wrote_them(clean_home):
    pieces = load_clean(clean_home)
    assert {piece.piece: piece.composer for piece in pieces} == CLEAN
    reasons = {piece.piece: piece.left_out for piece in pieces if piece.left_out}
    assert reasons == {
        "Bach/AveMaria.mid": "label in doubt: Gounod's melody over a prelude by Bach",
        "nobody knows.mid": "label in doubt: no composer's name begins this one",
    }


def test_any_spelling_of_a_wanted_composer_is_understood(clean_home):
    both = ["Haendel/Allemande.mid", "Handel/Air, HWV 471.mid"]
    for spellings in (("Handel",), ("Haendel",), ("Händel", "handel")):
        assert [piece.piece for piece in load_clean(clean_home, *spellings)] == both
    assert [piece.piece for piece in load_clean(clean_home, "Villa-Lobos")] == ["Villa-Lobos/Choros.mid"]
    with pytest.raises(InputError, match=r"No pieces by Verdi .* Handel \(2\)"):
        load_clean(clean_home, "Verdi")


def test_a_composer_all_of_whose_pieces_are_left_out_is_missing(clean_home):
    with pytest.raises(InputError, match="No pieces by unknown"):
        load_clean(clean_home, "unknown")


def test_of_the_same_bytes_the_first_is_kept(tmp_path):
    home = tmp_path / "corpus.zip"
    with zipfile.ZipFile(home, "w") as file:
        for name, data in {
            "Bach/2.mid": b"x",
            "Bach/1.mid": b"x",
            "Bach/AveMaria.mid": b"y",
            "Bach/B.mid": b"y",
        }.items():
            file.writestr(name, data)
    pieces = load_clean(home)
    reasons = [piece.left_out for piece in pieces]
    assert pieces[0].also == ("Bach/2.mid",) and pieces[3].also == ()
    assert reasons[:2] == ["", "the same bytes as Bach/1.mid"]
    assert reasons[2].startswith("label in doubt") and reasons[3] == ""


def test_what_cannot_be_read_is_no_copy(tmp_path):
    home = tmp_path / "corpus.zip"
    with zipfile.ZipFile(home, "w", zipfile.ZIP_BZIP2) as file:
        for name in ("Bach/1.mid", "Bach/2.mid"):
            file.writestr(name, b"x")
    assert [piece.left_out for piece in load_clean(home)] == ["", ""]


def test_corrections_name_known_composers_and_say_why():
    corrections = midi_classics.load_corrections()
    known = {one.composer for one in load_composers()}
    assert len(corrections) > 90
    assert list(corrections) == sorted(corrections)
    for one in corrections.values():
        assert one.composer or one.title or one.left_out, one
        assert not (one.composer and one.left_out), one
        assert not one.composer or one.composer in known
        assert one.composer != midi_classics.clean_label(PurePosixPath(one.piece))


@pytest.mark.skipif(not HOME, reason=f"{midi_classics.HOME_VARIABLE} names no corpus")
class TestTheCorpusItself:
    """On the files from Kaggle."""

    def test_the_reference_list_is_the_one_of_the_reference_study(self):
        pieces = midi_classics.load(Request(data_home=Path(HOME)))
        counts = Counter(piece.composer for piece in pieces)
        assert len(pieces) == 3885
        assert [counts[name] for name in ("Bach", "Beethoven", "Chopin", "Mozart")] == [1024, 213, 136, 257]
        listed = "\n".join(f"{piece.piece}\t{piece.composer}" for piece in pieces)
        assert sha256(listed.encode()).hexdigest() == REFERENCE_DIGEST

    def test_every_clean_label_is_a_composer_and_every_correction_finds_its_file(self):
        pieces = load_clean(Path(HOME))
        labels = {one.composer for one in load_composers()}
        labels -= {"Ganne"}  # his folder holds a galop by Gottschalk
        labels -= {"Monteverdi", "Palestrina"}  # who are in music21
        assert {piece.composer for piece in pieces} == labels
        assert midi_classics.load_corrections().keys() <= {piece.piece for piece in pieces}

    def test_the_clean_list_counts(self):
        pieces = load_clean(Path(HOME))
        kept = Counter(piece.composer for piece in pieces if not piece.left_out)
        reasons = Counter(piece.left_out.split(" as ")[0].split(":")[0] for piece in pieces if piece.left_out)
        assert [kept[name] for name in ("Bach", "Beethoven", "Chopin", "Mozart")] == COUNTS
        assert reasons == REASONS
        names = {piece.piece: piece for piece in pieces}
        assert "Stravinski/The Rite of Spring, Mov.C" in names
        assert names["Scarlatti/v5.zip/K500.MID"].left_out == "the same bytes as Scarlatti/sonatas/K500.MID"
