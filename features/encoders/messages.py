"""Events -> windows of MIDI messages as they stand in the file: message x (type, channel, note, ...).

As EraClassifierBiLSTM-4.76M reads them (https://huggingface.co/TiMauzi/EraClassifierBiLSTM-4.76M): 24 messages, the
next window 20 messages on; of each its type as a number, and the seven most frequent attributes of messages,
standardised. Which these are, their means and deviations come from the training windows, and are settings of the
fitted encoder, so that they are saved with a model. What is stored of a piece does not depend on them.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from features.encoders.chunking import chunk_starts
from features.encoders.message_tables import (
    ATTRIBUTES,
    HAS,
    MAX_TYPES,
    TYPE,
    in_reading_order,
    read_messages,
)
from features.encoders.rows import Rows, sparse_rows
from features.errors import InputError
from features.midi import Events
from features.midi.pairing import DRUM_CHANNEL
from features.midi.tempo import read_tempos, seconds_of

NUM_FEATURES = 7
"""Beside the type."""

FURTHEST = 10.0
"""Beyond so many deviations a number says no more than that it is odd: a rest of an hour would outweigh all else."""


@dataclass(frozen=True)
class Messages:
    """Makes chunks `(chunk_frames, 1 + features)`; a frame is a message.

    Column 0 is the type of the message, from 1; 0 is the padding after the end of a piece. The others are numbers
    around 0; where a message has no such attribute, 0. Until it is `fitted`, they are as they stand.

    Attributes:
        chunk_frames: Messages of a window.
        hop: Messages from the start of one window to the start of the next; None for `chunk_frames`.
        beats: Whether the time since the message before is in beats (up to 16), instead of ticks.
        merge_tracks: Whether all tracks are read together, in order of time, instead of one after the other.
        without: Attributes that are not told, such as those that give away who made a file: if they are among the
            features, their columns are 0, and nothing takes their place.
        features: The attributes of a window, in the order of its columns.
        means: What becomes 0, for each feature.
        deviations: What becomes 1, above the mean.

    Example:

    >>> from features.midi import notes_to_midi, read_events
    >>> encoder = Messages(chunk_frames=4, beats=True)
    >>> rows = encoder.encode_events(read_events(notes_to_midi([(0, 480, 60), (480, 960, 62)])))
    >>> chunk = encoder.decode(rows, [2], [rows.num_frames])[0]
    >>> chunk[:, [0, 1 + encoder.features.index("note"), 1 + encoder.features.index("time")]].tolist()
    [[2.0, 60.0, 0.0], [1.0, 60.0, 1.0], [2.0, 62.0, 0.0], [1.0, 62.0, 1.0]]
    """

    chunk_frames: int = 24
    hop: int | None = 20
    beats: bool = False
    merge_tracks: bool = False
    without: tuple[str, ...] = ()
    features: tuple[str, ...] = ATTRIBUTES[:NUM_FEATURES]
    means: tuple[float, ...] = (0.0,) * NUM_FEATURES
    deviations: tuple[float, ...] = (1.0,) * NUM_FEATURES

    def __post_init__(self):
        for name in ("without", "features", "means", "deviations"):  # lists, where JSON was read
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name, most in (("chunk_frames", 10_000), ("hop", 10_000)):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= most:
                raise InputError(f"{name} must be at least 1 and at most {most}, got {value}.")
        unknown = sorted({*self.without, *self.features} - set(ATTRIBUTES))
        if unknown:
            raise InputError(f"Messages have no {', '.join(unknown)}; they have {', '.join(ATTRIBUTES)}.")
        if set(self.without) == set(ATTRIBUTES):
            raise InputError("Messages without any attribute tell nothing; leave one of them to --without.")

    @property
    def chunk_shape(self) -> tuple[int, int]:
        """Messages and columns of a chunk."""
        return self.chunk_frames, 1 + len(self.features)

    def settings(self) -> dict:
        """Returns all settings, ready for JSON; `Messages(**settings)` is the same encoder."""
        return asdict(self)

    def row_settings(self) -> dict:
        """Returns the settings on which stored rows depend."""
        return {"beats": self.beats, "merge_tracks": self.merge_tracks, "attributes": ATTRIBUTES}

    def encode_events(self, events: Events) -> Rows:
        """Returns the messages of a piece, to be stored, a row each; none if no note sounds."""
        messages = read_messages(events, beats=self.beats, merge_tracks=self.merge_tracks)
        return sparse_rows(messages)

    def times_s(self, events: Events) -> np.ndarray:
        """Returns when each message of a piece comes, in seconds, `(messages,)`: no stored row tells that."""
        table = in_reading_order(events, merge_tracks=self.merge_tracks)
        return seconds_of(read_tempos(events), table["tick"])

    def chunk_starts(self, num_frames: int) -> np.ndarray:
        """Returns the first message of each window of a piece; see `chunking.chunk_starts`."""
        return chunk_starts(num_frames, self.chunk_frames, self.hop)

    def fitted(self, rows: Rows, starts: np.ndarray, ends: np.ndarray) -> "Messages":
        """Returns the encoder with the most frequent attributes of some windows, and their means and deviations.

        Args:
            rows: As in `decode`.
            starts: `(chunks,)`, of the training windows; a message in several of them counts once.
            ends: `(chunks,)`, the end of the piece of each.
        """
        counts, sums, squares = np.zeros((3, len(ATTRIBUTES)))
        for first, last in _stretches(starts, np.minimum(starts + self.chunk_frames, ends)):
            cells = slice(rows.offsets[first], rows.offsets[last])
            columns, values = rows.columns[cells], rows.values[cells].astype(np.float64)
            types = np.bincount(values[columns == TYPE].astype(int), minlength=MAX_TYPES)
            counts += types @ HAS
            for total, power in ((sums, values), (squares, values**2)):
                total += np.bincount(columns, power, minlength=1 + len(ATTRIBUTES))[1:]
        chosen = sorted(np.argsort(-counts, kind="stable")[:NUM_FEATURES])
        means = sums / np.maximum(counts, 1)
        deviations = np.sqrt(np.maximum(squares / np.maximum(counts, 1) - means**2, 0))
        deviations[deviations == 0] = 1.0
        return replace(
            self,
            features=tuple(ATTRIBUTES[i] for i in chosen),
            means=tuple(means[chosen].tolist()),
            deviations=tuple(deviations[chosen].tolist()),
        )

    def decode(
        self,
        rows: Rows,
        starts: Sequence[int] | np.ndarray,
        ends: Sequence[int] | np.ndarray,
        *,
        shift: Sequence[int] | np.ndarray | None = None,
    ) -> np.ndarray:
        """Returns windows.

        Args:
            rows: Rows of any number of pieces, one after another; memory-mapped arrays will do.
            starts: `(chunks,)`; the first row of each window.
            ends: `(chunks,)`; one past the last row of the piece of each, where its padding begins at the latest.
            shift: `(chunks,)`; semitones up (down if negative) by which to transpose each, as far as MIDI goes; drums
                have no pitch and stay.

        Returns:
            float32 `(chunks, chunk_frames, 1 + features)`.
        """
        table = _windows(rows, np.asarray(starts, np.int64), np.asarray(ends, np.int64), self.chunk_frames)
        types, values = table[..., TYPE], table[..., 1:]
        if shift is not None:
            note = values[..., ATTRIBUTES.index("note")]
            is_pitched = values[..., ATTRIBUTES.index("channel")] != DRUM_CHANNEL
            note[:] = np.clip(note + np.asarray(shift)[:, None] * is_pitched, 0, 127)
        columns = [ATTRIBUTES.index(name) for name in self.features]
        told = HAS[types.astype(int)][..., columns] & ~np.isin(self.features, self.without)
        standard = (values[..., columns] - np.float32(self.means)) / np.float32(self.deviations)
        if self.is_fitted:
            standard = np.clip(standard, -FURTHEST, FURTHEST)
        return np.concatenate([types[..., None], np.where(told, standard, 0)], axis=-1).astype(np.float32)

    @property
    def unfitted(self) -> "Messages":
        """The same encoder before it has heard any music."""
        return Messages(self.chunk_frames, self.hop, self.beats, self.merge_tracks, self.without)

    @property
    def is_fitted(self) -> bool:
        """Whether means and deviations come from music."""
        return any(self.means)


def _stretches(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Joins stretches of rows that touch or overlap; returns first and end of each, `(stretches, 2)`."""
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], np.maximum.accumulate(ends[order])
    is_new = np.append(True, starts[1:] > ends[:-1])
    return np.stack([starts[is_new], ends[np.append(is_new[1:], True)]], axis=1)


def _windows(rows: Rows, starts: np.ndarray, ends: np.ndarray, num_rows: int) -> np.ndarray:
    """Returns windows of rows, float32 `(windows, num_rows, 1 + attributes)`; zeros after the end."""
    table = np.zeros((len(starts) * num_rows, 1 + len(ATTRIBUTES)), np.float32)
    places = starts[:, None] + np.arange(num_rows)
    (filled,) = np.nonzero((places < ends[:, None]).ravel())
    firsts, lasts = (rows.offsets[places.ravel()[filled] + later] for later in (0, 1))
    counts = lasts - firsts
    cells = np.repeat(lasts - np.cumsum(counts), counts) + np.arange(counts.sum())
    table[np.repeat(filled, counts), rows.columns[cells]] = rows.values[cells]
    return table.reshape(len(starts), num_rows, -1)


make = Messages
