"""Ten seconds of a piece as sound.

FluidSynth plays them with the General MIDI sounds that pretty_midi carries. Where it is not installed,
pretty_midi's sine waves have to do.
"""

import io
import os
import random
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from tqdm import tqdm

from experiments.engine.exploring.reading import read_piece
from features.corpora.catalogue import Piece
from features.errors import InputError
from features.midi import Events, Notes, write_tracks
from features.midi.events import BEND, CONTROL, NOTE_OFF, NOTE_ON, PROGRAM
from features.midi.tempo import read_tempos, seconds_of
from features.whole import appears_whole

SECONDS = 10

SOUNDING = 2 / 3
"""Share of a sample in which something sounds, where a piece has such a place."""

SAMPLES_PER_SECOND = 32_000
"""Of what is written: half of what a compact disc has, and no difference to the small sounds that are played."""

TICKS_PER_BEAT = 500
"""At 120 beats a minute a tick is a millisecond."""

ALL_NOTES_OFF = 123
"""The controller that ends what still sounds."""

PEAK = 0.9
"""How loud the loudest moment of a sample is: soft pieces are to be heard too."""

SILENCE = 1e-3
"""What is less loud is no music, but the noise of rounding."""

LONGEST_PLAYING_S = 120
"""Ten seconds are played in a fraction of one; a program that takes so long never ends."""

SINE_WAVES = (
    "These are sine waves: for the sounds of instruments install FluidSynth (Debian: apt-get install fluidsynth; "
    "macOS: brew install fluid-synth; Windows: choco install fluidsynth) and run this again."
)


@dataclass(frozen=True)
class Sound:
    """A listening sample.

    Attributes:
        composer: Whose it is.
        piece: From which piece.
        start_s: Where in the piece it begins, in seconds.
        file: Its path from the folder of the page.
    """

    composer: str
    piece: str
    start_s: float
    file: str


@dataclass(frozen=True)
class Player:
    """What plays the samples.

    Attributes:
        name: What it is.
        advice: What to do for better sounds; empty if there is nothing to do.
    """

    name: str
    advice: str = ""


def save_samples(pieces: Sequence[Piece], folder: Path, *, seed: int) -> list[Sound]:
    """Plays ten seconds of a random piece by each composer.

    Args:
        pieces: What to choose from. The choice for a composer does not depend on the others.
        folder: The folder of the page; MP3 files go to `sounds/` there.
        seed: Another one chooses other pieces.

    Returns:
        The samples, sorted by composer.

    Raises:
        InputError: A piece can no longer be read, or FluidSynth fails.
    """
    by_composer: dict[str, list[Piece]] = {}
    for piece in pieces:
        by_composer.setdefault(piece.composer, []).append(piece)
    (folder / "sounds").mkdir(exist_ok=True)

    def save_sample(number: int, composer: str) -> Sound:
        chance = random.Random(f"{seed} {composer}")
        piece = chance.choice(by_composer[composer])
        events, notes = read_piece(piece)
        start_s = choose_start(notes, chance)
        sound = Sound(composer, piece.piece, start_s, f"sounds/{number:03d}.mp3")
        write_sound(folder / sound.file, play(excerpt(events, start_s=start_s, seconds=SECONDS)))
        return sound

    # Threads are enough: FluidSynth plays in processes of its own.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            played = pool.map(save_sample, range(1, len(by_composer) + 1), sorted(by_composer))
            return list(tqdm(played, desc="Playing", total=len(by_composer), unit="composer"))
        finally:
            pool.shutdown(cancel_futures=True)  # after an error none begins any more


def choose_start(notes: Notes, chance: random.Random) -> float:
    """Returns when a sample begins, in seconds: with a note that is followed by ten seconds, else with the first.

    Notes are preferred after which two thirds of these ten seconds sound; failing these, the one after which most do.
    """
    table = np.sort(notes.notes[["start_s", "end_s"]], order="start_s")
    starts = np.unique(table["start_s"])
    possible = starts[starts <= table["end_s"].max() - SECONDS].tolist()
    most, found = -1.0, float(starts[0])
    for start_s in chance.sample(possible, len(possible)):
        seconds = _sounding_s(table, start_s)
        if seconds > most:
            most, found = seconds, start_s
        if seconds >= SOUNDING * SECONDS:
            break
    return found


def _sounding_s(table: np.ndarray, start_s: float) -> float:
    """How many of the ten seconds after a note have a note that begins within them; notes are sorted by start."""
    first, last = np.searchsorted(table["start_s"], [start_s, start_s + SECONDS])
    starts, ends = (table[name][first:last] for name in ("start_s", "end_s"))
    ends = np.maximum.accumulate(np.minimum(ends, start_s + SECONDS))
    return float(np.maximum(ends - np.maximum(starts, np.append(start_s, ends[:-1])), 0).sum())


def excerpt(events: Events, *, start_s: float, seconds: float) -> bytes:
    """Returns a part of a piece as a MIDI file: what was set before, and all that is played from then on.

    Notes that have begun before are left out; those that sound at the end end there.

    Args:
        events: What `read_events` returned.
        start_s: Where the part begins, in seconds.
        seconds: How long it is.

    Example:

    >>> from features.midi import notes_to_midi, read_events, read_notes
    >>> events = read_events(notes_to_midi([(0, 480, 60), (480, 960, 62), (960, 9600, 64)]))
    >>> part = read_notes(read_events(excerpt(events, start_s=0.5, seconds=2)))
    >>> part.notes[["start_s", "end_s", "pitch"]].tolist()
    [(0.0, 0.5, 62), (0.5, 2.0, 64)]
    """
    table = events.table
    times = seconds_of(read_tempos(events), table["tick"]) - start_s
    is_set = np.isin(table["status"], (CONTROL, PROGRAM, BEND))
    is_note = np.isin(table["status"], (NOTE_ON, NOTE_OFF)) & (times >= 0)
    chosen = np.flatnonzero((is_set | is_note) & (times < seconds))
    end = round(1000 * seconds)
    messages = []
    for index in chosen[np.argsort(times[chosen], kind="stable")]:
        event = table[index]
        data = [int(event["data1"])] + ([] if event["status"] == PROGRAM else [int(event["data2"])])
        # What follows must not be rounded up beyond the end.
        tick = min(max(round(1000 * times[index]), 0), end)
        messages.append((tick, bytes([int(event["status"]) | int(event["channel"]), *data])))
    ends = [(end, bytes([NOTE_OFF | channel, pitch, 0])) for channel, pitch in _played(table[chosen])]
    ends += [(end, bytes([CONTROL | channel, ALL_NOTES_OFF, 0])) for channel in range(16)]
    return write_tracks([[], messages + ends], ticks_per_beat=TICKS_PER_BEAT)


def play(data: bytes) -> np.ndarray:
    """Returns ten seconds of a MIDI file as sound: float32 `(samples,)`, from -1 to 1.

    Raises:
        InputError: FluidSynth fails.
    """
    program = find_fluidsynth()
    sound = _play_with_fluidsynth(data, program) if program else _play_with_sines(data)
    length = SECONDS * SAMPLES_PER_SECOND
    sound = np.pad(sound[:length], (0, max(length - len(sound), 0)))
    return (sound * (PEAK / max(np.abs(sound).max(), SILENCE))).astype(np.float32)


def find_fluidsynth() -> str | None:
    """Returns where FluidSynth is installed; None if it is not."""
    return shutil.which("fluidsynth")


def write_sound(path: Path, sound: np.ndarray) -> None:
    """Writes a sound as a file that every browser plays."""
    import soundfile

    with appears_whole(path) as unfinished:
        soundfile.write(unfinished, sound, SAMPLES_PER_SECOND, format="MP3", subtype="MPEG_LAYER_III")


def describe_player() -> Player:
    """Returns what plays the samples on this machine."""
    if find_fluidsynth():
        return Player("FluidSynth, with the General MIDI sounds that come with pretty_midi")
    return Player("sine waves", SINE_WAVES)


def _played(table: np.ndarray) -> list[tuple[int, int]]:
    """Returns the channels and pitches of all notes that begin."""
    begins = table[(table["status"] == NOTE_ON) & (table["data2"] > 0)]
    return sorted(set(zip(begins["channel"].tolist(), begins["data1"].tolist(), strict=True)))


def _play_with_fluidsynth(data: bytes, program: str) -> np.ndarray:
    import pretty_midi

    soundfont = Path(pretty_midi.__file__).with_name("TimGM6mb.sf2")
    with TemporaryDirectory() as folder:
        midi, raw = Path(folder) / "sample.mid", Path(folder) / "sample.raw"
        midi.write_bytes(data)
        settings = ["-ni", "-q", "-r", str(SAMPLES_PER_SECOND), "-T", "raw", "-O", "s16", "-E", "little"]
        try:
            subprocess.run(
                [program, *settings, "-F", str(raw), str(soundfont), str(midi)],
                check=True,
                capture_output=True,
                text=True,
                timeout=LONGEST_PLAYING_S,
            )
            samples = np.fromfile(raw, "<i2")
        except (subprocess.SubprocessError, OSError) as error:
            said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
            raise InputError(
                f"FluidSynth ({program}) should have played a sample, but failed: {said[-1] if said else error}. "
                "Install it anew, or leave the sounds out with --no-sounds."
            ) from error
    return samples.reshape(-1, 2).mean(axis=1) / 32768


def _play_with_sines(data: bytes) -> np.ndarray:
    from pretty_midi import PrettyMIDI

    return PrettyMIDI(io.BytesIO(data)).synthesize(fs=SAMPLES_PER_SECOND)
