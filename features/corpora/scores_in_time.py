"""Scores from anywhere, read in a process of its own that is ended when it takes too long.

The time that music21 takes grows with the square of the number of bars in some formats: ten thousand
bytes of ABC can take more than a minute, and a few more would hold up a whole folder.
"""

import atexit
from functools import lru_cache
from multiprocessing import TimeoutError, get_context
from multiprocessing.pool import Pool
from pathlib import Path

from features.corpora.scores import score_to_midi
from features.errors import InputError
from features.workers import serve_parent

LONGEST_READ_S = 60.0
"""The longest score that comes with music21, a late quartet by Beethoven, takes a third of it."""


def score_in_time(path: Path, *, own_tempo: bool = False) -> bytes:
    """Returns what `score_to_midi` returns, if that takes no longer than `LONGEST_READ_S`.

    Args:
        path: As there.
        own_tempo: As there.

    Raises:
        InputError: As there, or it takes longer.
    """
    try:
        return _worker().apply_async(score_to_midi, (path,), {"own_tempo": own_tempo}).get(LONGEST_READ_S)
    except TimeoutError as error:
        end_worker()
        raise InputError(
            f"music21 takes longer than {LONGEST_READ_S:g} seconds to read {path}; leave it out, or give a part of it."
        ) from error


@lru_cache(maxsize=1)
def _worker() -> Pool:
    # Spawned, not forked: safe beside TensorFlow's threads. It stays for the next score, as importing music21 is slow.
    pool = get_context("spawn").Pool(1, serve_parent)
    atexit.register(pool.terminate)
    return pool


def end_worker() -> None:
    """Ends the process, whatever it does; the next score gets another."""
    _worker().terminate()
    _worker.cache_clear()
