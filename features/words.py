"""Words of messages that depend on a number."""


def counted(number: int, noun: str) -> str:
    """Returns a number and what is counted, in the plural where there is not just one.

    Example:

    >>> counted(1, "file"), counted(1200, "file")
    ('1 file', '1,200 files')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
