"""The MIDI files of a folder or of a zip file: what they are called and how to read them."""

import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath

from features.errors import InputError

MIDI_SUFFIXES = (".mid", ".midi")


def find_midi_files(home: Path) -> dict[str, Callable[[], bytes]]:
    """Returns the MIDI files of a folder or a zip file, sorted by name.

    The suffix may be in capitals. The shadows `._name.mid` that macOS puts into its zip files
    are left out: they hold no music.

    Args:
        home: A folder or a zip file.

    Returns:
        For each file its path relative to `home`, with `/` between the parts, and a function
        that returns its bytes. The functions can be pickled and called from several processes
        and threads at once.

    Raises:
        InputError: There is no such path, it is neither a folder nor a zip file, or it holds
            no MIDI file.
    """
    if home.is_dir():
        found = dict(_in_folder(home))
    elif home.is_file():
        found = dict(_in_zip(home))
    else:
        raise InputError(f"There is no folder and no file {home}; check --data-home.")
    if not found:
        raise InputError(
            f"No MIDI files (.mid or .midi) under {home}; give --data-home a path that has some."
        )
    return dict(sorted(found.items()))


def is_midi_name(path: PurePosixPath) -> bool:
    """Whether this is what a MIDI file is called.

    Example:
        >>> is_midi_name(PurePosixPath("Bach/Air.MID")), is_midi_name(PurePosixPath("Bach/._Air.mid"))
        (True, False)
    """
    return path.suffix.lower() in MIDI_SUFFIXES and not path.name.startswith("._")


def read_file(path: Path) -> bytes:
    """Returns the bytes of a file.

    Raises:
        InputError: The system does not let us read it.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}.") from error


def read_zip_member(path: Path, member: str) -> bytes:
    """Returns the bytes of one file within a zip file.

    Raises:
        InputError: The zip file is damaged there or cannot be read at all.
    """
    try:
        return _open_zip(path, os.getpid()).read(member)
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"Cannot read {member} in {path} ({error}); is the zip file complete?") from error


def _in_folder(home: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    for folder, _, names in os.walk(home, onerror=_refuse):
        for name in names:
            path = Path(folder, name)
            if is_midi_name(path):
                yield _printable(path.relative_to(home).as_posix()), partial(read_file, path)


def _refuse(error: OSError) -> None:
    raise InputError(f"Cannot read the folder {error.filename}: {error.strerror}.") from error


def _in_zip(home: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    try:
        members = _open_zip(home, os.getpid()).namelist()
    except (OSError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise InputError(
            f"{home} is not a zip file that can be read ({error}); "
            "give --data-home a folder or a complete zip file, or download it again."
        ) from error
    for member in members:
        if is_midi_name(PurePosixPath(member)):
            yield member, partial(read_zip_member, home, member)


@lru_cache(maxsize=4)
def _open_zip(path: Path, process: int) -> zipfile.ZipFile:
    """Opens a zip file once a process.

    Opening costs as much as reading a hundred members. One ZipFile may be read from several
    threads but not from several processes, which would share its position in the file; hence
    the process in the key.
    """
    return zipfile.ZipFile(path)


def _printable(name: str) -> str:
    """Makes a name that was not written in UTF-8 fit for a table: what cannot be read becomes `\\xe9`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
