"""Zip files, read with care: nothing is unpacked to disk, and no zip file is believed.

Whatever a zip file says of itself, reading it takes bounded time and memory: it is refused as a
whole if a name points outside its folder, if members overlap or if there are far too many, and no
member is unpacked further than a MIDI file can be long.
"""

import io
import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from features.errors import InputError
from features.midi.events import MAX_FILE_BYTES

MAX_MEMBERS = 50_000
"""More than ten times what the largest corpus in one zip file has."""

MAX_DIRECTORY_BYTES = 8 * 2**20
"""Of the table of contents, which `zipfile` reads at once: 50,000 members with names of 100 letters."""

MAX_NESTED_BYTES = 16 * 2**20
"""Of a zip file within a zip file, which is kept in memory while it is read."""

LOCAL_HEADER_BYTES = 30

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Ways of packing that can be unpacked piecemeal; the others unpack to any length at once."""

UNSEEN = ("Cc", "Cf", "Zl", "Zp")
"""Kinds of characters that a terminal obeys instead of showing them: controls, directions, ends of lines."""

DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(ValueError, OverflowError, LookupError, RuntimeError),
)
"""What `zipfile` raises for files that are cut short or made up."""


def read_file(path: Path) -> bytes:
    """Returns the bytes of a file.

    Raises:
        InputError: It cannot be read, is no ordinary file, or is longer than a MIDI file can be.
    """
    try:
        with _open_ordinary(path) as file:
            length = os.fstat(file.fileno()).st_size
            _check_length(length, printable(str(path)))
            return file.read(length)
    except OSError as error:
        raise InputError(f"Cannot read {printable(str(path))}: {error.strerror}.") from error


def printable(name: str) -> str:
    """Returns a name as it can be shown: what would move the cursor, or is not Unicode, as `\\x1b` or `\\xe9`.

    Example:
        >>> printable("a\\n\\x1b[31m Élégie.mid")
        'a\\\\n\\\\x1b[31m Élégie.mid'
    """
    shown = (
        letter.encode("unicode_escape").decode("ascii") if unicodedata.category(letter) in UNSEEN else letter
        for letter in os.fsencode(name).decode("utf-8", "backslashreplace")
    )
    return "".join(shown)


def list_members(path: Path, nested: str = "") -> list[str]:
    """Returns the names of the files in a zip file.

    Args:
        path: The zip file.
        nested: Name of a zip file within it; empty for itself.

    Raises:
        InputError: It is damaged, or made so that it should not be read.
    """
    names = (member.filename for member in open_zip(path, nested).infolist())
    return [name for name in names if name and not name.endswith("/")]


def read_member(path: Path, member: str, nested: str = "", *, most: int = MAX_FILE_BYTES) -> bytes:
    """Returns the bytes of one file within a zip file.

    Args:
        path: The zip file.
        member: Its name.
        nested: Name of the zip file within `path` that holds it; empty if `path` does.
        most: Number of bytes beyond which it is not read.

    Raises:
        InputError: The zip file is damaged there, the member is encrypted or longer than that.
    """
    where = f"{printable(member)} in {_shown(path, nested)}"
    archive = open_zip(path, nested)
    try:
        entry = archive.getinfo(member)
        _check_packing(entry, where)
        with archive.open(entry) as file:
            data = file.read(most + 1)  # whatever the table of contents says of its length
    except InputError:
        raise
    except DAMAGED as error:
        raise InputError(f"Cannot read {where} ({error}); is the zip file complete?") from error
    _check_length(len(data), where, most)
    return data


def read_beginning(path: Path, member: str, nested: str = "", *, length: int) -> bytes:
    """Returns the first bytes of a file within a zip file; none if it cannot be read."""
    try:
        archive = open_zip(path, nested)
        entry = archive.getinfo(member)
        _check_packing(entry, member)
        with archive.open(entry) as file:
            return file.read(length)
    except DAMAGED:  # InputError is a ValueError
        return b""


def open_zip(path: Path, nested: str = "") -> zipfile.ZipFile:
    """Opens a zip file, or one within it, once a process, and looks it over; anew if it was replaced.

    Opening costs as much as reading a hundred members. One ZipFile may be read from several
    threads but not from several processes, which would share its position in the file.

    Raises:
        InputError: It is damaged, or made so that it should not be read.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(f"Cannot read {printable(str(path))}: {error.strerror}.") from error
    return _open_once(path, nested, os.getpid(), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4)
def _open_once(path: Path, nested: str, process: int, changed: int, length: int) -> zipfile.ZipFile:
    name = _shown(path, nested)
    try:
        if nested:
            file: BinaryIO = io.BytesIO(read_member(path, nested, most=MAX_NESTED_BYTES))
            _check_directory(file, name)
            archive = zipfile.ZipFile(file)
        else:
            with _open_ordinary(path) as file:
                _check_directory(file, name)
            archive = zipfile.ZipFile(path)  # which closes what it opened itself
        _check_members(archive.infolist(), name)
    except InputError:
        raise
    except DAMAGED as error:
        advice = "" if nested else "; name a folder or a complete zip file, or download it again"
        raise InputError(f"{name} is not a zip file that can be read ({error}){advice}.") from error
    return archive


def _shown(path: Path, nested: str) -> str:
    return printable(f"{path}/{nested}" if nested else str(path))


def _open_ordinary(path: Path) -> BinaryIO:
    """Opens a file that is no pipe and no device: these would make us wait for ever."""
    file = open(path, "rb", opener=_open_without_waiting)
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise InputError(f"Cannot read {printable(str(path))}: it is not an ordinary file.")
    return file


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # Windows has no pipes among its files


def _check_directory(file: BinaryIO, name: str) -> None:
    """Refuses a table of contents that would fill the memory; `zipfile` itself would read all of it."""
    end = zipfile._EndRecData(file)  # no public function tells the length before reading
    if end and end[zipfile._ECD_SIZE] > MAX_DIRECTORY_BYTES:
        raise InputError(
            f"{name} has a table of contents of {end[zipfile._ECD_SIZE]:,} bytes; it is not read."
        )
    file.seek(0)


def _check_members(members: list[zipfile.ZipInfo], name: str) -> None:
    if len(members) > MAX_MEMBERS:
        raise InputError(f"{name} holds {len(members):,} files, more than {MAX_MEMBERS:,}; it is not read.")
    outside = next((member.filename for member in members if points_outside(member.filename)), None)
    if outside is not None:
        raise InputError(f"{name} holds {outside!r}, which points outside its folder; it is not read.")
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            raise InputError(f"{name} holds files that overlap, such as {member.filename!r}; it is not read.")
        end = member.header_offset + LOCAL_HEADER_BYTES + member.compress_size


def _check_packing(entry: zipfile.ZipInfo, where: str) -> None:
    if entry.flag_bits & 1:
        raise InputError(f"Cannot read {where}: it is encrypted.")
    if entry.compress_type not in METHODS:
        raise InputError(
            f"Cannot read {where}: it is packed by method {entry.compress_type}, neither stored nor deflated."
        )


def points_outside(name: str) -> bool:
    """Whether the name of a zip member leads out of the folder that it would be unpacked into.

    Example:
        >>> [points_outside(name) for name in ("a/b.mid", "../b.mid", "/b.mid", "C:\\\\b.mid", "a..b.mid")]
        [False, True, True, True, False]
    """
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or name[1:3] in (":\\", ":/")


def _check_length(length: int, name: object, most: int = MAX_FILE_BYTES) -> None:
    if length > most:
        raise InputError(f"Cannot read {name}: it is longer than {most // 2**20} MiB.")
