"""Many MIDI files, each changed in several ways: names, what is there already, what cannot be done."""

import errno
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Literal

from tqdm import tqdm

from features.augmentation import change_tempo, transpose
from features.corpora.archives import points_outside, read_file
from features.corpora.files import find_midi_files, is_midi_name
from features.errors import InputError
from features.midi import read_events
from features.whole import appears_whole

OF_ONE_FILE = {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.EISDIR, errno.ENOTDIR}
"""What can be wrong with the name of one file to write, and says nothing of the others."""

Source = tuple[str, Callable[[], bytes]]
"""A name, with `/` between its parts, and what returns the bytes or raises the reason why there are none."""


@dataclass(frozen=True)
class Change:
    """What is done to a file.

    Attributes:
        semitones: How far up it is transposed; down if negative.
        tempo: How many times as fast it is played.
        edges: What becomes of notes that leave the 128 pitches; see `transpose`.
        keys: What becomes of key signatures; see `transpose`.
    """

    semitones: int = 0
    tempo: float = 1.0
    edges: Literal["fold", "drop"] = "fold"
    keys: Literal["follow", "leave"] = "follow"

    def __str__(self) -> str:
        """How it is written behind the name of a file; empty if nothing is done.

        Example:
            >>> str(Change(2)), str(Change(-2, 0.8)), str(Change(0, 1.25)), str(Change())
            ('+2', '-2 x0.8', ' x1.25', '')
        """
        moved = f"{self.semitones:+d}" if self.semitones else ""
        return moved + (f" x{self.tempo:.12g}" if self.tempo != 1 else "")

    def apply(self, data: bytes) -> bytes:
        """Returns the bytes of the changed file.

        Raises:
            MidiError: It cannot be read, or not be changed like this.
        """
        if self.semitones:
            data = transpose(data, self.semitones, edges=self.edges, keys=self.keys)
        return change_tempo(data, self.tempo) if self.tempo != 1 else data


@dataclass(frozen=True)
class Outcome:
    """What became of a file to write, or of one to read.

    Attributes:
        name: Its name.
        was_there: Whether it was there before, and stays as it was.
        problem: Why it could not be written, or be read.
    """

    name: str
    was_there: bool = False
    problem: str = ""


def find_sources(home: Path) -> list[Source]:
    """Returns the MIDI files that a path stands for: itself, or those in a folder or a zip file.

    Raises:
        InputError: There is none.
    """
    if home.is_file() and not zipfile.is_zipfile(home):
        return [(home.name, partial(read_file, home))]
    return list(find_midi_files(home).items())


def augment(
    sources: Sequence[Source], changes: Sequence[Change], output: Path, *, overwrite: bool = False
) -> Iterator[Outcome]:
    """Changes files and writes them, each whole or not at all.

    Args:
        sources: What to change.
        changes: What to do to each: a file for each change.
        output: Where to write; the folders in the names are kept.
        overwrite: Whether to write files anew that are there already.

    Yields:
        What became of each file to write; of one that cannot be read, why.
    """
    written: dict[str, str] = {}
    for name, read in tqdm(sources, desc="Changing files", unit="file"):
        wanted = {changed_name(name, change): change for change in changes}
        for path in [path for path in wanted if path not in written and os.path.exists(output / path)]:
            if not overwrite:
                del wanted[path]
                yield Outcome(path, was_there=True)
        if not wanted:
            continue
        try:
            data = read()
            read_events(data)  # what cannot be read at all is said once, not for each change
        except InputError as error:
            yield Outcome(name, problem=str(error))
            continue
        for path, change in wanted.items():
            other = written.setdefault(path, name)
            problem = f"it would be called as what {other} became" if other != name else ""
            yield Outcome(path, problem=problem or write(data, change, output, path))


def changed_name(name: str, change: Change) -> str:
    """Returns the name of a changed file.

    Example:
        >>> changed_name("Bach/Air.MID", Change(2)), changed_name("opus 1/2", Change(0, 1.5))
        ('Bach/Air+2.MID', 'opus 1/2 x1.5.mid')
    """
    path = PurePosixPath(name)
    suffix = path.suffix if is_midi_name(path) else ""
    return f"{name.removesuffix(suffix)}{change}{suffix or '.mid'}"


def write(data: bytes, change: Change, output: Path, path: str) -> str:
    """Writes one changed file; returns why it could not be done, or nothing."""
    if points_outside(path):
        return "its name leads out of the folder that it would be written to"
    try:
        changed = change.apply(data)
        (output / path).parent.mkdir(parents=True, exist_ok=True)
        with appears_whole(output / path) as unfinished:
            unfinished.write_bytes(changed)
    except InputError as error:
        return str(error)
    except OSError as error:
        if error.errno not in OF_ONE_FILE:
            raise
        return f"it cannot be written: {os.strerror(error.errno)}"
    return ""
