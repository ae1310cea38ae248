"""Works that names alone do not join: books, numbers within a form, arrangements.

They stand in `known_works.csv`, a row a work, with the keys that `features.splits.names` finds in names. A
collection that its composer put together, such as each book of the Well-Tempered Clavier, is one work. Only
numberings on which editions agree are there: Mozart's piano sonatas 7 to 9 are counted in several ways. Where a
name gives a catalogue number or an opus of the list and a number of another work, the catalogue is believed.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib.resources import files


def known_works(key: str) -> tuple[str, ...]:
    """Returns the works to which a key belongs, usually none or one.

    Args:
        key: What a name says, with the composer before it.

    Example:

    >>> known_works("Bach/bwv-851"), known_works("Beethoven/piano-sonata-20")
    (('Bach/Well-Tempered Clavier I BWV 846-869',), ('Beethoven/Piano sonatas op. 49',))
    >>> known_works("Beethoven/ode")
    ()
    """
    return _table().get(key, ())


@cache
def _table() -> dict[str, tuple[str, ...]]:
    works = defaultdict(list)
    with files(__package__).joinpath("known_works.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for key in _expand(row["keys"]):
                owned = key if "/" in key else f"{row['composer']}/{key}"
                works[owned].append(f"{row['composer']}/{row['work']}")
    return {key: tuple(names) for key, names in works.items()}


def _expand(keys: str) -> Iterator[str]:
    """Yields single keys from a list with ranges.

    Example:

    >>> list(_expand("op-49 piano-sonata-19..20"))
    ['op-49', 'piano-sonata-19', 'piano-sonata-20']
    """
    for key in keys.split():
        found = re.fullmatch(r"(.*-)(\d+)\.\.(\d+)", key)
        if found:
            yield from (f"{found[1]}{number}" for number in range(int(found[2]), int(found[3]) + 1))
        else:
            yield key
