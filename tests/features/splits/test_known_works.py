"""The list of known works is well formed, and no key has two works."""

import csv
from importlib.resources import files

from features.splits.known_works import _table, known_works


def rows():
    with files("features.splits").joinpath("known_works.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_is_whole_and_names_one_work():
    names = [(row["composer"], row["work"]) for row in rows()]
    assert all(row["composer"] and row["work"] and row["keys"] for row in rows())
    assert len(names) == len(set(names))


def test_a_key_has_one_work():
    assert {key: works for key, works in _table().items() if len(works) > 1} == {}


def test_a_range_stands_for_all_its_numbers():
    assert known_works("Bach/bwv-846") == known_works("Bach/bwv-869") != ()
    assert known_works("Bach/bwv-845") == () and known_works("Telemann/bwv-846") == ()
