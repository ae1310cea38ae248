"""Music by composers who are not asked about, to learn from all the same.

Who can tell Haydn, Schubert and Mendelssohn apart, too, knows more of what there is in music than who has heard four
composers alone (multitask learning: Caruana, 1997). Nothing of what is held out is learnt so: a piece that belongs to
one work with anything that is asked about, say another's arrangement of it, is left out, and so is all that somebody
who is asked about wrote under another name.
"""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from features.census import above
from features.datasets import Dataset
from features.errors import InputError
from features.selection import sample_works, take_pieces

FEWEST_WORKS = 5
"""Of a composer to learn from. Those of fewer remain unheard, and can stand for the unknown ones."""


def choose_auxiliary(dataset: Dataset, everything: Dataset, *, sample: float = 1.0) -> Dataset:
    """Returns the pieces of a data set beside those by other composers that can be learnt from with them.

    Args:
        dataset: What is asked about.
        everything: The whole corpus, encoded alike.
        sample: Share of each composer's works to take.

    Returns:
        Data with the classes of `dataset` first, of which `num_auxiliary` follow.

    Raises:
        InputError: The corpus has nobody else with `FEWEST_WORKS` works.
    """
    asked = np.isin(everything.pieces, dataset.pieces)
    related = {work for work, is_asked in zip(everything.works, asked, strict=True) if is_asked}
    many = {count.composer for count in above(everything.census, min_works=FEWEST_WORKS)}
    theirs = {*dataset.classes, *dataset.writers}  # also under another spelling, or as one of several
    others = np.isin(everything.composers, list(many)) & ~np.isin(everything.composers, list(theirs))
    others &= ~np.isin(everything.writers, list(theirs)) & ~asked & ~np.isin(everything.works, list(related))
    if not others.any():
        raise InputError(
            f"There is nobody else to learn from: the corpus has no other composer with {FEWEST_WORKS} works; leave "
            "--auxiliary out, or take a larger corpus."
        )
    if sample < 1:
        others = np.isin(everything.pieces, sample_works(take_pieces(everything, others), sample).pieces)
    return _labelled_as(dataset, take_pieces(everything, asked | others))


def training_part(dataset: Dataset, pieces: np.ndarray, *, without_sources: Collection[str] = ()) -> Dataset:
    """Returns what a network is trained on: the training pieces of a data set, and those by others.

    Args:
        dataset: What is asked about; has `auxiliary`.
        pieces: Its training pieces.
        without_sources: Collections that are held out as a whole.
    """
    everything = dataset.auxiliary
    others = by_others(everything, everything.labels) & ~np.isin(everything.sources, list(without_sources))
    training = np.isin(everything.pieces, [dataset.pieces[piece] for piece in pieces])
    kept = _labelled_as(dataset, take_pieces(everything, training | others))
    return replace(kept, encoder=dataset.encoder)


def by_others(dataset: Dataset, values: np.ndarray) -> np.ndarray:
    """Says which labels, of pieces or chunks, are those of composers who are not asked about: bool of their shape."""
    return values >= len(dataset.classes) - dataset.num_auxiliary


def _labelled_as(dataset: Dataset, more: Dataset) -> Dataset:
    """Returns more data with the classes of a data set first, and its pieces labelled as they are there."""
    known = dict(zip(dataset.pieces, dataset.composers, strict=True))
    names = [known.get(piece, name) for piece, name in zip(more.pieces, more.composers, strict=True)]
    classes = (*dataset.classes, *sorted(set(names) - set(dataset.classes)))
    labels = np.array([classes.index(name) for name in names])
    return replace(more, classes=classes, labels=labels, num_auxiliary=len(classes) - len(dataset.classes))
