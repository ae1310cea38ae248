"""The Kaggle corpus blanderbuss/midi-classic-music: 3,885 MIDI files in a folder for each composer.

https://www.kaggle.com/datasets/blanderbuss/midi-classic-music

There are two lists of its pieces. `"reference"` takes the files as they stand. `"clean"` gives each
composer one name, opens the zip files within, and corrects labels and titles or leaves files out, with
the reason, as `midi_classics.csv` says; of files with the same bytes it keeps one.
"""

import csv
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path, PurePosixPath

from features.corpora.catalogue import IN_DOUBT, SAME_BYTES, Piece, Request, check_list, select_composers
from features.corpora.composers import find_composer, find_composer_in_title
from features.corpora.files import find_midi_files
from features.errors import InputError

HOME_VARIABLE = "MIDI_CLASSICS_HOME"
KAGGLE_HANDLE = "blanderbuss/midi-classic-music"
TOP_FOLDER = "midiclassics"
TABLE = Path(__file__).with_name("midi_classics.csv")
LISTS = ("reference", "clean")


@dataclass(frozen=True)
class Correction:
    """What is wrong with the label or the name of a file.

    Attributes:
        piece: Its name.
        composer: Who wrote it; empty if nobody whom the corpus could name did.
        title: What it should be called; empty if its name tells what it is.
        left_out: Why it is left out; empty if it is not.
        remark: How this is known.
    """

    piece: str
    composer: str
    title: str
    left_out: str
    remark: str


def load(request: Request) -> list[Piece]:
    """Returns the pieces of one of the two lists.

    Args:
        request: What is wanted; under `"clean"` any spelling of a composer is understood.

    Raises:
        InputError: The corpus is not where the request says, or a composer is not in it.
    """
    check_list(request, "midi_classics", LISTS)
    home = _find_home(request)
    if request.pieces == "reference":
        return select_composers(reference_pieces(home), request.composers)
    wanted = dict.fromkeys(find_composer(name) or name for name in request.composers)
    return select_composers(clean_pieces(home), tuple(wanted))


def reference_pieces(home: Path) -> list[Piece]:
    """Returns the files as they stand on Kaggle: the name of a folder is the label."""
    found = find_midi_files(home).items()
    return [
        Piece(piece=name, composer=reference_label(PurePosixPath(name)), read=read)
        for name, read in _named(found)
    ]


def clean_pieces(home: Path) -> list[Piece]:
    """Returns all files with the name of who wrote them, and why some are left out."""
    corrections = load_corrections()
    pieces = []
    for name, read in _named(find_midi_files(home, look_inside=True).items()):
        label = clean_label(PurePosixPath(name))
        correction = corrections.get(name)
        title, remark = (correction.title, correction.remark) if correction else ("", "")
        reason = "" if label else f"{IN_DOUBT}no composer's name begins this one"
        if correction:
            label = correction.composer or label
            reason = f"{IN_DOUBT}{correction.left_out}" if correction.left_out else ""
        pieces.append(Piece(name, label or "unknown", read, title=title, left_out=reason, remark=remark))
    return leave_out_copies(pieces)


def reference_label(name: PurePosixPath) -> str:
    """Returns the label that a file has in the reference study.

    It is the composer's folder. The hundred strays that lie outside of all folders are filed
    by the first word of their name, right or wrong.

    Example:
        >>> reference_label(PurePosixPath("Bach/Concertos/Bwv1041 1mov.mid"))
        'Bach'
        >>> reference_label(PurePosixPath("Grieg Piano Concerto 2mov.mid"))
        'Grieg'
    """
    return name.parts[0] if len(name.parts) > 1 else (name.stem.split() or [name.name])[0]


def clean_label(name: PurePosixPath) -> str:
    """Returns the composer whom the folder of a file names, or the beginning of a stray's name.

    A folder that no composer is known by is a label of its own; a stray like that has none.

    Example:
        >>> clean_label(PurePosixPath("Haendel/Samson 57 1mov Overture.mid"))
        'Handel'
        >>> clean_label(PurePosixPath("Lizt Piano Concerto n1 S124.mid"))
        'Liszt'
    """
    if len(name.parts) > 1:
        return find_composer(name.parts[0]) or name.parts[0]
    return find_composer_in_title(name.stem) or ""


def leave_out_copies(pieces: Iterable[Piece]) -> list[Piece]:
    """Returns the pieces sorted by name; of those with the same bytes only the first is not left out.

    It goes by all their names, since any of them may be the one that tells of its work.
    """
    found, copies = sorted(pieces), {}
    for index, piece in enumerate(found):
        if not piece.left_out:
            copies.setdefault(_digest(piece.read) or piece.piece, []).append(index)
    for first, *others in copies.values():
        names = tuple(found[index].title or found[index].piece for index in others)
        found[first] = replace(found[first], also=names)
        for index in others:
            found[index] = replace(found[index], left_out=f"{SAME_BYTES}{found[first].piece}")
    return found


@lru_cache(maxsize=1)
def load_corrections() -> dict[str, Correction]:
    """Returns what `midi_classics.csv` says, by the name of the file."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["piece"]: Correction(**row) for row in csv.DictReader(file)}


def _named(found: Iterable[tuple[str, Callable[[], bytes]]]) -> Iterable[tuple[str, Callable[[], bytes]]]:
    """Yields files with their names below the top folder, whether or not that is there."""
    return ((path.removeprefix(f"{TOP_FOLDER}/"), read) for path, read in found)


def _digest(read: Callable[[], bytes]) -> bytes:
    """SHA-256 of a file; empty if it cannot be read, which whoever encodes it reports."""
    try:
        return sha256(read()).digest()
    except InputError:
        return b""


def _find_home(request: Request) -> Path:
    """Returns where the corpus lies: what was asked for, else the environment, else the download."""
    if request.data_home is not None:
        return request.data_home
    if os.environ.get(HOME_VARIABLE):
        return Path(os.environ[HOME_VARIABLE]).expanduser()
    if request.download:
        return _download()
    raise InputError(
        "midi_classics has to be brought along: give its zip file or folder with --data-home, "
        f"or in the environment variable {HOME_VARIABLE}, or let it be fetched from Kaggle with --download."
    )


def _download() -> Path:
    try:
        import kagglehub
    except ImportError as error:
        raise InputError("--download needs kagglehub: pip install kagglehub, then run this again.") from error
    try:
        return Path(kagglehub.dataset_download(KAGGLE_HANDLE))
    except Exception as error:  # kagglehub's own errors have no common parent
        raise InputError(
            f"Kaggle did not deliver {KAGGLE_HANDLE} ({error}); "
            "try again, or fetch it by hand and give it with --data-home."
        ) from error
