"""Workers divide the cores and the GPUs, and leave memory of the GPUs to each other and to the chief."""

import os

import pytest

from experiments.engine.environment import SHARED_GPU, THREADS, share_gpus
from experiments.engine.search import sharing
from experiments.engine.search.sharing import shares


@pytest.fixture
def machine(monkeypatch):
    """Returns a function that stands in for a machine of so many cores and GPUs."""

    def have(cores, gpus):
        monkeypatch.setattr(sharing, "_cores", lambda: list(range(cores)))
        monkeypatch.setattr(sharing, "_gpus", lambda: [str(number) for number in range(gpus)])

    return have


@pytest.mark.parametrize("cores", [1, 2, 7, 16])
@pytest.mark.parametrize("num_workers", [1, 2, 3, 20])
def test_every_core_is_used_and_threads_are_as_many_as_cores(machine, cores, num_workers):
    machine(cores, 0)
    parts = shares(num_workers)
    assert len(parts) == num_workers
    assert frozenset().union(*(part.cores for part in parts)) == frozenset(range(cores))
    assert all(part.cores for part in parts)
    if num_workers > 1:
        assert all(part.environment == dict.fromkeys(THREADS, str(len(part.cores))) for part in parts)


def test_gpus_are_dealt_out_in_turn(machine):
    machine(8, 2)
    assert [part.environment["CUDA_VISIBLE_DEVICES"] for part in shares(5)] == ["0", "1", "0", "1", "0"]


@pytest.mark.parametrize("num_workers", [1, 3])
def test_a_worker_takes_no_more_memory_of_a_gpu_than_it_needs(machine, num_workers):
    machine(8, 1)
    assert all(part.environment.items() >= SHARED_GPU.items() for part in shares(num_workers))
    machine(8, 0)
    assert not any(SHARED_GPU.keys() & part.environment.keys() for part in shares(num_workers))


def test_the_chief_leaves_memory_of_the_gpus_to_workers_unless_the_user_says_otherwise(monkeypatch):
    monkeypatch.setenv("TF_FORCE_GPU_ALLOW_GROWTH", "false")
    monkeypatch.setattr(os, "environ", dict(os.environ))
    os.environ.pop("XLA_PYTHON_CLIENT_PREALLOCATE", None)
    share_gpus()
    assert os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] == "false"
    assert os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
