"""Whose hand wrote this, of four composers? The main study.

    python -m experiments.four_composers
    python -m experiments.four_composers --corpus midi_classics --data-home midi-classic-music.zip

The first runs on scores that come with music21: Palestrina, Monteverdi, Bach and the quartets of
the Viennese classics. The second runs on a copy of Kaggle's midi-classic-music: Bach, Beethoven,
Chopin and Mozart.

On two cores the first takes three minutes after a minute or two of preparation, the second eight. Expect a macro-F1 by
piece of about 0.96 and 0.88 on works never heard; the README shows the published runs.
"""

from collections.abc import Sequence

from experiments.engine.command import as_sentences, parse
from experiments.engine.config import Config

COMPOSERS = {
    "midi_classics": ("Bach", "Beethoven", "Chopin", "Mozart"),
    "music21_scores": ("Bach", "Monteverdi", "Palestrina", "Viennese"),
}
"""The four of each corpus; of any other corpus, all it has."""

DEFAULT = Config("four_composers")


@as_sentences
def main(argv: Sequence[str] | None = None) -> None:
    """Runs the study that the command line asks for."""
    config, places = parse(DEFAULT, argv, description=__doc__)
    from experiments.engine.runner import run

    run(configure(config), places)


def configure(config: Config) -> Config:
    """Returns the configuration with the four composers of its corpus, unless others are asked for."""
    if config.corpus.composers:
        return config
    return config.replace(corpus={"composers": COMPOSERS.get(config.corpus.corpus, ())})


if __name__ == "__main__":
    main()
