"""Imports a library without what it writes to the terminal before it could be told to be quiet.

TensorFlow's libraries log in C++ while they are imported, past Python's `sys.stderr` and before any log level holds.
"""

import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

REMARK = re.compile(rb"WARNING: All log messages before absl::InitializeLog|[IW]\d{4} ")
"""How a remark of Abseil's log begins; errors stay."""

STDERR = 2
"""Its file descriptor."""


class QuietImport(MetaPathFinder):
    """Finds one module as ever, but has it imported within `without_remarks`; see `sys.meta_path`."""

    def __init__(self, name: str):
        self.name = name

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Returns how to import the module, once; None for any other, which the next finder is asked for."""
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None:
            spec.loader.exec_module = _quietly(spec.loader.exec_module)
        return spec


def _quietly(run: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
    def quiet(module: ModuleType) -> None:
        with without_remarks():
            run(module)

    return quiet


@contextmanager
def without_remarks() -> Iterator[None]:
    """Leaves remarks out of what is written to the standard error in the block; the rest appears when it is over."""
    with suppress(OSError):
        sys.stderr.flush()
    terminal = os.dup(STDERR)
    with tempfile.TemporaryFile() as written:
        os.dup2(written.fileno(), STDERR)
        try:
            yield
        finally:
            with suppress(OSError):  # where it goes may be full, as a worker's log on a full disk
                sys.stderr.flush()
            os.dup2(terminal, STDERR)
            os.close(terminal)
            written.seek(0)
            with suppress(OSError):
                os.write(STDERR, b"".join(line for line in written if not REMARK.match(line)))
