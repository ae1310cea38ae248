"""What the rows of an audit mean, in plain sentences."""

from collections.abc import Sequence

from experiments.engine.auditing.rows import Row
from experiments.engine.auditing.variants import ABLATED, WHAT_IS_HEARD
from experiments.engine.comparison import Combined
from features.splits import LADDER, RUNGS
from features.words import counted

HEARS_NOTHING = "majority"


def rung_finding(row: Row, below: str) -> str:
    """Returns what a rung says, compared with the one below it.

    Args:
        row: On a rung.
        below: Name of the rung it is compared with; empty if there is none.
    """
    if row.model == HEARS_NOTHING:
        return ""
    found = _difference(row)
    if found is None:
        heard = ", with other chunks of every tested file in training" if row.name == "chunk" else ""
        return f"{_scores(row)}{heard}."
    between = RUNGS[RUNGS.index(below) + 1 : RUNGS.index(row.name) + 1]
    # A source does not keep composers together, so that it need not be said of it.
    heard = ", and ".join(WHAT_IS_HEARD[rung] for rung in between if rung in (row.name, *LADDER))
    fewer = "; also, fewer pieces are left to train on" if row.name == "source" else ""
    meanings = (
        f"that much came from having heard {heard}{fewer}",
        f"what having heard {heard} is worth may be chance",
        f"it gains nothing from having heard {heard}",
    )
    return f"{_scores(row)}: {_meaning(found, meanings)}."


def stack_finding(row: Row, reader: str) -> str:
    """Returns what a model that reads the music, its notes or its messages, adds to what the file reveals.

    Args:
        row: Of the fingerprint, of the reader, or of both stacked.
        reader: Name of the model that reads the music.
    """
    found = row.numbers.get("piece_difference")
    if found is None:
        return (
            f"{_scores(row)}, without reading a note: from format, tracks and velocities of the file alone."
        )
    if row.model == reader:
        meanings = (
            "files tell more than the music tells it",
            "it may be chance which tells more",
            "the music tells more",
        )
    else:
        meanings = (
            "the music misleads it",
            "what the music adds may be chance",
            "reading the music adds that much",
        )
    return f"{_scores(row)} against the fingerprint alone: {_meaning(found, meanings)}."


def ablation_finding(row: Row) -> str:
    """Returns what taking something away says; a piece may not need what single chunks lean on."""
    what = ABLATED[row.name].what
    chunk, piece = (row.numbers.get(f"{level}_difference") for level in ("chunk", "piece"))
    if piece is None:
        return f"{_scores(row)}, with nothing to compare it with."
    finest = chunk or piece
    if finest.low is None or piece.low is None:
        return f"{_scores(row)}: {_too_few(piece)}."
    meanings = {
        (-1, -1): f"it leans on {what}",
        (-1, 0): f"single chunks lean on {what}; whether whole pieces do may be chance",
        (-1, 1): f"single chunks lean on {what}, but whole pieces are better told without",
        (0, -1): f"whole pieces lean on {what}",
        (0, 0): f"it hardly needs {what}; the difference may be chance",
        (0, 1): f"whole pieces are better told without {what}",
        (1, -1): f"single chunks are better told without {what}, but whole pieces lean on that",
        (1, 0): f"single chunks are better told without {what}; whether whole pieces are may be chance",
        (1, 1): f"it does better without {what}",
    }
    return f"{_scores(row)}: {meanings[_sign(finest), _sign(piece)]}."


def transfer_finding(row: Row, works: str, at_home: float | None) -> str:
    """Returns what a score on another corpus says.

    Args:
        row: On some of its works.
        works: Which these are.
        at_home: The model's macro-F1 by piece on the study's own test part; None to leave it out.
    """
    if row.model == HEARS_NOTHING:
        return ""
    home = f"; at home {at_home:.3f}" if at_home is not None else ""
    where = f"on {counted(row.pieces, 'piece')} of {works}"
    found = row.numbers.get("piece_difference")
    if found is None:
        return f"{_scores(row)} {where}{home}."
    if row.against == "fingerprint":
        meanings = (
            "files tell more than it hears",
            "it may be chance which tells more, the notes or the file",
            "what it hears carries over better than what files reveal",
        )
        return f"{_scores(row)} {where}{home}. Against the fingerprint: {_meaning(found, meanings)}."
    meanings = ("it does worse so", "the difference may be chance", "that much the prior had cost")
    return f"{_scores(row)} {where}, with the {row.name.rpartition(', ')[2]}: {_meaning(found, meanings)}."


def _scores(row: Row) -> str:
    """A row's macro-F1 at each level, with its difference where there is one."""
    texts = []
    for level in ("piece", "chunk"):
        score, found = row.numbers.get(f"{level}_macro_f1"), row.numbers.get(f"{level}_difference")
        if score is not None:
            change = f" ({found.value:+.3f}" if found else ""
            if found and found.low is not None:
                change += f", 95 % {found.low:+.3f} to {found.high:+.3f}"
            if found and found.num_pieces < row.pieces:  # some composers are tested on one side only
                change += f", on the {counted(found.num_pieces, 'piece')} that both tested"
            texts.append(f"{score.value:.3f} by {level}{change}{')' if change else ''}")
    return ", ".join(texts)


def _difference(row: Row) -> Combined | None:
    """A row's difference by chunk, of which there are more; by piece if it has none."""
    return row.numbers.get("chunk_difference") or row.numbers.get("piece_difference")


def _meaning(found: Combined, meanings: Sequence[str]) -> str:
    """What a difference means: the first if it is surely below 0, the second if it may be chance, else the third."""
    return _too_few(found) if found.low is None else meanings[_sign(found) + 1]


def _too_few(found: Combined) -> str:
    return f"too few {found.drawn} to tell"


def _sign(found: Combined) -> int:
    """Whether a difference that has an interval is surely below 0 (-1), surely above (1), or may be chance (0)."""
    return int(found.low > 0) - int(found.high < 0)
