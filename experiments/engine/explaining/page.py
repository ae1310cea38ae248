"""The page of a piece: which notes speak for whom, and the passages that decided, to look at and to listen to."""

from pathlib import Path
from typing import Any

import numpy as np

from experiments.engine import records
from experiments.engine.config import CorpusConfig, Places
from experiments.engine.explaining.attribution import (
    DELETION,
    GRADIENTS,
    METHODS,
    TOP,
    Agreement,
    Explanation,
    note_attributions,
)
from experiments.engine.explaining.checking import checked_on, passed, percent, verdict
from experiments.engine.explaining.checks import check_sentences, checks_of, whose
from experiments.engine.explaining.chunks import joined
from experiments.engine.explaining.deletion import MOST_DELETIONS, groups_of
from experiments.engine.explaining.heldout import find_music
from experiments.engine.explaining.passages import (
    MOST_AGAINST,
    MOST_FOR,
    Passage,
    decided_in,
    find_passages,
    sound_of,
)
from experiments.engine.explaining.places import folder_of, slug
from experiments.engine.exploring.sounds import SECONDS, describe_player
from experiments.engine.predicting.asking import Asker
from experiments.engine.predicting.presenting import NONE
from experiments.engine.rendering import PAGES
from experiments.engine.saved_models import SavedModel
from features.errors import InputError
from features.midi import read_events, read_notes
from features.words import clock

NOTE_COLUMNS = ("start_s", "end_s", "pitch", "velocity", *METHODS, "decided")

MOST_NAMED = 3
"""Composers whose probability is said in words."""


def explain_piece(
    saved: SavedModel,
    name: str,
    corpus: CorpusConfig,
    places: Places,
    *,
    composer: str | None = None,
    sounds: bool = True,
    output: Path | None = None,
) -> tuple[Path, list[str]]:
    """Explains what a model answers about a piece, and writes a page about it.

    Args:
        saved: A model of piano rolls.
        name: A file, or the name of a piece of the corpus.
        corpus: Where to look if there is no such file.
        places: Where things lie.
        composer: For whom notes should speak; None for whom `experiments.predict` answers.
        sounds: Whether passages can be heard.
        output: The folder; None for one of the model and the piece.

    Returns:
        The folder with `explain.html`, `explain.json` and `notes.csv`, and what was found, in sentences.

    Raises:
        InputError: The piece cannot be read, or not be explained.
    """
    title, data = find_music(name, corpus, places)
    try:
        predicted = Asker(saved).ask(title, data)
    except InputError as error:
        raise InputError(f"{title} cannot be explained: {error}") from error
    explanation = note_attributions(
        saved, read_notes(read_events(data)), composer=composer or predicted.ranking[0][0]
    )
    home = folder_of(saved, places.results_dir)
    folder = output.expanduser() if output else home / slug(title)
    folder.mkdir(parents=True, exist_ok=True)
    found = describe(explanation) | {"piece": title, "model": home.name, "was_heard": predicted.was_heard}
    found |= {"predicted": dict(predicted.ranking), "is_none": predicted.is_none}
    found["sentences"] = sentences(found)
    checks = checks_of(saved, home, places.published)
    write_notes(explanation, folder / "notes.csv")
    page = PAGES.get_template("explain.html").render(
        found=found,
        checks=checks,
        passages=_shown(explanation, sounds=sounds),
        player=describe_player() if sounds else None,
        checked_on=checked_on,
        clock=clock,
        passed=passed,
        verdict=verdict,
        whose=whose,
        seconds=SECONDS,
        **_pictures(explanation),
        command=records.command_line(),
        commit=records.commit(),
    )
    records.write_text(folder / "explain.html", page)
    records.write_json(folder / "explain.json", found | {"checks": checks})
    return folder, [*found["sentences"], *check_sentences(checks)]


def describe(explanation: Explanation) -> dict[str, Any]:
    """Returns what there is to say of an explanation, fit for JSON."""
    piece, agreement = explanation.piece, explanation.agreement
    wanted = explanation.composer
    return {
        "composer": wanted,
        "answer": explanation.answer,
        "num_notes": int(piece.is_heard.sum()),
        "num_chunks": len(piece.starts),
        "deleted_together": len(groups_of(piece, MOST_DELETIONS)[0]),
        "without": {name: answer_without_top(explanation, name) for name in METHODS},
        "agreement": {"rank_correlation": agreement.rank_correlation, "top_overlap": agreement.top_overlap},
        "passages": {
            side: [
                {"start_s": found.start_s, "weight": found.weight} for found in _passages(explanation, sign)
            ]
            for side, sign in (("for", 1), ("against", -1))
        },
    }


def answer_without_top(explanation: Explanation, method: str) -> float:
    """Returns the probability of the composer when the notes that decided are taken away."""
    (answers,) = explanation.piece.answers_without(explanation.top(method))
    return float(joined(answers)[explanation.piece.saved.classes.index(explanation.composer)])


def sentences(found: dict[str, Any]) -> list[str]:
    """Returns what was found of a piece, in words."""
    ranking = list(found["predicted"].items())
    others = ", ".join(f"{name} {share:.2f}" for name, share in ranking[1 : MOST_NAMED + 1])
    none = f"{NONE}; if one, " if found["is_none"] else ""
    said = [f"{found['piece']}: {none}{ranking[0][0]} {ranking[0][1]:.2f}; {others}."]
    said.append(
        "That is what experiments.predict answers. Weights are of the plain network, without averaging over keys and "
        f"places and without calibration; by itself it has {found['composer']} at "
        f"{found['answer'][found['composer']]:.2f}."
    )
    if found["was_heard"]:
        said.append("The model was trained on this music, so its answer is no surprise.")
    if ranking[0][0] != found["composer"]:
        said.append(f"The weights tell what speaks for {found['composer']}, whom the model does not answer.")
    now, without = found["answer"][found["composer"]], found["without"]
    said.append(
        f"Without the {percent(TOP)} of the notes that decided {found['composer']} has {without[GRADIENTS]:.2f} (by "
        f"gradients) or {without[DELETION]:.2f} (by deletions), instead of {now:.2f}."
    )
    agreement = Agreement(**found["agreement"])
    how = "agree" if agreement.agrees else "do not agree well, so take single notes with care"
    said.append(
        f"Gradients and deletions {how}: rank correlation {agreement.rank_correlation:.2f}, and "
        f"{percent(agreement.top_overlap)} of the notes that decided are the same ({percent(TOP)} by chance)."
    )
    if found["deleted_together"] > 1:
        said.append(
            f"The piece is long, so deletions took away {found['deleted_together']} neighbouring notes at once: single "
            "notes are told by gradients only."
        )
    return said


def write_notes(explanation: Explanation, path: Path) -> None:
    """Writes a row for each note that can be heard: when, which, how much it weighs, whether it decided."""
    piece, top = explanation.piece, set(explanation.top().tolist())
    rows = [
        {name: f"{piece.notes.notes[name][index]:.6g}" for name in NOTE_COLUMNS[:4]}
        | {name: f"{explanation.weights[name][index]:.6g}" for name in METHODS}
        | {"decided": int(index in top)}
        for index in np.flatnonzero(piece.is_heard)
    ]
    records.write_csv(path, NOTE_COLUMNS, rows)


def _passages(explanation: Explanation, sign: int) -> list[Passage]:
    most = MOST_FOR if sign > 0 else MOST_AGAINST
    return find_passages(explanation.piece.notes.notes, sign * explanation.weights[GRADIENTS], most=most)


def _shown(explanation: Explanation, *, sounds: bool) -> dict[str, list[dict[str, Any]]]:
    """Returns passages for the page: when, how much, and how they sound, whole and with the notes that count only."""
    notes, shown = explanation.piece.notes.notes, {}
    for side, sign in (("for", 1), ("against", -1)):
        top = explanation.top(sign=sign)
        shown[side] = []
        for passage in _passages(explanation, sign):
            chosen = decided_in(passage, top)
            shown[side].append(
                {"start_s": passage.start_s, "weight": sign * passage.weight, "num_decided": len(chosen)}
                | {"num_notes": len(passage.notes)}
                | {"whole": sound_of(notes[passage.notes], passage.start_s) if sounds else ""}
                | {"decided": sound_of(notes[chosen], passage.start_s) if sounds and len(chosen) else ""}
            )
    return shown


def _pictures(explanation: Explanation) -> dict[str, Any]:
    from experiments.engine.explaining.picture import draw_roll, legend, line_starts

    rate = explanation.piece.encoder.frames_per_second
    lines = line_starts(explanation)
    marked = [(found.start_s, sign) for sign in (1, -1) for found in _passages(explanation, sign)]
    drawn_s = (explanation.piece.starts[lines[-1]] + explanation.piece.encoder.chunk_frames) / rate
    return {
        "pictures": {name: draw_roll(explanation, name, marked) for name in METHODS},
        "legend": legend(),
        "drawn_s": drawn_s if drawn_s * rate < explanation.piece.rows.num_frames else None,
    }
