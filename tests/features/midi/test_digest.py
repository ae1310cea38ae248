"""Identical music has one digest, in whatever key, tempo and file."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from features.midi import (
    melody_digest,
    notes_to_midi,
    read_events,
    read_notes,
    top_line,
)


def digest(data: bytes) -> str:
    return melody_digest(read_notes(read_events(data)))


@given(st.data(), st.integers(-30, 30), st.integers(200_000, 2_000_000), st.integers(1, 3))
def test_same_in_every_key_and_tempo(note_lists, data, semitones, tempo_us, finer):
    notes = data.draw(note_lists)
    other = [(start * finer, end * finer, pitch + semitones, 64) for start, end, pitch, _ in notes]
    copy = notes_to_midi(other, tempo_us=[(0, tempo_us), (500, 333_333)], ticks_per_beat=480 * finer)
    assert digest(notes_to_midi(notes)) == digest(copy)


@given(st.lists(st.integers(40, 80), min_size=16, max_size=40), st.integers(0, 15), st.integers(1, 5))
def test_another_melody_has_another_digest(pitches, place, change):
    changed = list(pitches)
    changed[place] += change
    assume(np.diff(pitches).tolist() != np.diff(changed).tolist())
    first, second = (
        notes_to_midi([(index, index + 1, pitch) for index, pitch in enumerate(line)])
        for line in (pitches, changed)
    )
    assert digest(first) != digest(second)


def test_top_line_is_the_highest_of_each_moment_without_drums():
    drum = (0, 480, 100, 64, 0, 9)
    data = notes_to_midi([(480, 960, 65), (0, 480, 60), (0, 960, 72), drum])
    assert top_line(read_notes(read_events(data))).tolist() == [72, 65]


def test_short_melodies_have_no_digest():
    assert digest(notes_to_midi([])) == ""
    assert digest(notes_to_midi([(index, index + 1, 60 + index) for index in range(15)])) == ""
