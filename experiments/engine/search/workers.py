"""The worker processes of this machine: started, watched, replaced when one is lost, ended with the search."""

import multiprocessing
import os
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path

from experiments.engine.config import Places
from experiments.engine.environment import environment
from experiments.engine.search.sharing import Share, shares
from features.errors import InputError
from features.workers import serve_parent

MOST_LOST_AT_START = 3
"""Workers that may end one after the other before any has taken a trial; then something is wrong with all of them."""

LOCAL = "local-"
"""How the ids of workers begin that end with their chief."""


class LocalWorkers:
    """The workers that one machine gives to a search; a context that ends them.

    Args:
        num_workers: How many are at work at a time.
        folder: The search folder; what they say goes to `workers/<id>.log`.
        address: Of the chief.
        places: Where things lie.
    """

    def __init__(self, num_workers: int, *, folder: Path, address: str, places: Places):
        self.folder, self.address, self.places = folder, address, places
        self.shares = shares(num_workers) if num_workers else []
        self.running: dict[str, tuple[BaseProcess, Share]] = {}
        self.num_started = 0
        self.lost_at_start = 0

    def __enter__(self) -> "LocalWorkers":
        (self.folder / "workers").mkdir(exist_ok=True)
        for share in self.shares:
            self._start(share)
        return self

    def __exit__(self, *unused: object) -> None:
        for process, _ in self.running.values():
            process.terminate()
        for process, _ in self.running.values():
            process.join(10)
            process.kill()

    def ended(self) -> list[str]:
        """Returns the ids of workers whose processes ended since the last call, in whatever way."""
        gone = [name for name, (process, _) in self.running.items() if not process.is_alive()]
        self._freed = [self.running.pop(name)[1] for name in gone]
        return gone

    def replace(self, *, had_begun: bool) -> None:
        """Starts a worker for each of those that `ended` has just named.

        Args:
            had_begun: Whether any of them had taken a trial.

        Raises:
            InputError: One after the other has ended before it took a trial.
        """
        for share in self._freed:
            self.lost_at_start = 0 if had_begun else self.lost_at_start + 1
            if self.lost_at_start >= MOST_LOST_AT_START:
                raise InputError(
                    f"{self.lost_at_start} workers ended before they began; the last one said: {self._last_words()}"
                )
            self._start(share)

    def _start(self, share: Share) -> None:
        self.num_started += 1
        name = f"{LOCAL}{os.getpid()}-{self.num_started}"
        arguments = (self.folder, self.address, self.places, name, share)
        with environment(share.environment):
            process = multiprocessing.get_context("spawn").Process(
                target=_work_here, args=arguments, name=name, daemon=True
            )
            process.start()
        self.running[name] = (process, share)

    def _last_words(self) -> str:
        logs = sorted((self.folder / "workers").glob("*.log"), key=lambda path: path.stat().st_mtime_ns)
        lines = logs[-1].read_text(encoding="utf-8", errors="replace").strip().splitlines() if logs else []
        return f"{lines[-1]} ({logs[-1]})" if lines else "nothing"


def _work_here(folder: Path, address: str, places: Places, name: str, share: Share) -> None:
    """What the process of a local worker does."""
    share.take()
    serve_parent()
    _write_to(folder / "workers" / f"{name}.log")
    from experiments.engine.search.working import work

    try:
        work(folder, address, places, name=name)
    except InputError as error:
        sys.exit(str(error))


def _write_to(log: Path) -> None:
    """Sends all that this process says, its libraries too, to a file."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(file, stream.fileno())
