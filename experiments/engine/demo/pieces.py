"""Pieces that are always at hand: scores of free music that come with the music21 package, read from there."""

import random
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from experiments.engine.exploring.sounds import excerpt
from features.corpora.scores import score_to_midi
from features.midi import read_events, read_notes

SURPRISE_S = 15
"""Seconds of a surprise: what a chunk of the default encoder lasts."""


@dataclass(frozen=True)
class BuiltIn:
    """A piece that comes with music21.

    Attributes:
        composer: Whose it is.
        title: What it is called.
        setting: What the page says of it before the answer.
        path: Where it lies in music21's corpus.
    """

    composer: str
    title: str
    setting: str
    path: str


PIECES = (
    BuiltIn("Bach", "chorale from the cantata BWV 66", "four voices", "bach/bwv66.6.mxl"),
    BuiltIn("Mozart", "piano sonata K. 545, beginning", "keyboard", "mozart/k545/movement1_exposition.mxl"),
    BuiltIn("Beethoven", "string quartet op. 18 no. 1", "four strings", "beethoven/opus18no1/movement1.mxl"),
    BuiltIn("Chopin", "mazurka op. 6 no. 2", "keyboard", "chopin/mazurka06-2.krn"),
    BuiltIn("Bach", "prelude in C, BWV 846", "keyboard", "bach/bwv846.mxl"),
    BuiltIn("Haydn", "string quartet op. 74 no. 1", "four strings", "haydn/opus74no1/movement1.mxl"),
    BuiltIn("Mozart", "string quartet K. 156", "four strings", "mozart/k156/movement2.mxl"),
    BuiltIn("Clara Schumann", "polonaise op. 1 no. 1", "keyboard", "schumann_clara/polonaise_op1n1.mxl"),
    BuiltIn("Scott Joplin", "Maple Leaf Rag", "keyboard", "joplin/maple_leaf_rag.mxl"),
)
"""Some by composers whom hardly a model knows: to see whether it says so."""


@lru_cache(maxsize=len(PIECES))
def read_built_in(piece: BuiltIn) -> bytes:
    """Returns a piece as the bytes of a MIDI file, read once.

    Raises:
        InputError: music21 has no such score any more.
    """
    home = Path(find_spec("music21").origin).parent / "corpus"
    return score_to_midi(home / piece.path, own_tempo=True)


def surprise(seed: int) -> tuple[BuiltIn, bytes]:
    """Returns a random excerpt of a random piece; the same seed gives the same."""
    chance = random.Random(seed)
    piece = chance.choice(PIECES)
    events = read_events(read_built_in(piece))
    end_s = float(read_notes(events).notes["end_s"].max())
    start_s = chance.randint(0, max(int(end_s) // SURPRISE_S - 1, 0)) * SURPRISE_S
    return piece, excerpt(events, start_s=start_s, seconds=SURPRISE_S)
