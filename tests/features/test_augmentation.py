"""Transposed, a piece is the same but for its pitches; faster, the same but for its seconds."""

import io
import re
import warnings

import mido
import numpy as np
import pretty_midi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.augmentation import change_tempo, transpose, transposed_key
from features.encoders.piano_roll import PianoRoll
from features.midi import MidiError, notes_to_midi, read_events, read_notes, write_tracks
from features.midi.events import META, TEMPO
from features.midi.tempo import read_tempos, seconds_of
from features.midi.writing import (
    control_change,
    key_signature,
    meta,
    note_off,
    note_on,
    tempo,
    variable_length,
)

FACTORS = st.sampled_from([2.0, 0.5, 1.1, 0.9])
# Further away, pitches of the files that hypothesis writes would meet where they are folded.
SEMITONES = st.integers(-47, 50)
EDGES = st.sampled_from(["fold", "drop"])
NOTE_FIELDS = ["start_s", "end_s", "velocity", "program", "channel", "instrument", "is_drum"]


def notes_of(data):
    return read_notes(read_events(data)).notes


def file(*tracks, head=None):
    """A file of tracks given as bytes, whatever they are; their ends are added."""
    chunks = b"".join(
        b"MTrk" + (len(track) + 4).to_bytes(4, "big") + track + b"\0\xff\x2f\0" for track in tracks
    )
    return (head or b"MThd\0\0\0\6\0\1" + len(tracks).to_bytes(2, "big") + b"\1\xe0") + chunks


def folded(pitch):
    while pitch > 127:
        pitch -= 12
    while pitch < 0:
        pitch += 12
    return pitch


def notes_of_pretty_midi(data):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Tempo, Key or Time", RuntimeWarning)
        instruments = pretty_midi.PrettyMIDI(io.BytesIO(data)).instruments
    return [
        (one.program, one.is_drum, note.start, note.end, note.pitch, note.velocity)
        for one in instruments
        for note in one.notes
    ]


def without_pitches(data, *, but=()):
    """What a file says, but for the pitches of notes, and for meta events of some kinds."""
    events = read_events(data)
    rows = []
    for event in events.table:
        if event["status"] == META and event["data1"] in but:
            continue
        is_note = event["status"] in (0x80, 0x90, 0xA0) and event["channel"] != 9
        payload = events.payload(event)[1:] if is_note else events.payload(event)
        rows.append((*event.item()[:4], payload))
    return rows


@given(st.data(), SEMITONES)
def test_only_the_pitches_of_notes_change_and_not_those_of_drums(midi_files, data, semitones):
    original = data.draw(midi_files)
    moved = transpose(original, semitones, keys="leave")
    assert without_pitches(moved) == without_pitches(original)
    before, after = notes_of(original), notes_of(moved)
    np.testing.assert_array_equal(after[NOTE_FIELDS], before[NOTE_FIELDS])
    expected = [
        pitch if is_drum else folded(pitch + semitones)
        for pitch, is_drum in before[["pitch", "is_drum"]].tolist()
    ]
    assert after["pitch"].tolist() == expected


@given(st.data(), SEMITONES, EDGES)
def test_pretty_midi_reads_the_same_notes_transposed(midi_files, data, semitones, edges):
    original = data.draw(midi_files)
    expected = [
        (program, is_drum, start, end, pitch if is_drum else folded(pitch + semitones), velocity)
        for program, is_drum, start, end, pitch, velocity in notes_of_pretty_midi(original)
        if is_drum or edges == "fold" or 0 <= pitch + semitones < 128
    ]
    found = notes_of_pretty_midi(transpose(original, semitones, edges=edges))
    assert sorted(found) == sorted(expected)


@given(st.data(), st.integers(-40, 40), EDGES)
def test_transposing_shifts_the_roll_and_back_again_gives_the_very_bytes(note_lists, data, semitones, edges):
    notes = [(*note, 0, 0, 1) for note in data.draw(note_lists)]
    drums = [(start, end, pitch, velocity, 0, 9, 2) for start, end, pitch, velocity, *_ in notes]
    original = notes_to_midi([*notes, *drums])
    moved = transpose(original, semitones, edges=edges)
    roll, shifted = (PianoRoll().encode(read_notes(read_events(piece))) for piece in (original, moved))
    np.testing.assert_array_equal(shifted.offsets, roll.offsets)
    np.testing.assert_array_equal(shifted.columns, roll.columns.astype(int) + semitones)
    np.testing.assert_array_equal(shifted.values, roll.values)
    assert transpose(moved, -semitones, edges=edges) == original


@given(st.data(), SEMITONES)
def test_what_leaves_the_keyboard_is_dropped_and_all_else_stays_when_it_is(midi_files, data, semitones):
    original = data.draw(midi_files)
    before, after = (
        read_events(piece) for piece in (original, transpose(original, semitones, edges="drop", keys="leave"))
    )
    table = before.table
    moved = np.isin(table["status"], (0x80, 0x90, 0xA0)) & (table["channel"] != 9)
    pitches = table["data1"].astype(int) + semitones * moved
    kept = ~moved | ((pitches >= 0) & (pitches < 128))
    for name in ("tick", "track", "status", "channel", "data2"):
        np.testing.assert_array_equal(after.table[name], table[name][kept])
    np.testing.assert_array_equal(after.table["data1"], pitches[kept])
    payloads = [before.payload(event) for event in table[kept & ~moved]]
    assert [after.payload(event) for event in after.table[~moved[kept]]] == payloads


@given(st.data(), FACTORS)
def test_seconds_are_divided_by_the_factor_and_nothing_else_changes(midi_files, data, factor):
    original = data.draw(midi_files)
    played = change_tempo(original, factor)
    assert without_pitches(played, but=(TEMPO,)) == without_pitches(original, but=(TEMPO,))
    before, after = read_events(original), read_events(played)
    ticks = before.table["tick"]
    seconds, expected = (seconds_of(read_tempos(events), ticks) for events in (after, before))
    rounding = 0.5e-6 * ticks / before.ticks_per_beat  # half a microsecond a beat
    assert (abs(seconds - expected / factor) <= rounding + 1e-9 * (1 + expected)).all()


@given(st.data())
def test_pretty_midi_reads_the_same_notes_at_twice_the_tempo(note_lists, data):
    original = notes_to_midi(data.draw(note_lists), tempo_us=[(0, 600_000), (960, 400_000)])
    faster = notes_of_pretty_midi(change_tempo(original, 2))
    for (*one, start, end, pitch, velocity), (*other, slow_start, slow_end, slow_pitch, slow_velocity) in zip(
        faster, notes_of_pretty_midi(original), strict=True
    ):
        assert (one, pitch, velocity) == (other, slow_pitch, slow_velocity)
        assert (2 * start, 2 * end) == pytest.approx((slow_start, slow_end))


def test_a_piece_without_a_tempo_gets_one_and_one_that_has_it_no_other():
    bare = write_tracks([[(0, note_on(60)), (960, note_off(60))]])
    assert notes_of(change_tempo(bare, 2))["end_s"].tolist() == [0.5]
    later = write_tracks([[(0, note_on(60)), (480, tempo(1_000_000)), (960, note_off(60))]])
    assert notes_of(later)["end_s"].tolist() == [1.5]
    assert notes_of(change_tempo(later, 0.5))["end_s"].tolist() == [3.0]
    assert len(change_tempo(change_tempo(bare, 2), 2)) == len(change_tempo(bare, 2)) == len(bare) + 7


def test_in_format_2_every_track_gets_a_tempo():
    tracks = [[(0, note_on(60)), (480, note_off(60))], [(0, tempo(400_000)), (0, note_on(60))]]
    faster = read_events(change_tempo(write_tracks(tracks, file_format=2), 2))
    assert [faster.payload(event).hex() for event in faster.meta(TEMPO)] == ["03d090", "030d40"]


@pytest.mark.parametrize(("factor", "beat"), [(0.02, "25,000,000"), (2e6, "0 microseconds")])
def test_tempos_that_midi_has_no_number_for_are_refused(factor, beat):
    with pytest.raises(
        MidiError, match=f"^{re.escape(f'{factor:g}')} times as fast, a beat of it would last {beat}"
    ):
        change_tempo(notes_to_midi([(0, 480, 60)]), factor)


@pytest.mark.parametrize("factor", [0, -1, float("nan"), float("inf")])
def test_factors_without_sense_are_refused(factor):
    with pytest.raises(ValueError, match="a factor above 0"):
        change_tempo(notes_to_midi([(0, 480, 60)]), factor)


def test_time_in_film_frames_is_refused():
    smpte = file(b"\0\x90\x3c\x40", head=b"MThd\0\0\0\6\0\0\0\1\xe7\x28")
    for change in (lambda: transpose(smpte, 1), lambda: change_tempo(smpte, 2)):
        with pytest.raises(MidiError, match="film frames"):
            change()


def test_running_status_goes_on_over_a_dropped_note():
    # A note-on with its status; two more and two note-ons of velocity 0 under running status; a pedal.
    track = b"\0\x90\x7f\x40" + b"\x60\x3c\x40" + b"\x60\x7f\0" + b"\x60\x3c\0" + b"\x60\xb0\x40\x7f"
    higher = transpose(file(track), 1, edges="drop")
    assert higher[22:].hex() == "60903d4081409 03d0060b0407f00ff2f00".replace(" ", "")
    assert [event.item()[0] for event in read_events(higher).table] == [0x60, 0x120, 0x180, 0x180]
    assert transpose(file(track), 0) == file(track)


def test_the_time_of_a_dropped_note_is_not_lost_before_a_meta_event_that_nobody_knows():
    unknown = b"\x10\xff\x0a\1?"  # our door and mido forget the 16 ticks before it, others do not
    track = b"\0\x90\x7f\x40" + b"\x60\x7f\0" + unknown + b"\x20\x90\x3c\x40"
    higher = transpose(file(track), 1, edges="drop")
    assert unknown in higher
    assert read_events(higher).table["tick"].tolist() == [0, 0x80, 0x80]
    assert [event["tick"] for event in read_events(file(track)).table[2:]] == [0x60, 0x80, 0x80]


def test_a_rest_that_would_be_too_long_for_midi_is_refused():
    longest = variable_length(0x0FFFFFFF)
    track = b"\0\x90\x7f\x40" + longest + b"\x7f\0" + longest + b"\x3c\x40"
    assert len(read_events(transpose(file(track), 1)).table) == 4
    with pytest.raises(MidiError, match="a rest would be absurdly long"):
        transpose(file(track), 1, edges="drop")


def test_wrappers_come_off_and_other_chunks_stay():
    inner = notes_to_midi([(0, 480, 60)])
    header, tracks = inner[:14], inner[14:]
    strange = b"XFIH\0\0\0\3abc"
    mixed = header + strange + tracks + strange
    expected = notes_to_midi([(0, 480, 62)])
    assert transpose(mixed, 2) == expected[:14] + strange + expected[14:] + strange
    wrapped = b"RIFF" + (len(inner) + 12).to_bytes(4, "little") + b"RMIDdata"
    assert transpose(wrapped + len(inner).to_bytes(4, "little") + inner + b"DISP....", 2) == expected


def test_what_was_cut_off_behind_its_end_comes_out_whole():
    whole = notes_to_midi([(0, 480, 60)])
    place = whole.rindex(b"MTrk") + 4
    cut = whole[:place] + b"\0\0\1\0" + whole[place + 4 :]  # says that it is longer than it is
    with pytest.raises(EOFError):
        mido.MidiFile(file=io.BytesIO(cut))
    assert transpose(cut, 0) == whole


def test_data_bytes_above_127_are_read_as_127_and_transposed_from_there():
    odd = file(b"\0\x90\xc8\x40\x60\x80\xc8\x40")
    assert notes_of(odd)["pitch"].tolist() == [127]
    assert notes_of(transpose(odd, -7))["pitch"].tolist() == [120]


def test_the_pressure_on_a_key_goes_with_its_note():
    track = [(0, note_on(60)), (10, b"\xa0\x3c\x50"), (20, control_change(60, 60)), (30, note_off(60))]
    moved = read_events(transpose(write_tracks([track]), 3)).table
    assert moved["data1"][:4].tolist() == [63, 63, 60, 63]


@pytest.mark.parametrize("keys", ["follow", "leave"])
def test_key_signatures_follow_unless_they_make_no_sense(keys):
    kept = [meta(0x59, b"\3\xff"), meta(0x59, b"\x09\0"), meta(0x59, b"\1")]
    signatures = [key_signature(0), key_signature(3, minor=True), *kept]
    moved = read_events(transpose(write_tracks([[(0, one) for one in signatures]]), 2, keys=keys))
    payloads = [moved.payload(event).hex() for event in moved.meta(0x59)]
    follow = ["0200", "0501"] if keys == "follow" else ["0000", "0301"]
    assert payloads == [*follow, "03ff", "0900", "01"]


@given(st.integers(-5, 5), st.integers(-60, 60))
def test_a_key_comes_back_and_its_tonic_is_the_right_one(sharps, semitones):
    moved = transposed_key(sharps, semitones)
    assert abs(moved) <= 6
    assert (7 * moved - 7 * sharps - semitones) % 12 == 0  # every sharp is a fifth up
    assert transposed_key(moved, -semitones) == sharps
