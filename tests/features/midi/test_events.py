"""The scanner reads what mido reads, forgives what players forgive, refuses the rest with a reason."""

import io

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InputError
from features.midi import MidiError, notes_to_midi, read_events, write_tracks
from features.midi.writing import (
    key_signature,
    meta,
    note_off,
    note_on,
    variable_length,
)

SCALE = notes_to_midi([(index * 240, index * 240 + 240, 60 + index) for index in range(12)])


def file_of(
    track: bytes, *, length: int | None = None, header: bytes = bytes((0, 0, 0, 6, 0, 1, 0, 1, 1, 224))
) -> bytes:
    """A file with one track of these bytes, and whatever length its header claims."""
    size = len(track) if length is None else length
    return b"MThd" + header + b"MTrk" + size.to_bytes(4, "big") + track


def channel_messages(table: np.ndarray) -> list[tuple[int, ...]]:
    table = table[table["status"] < 0xF0]
    return table[["tick", "track", "status", "channel", "data1", "data2"]].tolist()


@given(st.data())
def test_events_equal_mido(midi_files, data):
    with_running_status = io.BytesIO()
    mido.MidiFile(file=io.BytesIO(data.draw(midi_files))).save(file=with_running_status)
    # Read once more: saving moves the time of an early end of track, at times to where mido then forgets it.
    file = mido.MidiFile(file=io.BytesIO(with_running_status.getvalue()))
    expected = []
    for index, track in enumerate(file.tracks):
        tick = 0
        for message in track:
            tick += message.time
            if not message.is_meta and message.type != "sysex":
                status, *values = message.bytes()
                expected.append((tick, index, status & 0xF0, status & 0x0F, *(values + [0])[:2]))
    events = read_events(with_running_status.getvalue())
    assert (events.ticks_per_beat, events.num_tracks) == (file.ticks_per_beat, len(file.tracks))
    assert channel_messages(events.table) == expected


@given(st.data())
def test_a_damaged_file_is_read_or_refused(midi_files, data):
    file = bytearray(data.draw(midi_files))
    for _ in range(data.draw(st.integers(1, 4))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    file = bytes(file[: data.draw(st.integers(0, len(file)))])
    try:
        events = read_events(file)
    except MidiError:
        return
    assert (events.table["data1"][events.table["status"] < 0xF0] < 128).all()
    assert (events.table["payload_start"] + events.table["payload_length"] <= len(file)).all()


def test_wrapped_files_are_read():
    riff = b"RIFF" + bytes(4) + b"RMIDdata" + bytes(4) + SCALE
    mac_binary = bytes(128) + SCALE
    for wrapped in (riff, mac_binary):
        np.testing.assert_array_equal(read_events(wrapped).table["tick"], read_events(SCALE).table["tick"])


def test_data_bytes_above_127_count_as_127():
    data = file_of(bytes((0, 0x90, 60, 200, 96, 0x80, 60, 64, 0, 0xFF, 0x2F, 0)))
    assert read_events(data).table["data2"][0] == 127


def test_running_status_survives_texts_and_sysex():
    data = file_of(bytes((0, 0x90, 60, 64, 0, 0xFF, 1, 1, 65, 0, 62, 64, 0, 0xF0, 2, 1, 0xF7, 0, 64, 64)))
    assert [row[4] for row in channel_messages(read_events(data).table)] == [60, 62, 64]


def test_messages_of_the_system_are_repeated_under_running_status_as_in_mido():
    data = file_of(bytes((0, 0x90, 60, 64, 9, 0xF3, 1, 9, 2, 9, 0x90, 60, 0)))
    (track,) = mido.MidiFile(file=io.BytesIO(data)).tracks
    assert read_events(data).table["tick"].tolist() == np.cumsum([message.time for message in track]).tolist()


def test_other_chunks_and_signatures_without_sense_are_no_obstacle():
    track = [(0, key_signature(3)), (0, meta(0x59, bytes((255, 255)))), (0, note_on(60)), (9, note_off(60))]
    data = write_tracks([track])
    data = data[:14] + b"XFIH" + (3).to_bytes(4, "big") + b"abc" + data[14:]
    assert len(channel_messages(read_events(data).table)) == 2


def test_payload_of_a_text():
    events = read_events(write_tracks([[(0, meta(0x03, b"Violino I"))]]))
    assert [events.payload(event) for event in events.meta(0x03)] == [b"Violino I"]


def test_track_that_promises_more_than_the_file_holds_may_end_properly():
    events = bytes((0, 0x90, 60, 64, 96, 0x80, 60, 0, 0, 0xFF, 0x2F, 0))
    assert len(read_events(file_of(events, length=10_000)).table) == 3


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (bytes(1000), "no MIDI header"),
        (b"Sonata quasi una fantasia, by a text file.", "no MIDI header"),
        (SCALE[:10], "ends within its header"),
        (SCALE[:14], "has no tracks"),
        (SCALE[:-20], "ends in the middle of a track"),
        (file_of(bytes((0, 0x90, 60))), "runs past the end of its track"),
        (file_of(bytes((0, 60, 64))), "no status byte"),
        (file_of(bytes((0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0x90, 60, 64))), "absurdly large"),
        (file_of(b"\0\xff\x01" + variable_length(10**8) + b"text"), "runs past the end of its track"),
        (file_of(b"", header=bytes((0, 0, 0, 6, 0, 1, 0, 1, 0xE7, 40))), "SMPTE"),
        (file_of(b"", header=bytes((0, 0, 0, 6, 0, 1, 0, 1, 0, 0))), "0 ticks per beat"),
        (file_of(b"", header=bytes((0, 0, 0, 6, 0, 1, 255, 255, 1, 224))), "announces 65535 tracks"),
        (b"MThd" + bytes(4 * 2**20), "larger than 4 MiB"),
    ],
)
def test_bad_files_are_refused_with_a_reason(data, reason):
    with pytest.raises(MidiError, match=reason) as refusal:
        read_events(data)
    assert isinstance(refusal.value, InputError)
