"""The tables of all composers: each threshold under our protocol and the reference's, beside its figures."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from experiments.engine.boards import cells
from experiments.engine.boards.seeds import Seeds, rung
from experiments.engine.config import Config, CorpusConfig, EncoderConfig, ModelConfig, TrainingConfig
from experiments.engine.reference import ALL_COMPOSERS_ACCURACY, HUNDRED_COMPOSERS_ACCURACY

EXPERIMENT = "all_composers"

NOTE = (
    "*Reference* is the validation accuracy of the composer classification notebook for that threshold, by chunk, on a "
    "shuffled fifth of all chunks: to be compared with *chunk accuracy*, and in brackets where the row has another "
    "protocol, other music (a sample, or another list) or another training. Its transposed copies counted as a "
    "composer with 36 % of all chunks, and its 1 % and 10 % were trained on the composers of 0.1 %. Under `chunk`, "
    "other chunks of every tested file are in training. A number after the split is the one fold that was tested; rows "
    "without one test all five. Two numbers with a stroke between them are accuracy and macro-F1 by piece; in brackets "
    "behind a macro-F1 stands its 95 % interval."
)

SCORES = {
    "accuracy": "accuracy",
    "macro-F1": "macro_f1",
    "balanced accuracy": "balanced_accuracy",
    "top 3": "top_3_accuracy",
    "top 5": "top_5_accuracy",
}
"""What `metrics.json` calls them."""

TARGETS = {"accuracy": 0.65, "macro-F1": 0.40}
"""By piece, of all folds under `work`, for the composers with this share of all chunks:"""

TARGETS_AT = 0.001


def is_of_all_composers(group: Seeds) -> bool:
    """Whether a row belongs into this table rather than into those of four composers."""
    return group.metrics["experiment"] == EXPERIMENT


def in_order(groups: Sequence[Seeds]) -> list[Seeds]:
    """Returns rows by threshold, and under each in the order of the ladder."""
    return sorted(groups, key=lambda group: (min_share(group), rung(group.metrics)))


def composers_table(numbered: Sequence[tuple[int, Seeds]], root: Path) -> list[str]:
    """Returns the lines of the table; none without rows.

    Args:
        numbered: The rows, with their numbers.
        root: The folder of the page, from which the links lead.
    """
    if not numbered:
        return []
    table = cells.table(numbered, COLUMNS, root)
    return ["**All composers**", "", *table, "", NOTE, "", targets(numbered), ""]


def thresholds(numbered: Sequence[tuple[int, Seeds]], root: Path) -> str:
    """Returns the same with fewer columns, for the page on which a reader begins; see `composers_table`."""
    return "\n".join([*cells.table(numbered, FEW_COLUMNS, root), "", NOTE, "", targets(numbered)])


def targets(numbered: Sequence[tuple[int, Seeds]]) -> str:
    """Returns in words what was aimed at, whether the rows that it is for came to it, and what others report."""
    found = [
        f" Row {number} has {' and '.join(_beside_target(group, name) for name in TARGETS)}."
        for number, group in numbered
        if _has_targets(group)
    ]
    return (
        f"Targets under `work` at {100 * TARGETS_AT:g} %, by piece, over all folds: "
        f"{' and '.join(f'{name} above {least:.2f}' for name, least in TARGETS.items())}.{''.join(found)} "
        f"The nearest published figure is an accuracy of {HUNDRED_COMPOSERS_ACCURACY:.3f}, by piece, for 100 composers "
        "of piano transcriptions (Kong, Choi and Wang, 2020)."
    )


def _has_targets(group: Seeds) -> bool:
    """Whether a row is of all the music that the targets are for, and tests all of it."""
    config = Config.from_dict(group.runs[0].config)
    music = CorpusConfig("midi_classics", config.corpus.pieces, min_share=TARGETS_AT)
    return config.corpus == music and (config.split.protocol, config.split.fold) == ("work", "all")


def _beside_target(group: Seeds, name: str) -> str:
    score = group.mean("test", "piece", SCORES[name])
    return f"{name} {score:.3f} ({'reached' if score > TARGETS[name] else 'missed'})"


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


def _pair(*names: str) -> cells.Cell:
    accuracy, macro_f1 = (cells.mean(*names, score) for score in ("accuracy", "macro_f1"))
    return lambda group: " / ".join(filter(None, (accuracy(group), macro_f1(group))))


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
    """The reference's figure for a threshold, in brackets where a row was not trained and tested as it was there."""
    config = Config.from_dict(group.runs[0].config)
    found = ALL_COMPOSERS_ACCURACY.get(min_share(group))
    if found is None or config.corpus.corpus != "midi_classics" or config.corpus.min_works > 1:
        return ""
    return f"{found:.4f}" if config == as_in_the_reference(config) else f"({found:.4f})"


COLUMNS = {
    "threshold": _threshold,
    "composers": lambda group: str(len(group.metrics["classes"])),
    "corpus": _corpus,
    "split": cells.split,
    "model": cells.model,
    "channels": cells.channels,
    "reference": _reference,
    **{f"chunk {words}": cells.mean("chunk", score) for words, score in SCORES.items()},
    **{f"piece {words}": cells.mean("piece", score) for words, score in SCORES.items()},
    "piece macro-F1": cells.headline,
    "majority": _pair("baselines", "majority"),
    "fingerprint": _pair("baselines", "fingerprint"),
    "stacked": _pair("stacked"),
    "training": cells.training,
}
"""A heading, and what makes its cell."""

FEW = ("threshold", "composers", "corpus", "split", "model", "reference", "chunk accuracy")

FEW_COLUMNS = {
    name: COLUMNS[name] for name in (*FEW, "piece accuracy", "piece macro-F1", "fingerprint", "stacked")
}
