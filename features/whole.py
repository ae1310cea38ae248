"""Files that are either the old ones or the whole new ones, whenever a process or the machine stops."""

import glob
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

LONGEST_WRITE_S = 24 * 3600.0
"""No process of another host, of which it is not known whether it still runs, writes one file for so long."""


@contextmanager
def appears_whole(path: Path) -> Iterator[Path]:
    """Yields a path to write to, which takes the place of another when the block ends without an error.

    Several processes may do so at once, on several hosts too: each writes its own, and the last to end stays.

    Args:
        path: The file to be. What killed processes have left in its place is removed.
    """
    before = f"{path.name}.{socket.gethostname()}."
    unfinished = path.with_name(f"{before}{os.getpid()}.unfinished")
    for other in path.parent.glob(f"{glob.escape(path.name)}.*.unfinished"):
        process = other.name.removeprefix(before).removesuffix(".unfinished")
        if _is_left_over(other, int(process) if process.isdigit() else None):
            other.unlink(missing_ok=True)
    try:
        yield unfinished
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)  # above all where the disk is full
        raise


def _is_left_over(unfinished: Path, process: int | None) -> bool:
    """Whether nobody writes a file any more: of a process of this host, or of an unknown one."""
    if process is not None:
        return not psutil.pid_exists(process)
    try:
        return time.time() - unfinished.stat().st_mtime > LONGEST_WRITE_S
    except FileNotFoundError:
        return False
