"""Whose hand wrote this, of all composers that there are? The study with a long tail.

    python -m experiments.all_composers --corpus midi_classics --pieces clean --data-home midi-classic-music.zip
    python -m experiments.all_composers --corpus midi_classics --pieces clean --min-share 0.01 --fold all

Composers with less than 0.1 % of all chunks are left out (`--min-share`, and `--min-works`); what is left is trained
and tested by itself. Under `work` a composer with one work is trained on and never tested, one with a few works is
tested once in each of them, and some of everybody is always in training (`--rare train`). What the reference did, but
for its copies that counted as a composer, and with each threshold trained on its own music:

    python -m experiments.all_composers --corpus midi_classics --data-home midi-classic-music.zip --min-share 0.001 \\
        --protocol chunk --model cnn_reference --hyperparameters dropout 0.4 --channels velocity --epochs 10 \\
        --batch-size 30 --patience None --schedule constant --transpose 0 --no-move --logit-adjustment 0

with 0, 0.001, 0.01 and 0.1 as `--min-share`, and with `--frames-per-second 15.5` at the rate at which it seems to have
run. Without `--corpus` it runs on the four of music21's scores.
"""

from collections.abc import Sequence

from experiments.engine.command import as_sentences, parse
from experiments.engine.config import Config

# Chosen on validation works with `experiments.imbalance`: weights inverse to the chunks, or to their root, learn so
# little of frequent composers that they lose with rare ones too. A quarter of the prior taken off afterwards helps rare
# composers; whether more or less than other remedies without weights lies within chance, and chunks lose some accuracy.
DEFAULT = Config("all_composers").replace(
    corpus={"min_share": 0.001},
    split={"rare": "train"},
    training={"class_weights": False, "logit_adjustment": 0.25},
)


@as_sentences
def main(argv: Sequence[str] | None = None) -> None:
    """Runs the study that the command line asks for."""
    config, places = parse(DEFAULT, argv, description=__doc__)
    from experiments.engine.runner import run

    run(configure(config), places)


def configure(config: Config) -> Config:
    """Returns the configuration as it is: all composers of the corpus, unless some are named."""
    return config


if __name__ == "__main__":
    main()
