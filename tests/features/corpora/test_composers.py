from dataclasses import replace

import pytest

from features.corpora.composers import (
    Composer,
    find_composer,
    find_composer_in_title,
    find_mistakes,
    load_composers,
    match_composer,
)


def test_the_table_is_in_order():
    assert find_mistakes(load_composers()) == []
    assert len(load_composers()) > 140


def test_every_label_and_every_spelling_leads_to_its_composer():
    for one in load_composers():
        for name in (one.composer, *one.spellings):
            assert find_composer(name) == one.composer
            assert find_composer(name.upper()) == one.composer
            assert find_composer_in_title(f"{name} Sonata op5") == one.composer


@pytest.mark.parametrize(
    ("name", "composer"),
    [
        ("Bach", "Bach"),
        ("C.P.E.Bach", "C.P.E. Bach"),
        ("Straus", "O. Straus"),
        ("Strauss, J", "J. Strauss"),
        ("Holst", "Holst"),
        ("Holst, M", "M. Holst"),
        ("Durand, E", "E. Durand"),
        ("Durand, MA", "M.A. Durand"),
        ("Ambroise", "Ambroise"),
        ("Tchakoff", "Tchakoff"),
        ("Thomas", "Thomas"),
        ("Albéniz", "Albeniz"),
        ("Strauss", None),
        ("Durand", None),
        ("Bac", None),
        ("Bach Prelude", None),
        ("", None),
    ],
)
def test_names_are_looked_up_as_a_whole(name, composer):
    assert find_composer(name) == composer


@pytest.mark.parametrize(
    ("title", "composer"),
    [
        ("C.P.E.Bach Solfeggieto", "C.P.E. Bach"),
        ("Liszt Bach Prelude Transcription", "Liszt"),
        ("Rimsky Korsakov _Flight Of the Bumblebee_", "Rimsky-Korsakov"),
        ("Vaughan Williams Linden Lea", "Vaughan Williams"),
        ("Bachianas brasileiras", None),
        ("meditation thais", None),
        ("Fantasia nach J. S. Bach", None),
        ("", None),
    ],
)
def test_a_title_belongs_to_the_longest_name_that_begins_it(title, composer):
    assert find_composer_in_title(title) == composer


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"died": 1600}, "cannot have lived from 1685 to 1600"),
        ({"died": 1850}, "cannot have lived from 1685 to 1850"),
        ({"era": "Romantic"}, "should have the era 'Baroque', not 'Romantic'"),
        ({"born": None}, "should have the era '', not 'Baroque'"),
        ({"spellings": ("Zachow", "BÁCH")}, "'zachow' stands for A and for Bach"),
        ({"spellings": ("",)}, "empty name"),
        ({"composer": "0"}, "not sorted"),
    ],
)
def test_mistakes_are_found(change, message):
    right = [
        Composer("A", "A", 1663, 1712, "Baroque", ("Zachow",)),
        Composer("Bach", "J. S. Bach", 1685, 1750, "Baroque"),
    ]
    assert find_mistakes(right) == []
    (mistake,) = find_mistakes([right[0], replace(right[1], **change)])
    assert message in mistake


def test_of_two_spellings_that_a_model_has_the_same_one_is_meant():
    assert match_composer("Handel", ["Haendel", "Handel"]) == "Handel"
    assert match_composer("Händel", ["Haendel", "Bach"]) == "Haendel"
