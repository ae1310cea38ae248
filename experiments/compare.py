"""Which of these models is better, by how much, and is that sure? Compares saved models on the same pieces.

    python -m experiments.compare RUN RUN
    python -m experiments.compare RUN model.h5 --intersection
    python -m experiments.compare model.h5 other.h5 --corpus composer_folders --data-home FOLDER
    python -m experiments.compare RUN bare.h5 --encoder piano_roll --channels binary --classes Bach Chopin
    python -m experiments.compare --smoke

Run folders are compared on their own test pieces, with the answers that they hold; other models, or with --corpus all
of them, are asked. What any of them has heard stands apart, and is said in red. It leaves a page, tables and figures.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import tyro

from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.comparing.music import Music
from experiments.engine.config import REPOSITORY, EncoderConfig, Places
from experiments.engine.records import new_folder, prepare_output
from features.errors import InputError

SMOKE = {"frame_cnn": {"width": 16, "num_blocks": 3}, "lstm": {"units": 16}}
"""Two models for a rehearsal, and how small they are."""


@dataclass(frozen=True)
class Arguments:
    """What to compare, and on what."""

    models: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """Run folders, .h5 files, names of shipped models, or owner/name of the Hugging Face Hub."""
    names: tuple[str, ...] = ()
    """What to call them (their runs or files)."""
    music: Music = Music()
    classes: tuple[str, ...] = ()
    """Of .h5 files without a .json: whom they know, in the order of their answers; they need --encoder, too."""
    encoder: EncoderConfig = field(default_factory=partial(EncoderConfig, encoder=""))
    speed: bool = True
    """Whether to measure time and memory of every model, which takes a quarter of a minute each."""
    rolls: int = 12
    """Of how many pieces on which the models disagree to draw the rolls."""
    output: Path | None = None
    """Folder for the page, its figures and tables (a new one in results/runs/compare)."""
    data_home: Path | None = None
    """Where the corpus lies: a zip file, a folder, or a CSV file."""
    download: bool = False
    """Fetch the corpus from the network if the corpus can be fetched."""
    cache_dir: Path = REPOSITORY / ".cache"
    """Where prepared data is kept."""
    results_dir: Path = REPOSITORY / "results" / "runs"
    """Where the folder goes, unless --output names one."""
    smoke: bool = False
    """Rehearse: train two small models on made-up music, in half a minute, and compare them."""

    def __post_init__(self) -> None:
        if self.rolls < 0:
            raise InputError(f"Expected rolls to be 0 or more, but received {self.rolls}.")


@as_sentences(
    interrupted="Interrupted; start it again for the whole comparison.",
    advice="Make room, or choose other folders with --output, --results-dir and --cache-dir.",
)
def main(argv: Sequence[str] | None = None) -> None:
    """Compares the models that the command line names."""
    arguments = read_arguments(Arguments, argv, description=__doc__, name="compare")
    output = prepare_output(arguments.output)
    places = Places(arguments.data_home, arguments.download, arguments.cache_dir, arguments.results_dir)
    models = _rehearse(places) if arguments.smoke else arguments.models
    from experiments.engine.comparing.candidates import read_candidates
    from experiments.engine.comparing.comparing import compare
    from experiments.engine.comparing.gathering import gather
    from experiments.engine.comparing.page import print_comparison

    candidates = read_candidates(models, names=arguments.names, described=_described(arguments))
    answered = gather(candidates, arguments.music, places)
    folder = output or _new_output(places)
    record = compare(candidates, answered, folder, speed=arguments.speed, rolls=arguments.rolls)
    print_comparison(record)
    print(f"Open {folder / 'compare.html'}")


def _described(arguments: Arguments) -> dict[str, Any] | None:
    """What the flags say of bare models."""
    if not arguments.classes and not arguments.encoder.encoder:
        return None
    if not arguments.classes or not arguments.encoder.encoder:
        raise InputError(
            "Models without a .json have to be told both whom they know, with --classes, and how they read notes, with "
            "--encoder and its flags; add what is missing."
        )
    from experiments.engine.runner import make_encoder

    encoder = {"name": arguments.encoder.encoder, "settings": make_encoder(arguments.encoder).settings()}
    return {"encoder": encoder, "classes": list(arguments.classes)}


def _new_output(places: Places) -> Path:
    return new_folder(places.results_dir / "compare" / "comparison")


def _rehearse(places: Places) -> tuple[str, ...]:
    """Trains two small models on made-up music, unless they are there already."""
    from experiments import four_composers
    from experiments.engine.config import smoke
    from experiments.engine.runner import run

    places = dataclasses.replace(places, resume=True)
    return tuple(
        str(
            run(
                smoke(four_composers.DEFAULT.replace(model={"model": model, "hyperparameters": small})),
                places,
            )
        )
        for model, small in SMOKE.items()
    )


if __name__ == "__main__":
    main()
