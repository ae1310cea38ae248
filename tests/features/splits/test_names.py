"""Examples of names, as they are found in the wild."""

import pytest

from features.splits.names import (
    catalogue_numbers,
    nicknames,
    numbered_forms,
    opus_numbers,
    slug,
    title,
    work_folders,
)


@pytest.mark.parametrize(
    ("path", "composer", "expected"),
    [
        ("Bwv0528 Sonate en trio n4.mid", "Bach", ["Bach/bwv-528"]),
        ("Tocatto No.1, BWV 910.mid", "Bach", ["Bach/bwv-910"]),
        ("bwv910.mid", "Bach", ["Bach/bwv-910"]),
        ("Bwv018a.5.mid", "Bach", ["Bach/bwv-18"]),
        ("bwv001-400 Chorales/014500ba.mid", "Bach", ["Bach/bwv-145"]),
        ("Bwv001- 400 Chorales/024846b5.mid", "Bach", ["Bach/bwv-248"]),
        ("Bwv001- 400 Chorales/Bwv036(2).4.mid", "Bach", ["Bach/bwv-36"]),
        ("Bwv001- 400 Chorales/readme.mid", "Bach", []),
        ("Some numbers/014500ba.mid", "Bach", []),
        ("Bwv1066-1069 Suites/Bwv1068 Air.mid", "Bach", ["Bach/bwv-1068"]),
        ("Bwv846-869 Book 1/WT1_XX_A.MID", "Bach", [f"Bach/bwv-{number}" for number in range(846, 870)]),
        ("Bwv232 Mass/19. Sanctus .mid", "Bach", ["Bach/bwv-232"]),
        ("Prelude BWV Anh. 114.mid", "Bach", ["Bach/anh-114"]),
        ("Buxwv138 Prelude.mid", "Buxtehude", ["Buxtehude/buxwv-138"]),
        ("K001-K050/a.mid", "Scarlatti", []),
        ("K02 Minuet in F.mid", "Mozart", ["Mozart/k-2"]),
        ("Fantasia in C K.475.mid", "Mozart", ["Mozart/k-475"]),
        ("kv 331 alla turca.mid", "Mozart", ["Mozart/k-331"]),
        ("K19d Piano Sonata Duet.mid", "Mozart", ["Mozart/k-19d"]),
        ("mozart/k155/movement1.mxl", "Viennese quartet", ["Mozart/k-155"]),
        ("K380_2.MID", "Scarlatti", ["Scarlatti/k-380"]),
        ("Sonata Longo430.mid", "Scarlatti", ["Scarlatti/l-430"]),
        ("Bk 2.mid", "Bach", []),
        ("Moment Musical D 780.mid", "Schubert", ["Schubert/d-780"]),
        ("Sonata in D 2mov.mid", "Schubert", []),
        ("Sonata in D 12.mid", "Haydn", []),
        ("20 Variations for Keyboard HobXVII2.mid", "Haydn", ["Haydn/hob-xvii-2"]),
        ("Sonata Hob. XVI:34.mid", "Haydn", ["Haydn/hob-xvi-34"]),
        ("WoO010 Six Menuets.mid", "Beethoven", ["Beethoven/woo-10"]),
        ("Anhang 14-3.mid", "Beethoven", ["Beethoven/anh-14"]),
        ("Concerto op3 n01 RV549 2mov.mid", "Vivaldi", ["Vivaldi/rv-549"]),
        ("Suite in D Hwv437 2mov.mid", "Haendel", ["Handel/hwv-437"]),
        ("Bwv0593 Vivaldi Concerto Arrangement RV522.mid", "Bach", ["Bach/bwv-593", "Vivaldi/rv-522"]),
        ("Lizt Piano Concerto n1 S124.mid", "Liszt", ["Liszt/s-124"]),
    ],
)
def test_catalogue_numbers(path, composer, expected):
    assert catalogue_numbers(path, composer) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Sonata No.14 Op 27 Moonlight.mid", ["op-27"]),
        ("Nocturne op09 n2.mid", ["op-9"]),
        ("Opus045 Marches.mid", ["op-45"]),
        ("Prelude Opus,11, No.11.mid", ["op-11"]),
        ("Etude op. 10-5 Black keys.mid", ["op-10"]),
        ("Sonata Opus.81a -Les Adieux-.mid", ["op-81"]),
        ("beethoven/opus18no1/movement1.mxl", ["op-18"]),
        ("Opus 1-50/Opus 7.mid", ["op-7"]),
        ("Opus 1-50/Fugue.mid", []),
        ("Waltz (Op.posth.).mid", []),
        ("Shop 12.mid", []),
    ],
)
def test_opus_numbers(name, expected):
    assert opus_numbers(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Symphonies/Symphony n4 3mov.mid", ["symphony-4"]),
        ("Symphony No 5/1. Allegro.mid", ["symphony-5"]),
        ("Cello Suite 1/prelude.mid", ["cello-suite-1"]),
        ("Piano Concerto No5,Mov.3.mid", ["piano-concerto-5"]),
        ("Symphony IV.mid", ["symphony-4"]),
        ("Sonata op35 n2.mid", []),
        ("Sonata 2 pianos 1mov.mid", []),
        ("Etude No.2.mid", []),
        ("Piano Sonatas/Rondo.mid", []),
    ],
)
def test_only_numbers_of_large_forms_count_works(name, expected):
    assert numbered_forms(name) == expected


def test_nicknames_need_quotes_and_a_form():
    assert nicknames("Symphony n3 1mov _Eroica_.mid") == ["symphony-eroica"]
    assert nicknames("Etude op10 n05 _Black Key_.mid") == []
    assert nicknames("Symphony n3 Eroica.mid") == []


@pytest.mark.parametrize(
    "shelf", ["Symphonies", "Piano Sonatas", "Chorales", "Concertos", "Piano Sonata", "v5"]
)
def test_shelves_are_no_works(shelf):
    assert work_folders(f"{shelf}/Minuet.mid") == []
    assert catalogue_numbers(f"{shelf}/Minuet.mid") == numbered_forms(f"{shelf}/Minuet.mid") == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Lute Concerto 3mov.mid", "lute-concerto"),
        ("Water Music 2mov Air.mid", "water-music"),
        ("Sonata in A, Movement 1.mid", "sonata-in-a"),
        ("Hungarian Dance No.5.mid", "hungarian-dance"),
        ("Pieces IV.mid", "pieces"),
        ("piece_0012.mid", "piece-0012"),
        ("1mov.mid", "1mov"),
        ("007.mid", ""),
        ("Für Elise.mid", "fur-elise"),
    ],
)
def test_title(name, expected):
    assert title(name) == expected


def test_slug_keeps_letters_of_any_alphabet():
    assert slug("Глинка, op. 1") == "глинка-op-1"
