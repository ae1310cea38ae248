"""Notes -> sequences of descriptors: step x descriptor, a few numbers of what happens in each five seconds.

They say how dense, thick, high, long and varied the music of a step is, and nothing of which notes follow which. A
piece is stored as its steps; chunks are windows of them. Numbers that depend on the tempo are logarithms, and those
that depend on the key are pitches, so that a chunk is played faster or transposed by adding to them.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from features.ablations import ablate, check_ablation
from features.encoders.chunking import chunk_starts
from features.encoders.describing import describe_steps
from features.encoders.rows import Rows, sparse_rows
from features.errors import InputError
from features.midi import Notes


@dataclass(frozen=True)
class Scale:
    """How a descriptor becomes a number near 0.

    Attributes:
        centre: What becomes 0.
        spread: What becomes 1, above the centre.
        by_semitone: By how much the descriptor changes when the music is transposed by a semitone.
        by_octave_of_tempo: By how much it changes when the music is played twice as fast.
    """

    centre: float
    spread: float
    by_semitone: float = 0.0
    by_octave_of_tempo: float = 0.0


# Rounded means and standard deviations of the steps of midi-classic-music (clean, all composers). They are fixed, so
# that a descriptor means the same in every model, and no test piece has a say in it.
SCALES = {
    "density": Scale(3.3, 1.3, by_octave_of_tempo=1),
    "chord_size": Scale(1.1, 0.8),
    "polyphony": Scale(4.1, 2.9),
    "silence": Scale(0.07, 0.14),
    "pitch_mean": Scale(64.0, 6.0, by_semitone=1),
    "pitch_std": Scale(10.0, 3.0),
    "lowest": Scale(42.0, 9.0, by_semitone=1),
    "highest": Scale(81.0, 8.0, by_semitone=1),
    "pitch_class_entropy": Scale(2.6, 0.4),
    "duration_mean": Scale(-1.9, 1.0, by_octave_of_tempo=-1),
    "duration_std": Scale(0.9, 0.4),
    "gap_mean": Scale(-2.2, 0.8, by_octave_of_tempo=-1),
    "gap_std": Scale(0.5, 0.4),
    "leap": Scale(6.5, 4.5),
    "velocity_mean": Scale(82.0, 26.0),
    "velocity_std": Scale(7.0, 7.0),
}

OF_VELOCITY = ("velocity_mean", "velocity_std")

FURTHEST = 5.0
"""Beyond so many spreads from its centre a descriptor says no more than that it is odd."""


@dataclass(frozen=True)
class DescriptorSteps:
    """Makes chunks `(chunk_frames, descriptors)`.

    What has no value in a step (the mean pitch of none) is at its centre, 0; so is the padding after the end of a
    piece. A note belongs to the step in which it begins; drums are left out.

    - `density`: log2 of the notes begun in a second; `chord_size`: mean of log2 of how many begin together;
      `polyphony`: mean number of notes that sound at once; `silence`: share of the time in which none does;
    - `pitch_mean`, `pitch_std`, `lowest`, `highest`: MIDI pitches of the notes; `pitch_class_entropy`: of the shares
      of the twelve pitch classes, in bits;
    - `duration_mean`, `duration_std`: of log2 of the seconds of the notes; `gap_mean`, `gap_std`: of log2 of the
      seconds from one beginning of notes to the next; `leap`: mean interval between the highest notes that begin one
      after the other, in semitones;
    - `velocity_mean`, `velocity_std`, if asked for.

    Attributes:
        step_s: Seconds of a step.
        chunk_frames: Steps of a chunk; the last one of a piece is padded with zeros at its end.
        hop: Steps from the start of one chunk to the start of the next; None for `chunk_frames`.
        velocity: Whether velocities are told of, which give away who made a file.
        ablation: What is taken away from the notes before they are described, one of `features.ablations.ABLATIONS`;
            None for nothing.

    Example:

    >>> from features.midi import notes_to_midi, read_events, read_notes
    >>> encoder = DescriptorSteps(chunk_frames=3)
    >>> rows = encoder.encode(read_notes(read_events(notes_to_midi([(0, 480, 52), (4800, 9600, 70)]))))
    >>> (chunk,) = encoder.decode(rows, [0], [rows.num_frames])
    >>> chunk.shape, chunk[:, encoder.names.index("pitch_mean")].tolist()  # (pitch - 64) / 6
    ((3, 14), [-2.0, 1.0, 0.0])
    """

    step_s: float = 5.0
    chunk_frames: int = 10
    hop: int | None = None
    velocity: bool = False
    ablation: str | None = None

    def __post_init__(self):
        check_ablation(self.ablation)
        for name, least, most in (("step_s", 0.1, 600), ("chunk_frames", 1, 10_000), ("hop", 1, 10_000)):
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise InputError(f"{name} must be at least {least} and at most {most}, got {value}.")

    @property
    def names(self) -> tuple[str, ...]:
        """The descriptors, in the order of the last axis of a chunk."""
        return tuple(name for name in SCALES if self.velocity or name not in OF_VELOCITY)

    @property
    def chunk_shape(self) -> tuple[int, int]:
        """Steps and descriptors of a chunk."""
        return self.chunk_frames, len(self.names)

    def settings(self) -> dict:
        """Returns all settings, ready for JSON; `DescriptorSteps(**settings)` is the same encoder."""
        return asdict(self)

    def row_settings(self) -> dict:
        """Returns the settings on which stored rows depend."""
        scales = {name: asdict(scale) for name, scale in SCALES.items()}
        return {"step_s": self.step_s, "scales": scales, "ablation": self.ablation}

    def encode(self, notes: Notes) -> Rows:
        """Returns the steps of a piece, to be stored: a row each, with the columns of `SCALES` that have a value."""
        found = ablate(notes, self.ablation).notes
        pitched = found[~found["is_drum"]]
        if not len(pitched):
            return sparse_rows(np.zeros((0, len(SCALES))))
        values = describe_steps(pitched, self.step_s)
        steps = np.stack(
            [(values[name] - scale.centre) / scale.spread for name, scale in SCALES.items()], axis=1
        )
        # Not `sparse_rows`: a value of 0 is another thing than none, which cannot be transposed.
        step, column = np.nonzero(~np.isnan(steps))
        offsets = np.searchsorted(step, np.arange(len(steps) + 1))
        return Rows(offsets, column.astype(np.uint16), steps[step, column].astype(np.float32))

    def chunk_starts(self, num_frames: int) -> np.ndarray:
        """Returns the first step of each chunk of a piece; see `chunking.chunk_starts`."""
        return chunk_starts(num_frames, self.chunk_frames, self.hop)

    def rows_read(self, rate: Sequence[float] | np.ndarray) -> np.ndarray:
        """Returns how many rows chunks reach over, `(chunks,)`: as many at any rate, for whole steps go faster."""
        return np.full(len(rate), self.chunk_frames)

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
            rate: `(chunks,)`; how many times as fast to play each chunk: its steps are shorter, and as many.

        Returns:
            float32 `(chunks, chunk_frames, descriptors)`.
        """
        chunks = _windows(rows, np.asarray(starts, np.int64), np.asarray(ends, np.int64), self.chunk_frames)
        if shift is not None:
            by_semitone = [scale.by_semitone / scale.spread for scale in SCALES.values()]
            chunks += np.asarray(shift)[:, None, None] * np.array(by_semitone)
        if rate is not None:
            by_octave = [scale.by_octave_of_tempo / scale.spread for scale in SCALES.values()]
            chunks += np.log2(rate)[:, None, None] * np.array(by_octave)
        wanted = chunks[..., [list(SCALES).index(name) for name in self.names]]
        return np.clip(np.nan_to_num(wanted), -FURTHEST, FURTHEST).astype(np.float32)


def _windows(rows: Rows, starts: np.ndarray, ends: np.ndarray, num_steps: int) -> np.ndarray:
    """Returns windows of rows, float64 `(chunks, num_steps, columns)`; NaN where there is no value."""
    places = starts[:, None] + np.arange(num_steps)
    chunk, step = np.nonzero(places < ends[:, None])
    row = places[chunk, step]
    first, count = rows.offsets[row], rows.offsets[row + 1] - rows.offsets[row]
    cells = np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())
    windows = np.full((len(starts), num_steps, len(SCALES)), np.nan)
    windows[np.repeat(chunk, count), np.repeat(step, count), rows.columns[cells]] = rows.values[cells]
    return windows


make = DescriptorSteps
"""What every encoder module has: called with settings, it gives the encoder."""
