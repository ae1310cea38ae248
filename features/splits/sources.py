"""What is one source: the collection of one person, told from what a file says beside its notes.

Whoever sequenced a piece left a name in its texts, or at least the habits of a program: format, ticks per
beat, and how notes end. A model may know the composer by these alone, so whole sources are held out. Each
file is judged by itself, so that a source has the same name in every corpus. In doubt files are joined:
those without a name are one source if their programs had the same habits.
"""

import re

import numpy as np

from features.midi.events import COPYRIGHT, MARKER, META, NOTE_OFF, NOTE_ON, TEXT, TRACK_NAME, Events
from features.splits.names import plain, slug

# Lyrics are left out: they are about the piece.
TEXT_KINDS = (TEXT, COPYRIGHT, TRACK_NAME, 0x04, MARKER)
# Names stand at the head of a file and of its tracks; a hostile file may have texts of megabytes.
MAX_TEXTS, MAX_TEXT_BYTES = 256, 256

FOREIGN = 1 / 3
"""Share of letters beyond ASCII of a line; Japanese and Cyrillic lines have more, "Élégie en ré" has not."""

# People whose files say their name in several ways, or only an address: classical MIDI's large collections.
KNOWN = {
    "bernd-krueger": r"\bkr(?:ue|u)ger\b|piano-midi\.de",
    "reginald-ritchie": r"\britchie\b|/~regr\b|copyright (?:\d{4} reg\b|reg \d{4})",
    "j-f-lucarelli": r"lucarelli|espace-midi",
    "d-l-viens": r"\bd\. ?(?:l\. ?)?viens\b|\bdlviens\b",
    "david-rothschild": r"\brothschild\b|davidrmd@|jdrn\.com",
    "ken-whitcomb": r"\bken whitcomb\b|\bkendawl@",
    "john-sankey": r"\bjohn sankey\b",
    "segundo-yogore": r"\byogore\b",
    "orlandi": r"\borlandi\b|\bfi?orella\s?e\s?armando|\barmandoe?fiorella|\barmefio",
    "david-grossman": r"\bgrossman\b|unpronounceable\.com",
    "yo-tomita": r"\byo?\.?\s?tomita\b",
    "david-siu": r"\bdavid siu\b|\bdss@po\.cwru",
    "lory-werths": r"\blory werths\b",
    "faren-raborn": r"\braborn\b",
    "m-c-bucknall": r"\bbucknall\b|\bferret@(?:dircon|netcomuk)",
    "gary-bricault": r"\bbricault\b",
    "randy-reid": r"\b(?:randy|r\.) (?:and yuko )? ?reid\b|\btroppo@msn",
    "ramon-pajares": r"\bpajares\b",
    "a-g-simonetto": r"simonetto|onclassical\.com",
    "peter-wolfe": r"\bpeter r\. wolfe\b|\bprwolfe@",
    "albert-behnke": r"\bbehnke\b",
    "dean-lampe": r"\bd(?:ean|\.) lampe\b|\bdlampe\b|dean & alicia lampe",
    "bill-nemitz": r"\bnemitz\b|\bbillnem@",
    "g-pollen": r"\bg\.? ?pollen\b|\bgpollen\b|@polleng\.",
    "gabriele-giulimondi": r"\bgiulimondi\b|\bgiulim@",
    "bunji-hisamori": r"\bbunji hisamori\b|\bhis(?:am|ma)ori?@",
    "jeruen-dery": r"\bjeruen e\. dery\b|\bjawjaw@",
    "t-l-hubeart": r"\bhubeart\b|\bbasfawlty\b",
    "aaron-fellmeth": r"\bfellmeth\b",
    "gabriel-dragomir": r"\bdragomir\b|\bgmd@|\bgmd\.iwarp",
    "david-kleinschmidt": r"\bkleinschmidt\b",
    "s-d-rodrian": r"\brodrian\b",
    "john-cowles": r"\bjohn cowles\b|\bcowles@",
    "marty-weimer": r"\bmarty weimer\b|\bweimermt@",
    "philip-dewalt": r"\bphilip dewalt\b|\bpdewalkc@",
    "joseph-robles": r"\bj(?:oseph|\.) ?j\.? robles\b",
    "robert-finley": r"\br(?:obert|\.)? ?finley\b",
    "jens-soltau": r"\bsoltau\b",
    "larry-ellis": r"\blarry (?:n\.? )?ellis\b",
}
# "Sequenced by", "Seq. (c) 1999 by", "Programmed for MIDI by"; but neither "composed by" nor "arranged by",
# whose names belong to the piece.
MAKER = re.compile(
    r"\b(?:sequ?|sequenced?|secuenced|seq'd|programmed|entered|recorded|performed|performance|produced|input|midi)\b"
    r"[\W\d]*(?:(?:and|in|for|with|midi|copyright|sequenced?|programmed)\b[\W\d]*){0,3}"
    r"\b(?:by|von|di|par|por)\b(?P<name>.*)"
)
SEQUENCE_LINE = re.compile(r"\b(?:sequ?|sequenced?)\b *[.:-](?P<name>.*)")
COPYRIGHT_LINE = re.compile(r"(?:©|\(c\)|\bcopyright\b)[\W\d]*(?:\b(?:by|von|di|copyright)\b)?(?P<name>.*)")
# Where a name ends.
AFTER_NAME = re.compile(r"[\d©(<,;/|@]|\s-|\b(?:copyright|all rights|using|http|www|free|on|for|e-?mail)\b")
# Who speaks here is a program, a publisher or a form that was not filled in.
NOBODY = re.compile(
    r"\b(?:name|holder|author|user|unregistered|unknown|company|corporation|software|artware|noteworthy|inc"
    r"|edition|schirmer|foundation|press|verlag|publish\w*|all|the|by|with|year|tempo|time|fine|midi|january|february|march|april|may|june|juni|july|juli"
    r"|august|september|october|november|december)\b"
)
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,5}", re.ASCII)
HOST = re.compile(r"(?:https?://|\bwww\.)(?:www\.)?(?P<host>[\w-]{1,64}(?:\.[\w-]{1,64}){1,5})")


def source_of(events: Events) -> str:
    """Returns the source of a file: who made it, or else what habits the program had that wrote it.

    A name counts more than an e-mail address, and that more than a web site. Notes, tempo and title say
    nothing about the source.

    Args:
        events: What `read_events` returned.

    Returns:
        Such as `bernd-krueger`, `ahbehnke-att-net`, or without any name `1-480-off64` (format, ticks per
        beat, how notes end), the same for the same person's files in every corpus.

    Example:

    >>> from features.midi import notes_to_midi, read_events
    >>> from features.midi.writing import meta
    >>> notes = [(0, 480, 60), (480, 960, 62)]
    >>> source_of(read_events(notes_to_midi(notes, conductor=[(0, meta(1, b"Sequenced by Jane Roe, 1998"))])))
    'jane-roe'
    >>> source_of(read_events(notes_to_midi(notes)))
    '1-480-off0'
    """
    texts = _texts(events)
    return maker(texts) or f"{events.file_format}-{events.ticks_per_beat}-{_note_ends(events)}"


def maker(texts: list[str]) -> str:
    """Returns who made a file by its own texts, in lower case and without accents; empty if none says it.

    Example:

    >>> maker(["fantasia by j. s. bach", "(c) 1999 by jane roe"]), maker(["by karl czerny", "piano left"])
    ('jane-roe', '')
    """
    together = "\n".join(texts)
    known = [
        (found.start(), name) for name, pattern in KNOWN.items() if (found := re.search(pattern, together))
    ]
    if known:
        return min(known)[1]
    for pattern in (MAKER, SEQUENCE_LINE, COPYRIGHT_LINE):
        for text in texts:
            found = pattern.search(text)
            if found and (name := _clean(found["name"])):
                return name
    if found := EMAIL.search(together):
        return slug(found[0])
    if found := HOST.search(together):
        return slug(found["host"])
    return ""


def _texts(events: Events) -> list[str]:
    metas = events.table[events.table["status"] == META]
    payloads = []
    for event in metas[np.isin(metas["data1"], TEXT_KINDS)][:MAX_TEXTS]:
        start = int(event["payload_start"])
        payloads.append(events.data[start : start + min(int(event["payload_length"]), MAX_TEXT_BYTES)])
    lines = (line for payload in payloads for line in payload.decode("latin-1").splitlines())
    return [plain(line) for line in lines if _is_latin(line)]


def _is_latin(line: str) -> bool:
    """Whether a line is in a language of Western Europe; read as one, others look like addresses now and then."""
    return sum(not letter.isascii() for letter in line) <= FOREIGN * len(line)


def _clean(text: str) -> str:
    """Returns the name at the head of a text as a slug; empty if it is nobody's."""
    name = AFTER_NAME.split(EMAIL.sub("@", text).strip(" \t.:*-"), maxsplit=1)[0]
    words = slug(name).split("-")
    if NOBODY.search(name) or len(words) > 4 or max(map(len, words)) < 3 or not name.isascii():
        return ""
    return "-".join(words)


def _note_ends(events: Events) -> str:
    """Returns how the program ended notes: by note-ons of velocity 0, or by note-offs and their velocity."""
    table = events.table
    releases = table["data2"][table["status"] == NOTE_OFF]
    silent = np.count_nonzero((table["status"] == NOTE_ON) & (table["data2"] == 0))
    if len(releases) <= silent:
        return "on"
    commonest = int(np.bincount(releases).argmax())
    return f"off{commonest}" if commonest in (0, 64) else "off"
