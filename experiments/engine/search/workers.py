"""The worker processes of one machine: started, watched, replaced when lost or grown, ended with the search."""

import multiprocessing
import os
import sys
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path

from experiments.engine.command import EXIT_INPUT
from experiments.engine.config import Places
from experiments.engine.environment import environment
from experiments.engine.search.sharing import Share, shares
from features.errors import InputError
from features.workers import serve_parent

MOST_LOST_AT_START = 3
"""Workers that may end one after the other before they have reached the chief; then something is wrong with all."""

LOCAL = "local-"
"""How the ids of workers begin that end with their chief."""

EXIT_GROWN = 75
"""Exit status of a worker that has grown and is to be started anew; sysexits.h calls it a temporary failure."""


@dataclass
class Worker:
    """A worker and the process that it is at the moment."""

    share: Share
    process: BaseProcess
    has_reached_chief: Event


class LocalWorkers:
    """The workers that one machine gives to a search; a context that ends them.

    Attributes:
        running: The workers at work, by their ids.

    Args:
        num_workers: How many are at work at a time.
        folder: The search folder; what they say goes to `workers/<id>.log`.
        address: Of the chief.
        places: Where things lie.
        name: How their ids begin.
    """

    def __init__(self, num_workers: int, *, folder: Path, address: str, places: Places, name: str = LOCAL):
        self.folder, self.address, self.places, self.name = folder, address, places, name
        self.shares = shares(num_workers) if num_workers else []
        self.running: dict[str, Worker] = {}
        self.lost_at_start = 0

    def __enter__(self) -> "LocalWorkers":
        (self.folder / "workers").mkdir(exist_ok=True)
        for number, share in enumerate(self.shares):
            self._start(f"{self.name}{number}", share)
        return self

    def __exit__(self, *unused: object) -> None:
        processes = [worker.process for worker in self.running.values()]
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(10)
            process.kill()

    def look_after(self, *, replace: bool = True) -> list[str]:
        """Starts workers anew that have ended before the search.

        Args:
            replace: Whether there is still something to do for them.

        Returns:
            The ids of workers that have ended since the last call, but those that the chief has sent home.

        Raises:
            InputError: A worker cannot work, or one after the other is lost before it has reached the chief.
        """
        ended = {name: worker for name, worker in self.running.items() if not worker.process.is_alive()}
        for name, worker in ended.items():
            del self.running[name]
            status = worker.process.exitcode
            if status == EXIT_INPUT:
                raise InputError(f"A worker cannot work: {self._last_words(name)}")
            if status not in (0, EXIT_GROWN):
                self._count_loss(name, worker)
            if status and replace:
                self._start(name, worker.share)
        return [name for name, worker in ended.items() if worker.process.exitcode]

    def _count_loss(self, name: str, worker: Worker) -> None:
        self.lost_at_start = 0 if worker.has_reached_chief.is_set() else self.lost_at_start + 1
        if self.lost_at_start >= MOST_LOST_AT_START:
            raise InputError(
                f"{self.lost_at_start} workers ended before they began; the last one said: {self._last_words(name)}"
            )

    def _start(self, name: str, share: Share) -> None:
        context = multiprocessing.get_context("spawn")
        reached = context.Event()
        arguments = (self.folder, self.address, self.places, name, share, reached)
        with environment(share.environment):
            process = context.Process(target=_work_here, args=arguments, name=name, daemon=True)
            process.start()
        self.running[name] = Worker(share, process, reached)

    def _last_words(self, name: str) -> str:
        log = self.folder / "workers" / f"{name}.log"
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
        return f"{lines[-1]} ({log})" if lines else "nothing"


def _work_here(folder: Path, address: str, places: Places, name: str, share: Share, reached: Event) -> None:
    """What the process of a local worker does."""
    share.take()
    serve_parent()
    _write_to(folder / "workers" / f"{name}.log")
    from experiments.engine.search.working import work

    try:
        search_is_over = work(folder, address, places, name=name, on_reached=reached.set)
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_INPUT)
    sys.exit(0 if search_is_over else EXIT_GROWN)


def _write_to(log: Path) -> None:
    """Sends all that this process says, its libraries too, to a file."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(file, stream.fileno())
