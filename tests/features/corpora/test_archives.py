"""Zip files made to do harm: each ends in a sentence, soon and without filling the memory."""

import io
import os
import struct
import tracemalloc
import zipfile
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.corpora import archives
from features.corpora.archives import list_members, read_file, read_member
from features.corpora.files import find_midi_files
from features.errors import InputError
from features.midi.events import MAX_FILE_BYTES

MOST_MEMORY = 2**26

TOO_LONG = f"longer than {MAX_FILE_BYTES // 2**20} MiB"


def pack(path, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def in_memory(members):
    file = io.BytesIO()
    pack(file, members)
    return file.getvalue()


def write_bomb(path, length, name="bomb.mid"):
    """Packs so many zeros piece by piece."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file, file.open(name, "w") as member:
        for _ in range(length // 2**20):
            member.write(bytes(2**20))
    return path


def patch(path, signature, offset, value):
    """Overwrites a number in the first record that begins with a signature."""
    data = bytearray(path.read_bytes())
    place = data.index(signature) + offset
    data[place : place + len(value)] = value
    path.write_bytes(data)
    return path


CENTRAL, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"


@contextmanager
def little_memory():
    """Fails if more memory was needed than reading some files takes."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["../x.mid", "a/../../x.mid", "/etc/x.mid", "C:\\x.mid", "..\\x.mid"])
def test_a_name_that_points_outside_is_refused(tmp_path, name):
    path = pack(tmp_path / "x.zip", {"Bach/good.mid": b"music", name: b"music"})
    with pytest.raises(InputError, match="points outside its folder; it is not read"):
        find_midi_files(path)


def test_a_bomb_is_not_unpacked_to_its_end(tmp_path):
    path = write_bomb(tmp_path / "x.zip", 2**28)
    assert path.stat().st_size < 2**19
    with little_memory(), pytest.raises(InputError, match=f"bomb.mid .*{TOO_LONG}"):
        find_midi_files(path)["bomb.mid"]()


def test_a_bomb_that_lies_about_its_length_is_not_unpacked_to_its_end(tmp_path):
    path = write_bomb(tmp_path / "x.zip", 100 * 2**20)
    for signature, offset in ((CENTRAL, 24), (LOCAL, 22)):
        patch(path, signature, offset, struct.pack("<I", 100))
    with little_memory(), pytest.raises(InputError, match="Cannot read bomb.mid"):
        find_midi_files(path)["bomb.mid"]()


def test_a_bomb_within_a_zip_file_is_left_out(tmp_path):
    inner = write_bomb(tmp_path / "inner.zip", 100 * 2**20).read_bytes()
    path = pack(tmp_path / "x.zip", {"a/b.zip": inner, "a/c.mid": b"music"})
    found = find_midi_files(path, look_inside=True)
    assert list(found) == ["a/b.zip/bomb.mid", "a/c.mid"]
    with little_memory(), pytest.raises(InputError, match=TOO_LONG):
        found["a/b.zip/bomb.mid"]()


def test_a_zip_file_within_that_is_a_bomb_itself_is_left_out(tmp_path):
    path = write_bomb(tmp_path / "x.zip", 100 * 2**20, "b.zip")
    with little_memory(), pytest.raises(InputError, match="b.zip .*longer than 16 MiB"):
        find_midi_files(path, look_inside=True)["b.zip"]()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(tmp_path, method):
    path = pack(tmp_path / "x.zip", {"x.mid": bytes(2**20)}, method)
    with little_memory(), pytest.raises(InputError, match="x.mid .*packed by method"):
        find_midi_files(path)["x.mid"]()


def test_encrypted_members_are_refused(tmp_path):
    path = pack(tmp_path / "x.zip", {"x.mid": b"music"})
    for signature, offset in ((CENTRAL, 8), (LOCAL, 6)):
        patch(path, signature, offset, b"\x01\x00")
    with pytest.raises(InputError, match="Cannot read x.mid in .*: it is encrypted"):
        find_midi_files(path)["x.mid"]()


def test_overlapping_members_are_refused(tmp_path):
    path = pack(tmp_path / "x.zip", {"a.mid": b"music", "b.mid": b"music"})
    data = path.read_bytes()
    second = data.index(CENTRAL, data.index(CENTRAL) + 1)
    path.write_bytes(data[: second + 42] + b"\0\0\0\0" + data[second + 46 :])  # where its bytes lie
    with pytest.raises(InputError, match="files that overlap"):
        find_midi_files(path)


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    path = pack(tmp_path / "x.zip", {f"{n}.mid": b"" for n in range(11)})
    monkeypatch.setattr(archives, "MAX_MEMBERS", 10)
    with pytest.raises(InputError, match="holds 11 files, more than 10"):
        find_midi_files(path)


def test_an_endless_table_of_contents_is_not_read(tmp_path):
    path = pack(tmp_path / "x.zip", {"x.mid": b"music"})
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        end = path.read_bytes()[-22:]
        file.seek(size + 2**30)  # a hole on the disk
        file.write(end[:12] + struct.pack("<II", 2**30, 0) + end[20:])
    with little_memory(), pytest.raises(InputError, match="a table of contents of 1,073,741,824 bytes"):
        find_midi_files(path)


def test_a_refused_zip_file_within_is_named_with_the_reason(tmp_path):
    inside = {"out.zip": in_memory({"../x.mid": b""}), "junk.zip": b"junk"}
    deeper = in_memory({"deepest.zip": in_memory({"x.mid": b"music"}), "y.mid": b"music"})
    found = find_midi_files(pack(tmp_path / "x.zip", inside | {"deep.zip": deeper}), look_inside=True)
    assert found.pop("deep.zip/y.mid")() == b"music"
    reasons = {}
    for name, read in found.items():
        with pytest.raises(InputError) as refused:
            read()
        reasons[name] = str(refused.value)
    assert "points outside its folder" in reasons.pop("out.zip")
    assert "is not a zip file that can be read" in reasons.pop("junk.zip")
    assert "in a zip file in a zip file is not opened" in reasons.pop("deep.zip/deepest.zip")
    assert not reasons


@given(st.data())
def test_a_mutated_zip_file_is_read_or_refused(tmp_path_factory, data):
    path = pack(
        tmp_path_factory.mktemp("zip") / "x.zip",
        {"a.mid": b"music" * 9, "b/c.zip": in_memory({"d.mid": b"x"})},
    )
    mutated = bytearray(path.read_bytes())
    places = st.integers(0, len(mutated) - 1)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=8)):
        mutated[place] = value
    path.write_bytes(mutated)
    try:
        found = find_midi_files(path, look_inside=True)
    except InputError:
        return
    for read in found.values():
        try:
            read()
        except InputError:
            pass


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such pipes")
def test_pipes_loops_and_devices_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.mid")
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.zip")
    (tmp_path / "loop.mid").symlink_to(tmp_path / "loop.mid")
    (tmp_path / "endless.mid").symlink_to("/dev/zero")
    (tmp_path / "folder").symlink_to(tmp_path)
    found = find_midi_files(tmp_path, look_inside=True)
    assert list(found) == ["endless.mid", "folder/(link)", "loop.mid", "pipe.mid", "pipe.zip"]
    for read in found.values():
        with pytest.raises(InputError, match="Cannot read"):
            read()
    with pytest.raises(InputError, match="it is not an ordinary file"):
        find_midi_files(tmp_path / "pipe.zip")


def test_a_file_longer_than_music_is_not_read(tmp_path):
    with (tmp_path / "long.mid").open("wb") as file:
        file.truncate(2**31)
    with little_memory(), pytest.raises(InputError, match=TOO_LONG):
        read_file(tmp_path / "long.mid")


def test_a_member_without_a_name_is_passed_over(tmp_path):
    path = pack(tmp_path / "x.zip", {"!.mid": b"music", "x.mid": b"music"})
    path.write_bytes(path.read_bytes().replace(b"!.mid", b"\0.mid"))
    assert "" in [member.filename for member in archives.open_zip(path).infolist()]
    assert list(find_midi_files(path, look_inside=True)) == ["x.mid"]


def test_a_zip_file_that_was_replaced_is_read_anew(tmp_path):
    path = pack(tmp_path / "x.zip", {"x.mid": b"old", "y.zip": in_memory({"z.mid": b"old"})})
    assert read_member(path, "x.mid") == read_member(path, "z.mid", "y.zip") == b"old"
    other = pack(tmp_path / "other.zip", {"x.mid": b"newer", "y.zip": in_memory({"z.mid": b"newer"})})
    os.replace(other, path)
    assert read_member(path, "x.mid") == read_member(path, "z.mid", "y.zip") == b"newer"
    path.unlink()
    with pytest.raises(InputError, match="Cannot read .*x.zip: No such file"):
        read_member(path, "x.mid")


def test_members_are_listed_and_read(tmp_path):
    inner = in_memory({"x.mid": b"inner"})
    path = pack(tmp_path / "x.zip", {"a/": b"", "a/x.mid": b"outer", "y.zip": inner})
    assert list_members(path) == ["a/x.mid", "y.zip"]
    assert list_members(path, "y.zip") == ["x.mid"]
    assert read_member(path, "a/x.mid") == b"outer"
    assert read_member(path, "x.mid", "y.zip") == b"inner"
