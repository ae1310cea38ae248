"""Variables for processes that are started: what libraries read when they are imported."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

THREADS = tuple(f"{library}_NUM_THREADS" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB"))
"""By which libraries are told in how many threads to compute."""

SHARED_GPU = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
"""Has TensorFlow and JAX take memory of a GPU as they need it, not nearly all of it at once; PyTorch does so anyway."""


def share_gpus() -> None:
    """Leaves memory of the GPUs to other processes; to be called before Keras is imported.

    What the user has set stays.
    """
    for name, value in SHARED_GPU.items():
        os.environ.setdefault(name, value)


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Sets variables for the processes started within the block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
