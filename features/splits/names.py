"""What the name of a file says about the work it belongs to.

Names are parsed, not looked up: no list of works is needed, and a corpus nobody has seen is read
the same way. Where a name leaves a doubt, the larger unit wins: a work that is too large costs
variance, one that is too small lets a model be tested on what it has heard.
"""

import re
import unicodedata
from functools import cache

from features.corpora.composers import find_composer

# Catalogues by the word that introduces the number, and whose works they list (all composers' if empty).
CATALOGUES = [
    ("bwv", r"bwv", "Bach"),
    ("buxwv", r"buxwv", "Buxtehude"),
    ("hwv", r"hwv", "Handel"),
    ("rv", r"rv", "Vivaldi"),
    ("hess", r"hess", "Beethoven"),
    ("woo", r"woo", ""),
    ("anh", r"anh(?:ang)?", ""),
    ("k", r"kv?", "Mozart"),
    ("k", r"kv?", "Scarlatti"),
    ("l", r"l(?:ongo)?", "Scarlatti"),
    ("d", r"d(?=\W?\d\d)", "Schubert"),
    ("s", r"s(?=\W?\d\d)", "Liszt"),
]
NUMBER = r"[\s.,]*0*(\d+)"
# Koechel's letters name other works (K. 19d is not K. 19); elsewhere they name versions of one.
LETTER = {"k": r"([a-z]?)(?![a-z])"}
OPUS_WORD = r"op(?:us|p)?"
OPUS = re.compile(r"(?<![a-z])" + OPUS_WORD + NUMBER)
HOBOKEN = re.compile(r"(?<![a-z])hob[\s.]*([ivx]+)[\s.:/]*(\d+)")

# Sets that were published as one book have up to 30 numbers; wider ranges name a shelf.
WIDEST_RANGE = 48

# Forms in which the number counts works ("Symphony n5"); in others it counts the parts of a set.
FORMS = (
    r"(?:sonat[ae]|sonatina|symphon(?:y|ie)|sinfonia|concerto|[qc]uartet|quintet|trio|suite|partita"
    r"|serenade|divertimento|mass|cantata)"
)
# Folders of at least three words with one of these are one work ("The Chelsea Notebook"); shorter or
# plural names ("Piano Sonata", "Concertos") are shelves.
WORK_FOLDER = re.compile(rf"\b(?:{FORMS}|notebook|requiem|passion|oratorio|offering|album)\b")

MOVEMENT = re.compile(
    r"\b(?:[\d-]*\d(?:st|nd|rd|th)?\s?(?:mov|mvt|movement)s?\b(?!\W{0,2}\d)|(?:mov|mvt|movement)\W{0,2}(?:\d|[a-h]\b)|act\s\d)"
)
ORDINAL = re.compile(r"\b(?:no?|nr)\W{0,2}0*(\d+)[a-z]?\b")
# What follows a number within a set is the name of a part: "Ten short pieces, No. 3, Nocturne".
PART = re.compile(r"\W+(?:(?:no?|nr)\W{0,2})?\d+[a-z]?\b")
NUMBERED_FORM = re.compile(rf"([a-z ]*\b{FORMS})\W{{1,2}}(?:(?:no?|nr)\W{{0,2}}0*(\d+)|0*(\d+)(?=$|\W+in\b))")
NICKNAME = re.compile(r'(?:^|\s)(?P<quote>[-_"])(?P<name>[^\W\d_][^-_"]+)(?P=quote)')
ROMAN = ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"]


def catalogue_numbers(path: str, composer: str = "") -> list[str]:
    """Returns the catalogue numbers in a path, such as `Bach/bwv-528`; for a set, all its numbers.

    Before a number stands whose catalogue it is, which need not be the composer of the label.

    Every part of the path counts. A range in a folder's name (`Bwv846-869 ...`) stands for all its
    numbers, so that whoever has one of them joins the set; but only where nothing below it has a
    number of its own. Files in a folder of chorales (`bwv` in its name) begin with the BWV number
    in four digits and the movement in two.

    Args:
        path: Relative path of the file, `/` between its parts.
        composer: Its label, which tells Mozart's K from a letter.

    Example:

    >>> catalogue_numbers("Concertos/Bwv1041 Violin Concerto n1 1mov.mid")
    ['Bach/bwv-1041']
    >>> catalogue_numbers("Bwv001- 400 Chorales/024846b5.mid")
    ['Bach/bwv-248']
    >>> catalogue_numbers("Bwv1066-1069 Orchestral Suites/menuet.mid")
    ['Bach/bwv-1066', 'Bach/bwv-1067', 'Bach/bwv-1068', 'Bach/bwv-1069']
    """
    *folders, stem = [plain(part) for part in _parts(path)]
    context = plain(f"{composer}/{path}")
    found = _numbers_in(stem, context)
    chorale = re.match(r"(\d{4})\d\d[a-z ]", stem)
    if chorale and any("bwv" in folder for folder in folders):
        found.append(("Bach", f"bwv-{int(chorale[1])}"))
    for folder in reversed(folders):
        sets = {(owner, name): _ranges(word, folder) for name, word, owner in _catalogues(context)}
        if not any(sets.values()):
            found += _numbers_in(folder, context)
        elif not found:
            found = [
                (owner, f"{name}-{number}")
                for (owner, name), ranges in sets.items()
                for first, last in ranges
                if last - first < WIDEST_RANGE
                for number in range(first, last + 1)
            ]
    return list(dict.fromkeys(f"{owner or composer}/{number}" for owner, number in found))


def opus_numbers(path: str) -> list[str]:
    """Returns the opus numbers in a path: the opus is the unit, not its numbers.

    A range of them in a folder's name (`Opus 1-50`) is a shelf.

    Example:

    >>> opus_numbers("String Quartet n2 op18 n2 4mov.mid"), opus_numbers("Etude op. 10-5 Black keys.mid")
    (['op-18'], ['op-10'])
    """
    *folders, stem = [plain(part) for part in _parts(path)]
    parts = [stem, *(folder for folder in folders if not _ranges(OPUS_WORD, folder))]
    return list(dict.fromkeys(f"op-{int(number)}" for part in parts for number in OPUS.findall(part)))


def numbered_forms(path: str, composer: str = "") -> list[str]:
    """Returns the numbered works of large form in a path.

    Example:

    >>> numbered_forms("Piano Sonatas/Piano Sonata n10 2mov.mid")
    ['piano-sonata-10']
    >>> numbered_forms("K330 Piano Sonata No.10.mid", "Mozart")
    ['piano-sonata-10']
    >>> numbered_forms("Etude op10 n02.mid")
    []
    """
    context = plain(f"{composer}/{path}")
    found = []
    for part in _parts(path):
        for name, number, bare in NUMBERED_FORM.findall(_without_numbers(part, context)):
            found.append(slug(f"{name} {number or bare}"))
    return list(dict.fromkeys(found))


def nicknames(path: str) -> list[str]:
    """Returns the quoted names of large forms in the file's name, each with its form.

    Example:

    >>> nicknames("Piano sonata n26 _Les Adieux_.mid")
    ['sonata-les-adieux']
    >>> nicknames("Sonata Opus.81a -Les Adieux- E flat No.1.mid")
    ['sonata-les-adieux']
    """
    stem = _parts(path)[-1]
    form = re.search(rf"\b{FORMS}\b", plain(stem))
    return [slug(f"{form[0]} {match['name']}") for match in NICKNAME.finditer(stem)] if form else []


def work_folders(path: str) -> list[str]:
    """Returns the folders in a path that are named like one work.

    Example:

    >>> work_folders("The Chelsea Notebook/Early Pieces n4.mid"), work_folders("Piano Sonatas/n4.mid")
    (['the-chelsea-notebook'], [])
    """
    names = [plain(folder) for folder in _parts(path)[:-1]]
    return [slug(name) for name in names if WORK_FOLDER.search(name) and len(slug(name).split("-")) >= 3]


def title(path: str) -> str:
    """Returns the title in a file's name without movement and number; empty if it has no word.

    A file within a zip file goes by the name of that.

    Example:

    >>> title("Lute Concerto 3mov.mid"), title("Ten short pieces, No.3, Nocturne.mid"), title("0012.mid")
    ('lute-concerto', 'ten-short-pieces', '')
    >>> title("Paganini Variations No.9.zip/385PAG~1.MID")
    'paganini-variations'
    """
    zipped = re.search(r"([^/]*)\.zip/[^/]*$", path, flags=re.IGNORECASE)
    name = _without_movement(_roman_to_ordinal(plain(zipped[1] if zipped else _parts(path)[-1])))
    head = PART.split(name, maxsplit=1)[0]
    name = slug(head if len(head.split()) > 1 else ORDINAL.sub(" ", name))
    return name if re.search("[a-z]{2}", name) else ""


def without_composer(path: str, composer: str) -> str:
    """Returns a path without the folder of its composer, and without the name before a stray file's title.

    Example:

    >>> without_composer("Haendel/Air.mid", "Handel"), without_composer("Lizt Piano Concerto n1.mid", "Liszt")
    ('Air.mid', 'Piano Concerto n1.mid')
    """
    folder, slash, rest = path.partition("/")
    if slash:
        return rest if composer in (folder, find_composer(folder)) else path
    words = path.split(" ")
    for count in range(len(words) - 1, 0, -1):
        name = " ".join(words[:count])
        if composer in (name, find_composer(name)):
            return " ".join(words[count:])
    return path


def plain(text: str) -> str:
    """Returns text in lower case, without accents, with spaces for underscores."""
    if not text.isascii():  # as few names are
        text = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in text if not unicodedata.combining(c))
    return text.lower().replace("_", " ").strip()


def slug(text: str) -> str:
    """Returns the words and numbers of a text with hyphens between them.

    Example:

    >>> slug("Für Elise, No. 2")
    'fur-elise-no-2'
    """
    return "-".join(re.findall(r"[^\W_]+", plain(text)))


def _parts(path: str) -> list[str]:
    *folders, name = path.split("/")
    folders = [re.sub(r"\.zip$", "", folder, flags=re.IGNORECASE) for folder in folders]
    return [*folders, re.sub(r"\.(midi?|mxl|xml|musicxml|krn|abc|rmi)$", "", name, flags=re.IGNORECASE)]


def _numbers_in(text: str, context: str) -> list[tuple[str, str]]:
    """Returns owners and numbers in one part of a path; `context` is all that may name the composer."""
    found = [("Haydn", f"hob-{volume}-{number}") for volume, number in HOBOKEN.findall(text)]
    for name, word, owner in _catalogues(context):
        pattern = _number_pattern(name, word)
        found += [(owner, f"{name}-{''.join(match.groups())}") for match in pattern.finditer(text)]
    return found


@cache
def _number_pattern(name: str, word: str) -> re.Pattern:
    return re.compile(r"(?<![a-z])" + word + NUMBER + LETTER.get(name, ""))


def _catalogues(context: str) -> list[tuple[str, str, str]]:
    """Returns the catalogues that may be meant: a single letter only beside the composer, since it names keys too."""
    return [row for row in CATALOGUES if len(row[0]) > 1 or row[2].lower() in context]


def _ranges(word: str, folder: str) -> list[tuple[int, int]]:
    """Returns the ascending ranges of numbers after a word in a folder's name, as in `bwv772-786`."""
    ranges = re.findall(rf"(?<![a-z]){word}{NUMBER}\s*-\s*(?:{word})?{NUMBER}", folder)
    return [(int(first), int(last)) for first, last in ranges if int(first) < int(last)]


def _without_numbers(part: str, context: str) -> str:
    """Returns one part of a path up to its movement, with a bar for each catalogue number.

    The bar keeps "Sonata op35 n2", the second part of an opus, from reading "Sonata n2".
    """
    text = plain(part)
    for pattern in [OPUS, HOBOKEN, *(_number_pattern(*row[:2]) for row in _catalogues(context))]:
        text = pattern.sub("|", text)
    return _without_movement(_roman_to_ordinal(text))


def _without_movement(text: str) -> str:
    """Returns what stands before the movement's number, or all where nothing does."""
    return MOVEMENT.split(text, maxsplit=1)[0].strip() or text


def _roman_to_ordinal(text: str) -> str:
    """Returns a text with `n4` for `iv`."""
    return re.sub(
        r"\b[ivx]+\b", lambda word: f"n{ROMAN.index(word[0])}" if word[0] in ROMAN else word[0], text
    )
