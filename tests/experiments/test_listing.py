"""The list of experiments and their help come at once: nothing slow is imported for them."""

import subprocess
import sys
import time

import pytest

from experiments import EXPERIMENTS

SLOW_TO_IMPORT = ("keras", "tensorflow", "numba", "music21", "sklearn", "matplotlib")

WITH_IMPORTS = """
import runpy, sys
sys.argv = {arguments!r}
try:
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=False)
except SystemExit as stopped:
    assert not stopped.code, stopped
print("imported:", [name for name in {slow!r} if name in sys.modules])
"""


def run(*arguments):
    """Runs a module in a process of its own; returns what it printed, and which slow packages it imported."""
    code = WITH_IMPORTS.format(arguments=list(arguments), slow=SLOW_TO_IMPORT)
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    printed, _, imported = process.stdout.rpartition("imported:")
    return printed, imported.strip()


def test_lists_every_experiment_with_its_question_and_imports_nothing_slow():
    printed, imported = run("experiments")
    assert imported == "[]"
    lines = [line.split(maxsplit=1) for line in printed.splitlines() if line.startswith("  ")]
    assert [name for name, _ in lines] == list(EXPERIMENTS)
    assert all(len(question) > 20 for _, question in lines)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_help_imports_nothing_slow(name):
    printed, imported = run(f"experiments.{name}", "--help")
    assert imported == "[]"
    assert f"usage: python -m experiments.{name}" in printed


def test_every_flag_of_the_study_is_explained():
    printed, _ = run("experiments.four_composers", "--help")
    for flag in (
        "--corpus",
        "--data-home",
        "--protocol",
        "--fold",
        "--model",
        "--seed",
        "--resume",
        "--smoke",
    ):
        assert flag in printed
    assert "--experiment" not in printed


@pytest.mark.slow  # because a busy machine would fail it
def test_listing_takes_less_than_a_second():
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "experiments"], check=True, capture_output=True)
    assert time.perf_counter() - started < 1
