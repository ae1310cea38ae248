"""What was heard is known in another corpus: as a file, as music, or by its name."""

import numpy as np
import pytest

from experiments.engine.auditing.external import load_external, match_composer
from experiments.engine.auditing.settings import ExternalSettings
from experiments.engine.auditing.sharing import find_heard
from experiments.engine.config import Places
from experiments.engine.heard import Heard
from features.corpora.catalogue import Piece
from features.datasets import load_dataset
from features.encoders.piano_roll import PianoRoll
from features.errors import InputError
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


@pytest.fixture
def folder(tmp_path):
    for name, seed in (("J. S. Bach/a.mid", 1), ("Haendel/b.mid", 2), ("Anon/c.mid", 3), ("Bach/d.mid", 4)):
        path = tmp_path / "music" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(melody(seed))
    return tmp_path / "music"


def test_composers_are_known_under_other_spellings_and_others_are_named(folder, tmp_path):
    found = load_external(ExternalSettings(external=folder), ("Bach", "Handel"), Places(cache_dir=tmp_path))
    assert found.known == {"J. S. Bach": "Bach", "Haendel": "Handel", "Bach": "Bach"}
    assert found.unknown == {"Anon": 1}
    assert {(piece.piece, piece.composer, piece.title) for piece in found.pieces} == {
        ("J. S. Bach/a.mid", "Bach", "a.mid"),
        ("Haendel/b.mid", "Handel", "b.mid"),
        ("Bach/d.mid", "Bach", "d.mid"),
    }


def test_music_by_nobody_whom_the_model_knows_is_refused(folder, tmp_path):
    with pytest.raises(InputError, match="No composer of the other music is among Ada; it has .*Anon"):
        load_external(ExternalSettings(external=folder), ("Ada",), Places(cache_dir=tmp_path))


def test_of_two_spellings_that_a_model_has_the_same_one_is_meant():
    assert match_composer("Handel", ["Haendel", "Handel"]) == "Handel"
    assert match_composer("Händel", ["Haendel", "Bach"]) == "Haendel"
