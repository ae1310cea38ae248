"""Files that somebody asks about: MIDI, or a score that music21 reads."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

from features.corpora.archives import read_file
from features.corpora.files import find_midi_files, is_midi_name, refuse, shown
from features.corpora.scores import SCORE_SUFFIXES
from features.corpora.scores_in_time import score_in_time
from features.errors import InputError

Read = Callable[[], bytes]


def find_files(paths: Sequence[Path], *, own_tempo: bool = True) -> dict[str, Read]:
    """Returns the files that are asked about, by name, and functions that return them as the bytes of MIDI files.

    What there is not, or holds nothing to ask about, has a name too, and a function that raises the reason.

    Args:
        paths: Files, whatever their names; folders, of which all MIDI files and scores are taken, links not followed;
            zip files, of which all MIDI files are.
        own_tempo: Whether scores are played at their own tempo; see `score_to_midi`.

    Raises:
        InputError: No path is given.
    """
    if not paths:
        raise InputError("Expected files or folders to ask about, but received none; name some.")
    found: dict[str, Read] = {}
    for given in paths:
        path = Path(
            os.path.expanduser(given)
        )  # not `Path.expanduser`, which raises where there is no such user
        try:
            found |= _under(path, own_tempo=own_tempo)
        except InputError as error:
            found[shown(str(path))] = partial(refuse, str(error))
    return found


def read_music(path: Path, *, own_tempo: bool = True) -> bytes:
    """Returns a file as the bytes of a MIDI file: as it is, or of a score its notes.

    Raises:
        InputError: It cannot be read, or not in time.
    """
    is_score = path.suffix.lower() in SCORE_SUFFIXES
    return score_in_time(path, own_tempo=own_tempo) if is_score else read_file(path)


def _under(path: Path, *, own_tempo: bool) -> dict[str, Read]:
    name = shown(str(path))
    if os.path.isdir(path):  # not `Path.is_dir`, which raises for names that are too long
        inside = {
            shown(str(file)): partial(read_music, file, own_tempo=own_tempo) for file in _in_folder(path)
        }
        if not inside:
            raise InputError(
                f"There is no MIDI file and no score ({', '.join(SCORE_SUFFIXES)}) in {name}; name another folder."
            )
        return inside
    if path.suffix.lower() == ".zip" and os.path.isfile(path):
        return {f"{name}/{inner}": read for inner, read in find_midi_files(path).items()}
    if not os.path.lexists(path):
        raise InputError(f"There is no file and no folder {name}; check the name.")
    return {name: partial(read_music, path, own_tempo=own_tempo)}


def _in_folder(folder: Path) -> list[Path]:
    found = []
    for parent, _, names in os.walk(folder):
        for name in names:
            pure = PurePosixPath(name)
            if is_midi_name(pure) or (pure.suffix.lower() in SCORE_SUFFIXES and not name.startswith("._")):
                found.append(Path(parent) / name)
    return sorted(found)
