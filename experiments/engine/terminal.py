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
