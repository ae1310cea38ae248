"""How fast is it, beside the alternative? Times things in turn, in one run on one machine.

    python -m experiments.benchmark builders --precision float32 --batch-size 32
    python -m experiments.benchmark corpus
    python -m experiments.benchmark corpus --corpus midi_classics --data-home midi-classic-music.zip --every 20
    python -m experiments.benchmark prediction results/runs/four_composers/RUN --corpus midi_classics
    python -m experiments.benchmark search --sample 0.2
    python -m experiments.benchmark training --corpus midi_classics
    python -m experiments.benchmark scaling --corpus midi_classics --builders frame_cnn cnn_reference
    python -m experiments.benchmark ways --corpus midi_classics

`builders` takes training steps of every network of piano rolls, round after round, and prints the ratio of each one's
median to the reference CNN's. `corpus` goes from MIDI files to chunks on disk, by our route, by pretty_midi's, and by
reading and writing no more than the bytes. `prediction` goes from a MIDI file to a saved model's answer, stage by
stage, by our route and by pretty_midi's with `predict` of Keras, and starts `experiments.predict` anew, beside bare
imports. `search` looks for settings of the reference CNN as the reference did and as we do, and counts the chunks that
either trains on. `training` trains the reference CNN with the reference's settings, and then the default network, and
says how long each takes to the best validation score of the first. `scaling` counts chunks a second, and memory, of
every builder on a tenth, a third and all of a corpus. `ways` trains the default network in bfloat16, compiled by XLA,
in batches of other sizes, on one core, with more or fewer pitches, strided, and fed with sparse chunks, each beside the
plain way. Machines are noisy: only ratios within one run mean anything.
"""

import dataclasses
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import tyro

from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.records import prepare_output
from experiments.engine.speed.settings import Builders, Corpus, Predicting, Scaling, Searches, Trainings, Ways

TASKS = {
    Builders: "experiments.engine.speed.steps",
    Corpus: "experiments.engine.speed.corpora",
    Predicting: "experiments.engine.speed.predictions",
    Searches: "experiments.engine.speed.searches",
    Trainings: "experiments.engine.speed.trainings",
    Scaling: "experiments.engine.speed.scaling",
    Ways: "experiments.engine.speed.ways",
}
"""What to time, and the module whose `benchmark` does it."""


@dataclass(frozen=True)
class Arguments:
    """What to time."""

    what: (
        Annotated[Builders, tyro.conf.subcommand("builders", prefix_name=False)]
        | Annotated[Corpus, tyro.conf.subcommand("corpus", prefix_name=False)]
        | Annotated[Predicting, tyro.conf.subcommand("prediction", prefix_name=False)]
        | Annotated[Searches, tyro.conf.subcommand("search", prefix_name=False)]
        | Annotated[Trainings, tyro.conf.subcommand("training", prefix_name=False)]
        | Annotated[Scaling, tyro.conf.subcommand("scaling", prefix_name=False)]
        | Annotated[Ways, tyro.conf.subcommand("ways", prefix_name=False)]
    ) = Builders()


@as_sentences(
    interrupted="Interrupted; start it again, as times compare only within one run.",
    advice="Make room, or choose other folders with --output and, for a corpus, --cache-dir.",
)
def main(argv: Sequence[str] | None = None) -> None:
    """Times what the command line asks for and prints a table of medians and ratios."""
    asked = read_arguments(Arguments, argv, description=__doc__, name="benchmark").what
    asked = dataclasses.replace(asked, output=prepare_output(asked.output))
    importlib.import_module(TASKS[type(asked)]).benchmark(asked)


if __name__ == "__main__":
    main()
