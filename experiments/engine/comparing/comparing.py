"""Models become a comparison: scores, paired differences, costs, disagreements; a table, two files, a page."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.engine import records
from experiments.engine.comparing.candidates import Candidate
from experiments.engine.comparing.cost import cost_of
from experiments.engine.comparing.disagreements import draw_rolls, find_disagreements, write_disagreements
from experiments.engine.comparing.gathering import Answered, restrict
from experiments.engine.comparing.measuring import METRICS, OF_CONFUSIONS, compare_pairs, measure
from experiments.engine.heard import REASONS
from experiments.engine.predicting.asking import CALIBRATION
from experiments.engine.predictions import Predictions
from features.words import counted

UNHEARD, HEARD = "unheard works", "heard works"
"""Works that no model has heard, and those of which one of them has."""

RECORD = "compare.json"
"""Everything that the page shows; written last."""


def compare(
    candidates: Sequence[Candidate], answered: Answered, folder: Path, *, speed: bool, rolls: int
) -> dict[str, Any]:
    """Compares models on the same pieces and writes what came out.

    Args:
        candidates: The models.
        answered: Their answers.
        folder: Gets `compare.csv`, `differences.csv`, `composers.csv`, `disagreements.csv`, `figures/`, `rolls/`,
            `compare.html` and, last, `compare.json`.
        speed: Whether to measure time and memory.
        rolls: Of how many pieces on which models disagree to draw the rolls.

    Returns:
        What `compare.json` holds.
    """
    letters = [candidate.letter for candidate in candidates]
    pieces = next(iter(group_pieces(answered).values()))
    by_piece = [restrict_to(part, pieces, answered) for part in answered.parts["piece"]]
    disagreements = find_disagreements(letters, by_piece)
    drawn = draw_rolls(disagreements[:rolls], answered.pieces, folder)
    record = measure_all(candidates, answered, by_piece, speed=speed) | {
        "num_disagreements": len(disagreements),
        "disagreements": [
            row | {"roll": drawn.get(row["piece"], "")} for row in disagreements[: max(rolls, 50)]
        ],
    }
    write_all(folder, record, by_piece, disagreements)
    return record


def measure_all(
    candidates: Sequence[Candidate], answered: Answered, by_piece: Sequence[Predictions], *, speed: bool
) -> dict[str, Any]:
    """Returns what `compare.json` holds, but for the pieces on which models disagree.

    Args:
        candidates: The models.
        answered: Their answers.
        by_piece: Those for the pieces of the first group, on which models are compared.
        speed: Whether to measure time and memory.
    """
    letters, groups = [candidate.letter for candidate in candidates], group_pieces(answered)
    main_group = next(iter(groups))
    recalled = memories(letters, answered, groups[main_group])
    pairs = [
        dataclasses.replace(
            pair, memories=tuple(recalled[name] for name in (pair.better, pair.worse) if name in recalled)
        )
        for pair in compare_pairs(letters, by_piece)
    ]
    return {
        "command": records.command_line(),
        "commit": records.commit(),
        "models": [describe(candidate, speed=speed) for candidate in candidates],
        "classes": list(by_piece[0].classes),
        "label": candidates[0].label,
        "drawn": by_piece[0].drawn,
        "on": main_group,
        "rows": [
            row
            for on, pieces in groups.items()
            for candidate, *parts in zip(candidates, *answered.parts.values(), answered.heard, strict=True)
            for row in score_rows(candidate, on, pieces, parts, answered)
        ],
        "pairs": [
            dataclasses.asdict(pair) | {"sentence": pair.sentence, "is_sure": pair.is_sure} for pair in pairs
        ],
        "composers": recall_rows(letters, by_piece),
        "alarms": alarms(candidates, answered),
        "notes": [*answered.notes, *notes_on_calibration(candidates)],
    }


def write_all(
    folder: Path,
    record: Mapping[str, Any],
    by_piece: Sequence[Predictions],
    disagreements: Sequence[dict[str, Any]],
) -> None:
    """Writes the tables, the figures and the page of a comparison and, last, its record.

    Args:
        folder: Where they go.
        record: What `compare.json` will hold.
        by_piece: The answers on which the models are compared, which are drawn.
        disagreements: All pieces on which models disagree, of which the record has the first.
    """
    from experiments.engine.comparing.figures import save_comparison_figures
    from experiments.engine.comparing.page import write_comparison_page

    letters = [model["letter"] for model in record["models"]]
    records.write_csv(folder / "compare.csv", list(record["rows"][0]), record["rows"])
    _write_pairs(folder / "differences.csv", record["pairs"], record["on"])
    _write_recalls(folder / "composers.csv", record["composers"], letters)
    write_disagreements(folder / "disagreements.csv", letters, disagreements)
    save_comparison_figures(
        folder / "figures",
        dict(zip(letters, by_piece, strict=True)),
        record["composers"],
        label=record["label"],
    )
    write_comparison_page(folder, record)
    records.write_json(folder / RECORD, record)


def group_pieces(answered: Answered) -> dict[str, list[str]]:
    """Returns the pieces of works that no model has heard, and those that one of them has, if there are any."""
    names = answered.parts["piece"][0].pieces
    heard = {piece for each in answered.heard for piece in each or ()}
    groups = {
        UNHEARD: [name for name in names if name not in heard],
        HEARD: [name for name in names if name in heard],
    }
    return {name: pieces for name, pieces in groups.items() if pieces}


def restrict_to(part: Predictions, pieces: Sequence[str], answered: Answered) -> Predictions:
    """Returns the answers for some pieces."""
    return restrict(part, pieces, part.classes, answered.works)


def memories(letters: Sequence[str], answered: Answered, pieces: Sequence[str]) -> dict[str, str]:
    """Returns of which models the answers for some pieces may be memories, and why, in a clause."""
    found = {}
    for letter, heard in zip(letters, answered.heard, strict=True):
        if heard is None:
            found[letter] = f"{letter} does not say what it has heard"
        elif known := sum(piece in heard for piece in pieces):
            found[letter] = (
                f"{letter} has heard the works of {known} of these {counted(len(pieces), 'piece')}"
            )
    return found


def alarms(candidates: Sequence[Candidate], answered: Answered) -> list[str]:
    """Returns what no reader should overlook: which models have heard what they are scored on, or do not say."""
    sentences, names = [], set(answered.parts["piece"][0].pieces)
    for candidate, heard in zip(candidates, answered.heard, strict=True):
        found = Counter(reason for piece, reason in (heard or {}).items() if piece in names)
        if heard is None:
            sentences.append(
                f"{candidate.letter} ({candidate.name}) does not say what it was trained on: it may have heard any of "
                "these pieces, and its scores may be those of a memory."
            )
        elif found:
            reasons = "; ".join(f"{count}: {REASONS[reason]}" for reason, count in found.items())
            sentences.append(
                f"{candidate.letter} ({candidate.name}) was trained or validated on works of "
                f"{counted(found.total(), 'piece')} of {len(names)} ({reasons}): scores on these stand apart."
            )
    if UNHEARD not in group_pieces(answered):
        sentences.append(
            "There is no work that none of them has heard: even their differences are on heard works."
        )
    return sentences


def notes_on_calibration(candidates: Sequence[Candidate]) -> list[str]:
    """Returns which models are calibrated, which changes nothing here, in words."""
    return [
        f"{each.letter} is calibrated, but here log-loss, calibration error and reliability are those of its network's "
        "own answers."
        for each in candidates
        if (each.description or {}).get(CALIBRATION)
    ]


def score_rows(
    candidate: Candidate, on: str, pieces: Sequence[str], parts: Sequence[Any], answered: Answered
) -> list[dict[str, Any]]:
    """Returns the rows of `compare.csv` of one model on some pieces, by piece and by chunk.

    Args:
        candidate: The model.
        on: What the pieces are called.
        pieces: Their names.
        parts: Its answers by piece, by chunk (or None), and what it has heard.
        answered: Where works are.
    """
    *levels, heard = parts
    rows = []
    for level, part in zip(answered.parts, levels, strict=True):
        if part is None:
            continue
        part = restrict_to(part, pieces, answered)
        row = {"model": candidate.letter, "name": candidate.name, "on": on, "level": level}
        row |= {"pieces": len(pieces), "works": len(set(part.works)), "answers": len(part.pieces)}
        row["heard"] = "" if heard is None else sum(piece in heard for piece in pieces)
        for metric in METRICS:
            measured = level == "piece" or metric in OF_CONFUSIONS
            found = measure([part], (1,), metric) if measured else None
            row |= {metric: "", f"{metric}_low": "", f"{metric}_high": ""} if found is None else {
                metric: found.value, f"{metric}_low": found.low, f"{metric}_high": found.high
            }  # fmt: skip
        rows.append(row)
    return rows


def recall_rows(letters: Sequence[str], parts: Sequence[Predictions]) -> list[dict[str, Any]]:
    """Returns which share of each composer's pieces every model names rightly, and by how much more than the first.

    Where composers were held out, each class says of how many (`writers`) its pieces are.

    Args:
        letters: What the models are called.
        parts: Their answers by piece, for the same pieces in the same order.
    """
    rows = []
    for name in parts[0].classes:
        chosen = [
            piece
            for piece, composer in zip(parts[0].pieces, parts[0].composers, strict=True)
            if composer == name
        ]
        if not chosen:
            continue
        works = dict(zip(parts[0].pieces, parts[0].works, strict=True))
        of_composer = [restrict(part, chosen, part.classes, works) for part in parts]
        row: dict[str, Any] = {
            "composer": name,
            "pieces": len(chosen),
            "works": len(set(of_composer[0].works)),
        }
        if of_composer[0].writers:
            row["writers"] = len(set(of_composer[0].writers))
        for letter, part in zip(letters, of_composer, strict=True):
            share = measure([part], (1,), "accuracy")
            more = measure([part, of_composer[0]], (1, -1), "accuracy")
            row[letter] = {"recall": share.value, "low": share.low, "high": share.high}
            row[letter] |= {
                "difference": more.value,
                "difference_low": more.low,
                "difference_high": more.high,
            }
        rows.append(row)
    return rows


def describe(candidate: Candidate, *, speed: bool) -> dict[str, Any]:
    """Returns what there is to say of a model, whatever it is asked."""
    return {
        "letter": candidate.letter,
        "name": candidate.name,
        "builder": candidate.builder,
        "encoding": candidate.encoding,
        "classes": list(candidate.classes),
        "protocol": candidate.metrics.get("protocol", ""),
        **dataclasses.asdict(cost_of(candidate, speed=speed)),
    }


def _write_pairs(path: Path, pairs: Sequence[Mapping[str, Any]], on: str) -> None:
    rows = []
    for pair in pairs:
        row = {"better": pair["better"], "worse": pair["worse"], "on": on}
        row |= dict(zip(("works_better", "works_worse", "works_equal"), pair["works"], strict=True))
        row |= dict(zip(("pieces_only_better", "pieces_only_worse"), pair["pieces"], strict=True))
        for metric, found in pair["differences"].items():
            row |= {metric: found["value"], f"{metric}_low": found["low"], f"{metric}_high": found["high"]}
        rows.append(row | {name: pair[name] for name in ("p_works", "p_pieces", "sentence")})
    records.write_csv(path, list(rows[0]), rows)


def _write_recalls(path: Path, recalls: Sequence[dict[str, Any]], letters: Sequence[str]) -> None:
    rows = [
        {name: row[name] for name in ("composer", "pieces", "works", "writers") if name in row}
        | {f"{name}_{letter}": value for letter in letters for name, value in row[letter].items()}
        for row in recalls
    ]
    records.write_csv(path, list(rows[0]), rows)
