"""Routes from a MIDI file to a saved model's answer, stage by stage: ours, and pretty_midi's with Keras' `predict`."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from experiments.engine.predicting.asking import Asker
from experiments.engine.predicting.files import read_music
from experiments.engine.saved_models import SavedModel
from experiments.engine.speed.routes import cut, roll_of
from features.encoders.piano_roll import PianoRoll
from features.in_memory import dataset_of_file

STAGES = ("read", "encode", "network", "rest")

Route = tuple[Callable[[Any], Any], ...]
"""A function for each stage, which takes what the one before returned, the first a path; the last returns a class."""

OURS, THEIRS = "rollcall", "pretty_midi"

CUT = ("binary", "velocity")
"""Channels of what `cut` returns."""


@dataclass
class Turns:
    """What routes took, and what they said.

    Attributes:
        seconds: By route, shape `(visits, stages)`.
        said: By route, the class that is likeliest at each visit.
        problems: Why a file cannot be used.
    """

    seconds: dict[str, list[list[float]]] = field(default_factory=dict)
    said: dict[str, list[str]] = field(default_factory=dict)
    problems: dict[Path, str] = field(default_factory=dict)


def our_route(saved: SavedModel) -> Route:
    """Returns how `experiments.predict` answers, in stages."""
    asker = Asker(saved)
    return (
        read_music,
        lambda data: dataset_of_file("", data, saved.encoder),
        lambda dataset: (dataset, asker.listen(dataset)),
        lambda heard: asker.conclude(*heard).ranking[0][0],
    )


def their_route(saved: SavedModel) -> Route | None:
    """Returns the straightforward route, in stages; None for a model that reads something else than plain rolls."""
    kinds = getattr(saved.encoder, "channels", ())
    is_plain = set(kinds) <= set(CUT) and saved.encoder == PianoRoll(channels=kinds or CUT)
    if not is_plain or saved.model.input_shape[1:] != saved.encoder.chunk_shape:
        return None
    channels = [CUT.index(kind) for kind in kinds]
    return (
        Path.read_bytes,
        lambda data: cut(roll_of(data))[..., channels],
        lambda chunks: saved.model.predict(chunks, verbose=0),
        lambda answers: saved.classes[np.log(answers).mean(axis=0).argmax()],
    )


def take_turns(routes: Mapping[str, Route], paths: Sequence[Path], *, rounds: int) -> Turns:
    """Takes every route with every file, in turn, round after round; the first round is not counted.

    Files that a route cannot use are left out from then on.
    """
    turns = Turns({name: [] for name in routes}, {name: [] for name in routes})
    for number in range(rounds + 1):
        description = f"Round {number} of {rounds}" if number else "Warming up"
        for path in tqdm(paths, desc=description, unit="piece"):
            if path in turns.problems:
                continue
            try:
                taken = {name: take(route, path) for name, route in routes.items()}
            except Exception as error:  # there is no telling what a damaged file raises in pretty_midi
                turns.problems[path] = str(error) or repr(error)
                continue
            for name, (seconds, said) in taken.items() if number else ():
                turns.seconds[name].append(seconds)
                turns.said[name].append(said)
    return turns


def take(route: Route, path: Path) -> tuple[list[float], str]:
    """Returns the seconds of each stage of a route, and what it says."""
    seconds, value = [], path
    for stage in route:
        started = time.perf_counter()
        value = stage(value)
        seconds.append(time.perf_counter() - started)
    return seconds, value
