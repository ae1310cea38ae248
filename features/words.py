"""Words of messages that depend on a number."""

from collections.abc import Sequence


def counted(number: int, noun: str) -> str:
    """Returns a number and what is counted, in the plural where there is not just one.

    Example:
        >>> counted(1, "file"), counted(1200, "file"), counted(0, "class"), counted(2, "epoch")
        ('1 file', '1,200 files', '0 classes', '2 epochs')
    """
    ending = "es" if noun.endswith(("s", "x", "ch")) and noun != "epoch" else "s"
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}{ending}"


def first_named(names: Sequence[str], most: int) -> str:
    """Returns names one after the other, and of those beyond the first few how many there are.

    Example:
        >>> first_named(["Bach", "Haydn"], 2), first_named(["Bach", "Haydn", "Liszt"], 1)
        ('Bach, Haydn', 'Bach and 2 more')
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def clock(seconds: float) -> str:
    """Returns a time as it stands on a clock.

    Example:
        >>> clock(7.4), clock(117.6), clock(3725)
        ('0:07', '1:58', '1:02:05')
    """
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"
