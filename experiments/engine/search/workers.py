"""The worker processes of one machine: started, watched, replaced when lost or grown, ended with the search."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tqdm import tqdm

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


REACHED = ""
"""What a worker says when the chief has answered; all else that it says is why it cannot work."""

LONGEST_END_S = 10.0
"""How long a worker may take to end when it is told to."""


@dataclass
class Worker:
    """A worker and the process that it is at the moment.

    Attributes:
        share: Its part of the machine.
        process: What runs it.
        news: What it says; a pipe, which leaves nothing behind, however a process ends.
        has_reached_chief: Whether it has said so.
        complaint: Why it cannot work, if it has said so.
    """

    share: Share
    process: BaseProcess
    news: Connection
    has_reached_chief: bool = False
    complaint: str = ""

    def listen(self) -> None:
        """Takes in what it has said meanwhile."""
        with suppress(EOFError, OSError):  # its end of the pipe has ended with it
            while self.news.poll():
                said = self.news.recv()
                self.has_reached_chief |= said == REACHED
                self.complaint = said

    def close(self) -> None:
        """Gives back what the system keeps for a process that has ended."""
        self.news.close()
        self.process.close()


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
        try:
            for number, share in enumerate(self.shares):
                self._start(f"{self.name}{number}", share)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends all workers."""
        for worker in self.running.values():
            worker.process.terminate()
        deadline = time.monotonic() + LONGEST_END_S
        for worker in self.running.values():
            worker.process.join(max(deadline - time.monotonic(), 0))
            worker.process.kill()
            worker.process.join()
            worker.close()
        self.running.clear()

    def look_after(self, *, replace: bool = True) -> list[str]:
        """Starts workers anew that have ended before the search.

        Args:
            replace: Whether there is still something to do for them. If not, it does not matter how one ends, and those
                that have not reached the chief yet need not.

        Returns:
            The ids of workers that have ended since the last call, but those that the chief has sent home.

        Raises:
            InputError: A worker cannot work, or one after the other is lost before it has reached the chief.
        """
        gone = []
        for name, worker in list(self.running.items()):
            worker.listen()
            if worker.process.is_alive():
                if not replace and not worker.has_reached_chief:
                    worker.process.terminate()
                continue
            worker.listen()  # to its last words
            del self.running[name]
            status = worker.process.exitcode
            worker.close()
            if status:
                gone.append(name)
            if status and replace:
                self._check(name, worker, status)
                self._start(name, worker.share)
        return gone

    def _check(self, name: str, worker: Worker, status: int) -> None:
        """Refuses to start a worker anew that would end again."""
        if worker.complaint or status == EXIT_INPUT:
            raise InputError(f"A worker cannot work: {worker.complaint or self._last_words(name)}")
        self.lost_at_start = 0 if worker.has_reached_chief else self.lost_at_start + 1
        if self.lost_at_start >= MOST_LOST_AT_START:
            raise InputError(
                f"{self.lost_at_start} workers ended before they began; the last one said: {self._last_words(name)}"
            )

    def _start(self, name: str, share: Share) -> None:
        news, tell = multiprocessing.Pipe(duplex=False)
        arguments = (self.folder, self.address, self.places, name, share, tell)
        with (
            environment(share.environment),
            _deaf_to_ctrl_c(),
            tell,
        ):  # its end is the worker's alone, so that it ends with it
            process = _process(target=_work_here, args=arguments, name=name, daemon=True)
            process.start()
        self.running[name] = Worker(share, process, news)

    def _last_words(self, name: str) -> str:
        log = self.folder / "workers" / f"{name}.log"
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
        return f"{lines[-1]} ({log})" if lines else "nothing"


def _process(**arguments: Any) -> BaseProcess:
    return multiprocessing.get_context("spawn").Process(**arguments)


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Has processes that are started within the block ignore Ctrl-C, also before they can say so themselves."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _work_here(folder: Path, address: str, places: Places, name: str, share: Share, tell: Connection) -> None:
    """What the process of a local worker does."""
    share.take()
    serve_parent()
    _write_to(folder / "workers" / f"{name}.log")
    # The lock it would make is a semaphore of the system, which a process that is ended leaves behind.
    tqdm.set_lock(threading.RLock())
    from experiments.engine.search.working import work

    try:
        search_is_over = work(folder, address, places, name=name, on_reached=lambda: tell.send(REACHED))
    except InputError as error:
        with suppress(OSError):  # a chief that has ended; a full disk, which has no room for the log either
            tell.send(str(error))
            print(error, file=sys.stderr)
        sys.exit(EXIT_INPUT)
    sys.exit(0 if search_is_over else EXIT_GROWN)


def _write_to(log: Path) -> None:
    """Sends all that this process says, its libraries too, to a file."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(file, stream.fileno())
