"""Notes -> piano-roll chunks: pitch x frame x channel.

A piece is stored once, losslessly, as the sparse rows of its roll (some three cells in a hundred are not zero);
chunks, channels, clipping and transposition are made from these rows when they are asked for. With the default
settings the roll equals `pretty_midi.PrettyMIDI(path).get_piano_roll(fs=10)` cell for cell, in float32.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numba
import numpy as np

from features.ablations import ablate, check_ablation
from features.encoders.chunking import chunk_starts
from features.encoders.rendering import NUM_PITCHES, PLANES, render_rows
from features.encoders.rows import Rows
from features.errors import InputError
from features.midi import Notes

_PRESENCE, _VELOCITY, _CLIPPED_VELOCITY, _AS_STORED = range(4)

# channel -> the plane it is made from, and how
CHANNELS = {
    "binary": ("roll", _PRESENCE),
    "velocity": ("roll", _VELOCITY),
    "onset": ("onset", _AS_STORED),
    "instrumentation": ("instrumentation", _AS_STORED),
    "timing": ("timing", _AS_STORED),
}


@dataclass(frozen=True)
class PianoRoll:
    """Makes piano-roll chunks `(128, chunk_frames, channels)`.

    Attributes:
        frames_per_second: Frames in a second; at 10, a chunk of 150 frames lasts 15 s.
        chunk_frames: Frames in a chunk; the last one of a piece is padded with zeros on the right.
        hop: Frames from the start of one chunk to the start of the next; None for `chunk_frames`.
        channels: What the last axis holds:
            `"binary"` (roll > 0), `"velocity"` (roll / 127), `"onset"` (1 where a note begins),
            `"instrumentation"` (how many instruments sound), `"timing"` (1 where a note is held,
            without pedal and bends, drums included).
        pedal: Whether the sustain pedal prolongs notes; on human performances it smears the roll.
        bends: Whether pitch bends are spread over the two nearest pitches.
        clip: Whether the velocity channel is clipped to 1; where notes meet, their velocities add up to more.
        ablation: What is taken away from the notes before they are encoded, one of `features.ablations.ABLATIONS`;
            None for nothing.

    Example:

    >>> from features.midi import notes_to_midi, read_events, read_notes
    >>> encoder = PianoRoll(channels=("binary",))
    >>> rows = encoder.encode(read_notes(read_events(notes_to_midi([(0, 9600, 60), (9600, 19200, 64)]))))
    >>> starts = encoder.chunk_starts(rows.num_frames)
    >>> chunks = encoder.decode(rows, starts, np.full(len(starts), rows.num_frames))
    >>> chunks.shape, int(chunks[:, 60].sum()), int(chunks[:, 64].sum())
    ((2, 128, 150, 1), 100, 100)
    """

    frames_per_second: float = 10.0
    chunk_frames: int = 150
    hop: int | None = None
    channels: Sequence[str] = ("binary", "velocity")
    pedal: bool = True
    bends: bool = True
    clip: bool = True
    ablation: str | None = None

    def __post_init__(self):
        object.__setattr__(self, "channels", tuple(self.channels))
        unknown = [name for name in self.channels if name not in CHANNELS]
        if unknown or not self.channels:
            raise InputError(
                f"Channels are {', '.join(CHANNELS)}; got {', '.join(unknown) or 'none'}. Choose of these."
            )
        for name in ("frames_per_second", "chunk_frames", "hop"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= 10_000:
                raise InputError(f"{name} must be above 0 and at most 10000, got {value}.")
        check_ablation(self.ablation)

    @property
    def chunk_shape(self) -> tuple[int, int, int]:
        """Pitches, frames and channels of a chunk."""
        return NUM_PITCHES, self.chunk_frames, len(self.channels)

    @property
    def planes(self) -> tuple[str, ...]:
        """What is stored of each piece; plane `i` has the columns `128 * i` to `128 * i + 127`."""
        needed = {"roll", *(CHANNELS[channel][0] for channel in self.channels)}
        return tuple(plane for plane in PLANES if plane in needed)

    def settings(self) -> dict:
        """Returns all settings, ready for JSON; `PianoRoll(**settings)` is the same encoder."""
        return asdict(self) | {"channels": list(self.channels)}

    def row_settings(self) -> dict:
        """Returns the settings on which stored rows depend."""
        settings = {
            "frames_per_second": self.frames_per_second,
            "pedal": self.pedal,
            "bends": self.bends,
            "planes": list(self.planes),
        }
        # Named only where there is one: stores are older than ablations.
        return settings | ({"ablation": self.ablation} if self.ablation else {})

    def encode(self, notes: Notes) -> Rows:
        """Returns the rows of a piece, to be stored.

        Args:
            notes: What `read_notes` returned.

        Returns:
            Its rows, with the columns that `planes` tells of.

        Raises:
            MidiError: The roll would be absurdly large.
        """
        notes = ablate(notes, self.ablation)
        return render_rows(
            notes, self.frames_per_second, pedal=self.pedal, bends=self.bends, planes=self.planes
        )

    def chunk_starts(self, num_frames: int) -> np.ndarray:
        """Returns the first frame of each chunk of a piece; see `chunking.chunk_starts`."""
        return chunk_starts(num_frames, self.chunk_frames, self.hop)

    def rows_read(self, rate: Sequence[float] | np.ndarray) -> np.ndarray:
        """Returns how many rows chunks reach over that are played at other rates; see `decode`.

        Args:
            rate: `(chunks,)`; above 0, 1 as it stands.

        Returns:
            int64 `(chunks,)`.

        Example:

        >>> PianoRoll().rows_read([0.5, 1, 1.1]).tolist()
        [76, 150, 165]
        """
        return _nearest((self.chunk_frames - 1) * np.asarray(rate, np.float64)) + 1

    def decode(
        self,
        rows: Rows,
        starts: Sequence[int] | np.ndarray,
        ends: Sequence[int] | np.ndarray,
        *,
        shift: Sequence[int] | np.ndarray | None = None,
        rate: Sequence[float] | np.ndarray | None = None,
    ) -> np.ndarray:
        """Returns chunks.

        Args:
            rows: Rows of any number of pieces, one after another; memory-mapped arrays will do.
            starts: `(chunks,)`; the first row of each chunk.
            ends: `(chunks,)`; one past the last row of the piece of each chunk, where its padding begins at the latest.
            shift: `(chunks,)`; semitones up (down if negative) by which to transpose each chunk.
                What leaves the 128 pitches is dropped.
            rate: `(chunks,)`; how many times as fast to play each chunk. Frame `f` shows the row that is nearest to
                `f * rate` rows after the first: rows are repeated or left out, never mixed, so that what is 0 or 1
                stays so. Where rows are left out, so are the notes that begin and end there.

        Returns:
            float32 `(chunks, 128, chunk_frames, channels)`.
        """
        starts, ends = np.asarray(starts, np.int64), np.asarray(ends, np.int64)
        shift = np.zeros(len(starts), np.int64) if shift is None else np.asarray(shift, np.int64)
        rate = np.ones(len(starts)) if rate is None else np.asarray(rate, np.float64)
        if not len(starts) == len(ends) == len(shift) == len(rate):
            raise ValueError(
                f"Got {len(starts)} starts, {len(ends)} ends, {len(shift)} shifts and {len(rate)} rates; "
                "expected as many of each."
            )
        if len(starts) and (starts.min() < 0 or ends.max() > rows.num_frames):
            raise ValueError(
                f"Chunks from {starts.min()} to {ends.max()} do not lie in {rows.num_frames} rows."
            )
        if not ((rate > 0) & (rate < np.inf)).all():
            raise ValueError(f"Chunks are played at rates above 0, not at {rate}.")
        planes = np.array([self.planes.index(CHANNELS[channel][0]) for channel in self.channels])
        chunks = np.zeros((len(starts), *self.chunk_shape), np.float32)
        _decode(
            *(np.asarray(array) for array in (rows.offsets, rows.columns, rows.values)),
            starts,
            ends,
            shift,
            rate,
            planes,
            np.array([self._how(channel) for channel in self.channels]),
            chunks,
        )
        return chunks

    def _how(self, channel: str) -> int:
        how = CHANNELS[channel][1]
        return _CLIPPED_VELOCITY if how == _VELOCITY and self.clip else how


def _nearest(places: np.ndarray) -> np.ndarray:
    """Rounds numbers, halves upwards, as `_decode` does."""
    return np.floor(places + 0.5).astype(np.int64)


@numba.njit(cache=True)
def _decode(offsets, columns, values, starts, ends, shift, rate, planes, how, chunks):
    num_chunks, num_pitches, chunk_frames, num_channels = chunks.shape
    for chunk in range(num_chunks):
        for frame in range(chunk_frames):
            row = starts[chunk] + int(frame * rate[chunk] + 0.5)
            if row >= ends[chunk]:
                break
            for cell in range(offsets[row], offsets[row + 1]):
                plane, pitch = divmod(int(columns[cell]), num_pitches)
                pitch += shift[chunk]
                if not 0 <= pitch < num_pitches:
                    continue
                for channel in range(num_channels):
                    if planes[channel] == plane:
                        chunks[chunk, pitch, frame, channel] = _value(values[cell], how[channel])


@numba.njit(cache=True)
def _value(value, how):
    if how == _PRESENCE:
        return 1.0
    if how == _VELOCITY:
        return value / 127.0
    if how == _CLIPPED_VELOCITY:
        return min(value / 127.0, 1.0)
    return value * 1.0


make = PianoRoll
"""What every encoder module has: called with settings, it gives the encoder."""
