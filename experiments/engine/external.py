"""Another corpus as a model sees it: pieces of classes that it knows, under the names by which it knows them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from experiments.engine.config import CorpusConfig, Places
from experiments.engine.runner import load_pieces
from features.corpora.catalogue import Piece
from features.corpora.labels import composer_meant, label_pieces
from features.datasets import Dataset, load_dataset
from features.errors import InputError


@dataclass(frozen=True)
class External:
    """Another corpus, not encoded yet.

    Attributes:
        pieces: By composers that the model knows, called as it calls them.
        known: How its labels were understood: a label of the corpus, and the composer of the model.
        unknown: Labels that the model has no composer for, and how many pieces each has.
        label: What the model is asked, if not for composers.
    """

    pieces: tuple[Piece, ...]
    known: dict[str, str]
    unknown: dict[str, int]
    label: str = "composer"

    def encoded(self, encoder: Any, places: Places) -> Dataset:
        """Returns its pieces, read and encoded; files that cannot be read are left out."""
        where = {"cache_dir": places.cache_dir, "label": self.label}
        return load_dataset(self.pieces, encoder, every_composer=False, **where)


def load_external(
    corpus: CorpusConfig, classes: Sequence[str], places: Places, *, label: str = "composer"
) -> External:
    """Reads which pieces there are.

    Args:
        corpus: Which corpus, and which of its pieces.
        classes: What the model knows.
        places: Where it lies, and where it may keep what was expensive to make.
        label: What its classes are.

    Raises:
        InputError: The corpus cannot be used, or has nobody whom the model knows.
    """
    pieces = load_pieces(corpus, places)
    if label != "composer":
        return _labelled(pieces, classes, label)
    found = understand(pieces, classes)
    if not found.known:
        raise InputError(
            f"No composer of the other music is among {', '.join(classes)}; it has {', '.join(found.unknown)}. "
            "Name its folders after composers of the study."
        )
    by_name = {piece.piece: piece for piece in pieces}
    titles = (piece.title or _without_label(by_name[piece.piece]) for piece in found.pieces)
    titled = (replace(piece, title=title) for piece, title in zip(found.pieces, titles, strict=True))
    return replace(found, pieces=tuple(titled))


def understand(pieces: Sequence[Piece], classes: Sequence[str]) -> External:
    """Returns the pieces by composers whom a model knows, called as it calls them.

    Whose a piece is says its label or, where the model does not know that, who wrote it: labels can stand for several.

    Args:
        pieces: Of another corpus.
        classes: The composers that the model knows.
    """
    found = [(piece, *composer_meant(piece, classes)) for piece in pieces]
    kept = tuple(replace(piece, composer=name) for piece, _, name in found if name)
    there = [(label, name) for piece, label, name in found if not piece.left_out]
    unknown = Counter(label for label, name in there if not name)
    return External(kept, {label: name for label, name in there if name}, dict(unknown.most_common()))


def _labelled(pieces: Sequence[Piece], classes: Sequence[str], label: str) -> External:
    """Returns the pieces of the classes of a model that is not asked for composers."""
    labelled = label_pieces(pieces, label, classes=classes)
    kept = [piece for piece in labelled if piece.label in classes]
    if not kept:
        raise InputError(f"Nothing in the other music is of {', '.join(classes)}; take other music.")
    unknown = Counter(piece.label for piece in labelled if piece.label not in classes)
    return External(tuple(kept), {name: name for name in classes}, dict(unknown), label)


def _without_label(piece: Piece) -> str:
    """The name of a piece without the folder that is its label, which says nothing about the work."""
    path = PurePosixPath(piece.piece)
    return (
        "/".join(path.parts[1:]) if path.parts[0] == piece.composer and len(path.parts) > 1 else piece.piece
    )
