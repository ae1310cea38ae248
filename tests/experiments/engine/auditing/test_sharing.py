"""What was heard is known in another corpus: as a file, as music, or by its name."""

import numpy as np
import pytest

from experiments.engine.auditing.sharing import find_heard
from experiments.engine.heard import Heard
from features.corpora.catalogue import Piece
from features.datasets import load_dataset
from features.encoders.piano_roll import PianoRoll
from features.midi import notes_to_midi
from features.splits.works import NO_OUTLINE, assign_works

NOBODY = Heard(frozenset(), frozenset())


def melody(seed, *, key=0, tempo_us=500_000, length=80):
    pitches = np.random.default_rng(seed).integers(50, 70, length)
    notes = [(480 * i, 480 * i + 400, int(pitch) + key) for i, pitch in enumerate(pitches)]
    return notes_to_midi(notes, tempo_us=tempo_us)


def piece(name, data):
    return Piece(name, name.split("/")[0], read=lambda: data)


def load(pieces, cache_dir):
    return load_dataset(pieces, PianoRoll(channels=("binary",)), cache_dir=cache_dir, progress=False)


KNOWN = [
    piece("Bach/Partita BWV 825 Gigue.mid", melody(1)),
    piece("Bach/Fantasia.mid", melody(2)),
    piece("Chopin/Etude op10 n1.mid", melody(3)),
    piece("Chopin/Ballade.mid", melody(4)),
]
OTHER = [
    piece("Bach/1.mid", melody(1)),
    piece("Bach/2.mid", melody(2, key=5, tempo_us=300_000)),
    piece("Bach/Partita BWV 825 Allemande.mid", melody(11)),
    piece("Bach/3.mid", melody(12)),
    piece("Chopin/Study op10 n2.mid", melody(13)),
    piece("Chopin/4.mid", melody(4)),
]


@pytest.fixture(scope="module")
def heard_of(tmp_path_factory):
    cache_dir = tmp_path_factory.mktemp("cache")
    known, other = load(KNOWN, cache_dir), load(OTHER, cache_dir)

    def find(heard, by_name=NOBODY):
        reasons = find_heard(
            known, KNOWN, np.array(heard), external=other, external_pieces=OTHER, by_name=by_name
        )
        return dict(zip((name.piece for name in OTHER), reasons, strict=True))

    return find


def test_each_piece_has_the_surest_reason(heard_of):
    assert heard_of([True] * 4) == {
        "Bach/1.mid": "same file",
        "Bach/2.mid": "same music",
        "Bach/Partita BWV 825 Allemande.mid": "same work",
        "Bach/3.mid": "",
        "Chopin/Study op10 n2.mid": "same work",
        "Chopin/4.mid": "same file",
    }


def test_only_what_was_heard_counts(heard_of):
    found = heard_of([False, True, False, False])
    assert {name for name, reason in found.items() if reason} == {"Bach/2.mid"}
    assert not any(heard_of([False] * 4).values())


def test_what_the_model_says_it_has_heard_counts_too(heard_of):
    (work,) = assign_works([OTHER[2]], [NO_OUTLINE])
    found = heard_of([False] * 4, Heard(frozenset(), frozenset({work})))
    assert {name for name, reason in found.items() if reason} == {"Bach/Partita BWV 825 Allemande.mid"}
