"""The terminal, as tables and sentences are printed to it."""

from rich.console import Console


def console(*, at_least: int = 0, stderr: bool = False) -> Console:
    """Returns a console that shows names as they are: a label such as `[bold]` or `:smile:` is no command to it.

    Args:
        at_least: Columns that it has; a narrow terminal rather breaks the lines than lacks the ends of numbers.
        stderr: Whether it prints to standard error.
    """
    made = Console(markup=False, emoji=False, stderr=stderr)
    if made.width < at_least:
        made.width = at_least
    return made


def counted(number: int, noun: str) -> str:
    """Returns a number and what is counted, in the plural where there is not just one.

    Example:
        >>> counted(1, "file"), counted(1200, "file")
        ('1 file', '1,200 files')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
