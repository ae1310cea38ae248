"""Ten seconds of a piece are cut where they should be, and sound at the right pitch, whatever plays them."""

import random
import sys

import numpy as np
import pytest
import soundfile

from experiments.engine.exploring import sounds
from features.corpora.catalogue import Piece
from features.corpora.synthetic import compose
from features.errors import InputError
from features.midi import notes_to_midi, read_events, read_notes, write_tracks
from features.midi.writing import control_change, note_off, note_on, pitch_bend, program_change, tempo

NEEDS_FLUIDSYNTH = pytest.mark.skipif(
    sounds.find_fluidsynth() is None,
    reason="no FluidSynth is installed (on Debian: apt-get install fluidsynth)",
)
PLAYERS = [pytest.param(True, marks=NEEDS_FLUIDSYNTH, id="fluidsynth"), pytest.param(False, id="sines")]


@pytest.fixture(params=PLAYERS)
def player(request, monkeypatch):
    """Each of the players in turn."""
    if not request.param:
        monkeypatch.setattr(sounds, "find_fluidsynth", lambda: None)
    return request.param


def notes_of(data):
    return read_notes(read_events(data)).notes


def strongest_hertz(sound):
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return np.argmax(power) * sounds.SAMPLES_PER_SECOND / len(sound)


@pytest.mark.parametrize(("composer", "start_s"), [("Ada", 0.0), ("Bela", 3.3), ("Dov", 11.25)])
def test_an_excerpt_has_the_notes_that_begin_within_it(composer, start_s):
    data = compose(composer, 2, movement=1)
    found = notes_of(sounds.excerpt(read_events(data), start_s=start_s, seconds=5))
    whole = notes_of(data)
    wanted = whole[(whole["start_s"] >= start_s) & (whole["start_s"] < start_s + 5)]
    order = ["start_s", "pitch"]
    found, wanted = np.sort(found, order=order), np.sort(wanted, order=order)
    assert len(found) == len(wanted) > 5
    np.testing.assert_allclose(found["start_s"], wanted["start_s"] - start_s, atol=1.1e-3)
    np.testing.assert_allclose(found["end_s"], np.minimum(wanted["end_s"] - start_s, 5), atol=1.1e-3)
    assert found["pitch"].tolist() == wanted["pitch"].tolist()
    assert found["velocity"].tolist() == wanted["velocity"].tolist()


def test_an_excerpt_follows_the_tempo_map_and_keeps_what_was_set_before():
    track = [
        (0, program_change(40)),
        (0, control_change(7, 90)),
        (480, note_on(60)),
        (960, note_off(60)),
        (1440, note_on(62)),
        (1500, pitch_bend(100)),
        (1920, note_off(62)),
    ]
    events = read_events(write_tracks([[(0, tempo(500_000)), (960, tempo(1_000_000))], track]))
    part = read_notes(read_events(sounds.excerpt(events, start_s=1.5, seconds=4)))
    assert part.notes[["start_s", "end_s", "pitch", "program"]].tolist() == [(0.5, 1.5, 62, 40)]
    assert part.bends["value"].tolist() == [100]


def test_ten_seconds_fit_where_they_can():
    long = read_notes(read_events(compose("Ada", 1, movement=1)))
    for seed in range(20):
        start_s = sounds.choose_start(long, random.Random(seed))
        assert start_s in long.notes["start_s"] and start_s + 10 <= long.notes["end_s"].max()
    short = read_notes(read_events(notes_to_midi([(480, 960, 60), (960, 1920, 62)])))
    assert sounds.choose_start(short, random.Random(0)) == 0.5


def test_samples_are_not_mostly_silent_where_something_else_can_be_played():
    second = 960
    busy = [(at * second, at * second + 900, 60) for at in range(30, 50)]
    silent = [(at * second, at * second + 30, 60) for at in (0, 5, 10, 15)]
    notes = read_notes(read_events(notes_to_midi(silent + busy)))
    starts = {sounds.choose_start(notes, random.Random(seed)) for seed in range(20)}
    assert len(starts) > 1 and min(starts) >= 30
    sparse = read_notes(
        read_events(notes_to_midi([*silent, (20 * second, 22 * second, 60), (40 * second, 41 * second, 60)]))
    )
    assert {sounds.choose_start(sparse, random.Random(seed)) for seed in range(20)} == {15.0}


@pytest.mark.parametrize("pitch", [57, 69, 81])
def test_a_note_sounds_for_as_long_and_as_high_as_it_should(player, pitch):
    sound = sounds.play(notes_to_midi([(960, 4800, pitch, 100)]))
    assert sound.dtype == np.float32 and len(sound) == 10 * sounds.SAMPLES_PER_SECOND
    assert np.abs(sound).max() == pytest.approx(sounds.PEAK, rel=1e-3)
    second = sounds.SAMPLES_PER_SECOND
    assert np.abs(sound[: int(0.9 * second)]).max() < 0.01, "silence before the note"
    ratio = strongest_hertz(sound[second : 4 * second]) / (440 * 2 ** ((pitch - 69) / 12))
    assert min(abs(ratio - partial) for partial in (1, 2)) < 0.01


def test_silence_stays_silent(player):
    assert np.abs(sounds.play(write_tracks([[(0, tempo(500_000))]]))).max() < 0.1


def test_every_composer_is_heard_and_the_choice_does_not_depend_on_others(player, tmp_path):
    pieces = [
        Piece(f"{name}/{opus}", name, lambda name=name, opus=opus: compose(name, opus, movement=1))
        for name in ("Ada", "Bela")
        for opus in (1, 2, 3)
    ]
    both = sounds.save_samples(pieces, tmp_path, seed=3)
    assert [sound.composer for sound in both] == ["Ada", "Bela"]
    for sound in both:
        heard, rate = soundfile.read(tmp_path / sound.file)
        assert len(heard) / rate == pytest.approx(10, abs=0.2)
        assert np.abs(heard).max() > 0.5
        assert (tmp_path / sound.file).stat().st_size < 200_000
    (alone,) = sounds.save_samples(pieces[3:], tmp_path, seed=3)
    assert (alone.piece, alone.start_s) == (both[1].piece, both[1].start_s)
    chosen = {sounds.save_samples(pieces[:3], tmp_path, seed=seed)[0].piece for seed in range(6)}
    assert len(chosen) > 1


def test_a_player_that_fails_says_what_to_do(monkeypatch):
    monkeypatch.setattr(sounds, "find_fluidsynth", lambda: sys.executable)  # it knows no such flags
    with pytest.raises(
        InputError, match="failed: .*Install it anew, or leave the sounds out with --no-sounds"
    ):
        sounds.play(notes_to_midi([(0, 480, 60)]))


def test_without_a_player_there_is_advice(monkeypatch):
    monkeypatch.setattr(sounds, "find_fluidsynth", lambda: None)
    assert "apt-get install fluidsynth" in sounds.describe_player().advice
    monkeypatch.setattr(sounds, "find_fluidsynth", lambda: "/usr/bin/fluidsynth")
    assert sounds.describe_player().advice == ""
