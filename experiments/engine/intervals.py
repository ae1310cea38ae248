"""Intervals in words: what stands behind a number, and whether a difference is more than chance.

Their ends are None where there are too few works, or composers, for one (`evaluation.FEWEST_WORKS`).
"""

from collections.abc import Mapping
from typing import Any


def is_sure(low: float | None, high: float | None) -> bool:
    """Returns whether a difference is more than chance: its interval leaves 0 out, and there is one.

    Example:
        >>> is_sure(0.1, 0.2), is_sure(-0.1, 0.2), is_sure(None, None)
        (True, False, False)
    """
    return low is not None and (low > 0 or high < 0)


def interval(low: float | None, high: float | None, form: str = ".3f", between: str = "–") -> str:
    """Returns an interval in brackets, to stand behind its number; empty where there is none.

    Args:
        low: Its lower end.
        high: Its upper end.
        form: How a number is written.
        between: What stands between the ends.

    Example:
        >>> interval(0.25, 0.5, ".2f"), interval(-0.25, 0.5, "+.2f", " to "), interval(None, None)
        (' (0.25–0.50)', ' (-0.25 to +0.50)', '')
    """
    return "" if low is None else f" ({low:{form}}{between}{high:{form}})"


def interval_of(row: Mapping[str, Any], name: str, form: str = ".3f", between: str = "–") -> str:
    """Returns the interval of a number that `row` has with its ends, as `interval` writes it.

    Example:
        >>> interval_of({"macro_f1": 0.4, "macro_f1_low": 0.25, "macro_f1_high": 0.5}, "macro_f1")
        ' (0.250–0.500)'
    """
    return interval(row[f"{name}_low"], row[f"{name}_high"], form, between)


def verdict(low: float | None, high: float | None, form: str, *, drawn: str) -> str:
    """Returns the end of a sentence about a difference: its interval, and whether it may be chance.

    Args:
        low: Lower end of the interval.
        high: Upper end.
        form: How a number is written.
        drawn: What the interval draws: works, or composers that were held out.

    Example:
        >>> verdict(-0.01, 0.09, "+.3f", drawn="works")
        ' (95 % -0.010 to +0.090): may be chance.'
        >>> verdict(None, None, "+.3f", drawn="composers")
        ': too few composers to tell.'
    """
    if low is None:
        return f": too few {drawn} to tell."
    return f" (95 % {low:{form}} to {high:{form}}): {'more than chance' if is_sure(low, high) else 'may be chance'}."
