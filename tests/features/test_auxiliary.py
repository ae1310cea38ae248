"""What is learnt from beside the music that is asked about: whole works of others, and nothing of what is held out."""

from dataclasses import replace

import numpy as np
import pytest

from features.auxiliary import FEWEST_WORKS, choose_auxiliary, training_part
from features.errors import InputError
from features.selection import take_pieces

MANY = {f"{name}/{number}": 1 for name in ("Ada", "Bela", "Cleo", "Dov") for number in range(FEWEST_WORKS)}
FEW = {f"Edna/{number}": 1 for number in range(FEWEST_WORKS - 1)}


@pytest.fixture
def everything(load_works):
    return load_works(MANY | FEW)


@pytest.fixture
def asked(everything):
    return take_pieces(everything, np.isin(everything.composers, ["Bela", "Dov"]))


def with_auxiliary(asked, everything):
    return replace(asked, auxiliary=choose_auxiliary(asked, everything))


def test_others_with_enough_works_follow_those_who_are_asked_about(asked, everything):
    found = choose_auxiliary(asked, everything)
    assert found.classes == ("Bela", "Dov", "Ada", "Cleo")
    assert found.num_auxiliary == 2
    assert found.composers == [piece.split("/")[0] for piece in found.pieces]


def test_works_of_those_who_are_asked_about_are_left_out_whoever_has_them(asked, everything):
    theirs = asked.works[0]
    works = [
        theirs if piece in ("Ada/1.mid", "Cleo/3.mid") else work
        for piece, work in zip(everything.pieces, everything.works, strict=True)
    ]
    found = choose_auxiliary(asked, replace(everything, works=tuple(works)))
    left_out = {piece for piece in everything.pieces if piece.startswith("Edna")} | {
        "Ada/1.mid",
        "Cleo/3.mid",
    }
    assert set(everything.pieces) - set(found.pieces) == left_out


def test_pieces_keep_the_class_that_they_have_where_they_are_asked_about(asked, everything):
    renamed = replace(everything, classes=("Ada", "Bela", "Cleo", "Dov the Elder", "Edna"))
    found = choose_auxiliary(asked, renamed)
    assert found.classes == ("Bela", "Dov", "Ada", "Cleo")
    assert found.composers.count("Dov") == FEWEST_WORKS


def test_what_they_wrote_under_another_name_is_left_out(asked, everything):
    facts = [
        {"writer": "Dov" if piece.startswith("Cleo") else of_piece["writer"]}
        for piece, of_piece in zip(everything.pieces, everything.facts, strict=True)
    ]
    found = choose_auxiliary(asked, replace(everything, facts=tuple(facts)))
    assert found.classes == ("Bela", "Dov", "Ada")


def test_training_hears_its_pieces_and_all_by_others_as_they_are(asked, everything):
    part = training_part(with_auxiliary(asked, everything), np.array([0, 2, 7]))
    trained = {asked.pieces[piece] for piece in (0, 2, 7)}
    others = {piece for piece in everything.pieces if piece.startswith(("Ada", "Cleo"))}
    assert set(part.pieces) == trained | others
    assert part.classes == ("Bela", "Dov", "Ada", "Cleo")
    for number, name in enumerate(part.pieces):
        here, there = np.flatnonzero(part.chunk_pieces == number), everything.pieces.index(name)
        expected = everything.chunks(np.flatnonzero(everything.chunk_pieces == there))
        np.testing.assert_array_equal(part.chunks(here), expected)


def test_classes_stand_where_they_stood_if_nothing_is_left_of_one(asked, everything):
    only_dov = np.flatnonzero(np.array(asked.composers) == "Dov")
    part = training_part(with_auxiliary(asked, everything), only_dov)
    assert part.classes == ("Bela", "Dov", "Ada", "Cleo")
    assert set(part.labels) == {1, 2, 3}


def test_collections_that_are_held_out_are_so_for_others_too(asked, everything):
    sources = tuple("x" if name.startswith("Ada") else "y" for name in everything.pieces)
    known = with_auxiliary(asked, replace(everything, sources=sources))
    part = training_part(known, np.array([0]), without_sources={"x"})
    assert {name.split("/")[0] for name in part.pieces} == {"Bela", "Cleo"}


def test_a_sample_has_some_works_of_each(asked, everything):
    found = choose_auxiliary(asked, everything, sample=0.4)
    assert [found.composers.count(name) for name in found.classes] == [FEWEST_WORKS, FEWEST_WORKS, 2, 2]


def test_a_corpus_without_anybody_else_is_refused(everything):
    with pytest.raises(InputError, match="nobody else to learn from: .* no other composer with 5 works"):
        choose_auxiliary(take_pieces(everything, np.array(everything.composers) != "Edna"), everything)
