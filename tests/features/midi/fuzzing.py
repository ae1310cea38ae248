"""Damages MIDI files at random and takes them through the whole door: notes, rows, fingerprint, outline, source.

    python tests/features/midi/fuzzing.py --home PATH --count 100000

Whatever happens but success or a MidiError ends the process: an exception by its traceback, two seconds of CPU
for one file by SIGPROF, more memory than allowed by a MemoryError. The options that repeat it stand in the file
`--progress`.
"""

import argparse
import json
import random
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from features.corpora.files import find_midi_files
from features.encoders.piano_roll import PianoRoll
from features.midi import (
    MidiError,
    fingerprint,
    notes_to_midi,
    outline,
    read_events,
    read_notes,
    write_tracks,
)
from features.midi.writing import (
    control_change,
    meta,
    note_off,
    note_on,
    pitch_bend,
    program_change,
    tempo,
    variable_length,
)
from features.splits.sources import source_of

SECONDS_PER_FILE = 2.0
MEMORY_BYTES = 512 * 2**20

ALL_CHANNELS = ("binary", "velocity", "onset", "instrumentation", "timing")
ENCODERS = (
    PianoRoll(),
    PianoRoll(channels=ALL_CHANNELS),
    PianoRoll(frames_per_second=50.0, pedal=False),
    PianoRoll(frames_per_second=10_000.0, bends=False),
)

Damage = Callable[[bytearray, bytes, random.Random], None]


def pass_door(data: bytes, encoder: PianoRoll) -> None:
    """Takes a file through the door, and checks what comes out."""
    events = read_events(data)
    notes = read_notes(events)
    rows = encoder.encode(notes)
    outline(notes)
    source_of(events)
    assert np.isfinite(fingerprint(events)).all()
    assert (notes.notes["start_s"] <= notes.notes["end_s"]).all()
    assert np.isfinite(notes.notes["end_s"]).all()
    assert rows.offsets[0] == 0 and (np.diff(rows.offsets) >= 0).all()
    assert rows.offsets[-1] == len(rows.columns) == len(rows.values)
    assert (rows.values > 0).all()
    assert (rows.columns < 128 * len(encoder.planes)).all()


def own_files() -> list[bytes]:
    """Returns files that hold everything that is read: notes, pedals, bends, drums, tempi, programs, texts."""
    rng = random.Random(0)
    scale = [
        (240 * i, 240 * i + rng.randrange(1, 900), 40 + i % 50, 64, i % 3, i % 16, i % 4) for i in range(150)
    ]
    conductor = [(0, meta(0x03, b"Scale")), *((480 * i, tempo(400_000 + 1000 * i)) for i in range(40))]
    track: list[tuple[int, bytes]] = []
    for i in range(200):
        on, off = note_on(60 + i % 12, 30 + i % 90), note_off(60 + i % 12)
        track += [(120 * i, on), (120 * i + 300, off), (120 * i, control_change(64, 127 * (i % 2)))]
        track += [(120 * i, pitch_bend(rng.randrange(-8192, 8192))), (120 * i, program_change(i % 5))]
    return [notes_to_midi(scale, tempo_us=[(0, 500_000), (999, 300_000)]), write_tracks([conductor, track])]


def flip_bits(data: bytearray, other: bytes, rng: random.Random) -> None:
    for _ in range(rng.randrange(1, 9)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def change_bytes(data: bytearray, other: bytes, rng: random.Random) -> None:
    for _ in range(rng.randrange(1, 9)):
        data[rng.randrange(len(data))] = rng.choice((0, 0x7F, 0x80, 0xFF, rng.randrange(256)))


def cut_off(data: bytearray, other: bytes, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def cut_out(data: bytearray, other: bytes, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    del data[at : at + rng.choice((1, 2, 3, 8, 100, 5000))]


def insert_noise(data: bytearray, other: bytes, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    data[at:at] = rng.randbytes(rng.choice((1, 2, 3, 8, 100)))


def repeat_part(data: bytearray, other: bytes, rng: random.Random) -> None:
    at, end = sorted((rng.randrange(len(data)), rng.randrange(len(data))))
    data[at:at] = data[at:end] * rng.choice((1, 1, 2, 5))


def splice(data: bytearray, other: bytes, rng: random.Random) -> None:
    at, end = sorted((rng.randrange(len(other)), rng.randrange(len(other))))
    place = rng.randrange(len(data))
    data[place : place + rng.choice((0, end - at))] = other[at:end]


def insert_event(data: bytearray, other: bytes, rng: random.Random) -> None:
    """An event in the middle of whatever stands there, with a time or a length that may be extreme."""
    number = rng.choice((0, 1, 127, 128, 16_383, 10**6, 2**28 - 1, 2**28, 2**35))
    length, time_ = variable_length(number), rng.choice((b"\0", variable_length(number)))
    event = rng.choice(
        (
            b"\xff\x51\x03" + rng.choice((b"\0\0\0", b"\0\0\1", b"\xff\xff\xff")),
            b"\xff" + bytes((rng.randrange(128),)) + length,
            b"\xf0" + length,
            b"\xff\x2f\0",
            bytes(
                (
                    rng.choice((0x80, 0x90, 0xB0, 0xE0)) | rng.randrange(16),
                    rng.randrange(128),
                    rng.randrange(128),
                )
            ),
            bytes((0xB0 | rng.randrange(16), 64, rng.choice((0, 127)))),
            bytes((0xC0 | rng.randrange(16), rng.randrange(128))),
            bytes((rng.randrange(0xF1, 0x100),)),
        )
    )
    at = rng.randrange(len(data))
    data[at:at] = time_ + event


def change_chunk(data: bytearray, other: bytes, rng: random.Random) -> None:
    """The length of a chunk, its name, its place, or how often it comes."""
    places = [at for at in range(len(data) - 8) if data[at : at + 4] == b"MTrk"]
    if not places:
        return
    at = rng.choice(places)
    length = int.from_bytes(data[at + 4 : at + 8], "big")
    match rng.randrange(4):
        case 0:
            extreme = rng.choice((0, 1, length - 1, length + 1, 2 * length, 2**31 - 1, 2**31, 2**32 - 1))
            data[at + 4 : at + 8] = (extreme % 2**32).to_bytes(4, "big")
        case 1:
            data[at : at + 4] = rng.choice((b"MThd", b"XFIH", b"\0\0\0\0"))
        case 2:
            data += data[at : at + 8 + length] * rng.choice((1, 3, 30))
        case 3:
            chunk = data[at : at + 8 + length]
            del data[at : at + 8 + length]
            data[14:14] = chunk


def change_header(data: bytearray, other: bytes, rng: random.Random) -> None:
    at = rng.choice((4, 6, 8, 10, 12))
    number = rng.choice((0, 1, 2, 6, 14, 24, 96, 0x7FFF, 0x8000, 0xE728, 0xFFFF, rng.randrange(2**16)))
    data[at : at + 2] = number.to_bytes(2, "big")


def wrap(data: bytearray, other: bytes, rng: random.Random) -> None:
    data[:0] = rng.choice((b"RIFF\0\0\0\0RMIDdata\0\0\0\0", bytes(rng.randrange(300)), b"MThd"))


DAMAGES: tuple[Damage, ...] = (
    flip_bits,
    change_bytes,
    cut_off,
    cut_out,
    insert_noise,
    repeat_part,
    splice,
    insert_event,
    insert_event,
    change_chunk,
    change_header,
    wrap,
)


def damaged(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """Returns a file with one to four damages, the later ones less probable."""
    file = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        if file:
            rng.choice(DAMAGES)(file, other or data, rng)
    return bytes(file)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--home", type=Path, help="folder or zip file of MIDI files; without it, our own")
    parser.add_argument("--count", type=int, default=1000, help="how many files to damage")
    parser.add_argument("--first", type=int, default=0, help="number of the first of them")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--undamaged", action="store_true", help="take each file as it is, with each encoder")
    parser.add_argument("--progress", type=Path, help="file that says which file is being read")
    return parser.parse_args()


def limit_memory() -> None:
    """Warms everything up, then limits what the files may cost."""
    for data in own_files():
        for encoder in ENCODERS:
            pass_door(data, encoder)
    if sys.platform == "linux":
        virtual = (
            int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        )
        resource.setrlimit(resource.RLIMIT_AS, (virtual + MEMORY_BYTES,) * 2)


def peak_mib() -> int | None:
    """Returns the most memory that this process had so far, where the system tells it."""
    if sys.platform != "linux":
        return None
    # Not `getrusage`, which counts what the parent had when it started this process.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def main() -> None:
    options = parse()
    readers = list(find_midi_files(options.home).values()) if options.home else []
    readers = readers or [lambda data=data: data for data in own_files()]
    count = len(readers) * len(ENCODERS) if options.undamaged else options.count
    limit_memory()
    base_mib = peak_mib()
    num_refused, slowest, started = 0, (0.0, -1), time.perf_counter()
    for index in range(options.first, options.first + count):
        if options.progress:
            options.progress.write_text(f"--seed {options.seed} --first {index} --count 1", encoding="ascii")
        if options.undamaged:
            data = readers[index // len(ENCODERS)]()
        else:
            rng = random.Random(options.seed * 2**32 + index)
            data = damaged(rng.choice(readers)(), rng.choice(readers)(), rng)
        signal.setitimer(signal.ITIMER_PROF, SECONDS_PER_FILE)
        begun = time.process_time()
        try:
            pass_door(data, ENCODERS[index % len(ENCODERS)])
        except MidiError:
            num_refused += 1
        slowest = max(slowest, (time.process_time() - begun, index))
        signal.setitimer(signal.ITIMER_PROF, 0)
    result = {
        "files": count,
        "refused": num_refused,
        "slowest": slowest[1],
        "slowest_s": round(slowest[0], 3),
        "memory_before_mib": base_mib,
        "memory_peak_mib": peak_mib(),
        "seconds": round(time.perf_counter() - started, 1),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
