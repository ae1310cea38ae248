"""MIDI files that hypothesis writes: short, dense, and full of what goes wrong in real ones; and a small corpus."""

from functools import partial

import numpy as np
import pytest
from hypothesis import strategies as st

from features.corpora.catalogue import Piece
from features.datasets import load_dataset
from features.encoders.piano_roll import PianoRoll
from features.midi import notes_to_midi, writing

# Few values, so that notes meet: the edges of the keyboard for bends, the drum channel, two programs.
PITCHES = st.sampled_from([60, 61, 0, 1, 59, 126, 127])
CHANNELS = st.sampled_from([0, 3, 9])
VELOCITIES = st.integers(0, 127)
PEDALS = st.sampled_from([0, 63, 64, 127])
BENDS = st.sampled_from([-8192, 8191, -5000, -4096, -1, 0, 1, 4096, 6001]) | st.integers(-8192, 8191)
TEMPOS = st.sampled_from([250_000, 500_000, 612_345, 1_000_001]) | st.integers(1, 2_000_000)
TICKS = st.sampled_from([0, 0, 1, 96, 97, 480, 960]) | st.integers(0, 2_000)
LENGTHS = st.sampled_from([0, 1, 7, 24, 96, 480, 960])
TICKS_PER_BEAT = st.sampled_from([480, 96, 24, 25, 100, 384, 1_000, 1_024, 32_767])

Track = list[tuple[int, bytes]]


@st.composite
def _messages(draw: st.DrawFn) -> bytes:
    kind = draw(
        st.sampled_from(["on", "off", "pedal", "control", "bend", "program", "sysex", "meta", "meta"])
    )
    channel = draw(CHANNELS)
    match kind:
        case "on":
            return writing.note_on(draw(PITCHES), draw(VELOCITIES), channel=channel)
        case "off":
            return writing.note_off(draw(PITCHES), draw(VELOCITIES), channel=channel)
        case "pedal":
            return writing.control_change(64, draw(PEDALS), channel=channel)
        case "control":
            return writing.control_change(draw(st.integers(0, 119)), draw(VELOCITIES), channel=channel)
        case "bend":
            return writing.pitch_bend(draw(BENDS), channel=channel)
        case "program":
            return writing.program_change(draw(st.sampled_from([0, 40])), channel=channel)
        case "sysex":
            return bytes((0xF0, 3, 0x7D, draw(VELOCITIES), 0xF7))
    return draw(
        st.one_of(
            TEMPOS.map(writing.tempo),
            st.sampled_from([writing.time_signature(6, 8), writing.time_signature(5, 1)]),
            st.just(writing.meta(0x0A, b"of a kind that nobody knows")),
            st.just(writing.meta(0x2F, b"")),  # the track ends, and goes on
            st.integers(-7, 7).map(writing.key_signature),
            st.binary(max_size=5).map(lambda text: writing.meta(0x01, text)),
        )
    )


@st.composite
def _gestures(draw: st.DrawFn) -> Track:
    """What belongs together: a note, one struck again while it sounds, a pedal, a bend; or any one message."""
    kind = draw(st.sampled_from(["note", "note", "struck again", "pedal", "bend", "message", "message"]))
    channel, pitch, first = draw(CHANNELS), draw(PITCHES), draw(TICKS)
    second = first + draw(LENGTHS)
    third = second + draw(LENGTHS)
    on, off = (
        writing.note_on(pitch, draw(VELOCITIES), channel=channel),
        writing.note_on(pitch, 0, channel=channel),
    )
    match kind:
        case "note":
            return [(first, on), (third, off)]
        case "struck again":
            again = writing.note_on(pitch, draw(VELOCITIES), channel=channel)
            off = writing.note_off(pitch, channel=channel)
            return draw(st.permutations([(first, on), (second, again), (second, off), (third, off)]))
        case "pedal":
            down, up = (writing.control_change(64, draw(PEDALS), channel=channel) for _ in range(2))
            return [(first, down), (third, up)]
        case "bend":
            bends = [writing.pitch_bend(draw(BENDS), channel=channel) for _ in range(draw(st.integers(1, 3)))]
            return list(zip([first, second, third], bends, strict=False))
    return [(first, draw(_messages()))]


def _as_track(gestures: list[Track]) -> Track:
    """Joins gestures; on one tick, messages stand in the order of the gestures."""
    return sorted((message for gesture in gestures for message in gesture), key=lambda message: message[0])


@pytest.fixture(scope="session")
def midi_files() -> st.SearchStrategy[bytes]:
    """MIDI files with re-struck and never closed notes, pedals, bends, drums, tempi on later tracks."""
    return st.builds(
        lambda tracks, ticks_per_beat: writing.write_tracks(tracks, ticks_per_beat=ticks_per_beat),
        st.lists(st.lists(_gestures(), max_size=14).map(_as_track), min_size=1, max_size=3),
        TICKS_PER_BEAT,
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


NUM_TICKS_A_CHUNK = 20 * 96  # 480 ticks a beat, half a second a beat, ten frames a second


def melody(seed, num_chunks):
    """A MIDI file of so many chunks of 20 frames, four notes each."""
    length = NUM_TICKS_A_CHUNK // 4
    pitches = np.random.default_rng(seed).integers(50, 70, 4 * num_chunks).tolist()
    return notes_to_midi([(n * length, (n + 1) * length, pitch) for n, pitch in enumerate(pitches)])


@pytest.fixture
def load_works(tmp_path):
    """Returns a function that loads works of one piece, given as `composer/work`, and their numbers of chunks."""

    def read(music):
        pieces = [
            Piece(f"{work}.mid", work.split("/")[0], partial(melody, seed, num_chunks), work)
            for seed, (work, num_chunks) in enumerate(music.items())
        ]
        encoder = PianoRoll(chunk_frames=20)
        return load_dataset(pieces, encoder, cache_dir=tmp_path, progress=False)

    return read
