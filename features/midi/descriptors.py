"""Notes -> numbers that describe a piece: how long, how many notes, how loud, how thick, how fast, in which key.

Seconds come from the tempo map, so that a piece whose tempo changes has its true length.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.midi.notes import Notes

NUM_VALUES = 128
"""How many pitches, and how many velocities, MIDI knows."""

MAJOR_KEYS = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
MINOR_KEYS = ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#")
"""Keys of a signature, from seven flats to seven sharps."""


@dataclass(frozen=True)
class Span:
    """What holds from one time to another.

    Attributes:
        start_s: Seconds from the start of the piece.
        end_s: When it ends: where the next span begins, or the piece ends.
        value: Beats (quarter notes) a minute; or a signature, such as `"3/4"` or `"F# minor"`.
    """

    start_s: float
    end_s: float
    value: float | str

    @property
    def seconds(self) -> float:
        """How long it holds."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Descriptors:
    """A piece in numbers. Means of nothing are 0.

    Attributes:
        length_s: Seconds from the start of the file to the end of its last note.
        num_notes: Notes, those of drums included.
        num_drum_notes: Notes of drums; their pitches are none, and they do not count for polyphony.
        programs: General MIDI programs (0 to 127) of the instruments that play, sorted, drums left out.
        velocity_counts: How many notes have each velocity, `(128,)`, drums included.
        pitch_counts: How many notes have each MIDI pitch, `(128,)`.
        polyphony_s: For how many seconds nothing sounds, one note, two notes, and so on; together `length_s`.
            A note sounds from its note-on to its note-off, whatever the pedal does.
        tempos: Tempi in beats a minute; together they last `length_s`. A file that gives none has 120.
        time_signatures: Such as `"6/8"`. A file need not have any; what comes before the first is no span.
        key_signatures: Such as `"Eb major"`, likewise. Many files leave `"C major"` where it is wrong.
    """

    length_s: float
    num_notes: int
    num_drum_notes: int
    programs: tuple[int, ...]
    velocity_counts: tuple[int, ...]
    pitch_counts: tuple[int, ...]
    polyphony_s: tuple[float, ...]
    tempos: tuple[Span, ...]
    time_signatures: tuple[Span, ...]
    key_signatures: tuple[Span, ...]

    @property
    def notes_per_second(self) -> float:
        """Notes of the piece by its length."""
        return self.num_notes / self.length_s if self.length_s else 0.0

    @property
    def velocity_mean(self) -> float:
        """Mean velocity of the notes, 1 to 127."""
        return _mean(self.velocity_counts)

    @property
    def velocity_std(self) -> float:
        """Standard deviation of the velocities."""
        return _std(self.velocity_counts)

    @property
    def num_velocities(self) -> int:
        """How many different velocities there are."""
        return int(np.count_nonzero(self.velocity_counts))

    @property
    def pitch_range(self) -> tuple[int, int] | None:
        """The lowest and the highest MIDI pitch; None if nothing has a pitch."""
        found = np.flatnonzero(self.pitch_counts)
        return (int(found[0]), int(found[-1])) if len(found) else None

    @property
    def pitch_mean(self) -> float:
        """Mean MIDI pitch of the notes."""
        return _mean(self.pitch_counts)

    @property
    def pitch_std(self) -> float:
        """Standard deviation of the pitches, in semitones."""
        return _std(self.pitch_counts)

    @property
    def polyphony_mean(self) -> float:
        """How many notes sound at once, on average over the time in which any do."""
        return _mean((0.0, *self.polyphony_s[1:]))

    @property
    def polyphony_max(self) -> int:
        """How many notes sound at once where it is thickest."""
        return max((number for number, seconds in enumerate(self.polyphony_s) if seconds), default=0)

    @property
    def silence_share(self) -> float:
        """Share of the time in which nothing with a pitch sounds."""
        return self.polyphony_s[0] / self.length_s if self.length_s else 0.0

    @property
    def tempo_mean(self) -> float:
        """Mean beats a minute, each tempo weighed by its seconds: the beats of the piece by its minutes."""
        return (
            sum(span.value * span.seconds for span in self.tempos) / self.length_s if self.length_s else 0.0
        )

    @property
    def num_tempo_changes(self) -> int:
        """How often the tempo changes while the piece lasts."""
        return max(len(self.tempos) - 1, 0)


def describe(notes: Notes, *, ticks_per_beat: int) -> Descriptors:
    """Returns the numbers of a piece.

    Args:
        notes: What `read_notes` returned.
        ticks_per_beat: Those of its `Events`, to know tempi in beats.

    Example:

    >>> from features.midi import notes_to_midi, read_events, read_notes
    >>> data = notes_to_midi([(0, 960, 60), (480, 1440, 64, 90)], tempo_us=[(0, 500_000), (960, 1_000_000)])
    >>> piece = describe(read_notes(read_events(data)), ticks_per_beat=480)
    >>> piece.length_s, piece.num_notes, piece.velocity_mean, piece.pitch_range
    (2.0, 2, 77.0, (60, 64))
    >>> piece.polyphony_s, piece.polyphony_mean
    ((0.0, 1.5, 0.5), 1.25)
    >>> [(span.start_s, span.end_s, span.value) for span in piece.tempos], piece.tempo_mean
    ([(0.0, 1.0, 120.0), (1.0, 2.0, 60.0)], 90.0)
    """
    all_notes = notes.notes
    pitched = all_notes[~all_notes["is_drum"]]
    length_s = float(all_notes["end_s"].max(initial=0.0))
    beats_per_minute = 60 / (notes.tempos["seconds_per_tick"] * ticks_per_beat)
    times, signatures = _time_signatures(notes.time_signatures), _key_signatures(notes.key_signatures)
    return Descriptors(
        length_s=length_s,
        num_notes=len(all_notes),
        num_drum_notes=len(all_notes) - len(pitched),
        programs=tuple(np.unique(pitched["program"]).tolist()),
        velocity_counts=tuple(np.bincount(all_notes["velocity"], minlength=NUM_VALUES).tolist()),
        pitch_counts=tuple(np.bincount(pitched["pitch"], minlength=NUM_VALUES).tolist()),
        polyphony_s=_polyphony(pitched, length_s),
        tempos=_spans(notes.tempos["time_s"], [round(bpm, 6) for bpm in beats_per_minute.tolist()], length_s),
        time_signatures=_spans(notes.time_signatures["time_s"], times, length_s),
        key_signatures=_spans(notes.key_signatures["time_s"], signatures, length_s),
    )


def sounding(notes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns how many notes sound, and since when: a step wherever a note begins or ends.

    Args:
        notes: Structured array of dtype `NOTE`.

    Returns:
        float64 `(2 * notes,)`, seconds, ascending; and int64 of the same shape, how many notes sound from then to the
        next one. Of steps at the same time the last one counts.
    """
    times = np.concatenate([notes["start_s"], notes["end_s"]])
    steps = np.repeat([1, -1], len(notes))
    order = np.argsort(times, kind="stable")
    return times[order], np.cumsum(steps[order])


def _polyphony(notes: np.ndarray, length_s: float) -> tuple[float, ...]:
    times, counts = sounding(notes)
    times, counts = np.concatenate([[0.0], times, [length_s]]), np.concatenate([[0], counts])
    return tuple(np.bincount(counts, weights=np.diff(times), minlength=1).tolist())


def _spans(times_s: np.ndarray, values: Sequence[float | str], length_s: float) -> tuple[Span, ...]:
    """Returns the spans between changes; one that lasts for no time is none, and equal neighbours are one."""
    spans: list[Span] = []
    starts = times_s.tolist()
    for start, end, value in zip(starts, [*starts, length_s][1:], values, strict=True):
        end = min(end, length_s)
        if start >= end:
            continue
        if spans and spans[-1].value == value:
            spans[-1] = Span(spans[-1].start_s, end, value)
        else:
            spans.append(Span(start, end, value))
    return tuple(spans)


def _time_signatures(changes: np.ndarray) -> list[str]:
    return [f"{change['numerator']}/{change['denominator']}" for change in changes]


def _key_signatures(changes: np.ndarray) -> list[str]:
    return [
        f"{MINOR_KEYS[sharps + 7]} minor" if is_minor else f"{MAJOR_KEYS[sharps + 7]} major"
        for _, sharps, is_minor in changes.tolist()
    ]


def _mean(counts: Sequence[float]) -> float:
    """Returns the mean of numbers of which it is known how often each occurs."""
    total = sum(counts)
    return float(np.dot(np.arange(len(counts)), counts) / total) if total else 0.0


def _std(counts: Sequence[float]) -> float:
    total = sum(counts)
    if not total:
        return 0.0
    return float(np.sqrt(np.dot((np.arange(len(counts)) - _mean(counts)) ** 2, counts) / total))
