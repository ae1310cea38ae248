"""What the rows of an audit mean, in plain sentences."""

from experiments.engine.auditing.rows import Row
from experiments.engine.auditing.variants import ABLATED, WHAT_IS_HEARD
from experiments.engine.comparison import Combined
from experiments.engine.seeds import LADDER


def rung_finding(row: Row, below: str) -> str:
    """Returns what a rung says, compared with the one below it.

    Args:
        row: On a rung.
        below: Name of the rung it is compared with; empty if there is none.
    """
    found, level = _difference(row)
    if row.model == "majority":
        return ""  # it hears nothing
    if found is None:
        heard = "; other chunks of every tested file were in training" if row.name == "chunk" else ""
        return f"{_score(row)}{heard}."
    between = LADDER[LADDER.index(below) + 1 : LADDER.index(row.name) + 1]
    heard = ", and ".join(WHAT_IS_HEARD[rung] for rung in between)
    meanings = (
        f"that much came from having heard {heard}",
        f"what having heard {heard} is worth may be chance",
        f"it gains nothing from having heard {heard}",
    )
    return f"{_score(row)}, {_in_words(found)} by {level} against {below}: {_meaning(found, meanings)}."


def stack_finding(row: Row, reader: str) -> str:
    """Returns what a model that reads the notes adds to what the file reveals.

    Args:
        row: Of the fingerprint, of the reader, or of both stacked.
        reader: Name of the model that reads the notes.
    """
    found = row.numbers.get("piece_difference")
    if found is None:
        return f"{_score(row)}, without reading a note: from format, tracks and velocities of the file alone."
    if row.model == reader:
        meanings = (
            "notes tell it less than files tell",
            "it may be chance which tells more",
            "notes tell more",
        )
        return f"{_score(row)}, {_in_words(found)} against the fingerprint: {_meaning(found, meanings)}."
    meanings = (
        "the notes mislead it",
        "what the notes add may be chance",
        "reading the notes adds that much",
    )
    return f"{_score(row)}, {_in_words(found)} against the fingerprint alone: {_meaning(found, meanings)}."


def ablation_finding(row: Row) -> str:
    """Returns what taking something away says."""
    found, level = _difference(row)
    what = ABLATED[row.name].what
    if found is None:
        return f"{_score(row)}, with nothing to compare it with."
    meanings = (
        f"so much leans on {what}",
        f"the score hardly needs {what}; the difference may be chance",
        f"it does better without {what}",
    )
    return f"{_score(row)}, {_in_words(found)} by {level}: {_meaning(found, meanings)}."


def transfer_finding(row: Row, works: str, at_home: float | None) -> str:
    """Returns what a score on another corpus says.

    Args:
        row: On some of its works.
        works: Which these are.
        at_home: The model's macro-F1 by piece on the study's own test part; None to leave it out.
    """
    if row.model == "majority":
        return ""
    there = f"{row.numbers['piece_macro_f1'].value:.3f} by piece on {row.pieces} pieces of {works}"
    home = f" (at home {at_home:.3f})" if at_home is not None else ""
    found = row.numbers.get("piece_difference")
    if found is None:
        return f"{there}{home}."
    if row.against != "fingerprint":
        meanings = ("it does worse so", "the difference may be chance", "that much the prior had cost")
        return (
            f"{there} with {row.name.rpartition(', ')[2]}, {_in_words(found)}: {_meaning(found, meanings)}."
        )
    meanings = (
        "files tell more than it hears",
        "it may be chance which tells more",
        "what it hears carries over better than what files reveal",
    )
    return f"{there}{home}, {_in_words(found)} against the fingerprint: {_meaning(found, meanings)}."


def is_sure(found: Combined) -> bool:
    """Whether the interval of a difference does not hold 0."""
    return found.low > 0 or found.high < 0


def _score(row: Row) -> str:
    """A row's macro-F1, by chunk where there are chunks: there are more of them."""
    level = "chunk" if "chunk_macro_f1" in row.numbers else "piece"
    return f"{row.numbers[f'{level}_macro_f1'].value:.3f} by {level}"


def _difference(row: Row) -> tuple[Combined | None, str]:
    for level in ("chunk", "piece"):
        if f"{level}_difference" in row.numbers:
            return row.numbers[f"{level}_difference"], level
    return None, ""


def _in_words(found: Combined) -> str:
    return f"{found.value:+.3f} (95 % {found.low:+.3f} to {found.high:+.3f})"


def _meaning(found: Combined, meanings: tuple[str, str, str]) -> str:
    """Chooses among what it means to be surely lower, perhaps the same, and surely higher."""
    if not is_sure(found):
        return meanings[1]
    return meanings[0] if found.high < 0 else meanings[2]
