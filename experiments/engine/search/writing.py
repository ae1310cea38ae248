"""What a worker says when it cannot write its files: no fault of the trial's, and the next could not write either."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from keras_tuner.errors import FatalError

from experiments.engine.command import CANNOT_WRITE
from features.errors import InputError


class CannotWrite(InputError, FatalError):
    """A disk is full, for instance; the worker should end.

    It is an error of the user's world as well as one that keras-tuner does not take for a failed trial.
    """


@contextmanager
def in_writable_folders() -> Iterator[None]:
    """Tells in one sentence of a file that cannot be written within the block.

    Raises:
        CannotWrite: There is no room, or this user may not write there.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in CANNOT_WRITE:
            raise
        where = f" ({error.filename})" if error.filename else ""
        raise CannotWrite(
            f"A file could not be used: {os.strerror(error.errno)}{where}; make room, or let this user write there, "
            "then start the search again with --resume."
        ) from error
