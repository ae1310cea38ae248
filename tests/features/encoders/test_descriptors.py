"""Descriptors are what a plain count says; chunks are windows of them, transposed and played faster by adding."""

import json
import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.encoders.describing import describe_steps
from features.encoders.descriptors import FURTHEST, OF_VELOCITY, SCALES, DescriptorSteps
from features.encoders.rows import Rows
from features.errors import InputError
from features.midi import notes_to_midi, read_events, read_notes

STEP_S = 2.0


def notes_of(data: bytes):
    return read_notes(read_events(data))


def chunks_of(encoder, rows, **changes):
    starts = encoder.chunk_starts(rows.num_frames)
    return encoder.decode(rows, starts, np.full(len(starts), rows.num_frames), **changes)


def sequence_of(encoder, rows, **changes):
    """All steps of a piece, one after the other."""
    return np.concatenate(chunks_of(encoder, rows, **changes))[: rows.num_frames]


def mean(values):
    return statistics.fmean(values) if values else math.nan


def std(values):
    return statistics.pstdev(values) if values else math.nan


def plain_counts(notes, step, step_s):
    """The descriptors of one step, each counted as it is defined; its notes are sorted by start and pitch."""
    begun = [note for note in notes if int(note["start_s"] / step_s) == step]
    first, last = step * step_s, (step + 1) * step_s
    held = sum(max(0.0, min(note["end_s"], last) - max(note["start_s"], first)) for note in notes)
    moments = sorted(
        {0.0, *(note["start_s"] for note in notes), *(note["end_s"] for note in notes), first, last}
    )
    silent = sum(
        end - start
        for start, end in zip(moments, moments[1:], strict=False)
        if first <= start < last and not any(n["start_s"] <= start and end <= n["end_s"] for n in notes)
    )
    starts = sorted({note["start_s"] for note in notes})
    tops = [max(note["pitch"] for note in notes if note["start_s"] == start) for start in starts]
    here = [number for number, start in enumerate(starts) if int(start / step_s) == step]
    gaps = [math.log2(starts[i + 1] - starts[i]) for i in here if i + 1 < len(starts)]
    leaps = [abs(int(tops[i + 1]) - int(tops[i])) for i in here if i + 1 < len(starts)]
    chords = [math.log2(sum(note["start_s"] == starts[i] for note in notes)) for i in here]
    pitches = [int(note["pitch"]) for note in begun]
    seconds = [math.log2(note["end_s"] - note["start_s"]) for note in begun]
    velocities = [int(note["velocity"]) for note in begun]
    shares = [sum(p % 12 == c for p in pitches) / len(pitches) for c in range(12)] if pitches else []
    return {
        "density": math.log2(max(len(begun), 0.5) / step_s),
        "chord_size": mean(chords),
        "polyphony": held / step_s,
        "silence": silent / step_s,
        "pitch_mean": mean(pitches),
        "pitch_std": std(pitches),
        "lowest": min(pitches, default=math.nan),
        "highest": max(pitches, default=math.nan),
        "pitch_class_entropy": -sum(p * math.log2(p) for p in shares if p) if pitches else math.nan,
        "duration_mean": mean(seconds),
        "duration_std": std(seconds),
        "gap_mean": mean(gaps),
        "gap_std": std(gaps),
        "leap": mean(leaps),
        "velocity_mean": mean(velocities),
        "velocity_std": std(velocities),
    }


@given(st.data())
def test_descriptors_are_what_a_plain_count_says(note_lists, data):
    notes = notes_of(notes_to_midi(data.draw(note_lists.filter(bool)))).notes
    found = describe_steps(notes, STEP_S)
    assert list(found.keys() ^ SCALES.keys()) == []
    assert len(found["density"]) == math.ceil(notes["end_s"].max() / STEP_S)
    for step in range(len(found["density"])):
        expected = plain_counts(notes, step, STEP_S)
        for name, values in found.items():
            assert values[step] == pytest.approx(expected[name], nan_ok=True, abs=1e-9), (name, step)


def test_notes_that_begin_almost_together_begin_together():
    notes = notes_of(notes_to_midi([(0, 480, 60), (20, 480, 64), (40, 480, 67), (240, 480, 72)])).notes
    found = describe_steps(notes, 5.0)
    assert found["chord_size"].tolist() == [(math.log2(3) + math.log2(1)) / 2]
    assert found["gap_mean"].tolist() == [-2.0]
    assert found["leap"].tolist() == [5.0]


@given(st.data(), st.integers(-12, 12))
def test_transposing_chunks_equals_transposing_the_piece(note_lists, data, semitones):
    notes = data.draw(note_lists.filter(bool))
    encoder = DescriptorSteps(step_s=STEP_S, chunk_frames=3, velocity=True)
    higher = [(start, end, pitch + semitones, velocity) for start, end, pitch, velocity in notes]
    rows, moved = (encoder.encode(notes_of(notes_to_midi(piece))) for piece in (notes, higher))
    shift = np.full(len(encoder.chunk_starts(rows.num_frames)), semitones)
    np.testing.assert_allclose(chunks_of(encoder, rows, shift=shift), chunks_of(encoder, moved), atol=1e-5)


@given(st.data(), st.sampled_from([0.5, 0.8, 2.0]))
def test_playing_chunks_faster_equals_a_faster_piece_in_shorter_steps(note_lists, data, rate):
    notes = data.draw(note_lists.filter(bool))
    pieces = [notes_of(notes_to_midi(notes, tempo_us=int(500_000 / speed))) for speed in (1, rate)]
    slow, fast = DescriptorSteps(step_s=STEP_S), DescriptorSteps(step_s=STEP_S / rate)
    rows, faster = slow.encode(pieces[0]), fast.encode(pieces[1])
    rates = np.full(len(slow.chunk_starts(rows.num_frames)), rate)
    assert (slow.rows_read(rates) == 10).all()
    played, expected = sequence_of(slow, rows, rate=rates), sequence_of(fast, faster)
    np.testing.assert_allclose(played, expected, atol=1e-5)


@given(st.data(), st.integers(1, 6), st.none() | st.integers(1, 6))
def test_chunks_are_windows_of_the_steps_and_end_in_zeros(note_lists, data, chunk_frames, hop):
    notes = notes_of(notes_to_midi(data.draw(note_lists)))
    whole = DescriptorSteps(step_s=0.5, chunk_frames=1000, velocity=True)
    encoder = DescriptorSteps(step_s=0.5, chunk_frames=chunk_frames, hop=hop, velocity=True)
    rows = encoder.encode(notes)
    steps = np.zeros((rows.num_frames + 1000, 16), np.float32)
    steps[: rows.num_frames] = sequence_of(whole, rows)[: rows.num_frames] if rows.num_frames else 0
    starts = encoder.chunk_starts(rows.num_frames)
    assert (len(starts) == 0) == (rows.num_frames == 0) == (len(notes.notes) == 0)
    for start, chunk in zip(starts, chunks_of(encoder, rows), strict=True):
        np.testing.assert_array_equal(chunk, steps[start : start + chunk_frames])


def test_a_chunk_never_runs_into_the_next_piece():
    encoder = DescriptorSteps(chunk_frames=4)
    one = encoder.encode(notes_of(notes_to_midi([(0, 9600, 60)])))
    assert one.num_frames == 2
    both = Rows(
        np.concatenate([one.offsets, one.offsets[1:] + one.offsets[-1]]),
        np.tile(one.columns, 2),
        np.tile(one.values, 2),
    )
    first, second = encoder.decode(both, [0, 2], [2, 4])
    np.testing.assert_array_equal(first, second)
    assert first[:2].any(axis=1).all() and not first[2:].any()


def test_a_silent_step_is_neither_transposed_nor_padding():
    encoder = DescriptorSteps(chunk_frames=4)
    rows = encoder.encode(notes_of(notes_to_midi([(0, 480, 60), (9600, 10080, 62)])))
    plain, moved = (chunks_of(encoder, rows, shift=shift)[0] for shift in ([0], [7]))
    pitch, density, silence = (encoder.names.index(name) for name in ("pitch_mean", "density", "silence"))
    assert plain[1, pitch] == moved[1, pitch] == 0
    assert plain[1, density] == moved[1, density] == -FURTHEST
    assert plain[1, silence] == FURTHEST  # a whole step of it
    assert not plain[3].any()
    assert moved[0, pitch] - plain[0, pitch] == pytest.approx(7 / 6)


def test_velocities_are_told_of_only_when_asked():
    loud, soft = (notes_of(notes_to_midi([(0, 480, 60, velocity)])) for velocity in (120, 20))
    encoder = DescriptorSteps()
    np.testing.assert_array_equal(*(chunks_of(encoder, encoder.encode(notes)) for notes in (loud, soft)))
    telling = DescriptorSteps(velocity=True)
    assert telling.row_settings() == encoder.row_settings()
    assert (encoder.chunk_shape, telling.chunk_shape) == ((10, 14), (10, 16))
    assert telling.names == (*encoder.names, *OF_VELOCITY)
    assert not np.array_equal(*(chunks_of(telling, telling.encode(notes)) for notes in (loud, soft)))


def test_what_is_taken_away_is_not_described():
    loud, soft = (notes_of(notes_to_midi([(0, 480, 60, velocity)])) for velocity in (120, 20))
    encoder = DescriptorSteps(velocity=True, ablation="constant_velocity")
    np.testing.assert_array_equal(*(chunks_of(encoder, encoder.encode(notes)) for notes in (loud, soft)))
    assert encoder.row_settings() != DescriptorSteps(velocity=True).row_settings()


def test_drums_are_left_out():
    drum = (0, 48000, 35, 64, 0, 9, 0)
    encoder = DescriptorSteps()
    rows = encoder.encode(notes_of(notes_to_midi([(0, 480, 60), drum])))
    assert rows.num_frames == 1
    assert encoder.encode(notes_of(notes_to_midi([drum]))).num_frames == 0


@given(st.data())
def test_any_file_becomes_numbers_within_bounds(midi_files, data):
    encoder = DescriptorSteps(step_s=0.3, velocity=True)
    chunks = chunks_of(encoder, encoder.encode(notes_of(data.draw(midi_files))))
    assert chunks.dtype == np.float32
    assert (abs(chunks) <= FURTHEST).all()  # no NaN either


@given(
    st.builds(
        DescriptorSteps,
        step_s=st.floats(0.1, 600),
        chunk_frames=st.integers(1, 300),
        hop=st.none() | st.integers(1, 300),
        velocity=st.booleans(),
        ablation=st.sampled_from([None, "random_key"]),
    )
)
def test_settings_round_trip_through_json(encoder):
    again = DescriptorSteps(**json.loads(json.dumps(encoder.settings())))
    assert again == encoder
    assert again.row_settings() == encoder.row_settings()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"step_s": 0.05}, "step_s must be at least 0.1 and at most 600, got 0.05"),
        ({"chunk_frames": 0}, "chunk_frames must be at least 1"),
        ({"hop": 20_000}, "hop must be at least 1 and at most 10000"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        DescriptorSteps(**settings)
