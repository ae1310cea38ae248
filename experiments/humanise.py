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
    """Of a run folder its own, of which flags change values, unless another is named."""
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
    elsewhere = read(argv, CorpusConfig())
    asked = read(argv, own := corpus_of(elsewhere.model))
    if asked.corpus.corpus != own.corpus:  # whose composers are others
        asked = elsewhere
    records.prepare_output(asked.places.results_dir)
    from experiments.engine.humanising import compare_renderings, print_renderings

    folder = compare_renderings(
        asked.model, asked.corpus, asked.places, strengths=asked.strengths, rendering=asked.rendering
    )
    print_renderings(folder)


def read(argv: Sequence[str] | None, corpus: CorpusConfig) -> Arguments:
    """Returns what is asked for, with a corpus of which flags change values."""
    default = Arguments(tyro.MISSING, corpus=corpus)
    return read_arguments(Arguments, argv, description=__doc__, name="humanise", default=default)


def corpus_of(model: str) -> CorpusConfig:
    """Returns the corpus of a run, if a model is given as a run folder."""
    config = Path(model).expanduser() / "config.json"
    return (
        Config.from_dict(records.read_json(config), name=config).corpus if config.exists() else CorpusConfig()
    )


if __name__ == "__main__":
    main()
