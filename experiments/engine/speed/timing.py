"""How long something takes: in turn with others, or in a process of its own that has one core."""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from experiments.engine.environment import THREADS, environment
from features.workers import end_with_parent

T = TypeVar("T")

ONE_THREAD = dict.fromkeys(THREADS, "1")

WARM_UP_ITEMS = 3


@dataclass(frozen=True)
class Measurement:
    """What a task took.

    Attributes:
        result: What it returned.
        seconds: From its start to its end.
        cpu_seconds: What of this the processor worked for it.
        bytes_written: Size of the files it left.
        peak_bytes: The most memory its process ever had, libraries included; None where the system does not tell.
    """

    result: Any
    seconds: float
    cpu_seconds: float
    bytes_written: int
    peak_bytes: int | None


def time_in_turn(steps: Mapping[str, Callable[[], None]], *, rounds: int) -> dict[str, list[float]]:
    """Returns the seconds of each step, round after round, so that a slow moment meets them all.

    The first round is not counted.

    Example:
        >>> [len(seconds) for seconds in time_in_turn({"a": int, "b": float}, rounds=3).values()]
        [3, 3]
    """
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + 1):
        for name, step in steps.items():
            started = time.perf_counter()
            step()
            if number > 0:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def measure_alone(task: Callable[..., Any], items: Sequence[Any], folder: Path) -> Measurement:
    """Measures a task in a new process that has one core.

    The task is done twice: first with a few of the items, which is not counted. So imports, and reading compiled
    code from numba's cache, are over when the clock starts.

    Args:
        task: A function that can be pickled, called as `task(items, folder, progress=...)` with an empty folder.
        items: What it works on.
        folder: Where it writes; made here, and left as it leaves it.
    """
    folder.mkdir()
    with environment(ONE_THREAD):
        return in_new_process(_measure, task, items, folder, start=start_alone)


def in_new_process(function: Callable[..., T], *arguments: Any, start: Callable = end_with_parent) -> T:
    """Returns what a function returns that is called in a process of its own, and so has its memory for itself.

    Args:
        function: One that can be pickled.
        *arguments: Of the function.
        start: What the process does first.
    """
    with ProcessPoolExecutor(1, get_context("spawn"), start) as pool:
        return pool.submit(function, *arguments).result()


def start_alone() -> None:
    """Keeps this process on one core, where the system lets it; ends it when its parent is killed."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    end_with_parent()


def _measure(task: Callable[..., Any], items: Sequence[Any], folder: Path) -> Measurement:
    warm_up, counted = folder / "warm-up", folder / "counted"
    warm_up.mkdir()
    counted.mkdir()
    task(items[:WARM_UP_ITEMS], warm_up, progress=False)
    started, cpu_started = time.perf_counter(), time.process_time()
    result = task(items, counted, progress=True)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    size = sum(path.stat().st_size for path in counted.rglob("*") if path.is_file())
    return Measurement(result, seconds, cpu_seconds, size, peak_bytes())


def peak_bytes() -> int | None:
    """The most memory this process ever had."""
    try:
        # Not `getrusage`, by which a process on Linux begins with the peak of the one that started it.
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    except (OSError, IndexError):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
