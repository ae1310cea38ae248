"""What is one work: laws of the grouping, and the joins that a score's honesty hangs on."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.corpora.catalogue import Piece
from features.splits.works import KINDS, NO_OUTLINE, all_evidence, assign_works, evidence, explain

PATHS = [
    "Bwv846-869 Book 1/WT1_1A.MID",
    "Prelude in C, BWV 846.mid",
    "Symphony n4 1mov.mid",
    "Symphony n4 op60.mid",
    "op60.mid",
    "Rondo.mid",
    "Minuet n1.mid",
    "0001.mid",
]

OUTLINES = [np.array([[2, -1, 3, step] * 5] * 2, np.int8) for step in (0, 7)]


def works_of(*paths, composer="Bach", outlines=None):
    return assign_works(
        [Piece(path, composer, read=bytes) for path in paths], outlines or [NO_OUTLINE] * len(paths)
    )


@given(
    st.lists(
        st.tuples(st.sampled_from(PATHS), st.sampled_from("AB"), st.sampled_from([NO_OUTLINE, *OUTLINES])),
        unique_by=lambda row: row[:2],
        min_size=1,
    ),
    st.randoms(use_true_random=False),
)
@settings(max_examples=50, deadline=None)
def test_order_of_pieces_does_not_matter(rows, shuffler):
    def works_by_piece(rows):
        pieces = [Piece(f"{composer}/{path}", composer, read=bytes) for path, composer, _ in rows]
        works = assign_works(pieces, [outline for *_, outline in rows])
        return dict(zip([piece.piece for piece in pieces], works, strict=True))

    shuffled = shuffler.sample(rows, len(rows))
    assert works_by_piece(rows) == works_by_piece(shuffled)


@given(
    st.lists(
        st.tuples(st.text("abop19 n./", max_size=12), st.sampled_from([NO_OUTLINE, *OUTLINES])),
        unique_by=lambda row: row[0],
    )
)
@settings(max_examples=100, deadline=None)
def test_pieces_have_one_name_exactly_if_evidence_connects_them(rows):
    pieces = [Piece(path, "Anon", read=bytes) for path, _ in rows]
    outlines = [outline for _, outline in rows]
    works = assign_works(pieces, outlines)
    keys = [{item.key for item in items} for items in all_evidence(pieces, outlines)]
    for work in set(works):
        inside = set().union(*(k for k, w in zip(keys, works, strict=True) if w == work))
        outside = set().union(*(k for k, w in zip(keys, works, strict=True) if w != work))
        assert not inside & outside


def test_every_piece_has_evidence_of_a_known_kind():
    for path in PATHS:
        kinds = [item.kind for item in evidence(Piece(path, "Bach", read=bytes), OUTLINES[0])]
        assert kinds == sorted(kinds, key=list(KINDS).index) and {"melody", "file"} <= set(kinds) <= set(
            KINDS
        )


@pytest.mark.parametrize(
    "paths",
    [
        ("Symphonies/Symphony n4 3mov.mid", "Symphonies/Symphony n4 1mov.mid"),
        ("Piano Sonatas/Piano Sonata n14 op27  _Moonlight_.mid", "Sonata No.14 Op 27 Moonlight Sonata.mid"),
        (
            "Piano Sonatas/Piano Sonata n15 2mov _Pastoral_.mid",
            "Piano Sonatas/Piano Sonata n15 _Pastoral_.mid",
        ),
        ("Sonata Opus.81a -Les Adieux-.mid", "Piano sonata n26 _Les Adieux_.mid"),
        ("String Quartet n1 op18 1mov.mid", "String Quartet n2 op18 n2 1mov.mid"),
        ("Bwv846-869 Book 1/WT1_XX_A.MID", "Prelude and Fugue in C, BWV 846.mid"),
        ("Bwv244 Passion/1.Bass Aria.mid", "Bwv001- 400 Chorales/024403b_.mid"),
        ("The Chelsea Notebook/n1 Andante.mid", "The Chelsea Notebook/n10 Air.mid"),
        ("19 Polish Songs, No.10.mid", "19 Polish Songs, No.2.mid"),
        ("Lute Concerto 1mov.mid", "Lute Concerto 3mov.mid"),
        ("Symphony No. 40 mov 2.mid", "Symphony No. 40 1st movement.mid"),
        ("Concertos/Bwv1041 Violin Concerto n1.mid", "Bwv1058 Harpsichord Concerto n7.mid"),
        ("Bwv772 Invention n1.mid", "Bwv801 Sinfonia n15.mid"),
    ],
)
def test_one_work(paths):
    assert len(set(works_of(*paths))) == 1


@pytest.mark.parametrize(
    "paths",
    [
        ("Bwv0531 Prelude and Fugue.mid", "Bwv0533 Prelude and Fugue.mid"),
        ("Bwv001- 400 Chorales/025300b_.mid", "Bwv001- 400 Chorales/025400b_.mid"),
        ("Concertos/Bwv1041 Violin Concerto.mid", "Concertos/Bwv1042 Violin Concerto.mid"),
        ("Symphonies/Symphony n4 1mov.mid", "Symphonies/Symphony n5 1mov.mid"),
        ("Piano Sonatas/Piano Sonata n4.mid", "Symphonies/Symphony n4.mid"),
        ("Etude op10 n01.mid", "Etude op25 n01.mid"),
        ("Sonata op35 n3.mid", "Sonata No.3 1st Mov.mid"),
        ("Bwv1042 Violin Concerto n1.mid", "Bwv1041 Violin Concerto n2.mid"),
        ("piece_0001.mid", "piece_0002.mid"),
        ("0001.mid", "0002.mid"),
    ],
)
def test_two_works(paths):
    assert len(set(works_of(*paths))) == 2


def test_identical_music_is_one_work_across_composers():
    pieces = [
        Piece("Liszt/Serenade.mid", "Liszt", read=bytes),
        Piece("Schubert/D957.mid", "Schubert", read=bytes),
    ]
    assert len(set(assign_works(pieces, [OUTLINES[0]] * 2))) == 1
    assert len(set(assign_works(pieces, OUTLINES))) == 2
    assert len(set(assign_works(pieces, [NO_OUTLINE] * 2))) == 2


def test_an_excerpt_is_one_work_with_its_whole_across_composers():
    line = np.random.default_rng(0).integers(-9, 10, (2, 200)).astype(np.int8)
    pieces = [Piece("Busoni/Choral.mid", "Busoni", read=bytes), Piece("Bach/a.mid", "Bach", read=bytes)]
    assert len(set(assign_works(pieces, [line, line[:, 60:120]]))) == 1
    assert len(set(assign_works(pieces, [line, -line]))) == 2


def test_the_same_name_under_two_composers_is_two_works():
    pieces = [
        Piece(f"{composer}/Symphony n4 op98.mid", composer, read=bytes) for composer in ("Brahms", "Raff")
    ]
    assert assign_works(pieces, [NO_OUTLINE] * 2) == ["Brahms/Symphony op. 98", "Raff/op-98"]


def test_the_folder_of_the_composer_is_no_work():
    label = "Viennese String Quartet"
    assert len(set(works_of(f"{label}/Allegro.mid", f"{label}/Presto.mid", composer=label))) == 2


def test_the_work_a_corpus_knows_stands_instead_of_names():
    pieces = [
        Piece(f"Agnus_{number}.krn", "Palestrina", read=bytes, work=work)
        for number, work in ((1, "a"), (2, "b"))
    ]
    assert assign_works(pieces, [NO_OUTLINE] * 2) == ["Palestrina/a", "Palestrina/b"]


def test_a_way_leads_from_a_piece_to_every_other_of_its_work_and_to_no_other():
    paths = ["Sonata n14 op27.mid", "Sonata n14 3mov.mid", "Moonlight.mid", "Sonata n15.mid"]
    pieces = [Piece(path, "Hummel", read=bytes) for path in paths]
    outlines = [NO_OUTLINE, *OUTLINES[:1] * 2, OUTLINES[1]]

    def way(first, second):
        return explain(pieces, outlines, first=paths[first], second=paths[second])

    first, second = way(0, 2)
    assert (first.first, first.second, first.reason.kind) == (paths[0], paths[1], "number")
    assert (second.first, second.second, second.reason.kind) == (paths[1], paths[2], "melody")
    assert way(0, 3) == [] and way(1, 1) == []


def test_a_catalogue_is_believed_before_a_number():
    paths = ["K309 Piano Sonata n10.mid", "K330 Piano Sonata n10.mid", "Piano Sonata n10.mid"]
    first, second, third = works_of(*paths, composer="Mozart")
    assert first != second == third


def test_a_file_goes_by_all_names_of_its_copies():
    pieces = [
        Piece("Etude No.2 in A minor.mid", "Chopin", read=bytes, also=("Etude op10 n02.mid",)),
        Piece("Etude op10 n01.mid", "Chopin", read=bytes),
        Piece("Etude No.3.mid", "Chopin", read=bytes),
    ]
    first, second, third = assign_works(pieces, [NO_OUTLINE] * 3)
    assert first == second == "Chopin/op-10" != third


def test_a_title_of_the_corpus_stands_instead_of_the_name():
    pieces = [
        Piece("Sonata No.18.mid", "Hummel", read=bytes, title="Sonata op. 106"),
        Piece("Sonata n18.mid", "Hummel", read=bytes),
    ]
    assert assign_works(pieces, [NO_OUTLINE] * 2) == ["Hummel/op-106", "Hummel/sonata-18"]


def test_a_work_is_named_after_what_most_of_its_pieces_say():
    paths = ["Suite n6 op9.mid", "Prelude op1 n1.mid", "Prelude op1 n2.mid", "Prelude op1 and op9.mid"]
    assert set(works_of(*paths, composer="Hummel")) == {"Hummel/op-1"}


def test_names_with_odd_digits_sort():
    assert len(set(works_of("¹.mid", "op ²x.mid", "sonata ٣.mid"))) == 3


def test_names_of_works():
    assert works_of("Bwv846-869 Book 1/WT1_1A.MID") == ["Bach/Well-Tempered Clavier I BWV 846-869"]
    assert works_of("Bwv1066-1069 Suites/a.mid") == ["Bach/bwv-1066-1069"]
    assert works_of("Bwv988 Variations/Bwv1087 Canons.mid") == ["Bach/bwv-988"]
    assert (
        works_of("K9.mid", "K10.mid", composer="Mozart", outlines=[OUTLINES[0]] * 2) == ["Mozart/k-9-10"] * 2
    )
    assert works_of("0001.mid") == ["0001.mid"]


def test_a_thousand_numbered_files_do_not_chain():
    paths = [
        f"{folder}/file {number} op{number}.mid" for folder in ("Concertos", "v5") for number in range(1, 501)
    ]
    random.Random(0).shuffle(paths)
    assert len(set(works_of(*paths))) == 500
