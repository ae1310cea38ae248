"""Do a few numbers for every five seconds tell whose music it is? An LSTM over sequences of descriptors.

    python -m experiments.descriptor_sequences
    python -m experiments.descriptor_sequences --corpus midi_classics --pieces clean --data-home midi-classic-music.zip

The network is the LSTM of the composer classification notebook. There it read ten consecutive *files*, two numbers
each, and was asked who wrote the next one (see `experiments.file_order`, which repeats that). Here it reads fifty
seconds of one piece: how dense, thick, high, long and varied the music is, five seconds at a time, and not which notes
follow which. Works are held out as in every study.

On two cores either takes a few minutes. Expect less than from the notes themselves.
"""

from collections.abc import Sequence

from experiments.engine.command import as_sentences, parse
from experiments.engine.config import Config
from experiments.four_composers import configure

__all__ = ["DEFAULT", "configure", "main"]

DEFAULT = Config("descriptor_sequences").replace(
    encoder={"encoder": "descriptors"}, model={"model": "descriptor_lstm"}, training={"epochs": 50}
)


@as_sentences
def main(argv: Sequence[str] | None = None) -> None:
    """Runs the study that the command line asks for."""
    config, places = parse(DEFAULT, argv, description=__doc__)
    from experiments.engine.runner import run

    run(configure(config), places)


if __name__ == "__main__":
    main()
