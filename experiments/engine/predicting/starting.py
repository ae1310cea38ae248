"""Keras imported without what it takes along and answering needs not: a short question waits mostly for imports."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

NOT_NEEDED = ("matplotlib", "sklearn")
"""What Keras imports wherever it is installed: to draw galleries of pictures, and to be wrapped as an estimator."""


@contextmanager
def quick_imports() -> Iterator[None]:
    """Has imports within the block do as if what is not needed were not installed, and never look for garbage.

    For commands that draw nothing and fit nothing. After it, all can be imported as ever.

    Example:
        >>> with quick_imports():
        ...     import keras
    """
    kept_out = [name for name in NOT_NEEDED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(kept_out))  # None tells `import` that there is no such module
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()  # what was imported stays: no need to look through it again
        for name in kept_out:
            del sys.modules[name]
