"""In which age was this written? Eras, from piano rolls or from windows of raw MIDI messages.

    python -m experiments.era --corpus midi_classics+music21_scores --pieces clean --data-home midi-classic-music.zip
    python -m experiments.era --corpus midi_classics+music21_scores --pieces clean --protocol composer --rare train
    python -m experiments.era --corpus midi_classics+music21_scores --pieces clean --encoder messages

Eras with fewer than 150 pieces are one class, Other (`--min-pieces`): of midi_classics alone, the Renaissance. A model
that has heard a composer before may only know the composer: beside `--protocol file`, as the reference reports, and
`--protocol work` there is `--protocol composer`, under which nobody who is tested was heard. Of the Renaissance there
are three composers then, hence `--rare train`.

What the reference did (the model card of EraClassifierBiLSTM-4.76M), where it had its own music and 48 times 128,000
windows:

    python -m experiments.era --encoder messages --protocol file --epochs 48 --chunks-per-epoch 128000 \\
        --sampling --no-class-weights --schedule plateau --patience 48 --transpose 0 --no-move \\
        --hyperparameters weight_decay 0

An epoch draws no more than 100,000 chunks, anew each time and as many of each class: midi-classic-music has 1.26
million windows of messages. `--corpus imslp_midi --protocol given` takes the reference's own music and its own parts.

On two cores the first takes ten minutes; an epoch of messages takes twenty.
"""

from collections.abc import Sequence

from experiments.engine.command import as_sentences, parse
from experiments.engine.config import Config

READERS = {"messages": "message_lstm", "descriptors": "descriptor_lstm"}
"""The builders that read what is no piano roll."""

DEFAULT = Config("era").replace(
    corpus={"label": "era", "min_pieces": 150},
    training={"chunks_per_epoch": 100_000, "sampling": ("composer",)},
)


@as_sentences
def main(argv: Sequence[str] | None = None) -> None:
    """Runs the study that the command line asks for."""
    config, places = parse(DEFAULT, argv, description=__doc__)
    from experiments.engine.runner import run

    run(configure(config), places)


def configure(config: Config) -> Config:
    """Returns the configuration with a builder that reads its encoding, unless one is asked for."""
    if config.model.model != DEFAULT.model.model:
        return config
    return config.replace(model={"model": READERS.get(config.encoder.encoder, config.model.model)})


if __name__ == "__main__":
    main()
