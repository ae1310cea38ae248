"""Files that somebody asks about: MIDI, or a score that music21 reads."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

from features.corpora.archives import read_file
from features.corpora.files import find_midi_files, is_midi_name, shown
from features.corpora.scores import SCORE_SUFFIXES
from features.corpora.scores_in_time import score_in_time
from features.errors import InputError

Read = Callable[[], bytes]


def find_files(paths: Sequence[Path], *, own_tempo: bool = True) -> dict[str, Read]:
    """Returns the files that are asked about, by name, and functions that return them as the bytes of MIDI files.

    Args:
        paths: Files, whatever their names; folders, of which all MIDI files and scores are taken, links not followed;
            zip files, of which all MIDI files are.
        own_tempo: Whether scores are played at their own tempo; see `score_to_midi`.

    Raises:
        InputError: There is no such path, or a folder holds nothing of the kind.
    """
    if not paths:
        raise InputError("Expected files or folders to ask about, but received none; name some.")
    found: dict[str, Read] = {}
    for path in (path.expanduser() for path in paths):
        if path.is_dir():
            inside = {
                shown(str(file)): partial(read_music, file, own_tempo=own_tempo) for file in _in_folder(path)
            }
            if not inside:
                raise InputError(
                    f"There is no MIDI file and no score ({', '.join(SCORE_SUFFIXES)}) in {path}; name another folder."
                )
            found |= inside
        elif path.suffix.lower() == ".zip" and path.is_file():
            found |= {f"{shown(str(path))}/{name}": read for name, read in find_midi_files(path).items()}
        elif os.path.lexists(path):
            found[shown(str(path))] = partial(read_music, path, own_tempo=own_tempo)
        else:
            raise InputError(f"There is no file and no folder {shown(str(path))}; check the name.")
    return found


def read_music(path: Path, *, own_tempo: bool = True) -> bytes:
    """Returns a file as the bytes of a MIDI file: as it is, or of a score its notes.

    Raises:
        InputError: It cannot be read, or not in time.
    """
    is_score = path.suffix.lower() in SCORE_SUFFIXES
    return score_in_time(path, own_tempo=own_tempo) if is_score else read_file(path)


def _in_folder(folder: Path) -> list[Path]:
    found = []
    for parent, _, names in os.walk(folder):
        for name in names:
            pure = PurePosixPath(name)
            if is_midi_name(pure) or (pure.suffix.lower() in SCORE_SUFFIXES and not name.startswith("._")):
                found.append(Path(parent) / name)
    return sorted(found)
