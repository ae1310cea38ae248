"""Does a model mind who plays? Scores it on humanised renderings of works that it has never heard.

    python -m experiments.humanise results/runs/four_composers/RUN --data-home FILE
    python -m experiments.humanise MODEL --strengths 0.5 1 2 --corpus midi_classics --pieces clean --data-home FILE

A rendering has a tempo that breathes, chords that are not quite together, dynamics and pedal, at strength 1 about as
much of it as pianists; the table says how far it is from the piece, in frames and velocities. All renderings are scored
on the same pieces, and the difference to the pieces as they stand is paired by work. A model that is to carry over to
performances should lose little; `--renderings` of a study trains it on such. Takes some minutes for 300 pieces.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from experiments.engine import records
from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.config import Config, CorpusConfig, Places
from features.errors import InputError


@dataclass(frozen=True)
class Arguments:
    """Which model, and how freely it is played to."""

    model: Annotated[str, tyro.conf.Positional]
    """A run folder, or an .h5 file with its .json beside it, or the name of a shipped model."""
    strengths: tuple[float, ...] = (0.5, 1.0, 2.0)
    """How freely pieces are played (1: about as pianists play): a row for each."""
    rendering: int = 0
    """Another number gives another rendering."""
    corpus: CorpusConfig = CorpusConfig()
    """Of a run folder, its own unless another is asked for."""
    places: Places = Places()

    def __post_init__(self) -> None:
        """Refuses renderings that are none, or that nobody could play."""
        if not self.strengths or not all(0 < strength <= 4 for strength in self.strengths):
            raise InputError(f"Expected strengths above 0 and up to 4, but received {self.strengths}.")
        if self.rendering < 0:
            raise InputError(f"Expected rendering to be 0 or more, but received {self.rendering}.")


@as_sentences(
    interrupted="Interrupted; what was encoded is kept.",
    advice="Make room, or choose other folders with --results-dir and --cache-dir.",
)
def main(argv: Sequence[str] | None = None) -> None:
    """Scores the model that the command line names, and prints the table."""
    asked = read_arguments(
        Arguments, argv, description=__doc__, name="humanise", default=Arguments(tyro.MISSING)
    )
    corpus = corpus_of(asked)
    records.prepare_output(asked.places.results_dir)
    from experiments.engine.humanising import compare_renderings, print_renderings

    folder = compare_renderings(
        asked.model, corpus, asked.places, strengths=asked.strengths, rendering=asked.rendering
    )
    print_renderings(folder)


def corpus_of(asked: Arguments) -> CorpusConfig:
    """Returns the corpus that is asked for: by default that of the run, if the model is a run folder."""
    config = Path(asked.model).expanduser() / "config.json"
    if asked.corpus == CorpusConfig() and config.exists():
        return Config.from_dict(records.read_json(config)).corpus
    return asked.corpus


if __name__ == "__main__":
    main()
