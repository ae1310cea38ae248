"""Other music is called as the model calls it, by its label or by who wrote it."""

import pytest

from experiments.engine.auditing.external import understand
from features.corpora.catalogue import Piece

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
