"""What was found when a model was calibrated, on the terminal."""

from pathlib import Path
from typing import Any

from rich.table import Table

from experiments.engine import records
from experiments.engine.predicting.asking import COMPOSER
from experiments.engine.predicting.calibration import UNKNOWN_COMPOSERS, Calibration
from experiments.engine.terminal import console
from features.words import counted

MOST_NAMED = 5
"""Composers that a sentence names."""

SIDES = ("validation", "test", "cross_validated")
"""What may have been measured."""

ROWS = {"before": "as the network says", "after": "calibrated"}


def print_calibration(found: dict[str, Any], folder: Path) -> None:
    """Prints scores before and after, and how well unknown composers are told.

    Args:
        found: What `calibrate` returned.
        folder: The run folder.
    """
    terminal = console()
    table = Table(
        title=f"{folder.name}: by piece",
        caption=fitted_sentence(found),
    )
    for heading in ("part", "pieces", "answers", "accuracy", "log-loss", "calibration error"):
        table.add_column(
            heading, justify="left" if heading in ("part", "answers") else "right", no_wrap=heading == "part"
        )
    for side in (side for side in SIDES if side in found):
        for name, words in ROWS.items():
            scores = (f"{score:.3f}" for score in found[side][name].values())
            table.add_row(side.replace("_", "-"), str(found[side]["pieces"]), words, *scores)
    terminal.print(table)
    terminal.print(
        "Both scores are worse for it: answers are left as the network gives them."
        if Calibration.from_dict(found).is_left_alone
        else f"Temperature {found['temperature']:.2f}, number of chunks to the power of {found['exponent']:.2f}.",
        soft_wrap=True,
    )
    for sentence in none_sentences(
        found, label=records.read_json(folder / "model.json").get("label", COMPOSER)
    ):
        terminal.print(sentence, soft_wrap=True)
    terminal.print(f"Written into {folder / 'model.json'}.", soft_wrap=True)


def fitted_sentence(found: dict[str, Any]) -> str:
    """Returns on what a calibration was fitted, and how it was measured.

    Example:
        >>> fitted_sentence({"fitted_on": {"study": "work-all", "models": 5}})[:77]
        'Fitted on answers of 5 models of work-all, trained on 4 of 5 folds each, for '
    """
    if "fitted_on" not in found:
        return "Fitted on the validation pieces; the test pieces chose nothing."
    study, models = found["fitted_on"]["study"], found["fitted_on"]["models"]
    if models == 1:
        return (
            f"Fitted on answers of a model made alike, {study}, for works that it did not hear; measured on each half "
            "of these works as fitted on the other."
        )
    return (
        f"Fitted on answers of {models} models of {study}, trained on {models - 1} of {models} folds each, for works "
        "that they did not hear; measured on each fold as fitted on the others."
    )


def none_sentences(found: dict[str, Any], *, label: str) -> list[str]:
    """Returns what there is to say of "none of these"; nothing if the question is not who wrote it.

    Args:
        found: A calibration, as `model.json` holds it.
        label: What the classes of the model are.
    """
    facts = found.get(UNKNOWN_COMPOSERS)
    if label != COMPOSER:
        return []
    if facts is None:
        return [
            "None of these: not said, for there are not two unknown composers with two works each to learn it from."
        ]
    chosen, tested = facts["chosen"], facts["tested"]
    if not found.get("weights", True):
        unknown, known = 1 - tested["false_acceptances"], tested["false_rejections"]
        return [
            f"None of these: not said. Thresholds chosen with {counted(chosen['pieces'], 'piece')} by strangers "
            f"turned away {unknown:.1%} of {counted(tested['pieces'], 'piece')} by others, and {known:.1%} of those by "
            "known ones, as the mean over composers: they tell nothing."
        ]
    return [
        "None of these: by how sure the answers for a piece are and how much its chunks agree, with a threshold for "
        f"each composer answered; chosen with {counted(chosen['pieces'], 'piece')} by "
        f"{counted(len(chosen['composers']), 'unknown composer')}.",
        f"Tested on {counted(tested['pieces'], 'piece')} by {counted(len(tested['composers']), 'other composer')}: "
        f"{tested['false_acceptances']:.1%} are taken for somebody known, most of them by "
        f"{_most(tested['accepted_by_composer'])}.",
        f"Of {counted(tested['known_pieces'], 'test piece')} by known composers {tested['false_rejections']:.1%} are "
        f"called none of these, as the mean over composers; most of them by {_most(tested['rejected_by_composer'])}.",
    ]


def _most(counts: dict[str, list[int]]) -> str:
    return ", ".join(f"{name} ({hits} of {of})" for name, (hits, of) in list(counts.items())[:MOST_NAMED])
