"""Pieces on which the models disagree, with pictures of what they read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.engine import records
from experiments.engine.comparing.measuring import is_right
from experiments.engine.predictions import Predictions
from features.corpora.catalogue import Piece
from features.errors import InputError

FRAMES_PER_SECOND, LONGEST_S = 10.0, 60.0
"""Of the pictures."""


def find_disagreements(letters: Sequence[str], parts: Sequence[Predictions]) -> list[dict[str, Any]]:
    """Returns the pieces to which models give different answers, those first of which all are surest.

    Args:
        letters: What the models are called.
        parts: Their answers by piece, for the same pieces in the same order.

    Returns:
        For each piece `piece`, `work`, `composer`, and `answers`: of each model `model`, `composer`, `probability`,
        and whether it is `right`.
    """
    first = parts[0]
    chosen = np.stack([part.probabilities.argmax(axis=1) for part in parts])
    surest = np.stack([part.probabilities.max(axis=1) for part in parts])
    different = np.flatnonzero((chosen != chosen[0]).any(axis=0))
    right = np.stack([is_right(part) for part in parts])
    order = different[np.argsort(-surest[:, different].min(axis=0), kind="stable")]
    return [
        {
            "piece": first.pieces[index],
            "work": first.works[index],
            "composer": first.composers[index],
            "answers": [
                {
                    "model": letter,
                    "composer": first.classes[chosen[model, index]],
                    "probability": float(surest[model, index]),
                    "right": bool(right[model, index]),
                }
                for model, letter in enumerate(letters)
            ],
        }
        for index in order
    ]


def write_disagreements(path: Path, letters: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes the pieces as a table: `piece, work, composer`, and of each model its answer and how sure it is."""
    columns = [
        "piece",
        "work",
        "composer",
        *(f"{name}_{letter}" for letter in letters for name in ("answer", "p")),
    ]
    table = []
    for row in rows:
        answers = {}
        for answer in row["answers"]:
            answers[f"answer_{answer['model']}"] = answer["composer"]
            answers[f"p_{answer['model']}"] = f"{answer['probability']:.4f}"
        table.append({name: row[name] for name in columns[:3]} | answers)
    records.write_csv(path, columns, table)


def draw_rolls(
    rows: Sequence[Mapping[str, Any]], pieces: Mapping[str, Piece], folder: Path
) -> dict[str, str]:
    """Draws the first minute of each piece.

    Args:
        rows: What `find_disagreements` returned.
        pieces: Where the notes are.
        folder: Of the page; the pictures go into `rolls/`.

    Returns:
        From a piece to its picture, relative to the folder; pieces that cannot be read any more have none.
    """
    from experiments.engine.exploring import rolls
    from experiments.engine.exploring.reading import read_piece

    drawn = {}
    for number, row in enumerate(rows, 1):
        if row["piece"] not in pieces:
            continue
        try:
            _, notes = read_piece(pieces[row["piece"]])
        except InputError:
            continue
        start_s = float(notes.notes["start_s"].min(initial=LONGEST_S))
        seconds = min(float(notes.notes["end_s"].max(initial=0.0)) - start_s, LONGEST_S)
        shown = {"start_s": start_s, "seconds": max(seconds, 1.0)}
        drawn[row["piece"]] = f"rolls/{number:02d}.png"
        rolls.save_roll(
            rolls.multichannel_roll(notes, FRAMES_PER_SECOND, **shown),
            folder / drawn[row["piece"]],
            title=f"{row['composer']}: {Path(row['piece']).name}".replace("$", r"\$"),  # no formula
            pitches=rolls.pitches_of(notes),
            **shown,
        )
    return drawn
