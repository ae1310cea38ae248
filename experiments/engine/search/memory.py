"""How much memory a search takes: of the chief and all its workers, noted while it runs, and bounded.

TensorFlow 2.21 keeps a part of what every compiled training step has used, about 100 MB with the reference CNN, also
when the network, its session and all variables are gone; only the end of the process frees it. So workers that have
grown end between two trials, and are started anew.
"""

import csv
import time
from pathlib import Path

import psutil

from experiments.engine.search.files import read_rows

COLUMNS = ("seconds", "trials_over", "processes", "megabytes")

EVERY_S = 5.0

MOST_GROWTH = 1_000_000_000
"""Bytes by which a worker may grow beyond what it held after its first trial; a new one starts in seconds."""


class MemoryLog:
    """Appends to `memory.csv` of a search folder; a search that goes on adds to what is there.

    Args:
        folder: The search folder.
    """

    def __init__(self, folder: Path):
        self.path, self.noted_s, self.started_s = folder / "memory.csv", -EVERY_S, time.monotonic()
        earlier = read_rows(self.path)
        if earlier:  # its clock goes on
            self.started_s -= float(earlier[-1]["seconds"])
        else:
            self._append(COLUMNS)

    def note(self, trials_over: int) -> None:
        """Notes what this process and all its descendants hold now, if it is time to."""
        now = time.monotonic()
        if now - self.noted_s < EVERY_S:
            return
        self.noted_s = now
        processes, held = memory_of_tree()
        self._append((f"{now - self.started_s:.0f}", trials_over, processes, f"{held / 1e6:.1f}"))

    def _append(self, row: tuple) -> None:
        with self.path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(row)


def memory_of_tree() -> tuple[int, int]:
    """Returns the number of processes from this one down, and the bytes that they hold in memory.

    Pages that processes share, such as libraries, are counted once for each.
    """
    here = psutil.Process()
    held = []
    for process in (here, *here.children(recursive=True)):
        try:
            held.append(process.memory_info().rss)
        except psutil.NoSuchProcess:  # ended in this moment
            continue
    return len(held), sum(held)


class Growth:
    """Watches how much memory this process has gained since it was first asked."""

    def __init__(self) -> None:
        self.first: int | None = None

    def is_too_much(self) -> bool:
        """Whether the process should be replaced."""
        held = psutil.Process().memory_info().rss
        if self.first is None:
            self.first = held
        return held - self.first > MOST_GROWTH
