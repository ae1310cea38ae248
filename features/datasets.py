"""A corpus, read and encoded: what every split, model and report works on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from features.census import ComposerCount, count_composers
from features.corpora.catalogue import Piece
from features.corpora.labels import in_order, writer_of
from features.encoders.humanised import Humanised
from features.encoders.rows import Rows
from features.errors import InputError
from features.preparation import prepare
from features.splits.near_duplicates import assign_near_duplicates
from features.splits.works import assign_works
from features.words import counted


@dataclass(frozen=True)
class LeftOut:
    """A piece that could not be used, and why."""

    piece: str
    composer: str
    reason: str


@dataclass(frozen=True)
class Dataset:
    """The pieces of a corpus as labelled chunks.

    Attributes:
        pieces: Names of the pieces.
        works: Work of each piece.
        sources: The collection that each piece's file comes from.
        labels: Index into `classes` of each piece, shape `(pieces,)`.
        classes: The composers, or whatever else is asked, in the order of `features.corpora.labels.in_order`.
        contents: SHA-256 of each piece's file.
        fingerprints: Shape `(pieces, fingerprint features)`.
        outlines: Steps of the outer voices of each piece, int8 of shape `(2, steps)`.
        left_out: Pieces that could not be used.
        encoder: What turned notes into rows, and turns rows into chunks.
        chunk_pieces: Index into `pieces` of each chunk, shape `(chunks,)`.
        census: How much music the corpus has by each composer, also by those whom a part of it leaves out.
        label: What the classes are, one of `features.corpora.labels.LABELS`.
        facts: What the corpus knows of each piece beside its label, who wrote it (`writer`) always.
        renderings: The same pieces as others might play them, to train on.
        holds_out_writers: Whether its split holds out all that somebody wrote, so that scores are of unheard composers
            and not of unheard works.
        auxiliary: The same pieces beside those by composers who are not asked about, to learn from too.
        num_auxiliary: How many of the last classes are learnt beside those that are asked about.
        times_s: When each row of a single piece comes, in seconds, where rows are not evenly apart.
    """

    pieces: tuple[str, ...]
    works: tuple[str, ...]
    sources: tuple[str, ...]
    labels: np.ndarray
    classes: tuple[str, ...]
    contents: tuple[str, ...]
    fingerprints: np.ndarray
    outlines: tuple[np.ndarray, ...] = field(repr=False)
    left_out: tuple[LeftOut, ...]
    encoder: Any
    chunk_pieces: np.ndarray
    _rows: Rows = field(repr=False)
    _firsts: np.ndarray = field(repr=False)
    _starts: np.ndarray = field(repr=False)
    _ends: np.ndarray = field(repr=False)
    census: tuple[ComposerCount, ...] = field(default=(), repr=False)
    label: str = "composer"
    facts: tuple[Mapping[str, str], ...] = field(default=(), repr=False)
    renderings: tuple["Dataset", ...] = field(default=(), repr=False)
    holds_out_writers: bool = False
    auxiliary: "Dataset | None" = field(default=None, repr=False)
    num_auxiliary: int = 0
    times_s: np.ndarray | None = field(default=None, repr=False)

    @property
    def composers(self) -> list[str]:
        """Class of each piece: its composer, unless something else is asked."""
        return [self.classes[label] for label in self.labels]

    @property
    def writers(self) -> list[str]:
        """Who wrote each piece, whatever is asked."""
        return [facts["writer"] for facts in self.facts]

    @cached_property
    def chunk_labels(self) -> np.ndarray:
        """Index into `classes` of each chunk, shape `(chunks,)`."""
        return self.labels[self.chunk_pieces]

    @cached_property
    def num_chunks(self) -> np.ndarray:
        """Number of chunks of each piece, shape `(pieces,)`."""
        return np.bincount(self.chunk_pieces, minlength=len(self.pieces))

    @cached_property
    def near_duplicates(self) -> tuple[str, ...]:
        """The group of each piece with the same music, by its notes alone; found when first asked for."""
        return tuple(assign_near_duplicates(self.pieces, self.contents, self.outlines))

    @cached_property
    def num_frames(self) -> np.ndarray:
        """Number of frames of each piece, shape `(pieces,)`."""
        first_chunks = np.searchsorted(self.chunk_pieces, np.arange(len(self.pieces)))
        return (self._ends - self._firsts)[first_chunks]

    def fitted(self, indices: np.ndarray) -> "Dataset":
        """Returns the same data with an encoder that knows its training chunks, if it is of those that learn.

        Args:
            indices: Of the training chunks.
        """
        if not hasattr(self.encoder, "fitted"):
            return self
        encoder = self.encoder.fitted(self._rows, self._starts[indices], self._ends[indices])
        return replace(self, encoder=encoder)

    def read_with(self, encoder: Any) -> "Dataset":
        """Returns the same data with an encoder that differs at most in what it was fitted to.

        Raises:
            ValueError: It would make other chunks.
        """
        if encoder == self.encoder:
            return self
        if not hasattr(encoder, "unfitted") or encoder.unfitted != getattr(self.encoder, "unfitted", None):
            raise ValueError(f"The model reads chunks of {encoder}, but these are of {self.encoder}.")
        return replace(self, encoder=encoder)

    def chunks(
        self,
        indices: np.ndarray,
        *,
        semitones: np.ndarray | None = None,
        later: np.ndarray | None = None,
        rates: np.ndarray | None = None,
        renderings: np.ndarray | None = None,
    ) -> np.ndarray:
        """Returns chunks, decoded from the memory-mapped rows.

        Args:
            indices: Which chunks, shape `(n,)`.
            semitones: How far to transpose each of them, shape `(n,)`; None for not at all.
            later: How many frames later (earlier, if negative) to begin each of them, shape `(n,)`,
                but always so that the piece fills the chunk, if it is long enough; 0 (and None, for
                all of them) for where they stand, padded where the piece ends.
            rates: How many times as fast to play each of them, shape `(n,)`; None for as it stands.
                Only for an encoder that `can_change_tempo`.
            renderings: Which rendering to take each of them from, at about the same place, shape `(n,)`; 0 for the
                piece itself; None for the pieces themselves.

        Returns:
            float32 array of shape `(n,) + encoder.chunk_shape`.
        """
        if renderings is None:
            return self._decoded(*self._places(indices), semitones, later, rates)
        chunks = np.empty((len(indices), *self.encoder.chunk_shape), np.float32)
        for number in np.unique(renderings):
            mine = renderings == number
            source = self.renderings[number - 1] if number else self
            places = self._places_in(source, indices[mine]) if number else self._places(indices[mine])
            changes = (None if values is None else values[mine] for values in (semitones, later, rates))
            chunks[mine] = source._decoded(*places, *changes)
        return chunks

    def _places(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns the first row of the piece of each chunk, of the chunk, and the end of the piece."""
        return self._firsts[indices], self._starts[indices], self._ends[indices]

    def _places_in(
        self, rendering: "Dataset", indices: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns the same in a rendering: chunks begin at the same share of the piece."""
        firsts, starts, ends = self._places(indices)
        share = (starts - firsts) / (ends - firsts)
        any_chunk = np.searchsorted(rendering.chunk_pieces, self.chunk_pieces[indices])
        firsts, _, ends = rendering._places(any_chunk)
        return firsts, firsts + (share * (ends - firsts)).astype(int), ends

    def _decoded(
        self,
        firsts: np.ndarray,
        starts: np.ndarray,
        ends: np.ndarray,
        semitones: np.ndarray | None,
        later: np.ndarray | None,
        rates: np.ndarray | None,
    ) -> np.ndarray:
        if later is not None:
            num_rows = self.encoder.chunk_frames if rates is None else self.encoder.rows_read(rates)
            moved = np.clip(starts + later, firsts, np.maximum(firsts, ends - num_rows))
            starts = np.where(later == 0, starts, moved)
        if rates is None:
            return self.encoder.decode(self._rows, starts, ends, shift=semitones)
        return self.encoder.decode(self._rows, starts, ends, shift=semitones, rate=rates)


def can_change_tempo(encoder: Any) -> bool:
    """Whether an encoder's `decode` plays chunks at any rate; such encoders say in `rows_read` how far they read."""
    return hasattr(encoder, "rows_read")


def load_dataset(
    pieces: Sequence[Piece],
    encoder: Any,
    *,
    cache_dir: Path,
    progress: bool = True,
    every_composer: bool = True,
    label: str = "composer",
) -> Dataset:
    """Reads and encodes pieces, or opens what an earlier run has prepared.

    Args:
        pieces: The pieces of a corpus, as its `load` returned them.
        encoder: An encoder, such as `features.encoders.piano_roll.PianoRoll()`.
        cache_dir: Where prepared rows are kept.
        progress: Whether to show a progress bar.
        every_composer: Whether each composer must have a piece that can be used, as for training; otherwise one is
            enough in all.
        label: What the labels of the pieces are, if they have any of their own.

    Raises:
        InputError: No piece can be used, a composer has lost all pieces, or a file has changed in the meantime.
    """
    listed, pieces = pieces, [piece for piece in pieces if not piece.left_out]
    store, contents = prepare(pieces, encoder, cache_dir=cache_dir, progress=progress)
    usable = [index for index, problem in enumerate(store.problems) if not problem]
    problems = dict(zip((piece.piece for piece in pieces), store.problems, strict=True))
    reasons = [(piece, piece.left_out or problems[piece.piece]) for piece in listed]
    left_out = tuple(LeftOut(piece.piece, piece.composer, reason) for piece, reason in reasons if reason)
    _require_pieces(pieces, usable, left_out, every_composer=every_composer)
    kept = [pieces[index] for index in usable]
    asked = [piece.label or piece.composer for piece in kept]
    classes = tuple(in_order(set(asked)))
    starts = [encoder.chunk_starts(store.row_starts[i + 1] - store.row_starts[i]) for i in usable]
    chunk_pieces = np.repeat(np.arange(len(kept)), [len(piece_starts) for piece_starts in starts])
    outlines = tuple(store.outlines[index] for index in usable)
    first_rows, end_rows = store.row_starts[usable], store.row_starts[np.add(usable, 1)]
    works = assign_works(kept, outlines)
    facts = tuple({**piece.facts, "writer": writer_of(piece)} for piece in kept)
    counted_by = asked if label == "composer" else [piece["writer"] for piece in facts]
    return Dataset(
        pieces=tuple(piece.piece for piece in kept),
        works=tuple(works),
        sources=tuple(store.sources[index] for index in usable),
        labels=np.array([classes.index(name) for name in asked]),
        classes=classes,
        contents=tuple(contents[index] for index in usable),
        fingerprints=store.fingerprints[usable],
        outlines=outlines,
        left_out=left_out,
        encoder=encoder,
        chunk_pieces=chunk_pieces,
        _rows=store.rows,
        _firsts=first_rows[chunk_pieces],
        _starts=np.concatenate(starts) + first_rows[chunk_pieces],
        _ends=end_rows[chunk_pieces],
        census=count_composers(counted_by, works, [len(piece_starts) for piece_starts in starts]),
        label=label,
        facts=facts,
    )


def with_renderings(
    dataset: Dataset, pieces: Sequence[Piece], count: int, *, strength: float, cache_dir: Path
) -> Dataset:
    """Returns a data set with humanised renderings of its pieces, to train on; see `features.humanising`.

    Args:
        dataset: What `load_dataset` made of the pieces.
        pieces: Of these.
        count: How many renderings of each piece.
        strength: How freely they are played.
        cache_dir: Where prepared rows are kept.

    Raises:
        InputError: The encoder does not read notes, or a piece has no rendering.
    """
    renderings = []
    for number in range(1, count + 1):
        encoder = Humanised(dataset.encoder, strength, number)
        rendering = load_dataset(pieces, encoder, cache_dir=cache_dir, label=dataset.label)
        if rendering.pieces != dataset.pieces:
            lost = sorted(set(dataset.pieces) - set(rendering.pieces))
            raise InputError(
                f"There is nothing left of {lost[0]} when it is humanised; take a lower strength."
            )
        renderings.append(replace(rendering, encoder=dataset.encoder))
    return replace(dataset, renderings=tuple(renderings))


def _require_pieces(
    pieces: Sequence[Piece], usable: list[int], left_out: tuple[LeftOut, ...], *, every_composer: bool
) -> None:
    lost = {piece.label or piece.composer for piece in pieces}
    lost -= {pieces[index].label or pieces[index].composer for index in usable}
    if (lost and every_composer) or not usable:
        first = f" The first: {left_out[0].piece}: {left_out[0].reason}" if left_out else ""
        raise InputError(
            f"No usable piece is left of {', '.join(sorted(lost)) or 'the whole corpus'}; "
            f"{counted(len(left_out), 'file')} cannot be used.{first}"
        )
