"""Other music is called as the model calls it, by its label or by who wrote it."""

import pytest

from experiments.engine.config import CorpusConfig, Places
from experiments.engine.external import load_external, understand
from features.corpora.catalogue import Piece
from features.errors import InputError
from features.midi import notes_to_midi

FOLDERS = CorpusConfig("composer_folders")

PIECES = [
    Piece("1", "J. S. Bach", bytes),
    Piece("2", "Viennese", bytes, facts={"writer": "Mozart"}),
    Piece("3", "Viennese", bytes, facts={"writer": "Haydn"}),
    Piece("4", "Palestrina", bytes),
    Piece("5", "Palestrina", bytes),
    Piece("6", "Handel", bytes, left_out="damaged"),
]


@pytest.mark.parametrize(
    ("classes", "composers", "known", "unknown"),
    [
        (
            ["Bach", "Mozart"],
            ["Bach", "Mozart"],
            {"J. S. Bach": "Bach", "Mozart": "Mozart"},
            {"Palestrina": 2, "Haydn": 1},
        ),
        (
            ["Palestrina", "Viennese"],
            ["Viennese", "Viennese", "Palestrina", "Palestrina"],
            {"Viennese": "Viennese", "Palestrina": "Palestrina"},
            {"Bach": 1},
        ),
        (["Handel", "Chopin"], ["Handel"], {}, {"Palestrina": 2, "Bach": 1, "Mozart": 1, "Haydn": 1}),
    ],
    ids=["who wrote it", "the label first", "left out"],
)
def test_a_group_is_known_by_its_label_or_by_who_wrote_its_pieces(classes, composers, known, unknown):
    found = understand(PIECES, classes)
    assert [piece.composer for piece in found.pieces] == composers
    assert found.known == known and found.unknown == unknown
    assert list(found.unknown.values()) == sorted(unknown.values(), reverse=True)


@pytest.fixture
def folder(tmp_path):
    for name, seed in (("J. S. Bach/a.mid", 1), ("Haendel/b.mid", 2), ("Anon/c.mid", 3), ("Bach/d.mid", 4)):
        path = tmp_path / "music" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(notes_to_midi([(0, 480, 60 + seed)]))
    return tmp_path / "music"


def test_composers_are_known_under_other_spellings_and_others_are_named(folder):
    found = load_external(FOLDERS, ("Bach", "Handel"), Places(data_home=folder))
    assert found.known == {"J. S. Bach": "Bach", "Haendel": "Handel", "Bach": "Bach"}
    assert found.unknown == {"Anon": 1}
    assert {(piece.piece, piece.composer, piece.title) for piece in found.pieces} == {
        ("J. S. Bach/a.mid", "Bach", "a.mid"),
        ("Haendel/b.mid", "Handel", "b.mid"),
        ("Bach/d.mid", "Bach", "d.mid"),
    }


def test_music_by_nobody_whom_the_model_knows_is_refused(folder):
    with pytest.raises(InputError, match="No composer of the other music is among Ada; it has .*Anon"):
        load_external(FOLDERS, ("Ada",), Places(data_home=folder))
