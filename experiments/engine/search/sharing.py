"""What of a machine each worker gets: a GPU of its own, or its share of the cores."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from experiments.engine.environment import SHARED_GPU, THREADS


@dataclass(frozen=True)
class Share:
    """A part of this machine.

    Attributes:
        cores: Numbers of the processor cores; none where the system does not let a process choose.
        environment: Variables to set before the libraries of the worker are imported.
    """

    cores: frozenset[int] = frozenset()
    environment: Mapping[str, str] = field(default_factory=dict)

    def take(self) -> None:
        """Keeps this process, and the threads that it starts from now on, on its cores."""
        if self.cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, self.cores)


def shares(num_workers: int) -> list[Share]:
    """Returns the share of each worker: cores are divided, GPUs dealt out in turn.

    A worker that has the machine for itself gets the whole of it, but for what the chief needs of a GPU's memory.
    """
    cores, gpus = _cores(), _gpus()
    if num_workers == 1:
        return [Share(frozenset(cores), SHARED_GPU if gpus else {})]
    crowded = [[core] for core in cores] or [[]]  # more workers than cores: several on each
    parts = [cores[number::num_workers] or crowded[number % len(crowded)] for number in range(num_workers)]
    return [
        Share(
            frozenset(part),
            dict.fromkeys(THREADS, str(max(len(part), 1)))
            | (SHARED_GPU | {"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)]} if gpus else {}),
        )
        for number, part in enumerate(parts)
    ]


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA counts them; asked of the driver, which takes no memory of theirs."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return [name for name in os.environ["CUDA_VISIBLE_DEVICES"].split(",") if name.strip()]
    if shutil.which("nvidia-smi") is None:
        return []
    listed = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True)
    return (
        [str(number) for number, _ in enumerate(listed.stdout.splitlines())] if listed.returncode == 0 else []
    )
