"""A printed score, read by music21, becomes a MIDI file that holds nothing but its notes.

Not by way of music21's own MIDI writer: it is slow, fails on some repeats, and gives each part a
track, so that the number of tracks would give the composer away. Here all notes stand in one track
and channel, with one velocity, one program and one tempo.
"""

import warnings
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import InputError
from features.midi.writing import notes_to_midi

if TYPE_CHECKING:
    from music21.stream import Part, Score

TICKS_PER_BEAT = 480

TEMPO_US = 500_000
"""A quarter note lasts half a second, whatever the score says: 120 beats a minute, MIDI's own default."""

SCORE_SUFFIXES = (".xml", ".musicxml", ".mxl", ".krn", ".abc")
"""Of MusicXML, plain and packed, Humdrum kern, and ABC."""

MAX_SCORE_BYTES = 32 * 2**20
"""Unpacked. The longest score that comes with music21, a late quartet by Beethoven, has a third of it."""

SoundingNote = tuple[int, int, int]
"""Start and end in ticks, and the MIDI pitch."""

WrittenNote = tuple[Fraction | float, Fraction | float, int, str | None]
"""Start and end in beats, the MIDI pitch, and the kind of tie (start, continue, stop), if any."""


def score_to_midi(path: Path, *, own_tempo: bool = False) -> bytes:
    """Returns the notes of a score as the bytes of a MIDI file.

    Tied notes are one note; repeats are not expanded; grace notes, which last no time, are left out.

    Args:
        path: A file that music21 reads: MusicXML, Humdrum kern, ...
        own_tempo: Whether the first tempo mark of the score, if it has one, holds for all of it.

    Raises:
        InputError: music21 cannot read it, it holds several pieces, or there are no notes in it.
    """
    with _as_input_error(path):
        score = _parse(path)
        notes = resolve_unisons(_notes_of(score))
        tempo_us = (_first_tempo(score) if own_tempo else None) or TEMPO_US
    if not notes:
        raise InputError(f"{path} holds no notes; leave it out.")
    return notes_to_midi(notes, ticks_per_beat=TICKS_PER_BEAT, tempo_us=tempo_us)


def read_score(path: Path) -> list[SoundingNote]:
    """Returns the notes of all parts of a score, tied notes joined, in no particular order."""
    with _as_input_error(path):
        return _notes_of(_parse(path))


@contextmanager
def _as_input_error(path: Path) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # its readers raise whatever the bad place in the file leads to
        raise InputError(
            f"music21 cannot read {path} ({type(error).__name__}: {error}); leave it out."
        ) from error


def _parse(path: Path) -> "Score":
    if _length(path) > MAX_SCORE_BYTES:
        raise InputError(f"{path} is longer than {MAX_SCORE_BYTES // 2**20} MiB; leave it out.")
    from music21 import converter
    from music21.musicxml.xmlToM21 import MusicXMLWarning
    from music21.stream import Opus

    with warnings.catch_warnings():
        # A measure that holds too much (one in Beethoven's opus 132): music21 puts it right.
        warnings.simplefilter("ignore", MusicXMLWarning)
        score = converter.parseFile(path, forceSource=True, storePickle=False)
    if isinstance(score, Opus):
        raise InputError(f"{path} holds {len(score.scores)} pieces; give each a file of its own.")
    return score


def _length(path: Path) -> int:
    """Bytes of a score, those of a packed one as `zipfile` would unpack them."""
    if not path.is_file():  # a pipe would make us wait for ever
        raise InputError(f"{path} is not an ordinary file; leave it out.")
    if not zipfile.is_zipfile(path):
        return path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        return sum(member.file_size for member in archive.infolist())


def _notes_of(score: "Score") -> list[SoundingNote]:
    return [note for part in score.parts for note in _join_ties(_written_notes(part))]


def _first_tempo(score: "Score") -> int | None:
    """Microseconds of a quarter note by the first mark that names a number."""
    for mark in score.recurse().getElementsByClass("MetronomeMark"):
        if mark.getQuarterBPM():
            return round(60e6 / mark.getQuarterBPM())
    return None


def resolve_unisons(notes: Iterable[SoundingNote]) -> list[SoundingNote]:
    """Makes the notes of each pitch follow one another, as on a keyboard that all parts share.

    Of notes that start together the longest is kept; a note that still sounds when its pitch is
    struck again ends there.

    Example:
        >>> resolve_unisons([(0, 480, 60), (0, 960, 60), (480, 720, 60), (0, 960, 64)])
        [(0, 480, 60), (0, 960, 64), (480, 720, 60)]
    """
    by_pitch: dict[int, dict[int, int]] = defaultdict(dict)
    for start, end, pitch in notes:
        by_pitch[pitch][start] = max(end, by_pitch[pitch].get(start, 0))
    resolved = []
    for pitch, ends in by_pitch.items():
        starts = sorted(ends)
        for start, strike in zip(starts, [*starts[1:], None], strict=True):
            end = ends[start] if strike is None else min(ends[start], strike)
            resolved.append((start, end, pitch))
    return sorted(resolved)


def _written_notes(part: "Part") -> Iterator[WrittenNote]:
    """Yields the notes of one part in the order in which they start, without grace notes and chord names."""
    for element in part.flatten().notes:
        if "ChordSymbol" in element.classes or element.quarterLength == 0:
            continue
        end = element.offset + element.quarterLength
        for note in element.notes if element.isChord else [element]:
            yield element.offset, end, note.pitch.midi, note.tie and note.tie.type


def _join_ties(written: Iterable[WrittenNote]) -> list[SoundingNote]:
    """Joins the tied notes of one part and counts in ticks.

    A tie counts from where it begins: it joins the next note of its pitch, whether or not that note
    says that a tie ends there (in half of Monteverdi's scores it does not). A tie that leads nowhere,
    because a pause or another pitch follows, is no tie.
    """
    joined: list[SoundingNote] = []
    waiting: dict[tuple[int, int], int] = {}  # (tick where a tied note ends, pitch) -> its place in `joined`
    for start, end, pitch, tie in written:
        start_tick, end_tick = round(start * TICKS_PER_BEAT), round(end * TICKS_PER_BEAT)
        place = waiting.pop((start_tick, pitch), None)
        if place is None:
            place = len(joined)
            joined.append((start_tick, max(end_tick, start_tick + 1), pitch))
        else:
            joined[place] = (joined[place][0], end_tick, pitch)
        if tie in ("start", "continue"):
            waiting[end_tick, pitch] = place
    return joined
