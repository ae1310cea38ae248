"""Windows of a list of files, as the composer classification notebook made them, and in ways that ask more.

The notebook walked through the folders, noted the length and the number of notes of each file, and cut this list into
windows of ten consecutive files. Its LSTM was to say who wrote the file *after* the window.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split

from features.corpora.catalogue import Piece, select_composers
from features.datasets import load_dataset
from features.encoders.piano_roll import PianoRoll
from features.midi import Events, read_events, read_notes
from features.midi.descriptors import describe
from features.midi.events import KEY_SIGNATURE
from features.splits.protocols import TEST, make_split

WINDOW = 10
"""Files of a window."""

SPLIT_SEED = 42

FOLDERS = (
    *("C.P.E.Bach", "Busoni", "Beethoven", "Rimsky-Korsakov"),
    *("Bach", "Liszt", "Chopin", "Mozart"),
)
"""Folders in the order in which the notebook came upon them. Its table begins with the first three; of the orders of
the others, this is one of ten that give its numbers of test windows (Bach 213, Beethoven 43, Chopin 26, Mozart 43)."""


@dataclass(frozen=True)
class FileList:
    """Files in the order of the walk; all arrays have a row for each.

    Attributes:
        pieces: Their names.
        works: Their works.
        labels: Index into `classes`, `(files,)`.
        classes: The composers.
        as_read: What the notebook took for length (seconds) and number of notes, `(files, 2)`.
        true: The length in seconds and the number of notes, `(files, 2)`.
    """

    pieces: tuple[str, ...]
    works: tuple[str, ...]
    labels: np.ndarray
    classes: tuple[str, ...]
    as_read: np.ndarray
    true: np.ndarray


@dataclass(frozen=True)
class Windows:
    """What is trained on or tested.

    Attributes:
        numbers: `(windows, files, 2)`, scaled.
        labels: The composer to tell, `(windows,)`.
        before: The composer of the file before that one, `(windows,)`; of files by themselves, None.
    """

    numbers: np.ndarray
    labels: np.ndarray
    before: np.ndarray | None

    def take(self, indices: np.ndarray) -> "Windows":
        """Returns some of the windows."""
        before = None if self.before is None else self.before[indices]
        return Windows(self.numbers[indices], self.labels[indices], before)


def list_files(pieces: Iterable[Piece], composers: Sequence[str], *, cache_dir: Path) -> FileList:
    """Lists the files of some composers as the notebook did.

    A file counts for a composer if its path holds the name, so that a fantasia of Busoni's after J. S. Bach is Bach's.

    Args:
        pieces: All pieces of a corpus.
        composers: Whose files to list.
        cache_dir: Where prepared data is kept, from which works are known.

    Raises:
        InputError: Nothing is by one of them.
    """
    named = [(piece, f"{piece.composer}/{piece.piece}") for piece in pieces if not piece.left_out]
    wanted = [
        replace(piece, composer=next(name for name in composers if name in path))
        for piece, path in sorted(named, key=lambda item: place_in_walk(item[0]))
        if any(name in path for name in composers)
    ]
    select_composers(wanted, composers)  # says who is missing
    dataset = load_dataset(wanted, PianoRoll(), cache_dir=cache_dir)
    found = {piece.piece: read_events(piece.read()) for piece in wanted if piece.piece in dataset.pieces}
    listed = [number for number, name in enumerate(dataset.pieces) if is_read_by_mido(found[name])]
    names = tuple(dataset.pieces[number] for number in listed)
    described = [
        describe(read_notes(found[name]), ticks_per_beat=found[name].ticks_per_beat) for name in names
    ]
    return FileList(
        pieces=names,
        works=tuple(dataset.works[number] for number in listed),
        labels=dataset.labels[listed],
        classes=dataset.classes,
        as_read=np.array([numbers_as_read(found[name]) for name in names]),
        true=np.array([(piece.length_s, piece.num_notes) for piece in described]),
    )


def place_in_walk(piece: Piece) -> tuple:
    """Returns what sorts pieces as a walk does: the files of a folder, then the folders within, both by name."""
    folder = FOLDERS.index(piece.composer) if piece.composer in FOLDERS else len(FOLDERS)
    *folders, name = piece.piece.split("/")
    return folder, piece.composer, [(1, part) for part in folders] + [(0, name)]


def is_read_by_mido(events: Events) -> bool:
    """Whether mido reads a file that we read: it refuses key signatures that make no sense."""
    payloads = [events.payload(event) for event in events.meta(KEY_SIGNATURE)]
    return all(
        len(payload) < 2 or (payload[0] <= 7 or payload[0] >= 249) and payload[1] <= 1 for payload in payloads
    )


def numbers_as_read(events: Events) -> tuple[float, int]:
    """Returns what the notebook took for the length of a file, in seconds, and its number of notes.

    It added up the times of each track, at 120 beats a minute whatever the tempo, and kept those of the last track,
    which in a third of its files is empty: length 0.
    """
    table = events.table
    last_tick = table["tick"][table["track"] == events.num_tracks - 1].max(initial=0)
    num_notes = np.count_nonzero((table["status"] == 0x90) & (table["data2"] > 0))
    return float(last_tick / events.ticks_per_beat / 2), int(num_notes)


def as_the_notebook(files: FileList, seed: int) -> tuple[Windows, Windows]:
    """Windows of the list, of which a fifth, drawn at random, is tested: each has nine files in common with others."""
    return _drawn(cut(scaled(files.as_read), files.labels))


def with_true_lengths(files: FileList, seed: int) -> tuple[Windows, Windows]:
    """The same, but the seconds that a file lasts, and the notes that sound."""
    return _drawn(cut(scaled(files.true), files.labels))


def shuffled(files: FileList, seed: int) -> tuple[Windows, Windows]:
    """The same as the notebook's, but the list of files was shuffled first."""
    order = np.random.default_rng(seed).permutation(len(files.labels))
    return _drawn(cut(scaled(files.as_read)[order], files.labels[order]))


def unheard_works(files: FileList, seed: int) -> tuple[Windows, Windows]:
    """A list of files to train on and one of other works to test, each in the order of the walk."""
    is_test = _test_works(files)
    numbers = scaled(files.as_read, fit_on=~is_test)
    train, test = (cut(numbers[side], files.labels[side]) for side in (~is_test, is_test))
    return train, test


def unheard_works_shuffled(files: FileList, seed: int) -> tuple[Windows, Windows]:
    """The same, but both lists were shuffled first."""
    is_test, rng = _test_works(files), np.random.default_rng(seed)
    numbers = scaled(files.as_read, fit_on=~is_test)
    orders = [rng.permutation(np.flatnonzero(side)) for side in (~is_test, is_test)]
    train, test = (cut(numbers[order], files.labels[order]) for order in orders)
    return train, test


def own_numbers(files: FileList, seed: int) -> tuple[Windows, Windows]:
    """No window: the true length and the number of notes of the very file, to tell who wrote it; works held out."""
    is_test = _test_works(files)
    numbers = scaled(files.true, fit_on=~is_test)[:, None]
    train, test = (Windows(numbers[side], files.labels[side], None) for side in (~is_test, is_test))
    return train, test


WAYS = {
    "as the notebook": as_the_notebook,
    "true lengths": with_true_lengths,
    "list shuffled": shuffled,
    "unheard works": unheard_works,
    "unheard works, shuffled": unheard_works_shuffled,
    "unheard works, own numbers": own_numbers,
}
"""Ways to train and to test; each is given the files and a seed, and returns both sides."""


def cut(numbers: np.ndarray, labels: np.ndarray) -> Windows:
    """Cuts a list into windows, whose label is that of the next file.

    Example:
        >>> windows = cut(np.arange(24).reshape(12, 2), np.array([0] * 11 + [1]))
        >>> windows.numbers.shape, windows.labels.tolist(), windows.before.tolist()
        ((2, 10, 2), [0, 1], [0, 0])
    """
    starts = range(len(numbers) - WINDOW)
    windows = np.array([numbers[start : start + WINDOW] for start in starts]).reshape(-1, WINDOW, 2)
    return Windows(windows, labels[WINDOW:], labels[WINDOW - 1 : -1])


def scaled(numbers: np.ndarray, *, fit_on: np.ndarray | slice = slice(None)) -> np.ndarray:
    """Clips outliers at 1.5 interquartile ranges and standardises.

    Args:
        numbers: `(files, 2)`.
        fit_on: The files from which ranges, means and deviations are taken; the notebook took all.
    """
    low, high = np.percentile(numbers[fit_on], [25, 75], axis=0)
    reach = 1.5 * (high - low)
    clipped = np.clip(numbers, low - reach, high + reach)
    spread = clipped[fit_on].std(axis=0)
    return (clipped - clipped[fit_on].mean(axis=0)) / np.where(spread > 0, spread, 1)


def _drawn(windows: Windows) -> tuple[Windows, Windows]:
    """Draws a fifth to be tested, as the notebook did."""
    sides = train_test_split(np.arange(len(windows.labels)), test_size=0.2, random_state=SPLIT_SEED)
    train, test = (windows.take(side) for side in sides)
    return train, test


def _test_works(files: FileList) -> np.ndarray:
    """Which files are of works that are held out, bool `(files,)`: fold 0 of the protocol `work`."""
    split = make_split(
        "work",
        0,
        composers=[files.classes[label] for label in files.labels],
        pieces=files.pieces,
        works=files.works,
        num_chunks=[1] * len(files.pieces),
    )
    return split.chunk_split == TEST
