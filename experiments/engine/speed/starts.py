"""How long a command takes from its start to its end, and what of this is over before it has begun."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import keras

from experiments.engine.config import REPOSITORY
from experiments.engine.speed.timing import time_in_turn


def commands(piece: Path, model: Path) -> dict[str, list[str]]:
    """Returns what to start: the question about a file, first, and what it cannot do without.

    Args:
        piece: A MIDI file.
        model: An `.h5` file.
    """
    backend = keras.backend.backend()
    return {
        "predict FILE": ["-m", "experiments.predict", str(piece), "--model", str(model)],
        "import keras": ["-c", "import keras"],
        f"import {backend}": ["-c", f"import {backend}"],
        "nothing": ["-c", "pass"],
    }


def start_in_turn(commands: Mapping[str, Sequence[str]], *, rounds: int) -> dict[str, list[float]]:
    """Returns the seconds that each command takes in a new process of Python, round after round.

    Args:
        commands: Arguments of the interpreter, by name.
        rounds: How often each is started; once more before, which is not counted.
    """
    steps = {name: partial(_run, arguments) for name, arguments in commands.items()}
    return time_in_turn(steps, rounds=rounds)


def _run(arguments: Sequence[str]) -> None:
    subprocess.run([sys.executable, *arguments], cwd=REPOSITORY, capture_output=True, check=True)
