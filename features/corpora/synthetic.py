"""A made-up corpus of four composers: small, instant, the same on every machine.

For tests and `--smoke`. The composers differ in the notes they choose: where on the keyboard, in
which scale, by which intervals, in which rhythm, in how many voices. In all else (velocity, tempo,
program, file format, length) they are alike, so that only the notes give them away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from features.corpora.catalogue import Piece, Request, check_list, select_composers
from features.corpora.scores import SoundingNote, resolve_unisons
from features.midi.writing import notes_to_midi

SEED = 20
WORKS_PER_COMPOSER = 10
TICKS_PER_BEAT = 480
VELOCITIES = (56, 64, 72, 80)

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 11)
PENTATONIC = (0, 2, 4, 7, 9)
WHOLE_TONE = (0, 2, 4, 6, 8, 10)


@dataclass(frozen=True)
class Habits:
    """How a composer writes.

    Attributes:
        scale: Semitones above the keynote.
        steps: Steps of the scale by which a voice moves, all equally likely.
        ticks: Lengths of notes, 480 ticks a beat, all equally likely.
        voices: Around which MIDI pitch each voice moves.
    """

    scale: tuple[int, ...]
    steps: tuple[int, ...]
    ticks: tuple[int, ...]
    voices: tuple[int, ...]


COMPOSERS = {
    "Ada": Habits(scale=MAJOR, steps=(-1, 0, 1), ticks=(480, 960), voices=(45, 52, 60)),
    "Bela": Habits(scale=MINOR, steps=(-2, -1, 1, 2), ticks=(120, 240), voices=(64, 69)),
    "Cleo": Habits(scale=PENTATONIC, steps=(-3, -2, 2, 3), ticks=(240, 720), voices=(79, 88)),
    "Dov": Habits(scale=WHOLE_TONE, steps=(-4, 1, 3), ticks=(240, 480, 1440), voices=(31, 40, 74, 83)),
}

YEARS = {"Ada": 1690, "Bela": 1730, "Cleo": 1910, "Dov": 1950}
"""After so many years they are said to have begun."""

ERAS = {"Ada": "Baroque", "Bela": "Baroque", "Cleo": "Modern", "Dov": "Modern"}
"""In which age they are said to have written."""

PUPILS = 3
"""Each is said to have had so many pupils, who wrote all of it: for questions of which age, asked of unheard hands."""


def load(request: Request) -> list[Piece]:
    """Returns works of one to three movements, each of 20 to 60 seconds.

    Args:
        request: What is wanted; there is only one list of pieces.

    Raises:
        InputError: A composer is not among the four.
    """
    check_list(request, "synthetic")
    pieces = [
        Piece(
            piece=f"{composer}/opus {opus:02d}/{movement}",
            composer=composer,
            work=f"{composer} opus {opus:02d}",
            read=partial(compose, composer, opus, movement=movement),
            facts={
                "era": ERAS[composer],
                "year": str(YEARS[composer] + opus),
                "writer": f"Pupil {1 + opus % PUPILS} of {composer}",
            },
        )
        for composer in COMPOSERS
        for opus in range(1, WORKS_PER_COMPOSER + 1)
        for movement in range(1, 2 + opus % 3)
    ]
    return select_composers(pieces, request.composers)


def compose(composer: str, opus: int, *, movement: int) -> bytes:
    """Returns one movement as a MIDI file: always the same bytes for the same arguments.

    Only integers are drawn, so that no machine rounds otherwise than another.
    """
    habits = COMPOSERS[composer]
    generator = np.random.default_rng((SEED, list(COMPOSERS).index(composer), opus, movement))
    seconds, beats_per_minute, keynote = generator.integers((20, 90, 0), (61, 141, 12)).tolist()
    num_ticks = seconds * beats_per_minute * TICKS_PER_BEAT // 60
    voices = [_improvise(habits, centre, keynote, num_ticks, generator) for centre in habits.voices]
    # In one track and channel, like scores: the number of voices must be heard, not read off the file.
    notes = resolve_unisons(note for voice in voices for note in voice)
    velocities = generator.choice(VELOCITIES, len(notes)).tolist()
    return notes_to_midi(
        [(*note, velocity) for note, velocity in zip(notes, velocities, strict=True)],
        ticks_per_beat=TICKS_PER_BEAT,
        tempo_us=60_000_000 // beats_per_minute,
    )


def _improvise(
    habits: Habits, centre: int, keynote: int, num_ticks: int, generator: np.random.Generator
) -> Iterator[SoundingNote]:
    """Yields the notes of one voice: a walk on the scale, no further than an octave from its centre."""
    pitches = [p for p in range(centre - 12, centre + 13) if (p - keynote) % 12 in habits.scale]
    place, tick = len(pitches) // 2, 0
    while tick < num_ticks:
        end = min(tick + int(generator.choice(habits.ticks)), num_ticks)
        yield tick, end, pitches[place]
        place = min(max(place + int(generator.choice(habits.steps)), 0), len(pitches) - 1)
        tick = end
