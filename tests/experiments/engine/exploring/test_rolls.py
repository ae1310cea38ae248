"""The multichannel roll is the one of the composer classification notebook; a rate loses what falls into one frame."""

import io

import numpy as np
import pretty_midi
import pytest

from experiments.engine.exploring import rolls
from features.corpora.synthetic import compose
from features.errors import InputError
from features.midi import notes_to_midi, read_events, read_notes


def notebook_roll(data: bytes, fs: float, length: int) -> np.ndarray:
    """The notebook's four channels, made of pretty_midi's rolls, for pieces whose instruments end together."""
    midi = pretty_midi.PrettyMIDI(io.BytesIO(data))
    roll = midi.get_piano_roll(fs=fs)
    instruments, timing = np.zeros_like(roll), np.zeros_like(roll)
    for instrument in midi.instruments:
        found = instrument.get_piano_roll(fs=fs)
        instruments[:, : found.shape[1]] += found > 0
        for note in instrument.notes:
            timing[note.pitch, int(note.start * fs) : int(note.end * fs)] = 1
    channels = np.stack([roll > 0, np.minimum(roll / 127, 1), instruments, timing], axis=-1)
    return np.pad(channels, [(0, 0), (0, max(length - roll.shape[1], 0)), (0, 0)])[:, :length]


@pytest.mark.parametrize("fs", [16, 10, 8, 4])
def test_the_roll_is_that_of_the_notebook(fs):
    doubled = [(0, 900, 60, 80, 40, 0, 0), (0, 900, 60, 90, 41, 1, 1), (240, 700, 64, 100, 41, 1, 1)]
    for data in (compose("Ada", 1, movement=1), notes_to_midi(doubled)):
        ours = rolls.multichannel_roll(read_notes(read_events(data)), fs, start_s=0, seconds=10)
        np.testing.assert_allclose(ours, notebook_roll(data, fs, 10 * fs), atol=1e-6)


def test_a_part_of_a_roll_lies_where_it_does_in_the_whole():
    notes = read_notes(read_events(compose("Dov", 2, movement=1)))
    whole = rolls.multichannel_roll(notes, 10, start_s=0, seconds=12)
    np.testing.assert_array_equal(rolls.multichannel_roll(notes, 10, start_s=4, seconds=8), whole[:, 40:])
    assert not rolls.multichannel_roll(notes, 10, start_s=1000, seconds=3).any()


def test_lost_notes_leave_no_trace_and_others_do():
    notes = [(i * 480, i * 480 + length, 40 + i) for i, length in enumerate((10, 47, 49, 100, 300))]
    found = read_notes(read_events(notes_to_midi(notes)))
    for rate in (4.0, 10.0, 16.0):
        timing = rolls.multichannel_roll(found, rate, start_s=0, seconds=5)[..., 3]
        assert rolls.measure_rate(found, rate).num_lost == 5 - np.count_nonzero(timing.any(axis=1))
    assert rolls.measure_rate(found, 1000.0).num_lost == 0


def test_an_absurd_rate_is_refused():
    notes = read_notes(read_events(compose("Ada", 1, movement=1)))
    with pytest.raises(InputError, match="frames_per_second must be above 0"):
        rolls.multichannel_roll(notes, 0, start_s=0, seconds=5)
