"""The MIDI files of a folder or of a zip file: what they are called and how to read them."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NoReturn

from features.corpora.archives import (
    MAX_MEMBERS,
    list_members,
    printable,
    read_beginning,
    read_file,
    read_member,
)
from features.corpora.catalogue import composed
from features.errors import InputError

MIDI_SUFFIXES = (".mid", ".midi", ".kar", ".rmi")
"""Also of karaoke files, which have lyrics too, and of Windows' wrapped ones."""

FIRST_BYTES = b"MThd"
"""With these a MIDI file begins, whatever it is called."""

LONGEST_NAME = 400
"""Letters of a name that are shown; longer ones are made up, or belong to no system."""

LINK, WHY_NO_LINK = "/(link)", "a link to a folder that is read already, or that holds the corpus"
"""How the name of a link to a folder ends that is not followed, and why it is not."""

Found = Iterator[tuple[str, Callable[[], bytes]]]
"""Names, and functions that return the bytes or raise the reason why there are none."""


def find_midi_files(home: Path, *, look_inside: bool = False) -> dict[str, Callable[[], bytes]]:
    """Returns the MIDI files of a folder or a zip file, sorted by name.

    The suffix may be in capitals. The shadows `._name.mid` that macOS puts into its zip files
    are left out: they hold no music. Characters of a name that a terminal would obey, and those that
    are not Unicode, are shown as `\\x1b`; accented letters are one character each.

    Nothing else goes without a word: links to folders are followed, each folder is read once, and what
    cannot be read (a link that leads back, a second file of one name) has a name and a reason.

    Args:
        home: A folder or a zip file.
        look_inside: Whether to find also MIDI files that have another suffix or none, and those in
            zip files within, whose names go on behind that of the zip file: `Scarlatti/v5.zip/K500.MID`.

    Returns:
        For each file its path relative to `home`, with `/` between the parts, and a function
        that returns its bytes, or raises an InputError if that cannot or should not be done. The
        functions can be pickled and called from several processes and threads at once.

    Raises:
        InputError: There is no such path, it is neither a folder nor a zip file, or it holds
            no MIDI file; or its zip files hold far too many.
    """
    count = _Count(home)
    if os.path.isdir(home):  # not `Path.is_dir`, which raises for names that are too long
        found = _by_name(_in_folder(home, look_inside, count))
    elif os.path.exists(home):
        found = _by_name(_in_zip(home, look_inside, count))
    else:
        raise InputError(f"There is no folder and no file {shown(str(home))}; check that path.")
    if not found:
        raise InputError(
            f"No MIDI files ({', '.join(MIDI_SUFFIXES)}) under {home}; name a path that has some."
        )
    return dict(sorted(found.items()))


def is_midi_name(path: PurePosixPath) -> bool:
    """Whether this is what a MIDI file is called.

    Example:
        >>> is_midi_name(PurePosixPath("Bach/Air.MID")), is_midi_name(PurePosixPath("Bach/._Air.mid"))
        (True, False)
    """
    return path.suffix.lower() in MIDI_SUFFIXES and not path.name.startswith("._")


def shown(name: str) -> str:
    """Returns a name as pieces bear it and messages show it: printable, composed, its middle left out if it is long.

    Example:
        >>> shown("a\\n.mid"), len(shown("a" * 5000))
        ('a\\\\n.mid', 403)
    """
    name = composed(printable(name))
    half = LONGEST_NAME // 2
    return name if len(name) <= LONGEST_NAME else f"{name[:half]}...{name[-half:]}"


def refuse(reason: str) -> NoReturn:
    """Stands in for the reading of a file that should not be read.

    Raises:
        InputError: Always.
    """
    raise InputError(reason)


class _Count:
    """Counts the members of all zip files under a path: many small ones could fill the memory as one large one."""

    def __init__(self, home: Path) -> None:
        self.home, self.total = home, 0

    def add(self, number: int) -> None:
        """Refuses the whole when there are too many."""
        self.total += number
        if self.total > MAX_MEMBERS:
            raise InputError(
                f"The zip files in {printable(str(self.home))} hold more than {MAX_MEMBERS:,} files in all; "
                "name a part of them."
            )


def _by_name(found: Found) -> dict[str, Callable[[], bytes]]:
    """Returns files by their names; of those with one name the first, and the others with a number and a reason."""
    by_name: dict[str, Callable[[], bytes]] = {}
    times: Counter[str] = Counter()
    for name, read in found:
        free = name
        while free in by_name:
            times[name] += 1
            free = f"{name} ({times[name] + 1})"
        if free != name:
            read = partial(refuse, f"Cannot read {free}: another file has the name {name} too; rename one.")
        by_name[free] = read
    return by_name


def _in_folder(home: Path, look_inside: bool, count: _Count) -> Found:
    for folder, names in _walk(home):
        if names is None:
            where = _inside(home, folder)
            yield f"{where}{LINK}", partial(refuse, f"Cannot read {where}: it is {WHY_NO_LINK}.")
            continue
        for name in names:
            path = folder / name
            inside = _inside(home, path)
            if is_midi_name(path):
                yield inside, partial(read_file, path)
            elif look_inside and _is_zip_name(path):
                yield from _in_nested(inside, path, count=count)
            elif look_inside and _begins_like_midi(path):
                yield inside, partial(read_file, path)


def _walk(home: Path) -> Iterator[tuple[Path, list[str] | None]]:
    """Yields each folder once with the names of its files, linked ones last; None for links that are not followed."""
    done = {_identity(parent) for parent in home.resolve().parents}
    waiting = [home]
    while waiting:
        top = waiting.pop(0)
        if _identity(top) in done:
            yield top, None
            continue
        links = []
        for folder, folders, names in os.walk(top, onerror=_refuse_folder):
            done.add(_identity(Path(folder)))
            links += [Path(folder, name) for name in folders if Path(folder, name).is_symlink()]
            folders[:] = [name for name in folders if _identity(Path(folder, name)) not in done]
            yield Path(folder), names
        waiting += sorted(links)


def _identity(folder: Path) -> tuple[int, int]:
    """Returns what is the same for all names of one folder."""
    status = folder.stat()
    return status.st_dev, status.st_ino


def _inside(home: Path, path: Path) -> str:
    return shown(path.relative_to(home).as_posix())


def _refuse_folder(error: OSError) -> None:
    raise InputError(f"Cannot read the folder {printable(str(error.filename))}: {error.strerror}.") from error


def _in_zip(home: Path, look_inside: bool, count: _Count) -> Found:
    members = list_members(home)
    count.add(len(members))
    for member in members:
        name = PurePosixPath(member)
        if is_midi_name(name):
            yield shown(member), partial(read_member, home, member)
        elif look_inside and _is_zip_name(name):
            yield from _in_nested(shown(member), home, member, count=count)
        elif look_inside and _is_hidden_midi(home, member):
            yield shown(member), partial(read_member, home, member)


def _in_nested(outer: str, path: Path, nested: str = "", *, count: _Count) -> Found:
    """Yields what is in a zip file within; one that cannot be opened, and one deeper within, is named."""
    try:
        members = list_members(path, nested)
    except InputError as error:
        yield outer, partial(refuse, str(error))
        return
    count.add(len(members))
    for member in members:
        name, inside = PurePosixPath(member), f"{outer}/{shown(member)}"
        if is_midi_name(name) or _is_hidden_midi(path, member, nested):
            yield inside, partial(read_member, path, member, nested)
        elif _is_zip_name(name):
            reason = f"Cannot read {inside}: a zip file in a zip file in a zip file is not opened."
            yield inside, partial(refuse, reason)


def _is_zip_name(path: PurePosixPath) -> bool:
    return path.suffix.lower() == ".zip" and not path.name.startswith("._")


def _is_hidden_midi(path: Path, member: str, nested: str = "") -> bool:
    is_shadow = PurePosixPath(member).name.startswith("._")
    return not is_shadow and read_beginning(path, member, nested, length=len(FIRST_BYTES)) == FIRST_BYTES


def _begins_like_midi(path: Path) -> bool:
    """Whether an ordinary file begins as MIDI files do; of others (pipes, devices) nothing is read."""
    try:
        if path.name.startswith("._") or not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(FIRST_BYTES)) == FIRST_BYTES
    except OSError:
        return False
