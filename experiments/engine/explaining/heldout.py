"""Music to explain: one piece, or pieces of a corpus that a model has never heard."""

import random
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from experiments.engine.config import CorpusConfig, Places
from experiments.engine.external import understand
from experiments.engine.heard import UNHEARD
from experiments.engine.inspection.explanation import find_piece
from experiments.engine.predicting.files import read_music
from experiments.engine.runner import load_pieces
from experiments.engine.saved_models import SavedModel
from experiments.engine.telling import report_known_by_name
from features.corpora.catalogue import Piece
from features.corpora.files import is_midi_name
from features.corpora.labels import label_pieces
from features.datasets import LeftOut, load_dataset
from features.errors import InputError

if TYPE_CHECKING:
    from features.datasets import Dataset


def find_music(name: str, corpus: CorpusConfig, places: Places) -> tuple[str, bytes]:
    """Returns the name of a piece, and its bytes as a MIDI file.

    Args:
        name: The path of a MIDI file or a score, or else the name of a piece of the corpus or a part of it.
        corpus: Where to look if there is no such file.
        places: Where the corpus lies.

    Raises:
        InputError: There is neither such a file nor such a piece, or it cannot be read.
    """
    path = Path(name).expanduser()
    if path.is_file():
        return path.name, read_music(path)
    pieces = load_pieces(corpus, places)
    names = SimpleNamespace(
        pieces=tuple(piece.piece for piece in pieces if not piece.left_out),
        left_out=tuple(
            LeftOut(piece.piece, piece.composer, piece.left_out) for piece in pieces if piece.left_out
        ),
    )
    if is_midi_name(path) and not any(name.lower() in piece.lower() for piece in names.pieces):
        raise InputError(
            f"There is no file {name}, and no piece of {corpus.corpus} has this name; check the path, or --corpus."
        )
    found = find_piece(names, name, flag="MODEL", table=f"python -m experiments.catalogue {corpus.corpus}")
    return found, next(piece for piece in pieces if piece.piece == found).read()


def unheard_pieces(saved: SavedModel, corpus: CorpusConfig, places: Places) -> tuple[list[Piece], "Dataset"]:
    """Returns the pieces by composers whom a model knows, of works that it was neither trained nor validated on.

    Args:
        saved: The model.
        corpus: Which corpus.
        places: Where it lies.

    Returns:
        The pieces, called as the model calls their composers, and the data set of the whole corpus, which knows works.

    Raises:
        InputError: There is no such piece.
    """
    label = saved.description.get("label", "composer")
    pieces = load_pieces(corpus, places)
    if label == "composer":
        known = list(understand(pieces, saved.classes).pieces)
    else:
        known = [
            piece
            for piece in label_pieces(pieces, label, classes=saved.classes)
            if piece.label in saved.classes
        ]
    if not known:
        raise InputError(
            f"The corpus {corpus.corpus} has nothing by {', '.join(saved.classes)}, whom the model knows; name another "
            "with --corpus."
        )
    dataset = load_dataset(
        known, saved.encoder, cache_dir=places.cache_dir, every_composer=False, label=label
    )
    report_known_by_name(saved.path, saved.heard)
    by_name = {piece.piece: piece for piece in known}
    reasons = zip(dataset.pieces, saved.heard.reasons(dataset), strict=True)
    unheard = [by_name[name] for name, reason in reasons if reason == UNHEARD]
    if not unheard:
        raise InputError(
            f"The model in {saved.path} has heard every work of {corpus.corpus}; check it on other music."
        )
    return unheard, dataset


def deal(pieces: list[Piece], count: int, *, seed: int) -> list[Piece]:
    """Returns some pieces at random, as nearly as many of each composer as there are.

    Args:
        pieces: What to choose from.
        count: How many; all if there are fewer.
        seed: Another one chooses others.
    """
    chance, by_composer = random.Random(seed), defaultdict(list)
    for piece in sorted(pieces):
        by_composer[piece.label or piece.composer].append(piece)
    for waiting in by_composer.values():
        chance.shuffle(waiting)
    dealt: list[Piece] = []
    while len(dealt) < min(count, len(pieces)):
        dealt += [waiting.pop() for waiting in by_composer.values() if waiting]
    return dealt[:count]
