"""Files made to take absurd time or memory are read all the same, or refused with a reason, at once."""

import random
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from features.encoders.piano_roll import PianoRoll
from features.encoders.rendering import render
from features.midi import MidiError, fingerprint, notes_to_midi, outline, read_events, read_notes
from features.midi.events import MAX_FILE_BYTES
from features.midi.writing import variable_length

SIX_HOURS = variable_length(480 * 2 * 3600 * 6 - 500)
ALL_PITCHES = range(128)
ROOM = MAX_FILE_BYTES - 1000
# Of CPU; a free machine needs 0.9 at most.
MAX_SECONDS = 5


def chunks(*tracks: bytes, repeats: int = 1, ticks_per_beat: int = 480) -> bytes:
    """A file of these tracks, the last one `repeats` times."""
    written = [b"MTrk" + struct.pack(">I", len(track)) + track for track in tracks]
    written += written[-1:] * (repeats - 1)
    header = struct.pack(">IHHH", 6, 1, min(len(written), 0x7FFF), ticks_per_beat)
    return b"MThd" + header + b"".join(written)


def fill(part: bytes, *, share: float = 1.0) -> bytes:
    """As much of this as a file may hold."""
    return part * int(share * ROOM / len(part))


def together(status: int) -> bytes:
    """Messages that begin, or end, notes of all pitches on one tick."""
    return b"".join(bytes((0, status, pitch, 64)) for pitch in ALL_PITCHES)


def random_tempos(num_bytes: int) -> bytes:
    rng = random.Random(0)
    return b"".join(
        b"\1\xff\x51\3" + rng.randrange(1, 1000).to_bytes(3, "big") for _ in range(num_bytes // 7)
    )


def random_bends(count: int) -> bytes:
    rng = random.Random(0)
    return b"\0\xe0\0\0" + b"".join(bytes((96, rng.randrange(128), rng.randrange(128))) for _ in range(count))


def random_notes() -> bytes:
    rng = random.Random(0)
    ons = b"".join(bytes((0, rng.randrange(128), 64)) for _ in range(ROOM // 3 - 1000))
    return b"\0\x90" + ons[1:] + SIX_HOURS + b"\0\0" + together(0x80)


def programs(length: int) -> bytes:
    """A note by each of the 128 programs of a channel."""
    return b"".join(bytes((0, 0xC0, program, 0, 0x90, 60, 64, length, 60, 0)) for program in ALL_PITCHES)


READ: dict[str, Callable[[], bytes]] = {
    "600,000 tempos": lambda: chunks(random_tempos(ROOM)),
    "30,000 tracks that leap over 500,000 tempos": lambda: chunks(
        random_tempos(ROOM - 30_000 * 20),
        b"\0\x90\x3c\x40" + variable_length(400_000) + b"\x3c\0",
        repeats=30_000,
    ),
    "350,000 time signatures": lambda: chunks(fill(b"\1\xff\x58\4\4\2\x18\x08", share=0.6)),
    "a note-off that closes 1.4 million notes": lambda: chunks(
        b"\0\x90" + fill(b"\1\x3c\x40")[1:] + b"\1\x3c\0"
    ),
    "400,000 instruments": lambda: chunks(
        b"".join(
            bytes((0, 0xC0 | channel, program, 0, 0x90 | channel, 60, 64, 1, 60, 0))
            for channel in range(16)
            for program in ALL_PITCHES
        ),
        repeats=200,
    ),
    "700,000 pedals shared by 128 instruments": lambda: chunks(
        b"\0\xb0\x40\x7f"
        + programs(1)
        + b"\0\xb0\x40\0"
        + fill(b"\1\x40\x7f\1\x40\0", share=0.9)
        + programs(96),
        ticks_per_beat=32_000,
    ),
    "32,767 tracks": lambda: chunks(b"\0\x90\x3c\x40\x60\x3c\0", repeats=0x7FFF),
    "half a million empty tracks": lambda: chunks(b"", repeats=ROOM // 8),
    "a text of 4 MB": lambda: chunks(b"\0\xff\1" + variable_length(ROOM - 9) + bytes(ROOM - 9)),
    "a million texts": lambda: chunks(fill(b"\0\xff\1\0")),
    "1.4 million controllers": lambda: chunks(b"\0\xb0" + fill(b"\1\7\x40")[1:]),
    "2 million program changes": lambda: chunks(b"\0\xc0" + fill(b"\0\0")[1:]),
    "six hours of 70 pitches": lambda: notes_to_midi([(0, 480 * 2 * 3600 * 6, pitch) for pitch in range(70)]),
}

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a pause of years": (
        lambda: chunks(b"\0\x90\x3c\x40" + b"\xff\xff\xff\x7f\x3c\0"),
        "longer than 6 hours",
    ),
    "a text of 4 GB": (lambda: chunks(b"\0\xff\1\x8f\xff\xff\xff\x7f"), "past the end of its track"),
    "a text of 256 MB": (
        lambda: chunks(b"\0\xff\1\xff\xff\xff\x7f" + fill(b"text")),
        "past the end of its track",
    ),
    "a sysex of 256 MB": (lambda: chunks(b"\0\xf0\xff\xff\xff\x7f\x7d"), "past the end of its track"),
    "a track of 4 GB": (
        lambda: chunks(b"").replace(b"MTrk\0\0\0\0", b"MTrk\xff\xff\xff\xff\0\x90\x3c\x40\x60\x3c\0"),
        "in the middle of a track",
    ),
    "too many bytes": (lambda: notes_to_midi([]) + bytes(MAX_FILE_BYTES), "larger than 4 MiB"),
    "six hours of all pitches": (
        lambda: notes_to_midi([(0, 480 * 2 * 3600 * 6, pitch) for pitch in ALL_PITCHES]),
        "more than 16,777,216 cells",
    ),
    "1.4 million notes of six hours": (lambda: chunks(random_notes()), "more than 16,777,216 cells"),
    "200,000 bends of 128 notes": (
        lambda: chunks(together(0x90) + random_bends(200_000) + together(0x80)),
        "more than 16,777,216 cells",
    ),
    "many bends shared by many instruments": (
        lambda: chunks(b"\0\xe0\1\1" + programs(96) + together(0x90) + random_bends(60_000) + together(0x80)),
        "change more than 4,194,304 times",
    ),
}


def pass_door(data: bytes) -> None:
    events = read_events(data)
    notes = read_notes(events)
    fingerprint(events)
    outline(notes)
    PianoRoll().encode(notes)


@pytest.fixture(scope="module", autouse=True)
def compiled():
    pass_door(notes_to_midi([(0, 480, 60)]))


@pytest.mark.parametrize("name", READ)
def test_read_at_once(name):
    data = READ[name]()
    begun = time.process_time()
    pass_door(data)
    assert time.process_time() - begun < MAX_SECONDS


@pytest.mark.parametrize("name", REFUSED)
def test_refused_at_once_with_a_reason(name):
    write, reason = REFUSED[name]
    data = write()
    begun = time.process_time()
    with pytest.raises(MidiError, match=reason):
        pass_door(data)
    assert time.process_time() - begun < MAX_SECONDS


def test_frames_are_bounded():
    notes = read_notes(read_events(notes_to_midi([(0, 480 * 2 * 3600, 60)])))
    assert PianoRoll(frames_per_second=1000).encode(notes).num_frames == 3_600_000
    with pytest.raises(MidiError, match="would have 36,000,000 frames, more than 4,194,304"):
        PianoRoll(frames_per_second=10_000).encode(notes)
    with pytest.raises(MidiError, match="3,600,000 frames of 128 cells, too many for memory"):
        render(notes, 1000)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the memory of a process")
def test_none_takes_more_than_half_a_gigabyte(tmp_path):
    files = [write() for write in [*READ.values(), *(write for write, _ in REFUSED.values())]]
    for number, data in enumerate(files):
        # Longer ones are not even read.
        (tmp_path / f"{number}.mid").write_bytes(data[:MAX_FILE_BYTES])
    command = [
        sys.executable,
        str(Path(__file__).with_name("fuzzing.py")),
        "--undamaged",
        "--home",
        str(tmp_path),
    ]
    ended = subprocess.run(command, capture_output=True, text=True)
    print(ended.stdout)
    assert ended.returncode == 0, ended.stderr
