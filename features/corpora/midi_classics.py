"""The Kaggle corpus blanderbuss/midi-classic-music: 3,885 MIDI files in a folder for each composer.

https://www.kaggle.com/datasets/blanderbuss/midi-classic-music
"""

import os
from pathlib import Path, PurePosixPath

from features.corpora.catalogue import Piece, Request, select_composers
from features.corpora.files import find_midi_files
from features.errors import InputError

HOME_VARIABLE = "MIDI_CLASSICS_HOME"
KAGGLE_HANDLE = "blanderbuss/midi-classic-music"
TOP_FOLDER = "midiclassics"


def load(request: Request) -> list[Piece]:
    """Returns the pieces as they stand on Kaggle: the name of a folder is the label.

    Args:
        request: What is wanted; only the list of pieces `"reference"` is known.

    Raises:
        InputError: The corpus is not where the request says, or a composer is not in it.
    """
    if request.pieces != "reference":
        raise InputError(
            f"midi_classics has no pieces {request.pieces!r}, only 'reference'; use --pieces reference."
        )
    pieces = []
    for path, read in find_midi_files(_find_home(request)).items():
        name = PurePosixPath(path.removeprefix(f"{TOP_FOLDER}/"))
        pieces.append(Piece(piece=str(name), composer=reference_label(name), read=read))
    return select_composers(pieces, request.composers)


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
