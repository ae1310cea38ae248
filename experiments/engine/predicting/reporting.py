"""What was found when a model was calibrated, on the terminal."""

from pathlib import Path
from typing import Any

from rich.table import Table

from experiments.engine.terminal import console
from features.words import counted

MOST_NAMED = 5
"""Composers that a sentence names."""

ROWS = {
    "network": "as the network says",
    "with_prior": "under the prior of training",
    "calibrated": "calibrated",
}


def print_calibration(found: dict[str, Any], folder: Path) -> None:
    """Prints scores before and after, and how well unknown composers are told.

    Args:
        found: What `calibrate` returned.
        folder: The run folder.
    """
    terminal = console()
    table = Table(
        title=f"{folder.name}: calibration by piece",
        caption="Fitted on the validation pieces; the test pieces chose nothing.",
    )
    table.add_column("", no_wrap=True)
    sides = [side for side in ("validation", "test") if side in found]
    for side in sides:
        for place, heading in enumerate(("accuracy", "log-loss", "calibration error")):
            table.add_column(f"{side if place == 0 else ''}\n{heading}", justify="right")
    for name, words in ROWS.items():
        scores = [found[side][name][score] for side in sides for score in found[side][name]]
        table.add_row(words, *(f"{score:.3f}" for score in scores))
    terminal.print(table)
    terminal.print(
        f"Temperature {found['temperature']:.2f}, number of chunks to the power of {found['exponent']:.2f}; "
        + ", ".join(f"{counted(found[side]['pieces'], f'{side} piece')}" for side in sides)
        + ".",
        soft_wrap=True,
    )
    for sentence in none_sentences(found.get("none_of_these"), found):
        terminal.print(sentence, soft_wrap=True)
    terminal.print(f"Written into {folder / 'model.json'}.", soft_wrap=True)


def none_sentences(facts: dict[str, Any] | None, found: dict[str, Any]) -> list[str]:
    """Returns what there is to say of "none of these".

    Args:
        facts: What was measured; None if there was no music by unknown composers.
        found: The calibration.
    """
    if facts is None:
        return [
            "None of these: not said, for there is no music by at least two unknown composers to learn it from."
        ]
    tested = facts["tested"]
    sentences = [
        f"None of these: where {found['score']} is below {found['threshold']:.3f}, chosen with "
        f"{counted(facts['chosen']['pieces'], 'piece')} by {len(facts['chosen']['composers'])} unknown composers.",
        f"Tested on {counted(tested['pieces'], 'piece')} by {len(tested['composers'])} others: "
        f"{tested['false_acceptances']:.1%} are taken for somebody known, most often those by "
        f"{_most(tested['accepted_by_composer'])}.",
        f"Of {counted(tested['known_pieces'], 'test piece')} by known composers {tested['false_rejections']:.1%} are "
        f"called none of these, most often those by {_most(tested['rejected_by_composer'])}.",
    ]
    return sentences


def _most(shares: dict[str, float]) -> str:
    return ", ".join(f"{name} ({share:.0%})" for name, share in list(shares.items())[:MOST_NAMED])
