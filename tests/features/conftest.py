"""MIDI files that hypothesis writes: short, dense, and full of what goes wrong in real ones."""

import pytest
from hypothesis import strategies as st

from features.midi import writing

# Few values, so that notes meet: the edges of the keyboard for bends, the drum channel, two programs.
PITCHES = st.sampled_from([0, 1, 59, 60, 61, 126, 127])
CHANNELS = st.sampled_from([0, 3, 9])
VELOCITIES = st.integers(0, 127)
BENDS = st.sampled_from([-8192, -5000, -4096, -1, 0, 1, 4096, 6001, 8191])
DELTAS = st.sampled_from([0, 0, 0, 1, 7, 24, 96, 480])


@st.composite
def _messages(draw: st.DrawFn) -> bytes:
    kind = draw(
        st.sampled_from(["on", "on", "on", "off", "off", "pedal", "control", "bend", "program", "meta"])
    )
    channel = draw(CHANNELS)
    match kind:
        case "on":
            return writing.note_on(draw(PITCHES), draw(VELOCITIES), channel=channel)
        case "off":
            return writing.note_off(draw(PITCHES), draw(VELOCITIES), channel=channel)
        case "pedal":
            return writing.control_change(64, draw(st.sampled_from([0, 63, 64, 127])), channel=channel)
        case "control":
            return writing.control_change(draw(st.integers(0, 119)), draw(VELOCITIES), channel=channel)
        case "bend":
            return writing.pitch_bend(draw(BENDS), channel=channel)
        case "program":
            return writing.program_change(draw(st.sampled_from([0, 40])), channel=channel)
    return draw(
        st.one_of(
            st.sampled_from([250_000, 500_000, 612_345, 1_000_001]).map(writing.tempo),
            st.just(writing.time_signature(6, 8)),
            st.just(writing.meta(0x0A, b"of a kind that nobody knows")),
            st.integers(-7, 7).map(writing.key_signature),
            st.binary(max_size=5).map(lambda text: writing.meta(0x01, text)),
        )
    )


@st.composite
def _tracks(draw: st.DrawFn) -> list[tuple[int, bytes]]:
    tick, track = 0, []
    for delta, message in draw(st.lists(st.tuples(DELTAS, _messages()), max_size=25)):
        tick += delta
        track.append((tick, message))
    return track


@pytest.fixture(scope="session")
def midi_files() -> st.SearchStrategy[bytes]:
    """MIDI files with re-struck and never closed notes, pedals, bends, drums, tempi on later tracks."""
    return st.builds(
        lambda tracks, ticks_per_beat: writing.write_tracks(tracks, ticks_per_beat=ticks_per_beat),
        st.lists(_tracks(), min_size=1, max_size=3),
        st.sampled_from([24, 96, 480]),
    )


@pytest.fixture(scope="session")
def note_lists() -> st.SearchStrategy[list[tuple[int, int, int, int]]]:
    """Pieces of one track as (start_tick, end_tick, pitch, velocity), no two notes of one pitch at once."""
    moments = st.tuples(st.integers(0, 20), st.integers(1, 4), st.integers(40, 80), st.integers(1, 127))
    return st.lists(moments, max_size=30).map(_without_overlap)


def _without_overlap(moments: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    notes, free_from = [], {}
    for start, length, pitch, velocity in sorted(moments):
        if start >= free_from.get(pitch, 0):
            free_from[pitch] = start + length
            notes.append((start * 240, (start + length) * 240, pitch, velocity))
    return notes
