"""Who the composers are: one name for each, the spellings of it, years and era, from `composers.csv`.

A name is looked up as a whole: `Bach` is not found in `C.P.E. Bach`, nor `Straus` in `Strauss`.
A year or an era that is not known is left empty.

Eras go by the year of birth: Renaissance before 1580, Baroque before 1710, Classical before 1780,
Romantic before 1870, then Modern. The exceptions are named in `OTHER_ERAS`.
"""

import csv
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

TABLE = Path(__file__).with_name("composers.csv")

ERAS = ("Renaissance", "Baroque", "Classical", "Romantic", "Modern")
ERAS_BEGIN = (1580, 1710, 1780, 1870)
"""First year of birth of each era but the first."""

OTHER_ERAS = {
    "Debussy": "Modern",
    "Diabelli": "Classical",
    "Joplin": "Modern",
    "Kuhlau": "Classical",
    "Rachmaninov": "Romantic",
    "Satie": "Modern",
}
"""Composers who wrote as the generation before or after their own did."""

LONGEST_LIFE = 110
"""Years; a longer one is a mistyped number."""


@dataclass(frozen=True)
class Composer:
    """A composer.

    Attributes:
        composer: The label: short, the same wherever he or she stands.
        full_name: The whole name.
        born: Year of birth, or None.
        died: Year of death, or None.
        era: One of `ERAS`; empty if the year of birth is not known.
        spellings: Other names under which pieces of this composer are found.
    """

    composer: str
    full_name: str
    born: int | None = None
    died: int | None = None
    era: str = ""
    spellings: tuple[str, ...] = ()

    @property
    def lived(self) -> str:
        """The years of birth and death, such as `1685-1750`; empty if the first is not known."""
        return f"{self.born}-{self.died or ''}" if self.born else ""


@lru_cache(maxsize=1)
def load_composers() -> tuple[Composer, ...]:
    """Returns the composers of `composers.csv`, sorted by label."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(_from_row(row) for row in csv.DictReader(file))


def find_composer(name: str) -> str | None:
    """Returns the label of the composer with this label or spelling; None if nobody has it.

    The whole name has to fit; only capitals and accents do not count.

    Example:
        >>> find_composer("Haendel"), find_composer("fauré"), find_composer("J. S. Bach")
        ('Handel', 'Faure', 'Bach')
        >>> find_composer("Johann Sebastian") is None
        True
    """
    return _by_spelling().get(plain(name))


def match_composer(label: str, classes: Sequence[str]) -> str | None:
    """Returns the composer of a model that a label of another corpus means; None if there is none.

    Example:
        >>> match_composer("J. S. Bach", ["Bach", "Handel"]), match_composer("Haendel", ["Bach", "Handel"])
        ('Bach', 'Handel')
        >>> match_composer("C.P.E. Bach", ["Bach", "Handel"]) is None
        True
    """
    by_spelling = {plain(name): name for name in reversed(classes)}
    by_composer = {find_composer(name): name for name in reversed(classes)}
    by_composer.pop(None, None)
    return by_spelling.get(plain(label)) or by_composer.get(find_composer(label))


def describe_composer(name: str) -> Composer:
    """Returns the composer with this label or spelling; of a name that nobody has, only the name is known.

    Example:
        >>> describe_composer("Haendel").lived, describe_composer("Haendel").era
        ('1685-1759', 'Baroque')
        >>> describe_composer("Nobody").lived
        ''
    """
    label = find_composer(name)
    return next((one for one in load_composers() if one.composer == label), Composer(name, name))


def find_composer_in_title(title: str) -> str | None:
    """Returns the label of the composer whose name begins a title; of several, the longest name counts.

    Example:
        >>> find_composer_in_title("C.P.E.Bach Solfeggieto"), find_composer_in_title("Bachata")
        ('C.P.E. Bach', None)
        >>> find_composer_in_title("Liszt Bach Prelude Transcription")
        'Liszt'
    """
    words = plain(title).split()
    names = (" ".join(words[:count]) for count in range(len(words), 0, -1))
    return next((_by_spelling()[name] for name in names if name in _by_spelling()), None)


def era_of(born: int) -> str:
    """Returns the era of those born in a year.

    Example:
        >>> era_of(1685), era_of(1770), era_of(1810)
        ('Baroque', 'Classical', 'Romantic')
    """
    return ERAS[bisect_right(ERAS_BEGIN, born)]


def find_mistakes(composers: Sequence[Composer]) -> list[str]:
    """Returns a sentence for everything that is wrong with a table of composers; none if it is in order."""
    mistakes = []
    owners: dict[str, str] = {}
    for one in composers:
        for name in dict.fromkeys(map(plain, (one.composer, *one.spellings))):
            if not name:
                mistakes.append(f"{one.composer!r} has an empty name or spelling.")
            elif name in owners:
                mistakes.append(f"{name!r} stands for {owners[name]} and for {one.composer}.")
            owners.setdefault(name, one.composer)
        mistakes += _wrong_years(one)
    if [one.composer for one in composers] != sorted(one.composer for one in composers):
        mistakes.append("The composers are not sorted by label.")
    return mistakes


def plain(name: str) -> str:
    """Returns a name in small letters, without accents and with one space between its words."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).split())


def _wrong_years(one: Composer) -> Iterable[str]:
    if one.born and one.died and not 0 < one.died - one.born <= LONGEST_LIFE:
        yield f"{one.composer} cannot have lived from {one.born} to {one.died}."
    expected = OTHER_ERAS.get(one.composer, era_of(one.born)) if one.born else ""
    if one.era != expected:
        yield f"{one.composer}, born {one.born or '?'}, should have the era {expected!r}, not {one.era!r}."


@lru_cache(maxsize=1)
def _by_spelling() -> dict[str, str]:
    return {plain(name): one.composer for one in load_composers() for name in (one.composer, *one.spellings)}


def _from_row(row: dict[str, str]) -> Composer:
    return Composer(
        composer=row["composer"],
        full_name=row["full_name"],
        born=int(row["born"]) if row["born"] else None,
        died=int(row["died"]) if row["died"] else None,
        era=row["era"],
        spellings=tuple(row["spellings"].split(";")) if row["spellings"] else (),
    )
