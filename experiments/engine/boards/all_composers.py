"""The table of all composers: each threshold under our protocol and the reference's, beside its figures."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from experiments.engine.boards import cells
from experiments.engine.boards.seeds import LADDER, Seeds
from experiments.engine.config import Config, CorpusConfig, EncoderConfig, ModelConfig, TrainingConfig
from experiments.engine.reference import ALL_COMPOSERS_ACCURACY

EXPERIMENT = "all_composers"

NOTE = (
    "*Reference* is the validation accuracy of the composer classification notebook, by chunk, on a shuffled fifth of "
    "all chunks: to be compared with *chunk accuracy*. Its transposed copies counted as a composer with 36 % of all "
    "chunks, and its 1 % and 10 % were trained on the composers of 0.1 %. *Majority* and *fingerprint* are piece "
    "accuracy / macro-F1."
)


def is_of_all_composers(group: Seeds) -> bool:
    """Whether a row belongs into this table rather than into those of four composers."""
    return group.metrics["experiment"] == EXPERIMENT


def in_order(groups: Sequence[Seeds]) -> list[Seeds]:
    """Returns rows by threshold, and under each in the order of the ladder."""
    return sorted(groups, key=lambda group: (min_share(group), LADDER.index(group.metrics["protocol"])))


def composers_table(numbered: Sequence[tuple[int, Seeds]], root: Path) -> list[str]:
    """Returns the lines of the table; none without rows.

    Args:
        numbered: The rows, with their numbers.
        root: The folder of the page, from which the links lead.
    """
    if not numbered:
        return []
    return ["**All composers**", "", *cells.table(numbered, COLUMNS, root), "", NOTE, ""]


def min_share(group: Seeds) -> float:
    """The share of all chunks that a composer had to have; 0 for all composers."""
    return group.runs[0].config["corpus"].get("min_share", 0.0)


def _threshold(group: Seeds) -> str:
    corpus = group.runs[0].config["corpus"]
    works = f", {corpus['min_works']} works" if "min_works" in corpus else ""
    return f"{100 * min_share(group):g} %{works}"


def _corpus(group: Seeds) -> str:
    corpus = group.runs[0].config["corpus"]
    marks = [corpus["pieces"]] if corpus["pieces"] != "reference" else []
    marks += [f"{corpus['sample']:g} of the works"] if "sample" in corpus else []
    return corpus["corpus"] + (f" ({', '.join(marks)})" if marks else "")


def _baseline(name: str) -> cells.Cell:
    accuracy, macro_f1 = (cells.mean("baselines", name, score) for score in ("accuracy", "macro_f1"))
    return lambda group: f"{accuracy(group)} / {macro_f1(group)}"


def as_in_the_reference(config: Config) -> Config:
    """Returns a configuration with everything as the reference had it; threshold, frame rate and seeds stay."""
    training = {"seed": config.training.seed, "precision": config.training.precision}
    return Config(
        config.experiment,
        CorpusConfig("midi_classics", min_share=config.corpus.min_share),
        EncoderConfig(channels=("velocity",), frames_per_second=config.encoder.frames_per_second),
        dataclasses.replace(config.split, protocol="chunk"),
        ModelConfig("cnn_reference", {"dropout": 0.4}),
        TrainingConfig(
            epochs=10,
            batch_size=30,
            patience=None,
            schedule="constant",
            transpose=0,
            move=False,
            class_weights=False,
            **training,
        ),
    )


def _reference(group: Seeds) -> str:
    """The reference's figure where its network was trained and tested as it was there."""
    config = Config.from_dict(group.runs[0].config)
    found = ALL_COMPOSERS_ACCURACY.get(min_share(group))
    return f"{found:.4f}" if found is not None and config == as_in_the_reference(config) else ""


COLUMNS = {
    "threshold": _threshold,
    "composers": lambda group: str(len(group.metrics["classes"])),
    "corpus": _corpus,
    "split": cells.split,
    "model": cells.model,
    "channels": cells.channels,
    "chunk accuracy": cells.mean("chunk", "accuracy"),
    "reference": _reference,
    "chunk top 5": cells.mean("chunk", "top_5_accuracy"),
    "piece accuracy": cells.mean("piece", "accuracy"),
    "piece macro-F1 (95 %)": cells.headline,
    "balanced accuracy": cells.mean("piece", "balanced_accuracy"),
    "top 3": cells.mean("piece", "top_3_accuracy"),
    "top 5": cells.mean("piece", "top_5_accuracy"),
    "majority": _baseline("majority"),
    "fingerprint": _baseline("fingerprint"),
}
"""A heading, and what makes its cell."""
