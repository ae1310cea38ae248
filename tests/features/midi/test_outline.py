"""Identical music has one outline, in whatever key, tempo and file."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.midi import notes_to_midi, outer_voices, outline, read_events, read_notes


def outline_of(data: bytes) -> list[list[int]]:
    return outline(read_notes(read_events(data))).tolist()


@given(st.data(), st.integers(-30, 30), st.integers(200_000, 2_000_000), st.integers(1, 3))
def test_same_in_every_key_and_tempo(note_lists, data, semitones, tempo_us, finer):
    notes = data.draw(note_lists)
    other = [(start * finer, end * finer, pitch + semitones, 64) for start, end, pitch, _ in notes]
    copy = notes_to_midi(other, tempo_us=[(0, tempo_us), (500, 333_333)], ticks_per_beat=480 * finer)
    assert outline_of(notes_to_midi(notes)) == outline_of(copy)


@given(st.lists(st.integers(40, 80), min_size=1, max_size=40))
def test_steps_lead_from_pitch_to_pitch(pitches):
    data = notes_to_midi([(index, index + 1, pitch) for index, pitch in enumerate(pitches)])
    highest, lowest = outline_of(data)
    assert highest == lowest and (pitches[0] + np.cumsum([0, *highest])).tolist() == pitches


def test_outer_voices_are_the_highest_and_lowest_of_each_moment_without_drums():
    drum = (0, 480, 100, 64, 0, 9)
    data = notes_to_midi([(480, 960, 65), (0, 480, 60), (0, 480, 66), (0, 960, 72), drum])
    assert outer_voices(read_notes(read_events(data))).tolist() == [[72, 65], [60, 65]]


def test_without_notes_there_is_no_outline():
    assert outline_of(notes_to_midi([])) == [[], []]
