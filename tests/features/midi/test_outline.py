"""Identical music has one outline, in whatever key, tempo and file."""

import time
from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.midi import NOTE, notes_to_midi, outer_voices, outline, read_events, read_notes
from features.midi.outline import melody
from features.midi.tempo import ticks_of


def outline_of(data: bytes) -> list[list[int]]:
    return outline(read_notes(read_events(data))).tolist()


@given(st.data(), st.integers(-30, 30), st.integers(200_000, 2_000_000), st.integers(1, 3))
def test_same_in_every_key_and_tempo(note_lists, data, semitones, tempo_us, finer):
    notes = data.draw(note_lists)
    other = [(start * finer, end * finer, pitch + semitones, 64) for start, end, pitch, _ in notes]
    copy = notes_to_midi(other, tempo_us=[(0, tempo_us), (500, 333_333)], ticks_per_beat=480 * finer)
    assert outline_of(notes_to_midi(notes)) == outline_of(copy)


@given(st.lists(st.integers(40, 80), min_size=1, max_size=40))
def test_steps_lead_from_pitch_to_pitch_and_pass_over_those_struck_again(pitches):
    data = notes_to_midi([(index, index + 1, pitch) for index, pitch in enumerate(pitches)])
    highest, lowest = outline_of(data)
    expected = [pitch for pitch, _ in groupby(pitches)]
    assert highest == lowest and (pitches[0] + np.cumsum([0, *highest])).tolist() == expected


def sounding(notes):
    """The outer voices by their definition, note by note and moment by moment."""
    table = notes.notes[~notes.notes["is_drum"]]
    starts, ends = (ticks_of(notes.tempos, table[name]).tolist() for name in ("start_s", "end_s"))
    moments, voices = sorted(set(starts)), []
    for moment in moments:
        following = min((start for start in starts if start > moment), default=max(ends))
        heard = [
            int(pitch)
            for start, end, pitch in zip(starts, ends, table["pitch"], strict=True)
            if start == moment or (start < moment < end and 5 * (end - moment) >= 3 * (following - moment))
        ]
        voices.append((max(heard), min(heard)))
    return np.array(voices, int).reshape(-1, 2).T.tolist()


@given(st.data())
def test_outer_voices_are_what_they_are_said_to_be(midi_files, data):
    notes = read_notes(read_events(data.draw(midi_files)))
    assert outer_voices(notes).tolist() == sounding(notes)


@st.composite
def chorales(draw):
    """A soprano of whole beats, and inner voices below it that move on any sixteenth."""
    soprano = draw(st.lists(st.integers(70, 80), min_size=1, max_size=20))
    inner = draw(st.lists(st.tuples(st.integers(0, 4 * len(soprano) - 1), st.integers(60, 69)), max_size=40))
    tune = [(480 * beat, 480 * (beat + 1), pitch) for beat, pitch in enumerate(soprano)]
    return tune, [(120 * at, 120 * (at + 1), pitch) for at, pitch in dict(inner).items()]


@given(chorales())
def test_a_tune_is_the_same_whatever_moves_below_it(chorale):
    tune, inner = chorale
    alone, accompanied = (
        outline(read_notes(read_events(notes_to_midi(notes)))) for notes in (tune, tune + inner)
    )
    assert melody(accompanied).tolist() == melody(alone).tolist()


@pytest.mark.parametrize(("end", "highest"), [(480, [72, 72, 71]), (440, [72, 72, 71]), (300, [72, 60, 71])])
def test_a_note_that_ends_a_little_early_sounds_until_the_next(end, highest):
    """From 240 the inner voice moves; the soprano is held through most of what is left of its beat, or is not."""
    data = notes_to_midi([(0, end, 72), (0, 240, 62), (240, 480, 60), (480, 960, 71)])
    assert outer_voices(read_notes(read_events(data)))[0].tolist() == highest


def test_a_note_that_is_held_a_little_too_long_does_not_hide_the_next():
    data = notes_to_midi([(0, 520, 72), (480, 1000, 71), (960, 1440, 69)])
    assert outer_voices(read_notes(read_events(data))).tolist() == [[72, 71, 69]] * 2


def test_outer_voices_are_the_highest_and_lowest_of_each_moment_without_drums():
    drum = (0, 480, 100, 64, 0, 9)
    data = notes_to_midi([(480, 960, 65), (0, 480, 60), (0, 480, 66), (0, 960, 72), drum])
    assert outer_voices(read_notes(read_events(data))).tolist() == [[72, 72], [60, 65]]


def test_the_voice_that_moves_less_ends_with_zeros():
    data = notes_to_midi([(0, 960, 40), (0, 480, 60), (480, 960, 62), (960, 1440, 41), (960, 1440, 64)])
    assert outline_of(data) == [[2, 2], [1, 0]]


def test_very_many_held_notes_take_no_time():
    """Each of them sounds at each of the moments: by pairs these would be ten thousand millions."""
    count = 100_000
    starts = np.arange(count)
    notes = np.zeros(count, NOTE)
    notes["start_s"], notes["end_s"], notes["pitch"] = starts * 0.01, count * 0.01, starts % 128
    started = time.perf_counter()
    voices = outer_voices(replace(read_notes(read_events(notes_to_midi([]))), notes=notes))
    assert voices[:, -1].tolist() == [127, 0] and time.perf_counter() - started < 10


def test_without_notes_there_is_no_outline():
    assert outline_of(notes_to_midi([])) == [[], []]
