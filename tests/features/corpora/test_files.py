import io
import os
import pickle
import shutil
import sys
import time
import zipfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from features.corpora import files
from features.corpora.files import find_midi_files
from features.errors import InputError
from features.midi import notes_to_midi, read_events, read_notes

CONTENTS = {
    "Bach/Air.mid": b"air",
    "Bach/Suites/deep/Gigue.MID": b"gigue",
    "Bach/.Study No.1.mid": b"a leading dot hides nothing",
    "Fauré/Élégie.midi": b"elegie",
}
NO_MUSIC = {"Bach/._Air.mid": b"shadow", "Bach/readme": b"", "Bach/nested.zip": b"", "Bach/Rite, Mov.C": b""}


@pytest.fixture
def folder(tmp_path):
    for name, data in (CONTENTS | NO_MUSIC).items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "tree"


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "tree.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in (CONTENTS | NO_MUSIC).items():
            file.writestr(name, data)
    return path


def test_a_folder_and_its_zip_file_are_the_same_corpus(folder, archive):
    for home in (folder, archive):
        found = find_midi_files(home)
        assert {name: read() for name, read in found.items()} == CONTENTS
        assert list(found) == sorted(found)


def test_looking_inside_finds_other_names_and_nested_files(folder, tmp_path):
    nested = io.BytesIO()
    with zipfile.ZipFile(nested, "w") as file:
        file.writestr("v5/K500.MID", b"K500")
        file.writestr("v5/readme.txt", b"MThm")
        file.writestr("untitled", b"MThd...")
    hidden = {"Bach/Rite, Mov.C": b"MThd...", "Bach/._shadow": b"MThd", "Bach/nested.zip": nested.getvalue()}
    for name, data in hidden.items():
        (folder / name).write_bytes(data)
    expected = CONTENTS | {
        "Bach/Rite, Mov.C": b"MThd...",
        "Bach/nested.zip/v5/K500.MID": b"K500",
        "Bach/nested.zip/untitled": b"MThd...",
    }
    archive = shutil.make_archive(str(tmp_path / "again"), "zip", folder)
    for home in (folder, Path(archive)):
        found = find_midi_files(home, look_inside=True)
        assert {name: read() for name, read in found.items()} == expected
        assert list(found) == sorted(found)
        assert pickle.loads(pickle.dumps(found["Bach/nested.zip/untitled"]))() == b"MThd..."
        assert {name: read() for name, read in find_midi_files(home).items()} == CONTENTS


def test_readers_work_in_other_processes_and_in_threads(archive):
    readers = list(find_midi_files(archive).values()) * 20
    expected = [read() for read in readers]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda read: read(), readers)) == expected
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        assert processes.submit(pickle.loads(pickle.dumps(readers[0]))).result() == expected[0]


def test_names_in_an_unknown_encoding_are_read(tmp_path):
    path = tmp_path / "old.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("Dvorak/X.mid", b"music")
    path.write_bytes(path.read_bytes().replace(b"X.mid", b"\xf8.mid"))
    (read,) = find_midi_files(path).values()
    assert read() == b"music"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such file names")
def test_a_file_name_that_is_not_unicode_can_be_printed(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.mid")).write_bytes(b"music")
    assert {name: read() for name, read in find_midi_files(tmp_path).items()} == {r"caf\xe9.mid": b"music"}


def links(tmp_path, **targets):
    for name, target in targets.items():
        try:
            (tmp_path / name).symlink_to(target, target_is_directory=True)
        except OSError:
            pytest.skip("This system does not let us make links.")


def test_linked_folders_are_read_once_and_links_that_lead_back_are_named(folder, tmp_path):
    other = tmp_path / "elsewhere" / "Grieg"
    other.mkdir(parents=True)
    (other / "Waltz.mid").write_bytes(b"waltz")
    links(folder, Grieg=other, Again=other, Back=folder, Up=tmp_path, Twin=folder / "Bach")
    links(other, Loop=tmp_path / "elsewhere")
    found = find_midi_files(folder)
    read = {name: read for name, read in found.items() if not name.endswith("/(link)")}
    assert sorted(found.keys() - read.keys()) == ["Back/(link)", "Grieg/(link)", "Twin/(link)", "Up/(link)"]
    assert {name: read() for name, read in read.items()} == CONTENTS | {"Again/Waltz.mid": b"waltz"}
    with pytest.raises(InputError, match="Cannot read Up: it is a link to a folder that is read already, or"):
        found["Up/(link)"]()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_second_file_of_one_name_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for data in (b"one", b"two", b"three"):
            archive.writestr("Bach/Air.mid", data)
        archive.writestr("Faur\u00e9/a.mid", b"composed")
        archive.writestr("Faure\u0301/a.mid", b"decomposed")
    found = find_midi_files(tmp_path / "x.zip")
    assert list(found) == [
        *("Bach/Air.mid", "Bach/Air.mid (2)", "Bach/Air.mid (3)"),
        *("Faur\u00e9/a.mid", "Faur\u00e9/a.mid (2)"),
    ]
    assert found["Faur\u00e9/a.mid"]() == b"composed"
    with pytest.raises(
        InputError, match=r"Cannot read Bach/Air.mid \(3\): another file has the name Bach/Air.mid"
    ):
        found["Bach/Air.mid (3)"]()


def test_very_many_files_of_one_name_take_no_time():
    many = ((f"{index % 2}.mid", bytes) for index in range(50_000))
    started = time.perf_counter()
    assert len(files._by_name(many)) == 50_000 and time.perf_counter() - started < 10


def test_karaoke_and_wrapped_files_are_found_and_read(tmp_path):
    music = notes_to_midi([(0, 480, 60)])
    (tmp_path / "a.KAR").write_bytes(music)
    size = len(music).to_bytes(4, "little")
    wrapped = b"RIFF" + (len(music) + 12).to_bytes(4, "little") + b"RMIDdata" + size + music
    (tmp_path / "b.rmi").write_bytes(wrapped)
    found = find_midi_files(tmp_path)
    assert list(found) == ["a.KAR", "b.rmi"]
    for read in found.values():
        assert read_notes(read_events(read())).notes["pitch"].tolist() == [60]


def test_a_path_that_is_too_long_is_not_there():
    with pytest.raises(
        InputError, match=r"There is no folder and no file a{200}\.\.\.a{200}; check that path"
    ):
        find_midi_files(Path("a" * 5000))


NAUGHTY, SHOWN = "a/\x1b[31m\n\u202ex\xe9.mid", r"a/\x1b[31m\n\u202ex" + "\xe9.mid"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such file names")
def test_a_name_cannot_command_the_terminal(tmp_path):
    inner = io.BytesIO()
    for file in (inner, tmp_path / "x.zip"):
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(NAUGHTY, b"music")
            if file is not inner:
                archive.writestr("\a.zip", inner.getvalue())
                archive.writestr("\a", b"MThd")
    shutil.unpack_archive(tmp_path / "x.zip", tmp_path / "x")
    expected = {SHOWN: b"music", rf"\x07.zip/{SHOWN}": b"music", r"\x07": b"MThd"}
    for home in (tmp_path / "x", tmp_path / "x.zip"):
        found = find_midi_files(home, look_inside=True)
        assert {name: read() for name, read in found.items()} == expected
    read = find_midi_files(tmp_path / "x")[SHOWN]
    (tmp_path / "x" / NAUGHTY).unlink()
    with pytest.raises(InputError) as refused:
        read()
    assert SHOWN in str(refused.value)


def test_files_are_counted_over_all_zip_files(tmp_path, monkeypatch):
    nested = io.BytesIO()
    with zipfile.ZipFile(nested, "w") as file:
        file.writestr("x.mid", b"")
        file.writestr("y.txt", b"")
    (tmp_path / "tree").mkdir()
    for name in ("a.zip", "b.zip", "c.zip"):
        (tmp_path / "tree" / name).write_bytes(nested.getvalue())
    archive = Path(shutil.make_archive(str(tmp_path / "all"), "zip", tmp_path / "tree"))
    for home, most in ((tmp_path / "tree", 6), (archive, 9)):
        monkeypatch.setattr(files, "MAX_MEMBERS", most)
        assert len(find_midi_files(home, look_inside=True)) == 3
        monkeypatch.setattr(files, "MAX_MEMBERS", most - 1)
        with pytest.raises(InputError, match=f"The zip files in .* hold more than {most - 1} files in all"):
            find_midi_files(home, look_inside=True)


def test_errors_say_what_is_wrong(tmp_path):
    with pytest.raises(InputError, match="There is no folder and no file .*nowhere"):
        find_midi_files(tmp_path / "nowhere")
    with pytest.raises(InputError, match="No MIDI files .* under"):
        find_midi_files(tmp_path)
    (tmp_path / "page.zip").write_text("<html>Please log in</html>")
    with pytest.raises(InputError, match="page.zip is not a zip file that can be read"):
        find_midi_files(tmp_path / "page.zip")


def test_a_damaged_member_is_named_when_it_is_read(archive: Path):
    data = bytearray(archive.read_bytes())
    start = data.index(b"Bach/Air.mid") + len("Bach/Air.mid")
    data[start : start + 3] = b"\xff\xff\xff"
    archive.write_bytes(data)
    with pytest.raises(InputError, match="Cannot read Bach/Air.mid in .*tree.zip"):
        find_midi_files(archive)["Bach/Air.mid"]()


def test_a_file_that_has_gone_is_named_when_it_is_read(folder):
    read = find_midi_files(folder)["Bach/Air.mid"]
    (folder / "Bach/Air.mid").unlink()
    with pytest.raises(InputError, match="Cannot read .*Air.mid: No such file"):
        read()
