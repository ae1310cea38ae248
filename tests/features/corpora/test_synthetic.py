import pickle
from collections import Counter
from hashlib import blake2b
from io import BytesIO

import numpy as np
import pretty_midi
import pytest
from sklearn.linear_model import LogisticRegression

from features.corpora.catalogue import Request
from features.corpora.synthetic import COMPOSERS, VELOCITIES, WORKS_PER_COMPOSER, load
from features.errors import InputError


@pytest.fixture(scope="module")
def pieces():
    return load(Request())


@pytest.fixture(scope="module")
def heard(pieces):
    return [pretty_midi.PrettyMIDI(BytesIO(piece.read())) for piece in pieces]


def test_each_composer_has_works_in_movements(pieces):
    assert [piece.piece for piece in pieces] == sorted({piece.piece for piece in pieces})
    for composer in COMPOSERS:
        movements = Counter(piece.work for piece in pieces if piece.composer == composer)
        assert len(movements) == WORKS_PER_COMPOSER
        assert set(movements.values()) == {1, 2, 3}


def test_the_same_bytes_everywhere_and_always(pieces):
    music = b"".join(piece.read() for piece in pieces)
    assert music == b"".join(pickle.loads(pickle.dumps(piece)).read() for piece in load(Request()))
    assert blake2b(music, digest_size=8).hexdigest() == "912e43f3143e502c"


def test_pieces_last_20_to_60_seconds(heard):
    assert all(19.5 <= piece.get_end_time() <= 60.5 for piece in heard)


def test_only_the_notes_give_a_composer_away(pieces, heard):
    for composer in COMPOSERS:
        mine = [midi for piece, midi in zip(pieces, heard, strict=True) if piece.composer == composer]
        assert {(midi.resolution, len(midi.instruments), midi.instruments[0].program) for midi in mine} == {
            (480, 1, 0)
        }
        velocities = [note.velocity for midi in mine for note in midi.instruments[0].notes]
        assert set(velocities) == set(VELOCITIES)
        assert np.mean(velocities) == pytest.approx(np.mean(VELOCITIES), abs=1)


def test_the_notes_do_give_a_composer_away(pieces, heard):
    rolls = np.array([midi.get_piano_roll(10)[:, :150].mean(axis=1) / 64 for midi in heard])
    composers = np.array([piece.composer for piece in pieces])
    unheard = np.array([piece.work[-1] in "12" for piece in pieces])
    model = LogisticRegression(max_iter=1000).fit(rolls[~unheard], composers[~unheard])
    assert model.score(rolls[unheard], composers[unheard]) >= 0.9


def test_a_missing_composer_is_told_who_is_there():
    with pytest.raises(InputError, match="No pieces by Bach .* Ada"):
        load(Request(composers=("Bach",)))
