"""Can the explanations of a model be believed? Tried over pieces that it has never heard."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from experiments.engine import records
from experiments.engine.config import CorpusConfig, Places
from experiments.engine.evaluation import FEWEST_WORKS
from experiments.engine.explaining.attribution import AGREE, GRADIENTS, METHODS, TOP
from experiments.engine.explaining.categories import category_rows, draw_works, sort_weights
from experiments.engine.explaining.chunks import read_with, require_rolls
from experiments.engine.explaining.heldout import deal, unheard_pieces
from experiments.engine.explaining.places import CHECK_FILE, folder_of
from experiments.engine.saved_models import SavedModel
from experiments.engine.telling import pieces_name
from features.errors import InputError
from features.midi import read_events, read_notes
from features.words import counted

NUM_SHUFFLES = 5
"""Models with shuffled weights, in turn: one alone might be like the model by chance."""

DRAWS = 2000
"""Of works, for intervals."""

ENOUGH_PIECES, ENOUGH_WORKS = 100, 20
"""With fewer there is no verdict."""

UNLIKE = 0.2
"""Below this rank correlation, as an upper bound, two pictures are said to be unlike; set after a look at 12 pieces."""

AGAINST = {"random": "random notes", "similar": "random notes that last as long"}

CATEGORY_COLUMNS = ("composer", "pieces", "kind", "category", "share", "weight", "more", "low", "high")


def check(
    saved: SavedModel, corpus: CorpusConfig, places: Places, *, num_pieces: int, seconds: float, seed: int
) -> tuple[Path, dict[str, Any]]:
    """Tries the explanations of a model on pieces that it has never heard, and writes what was found.

    Args:
        saved: A model of piano rolls.
        corpus: Where the pieces are taken from.
        places: Where it lies, and where results go; with `resume` it goes on where it was stopped.
        num_pieces: How many, as nearly as many of each composer as there are.
        seconds: Of each piece only so much is tried, from its beginning.
        seed: Another one chooses other pieces and random notes.

    Returns:
        The folder with `explain_check.json`, `pieces.csv` and `categories.csv`, and what the first holds.

    Raises:
        InputError: The model reads no rolls, or has heard everything.
    """
    require_rolls(saved)
    folder = folder_of(saved, places.results_dir) / f"check-{corpus.corpus}-{corpus.pieces}"
    pieces, dataset = unheard_pieces(saved, corpus, places)
    dealt = deal(pieces, len(pieces), seed=seed)
    if len(dealt) < num_pieces:
        print(
            f"The corpus has only {counted(len(dealt), 'piece')} that the model never heard.",
            file=sys.stderr,
        )
    work_of = dict(zip(dataset.pieces, dataset.works, strict=True))
    folder.mkdir(parents=True, exist_ok=True)
    with records.open_folder(folder):
        how = {"seconds": seconds, "seed": seed, "resume": places.resume}
        rows = _try_pieces(saved, dealt, folder / "rows.json", num_pieces=num_pieces, **how)
        for row in rows:
            row["work"] = work_of[row["piece"]]
        found = sum_up(rows, seed=seed) | {
            "model": folder.parent.name,
            "corpus": corpus.corpus,
            "pieces": pieces_name(corpus),
            "seconds": seconds,
            "seed": seed,
            "unheard_pieces": len(pieces),
        }
        categories = category_rows(
            [row["categories"] for row in rows],
            works=[row["work"] for row in rows],
            composers=[row["answer"] for row in rows],
            draws=DRAWS,
            seed=seed,
        )
        columns = [name for name in rows[0] if name != "categories"]
        records.write_csv(
            folder / "pieces.csv", columns, [{name: row[name] for name in columns} for row in rows]
        )
        records.write_csv(folder / "categories.csv", CATEGORY_COLUMNS, categories)
        from experiments.engine.explaining.check_page import write_check_page

        write_check_page(folder, found, categories)
        records.write_json(folder / CHECK_FILE, found)
    return folder, found


def _try_pieces(
    saved: SavedModel,
    dealt: Sequence,
    path: Path,
    *,
    num_pieces: int,
    seconds: float,
    seed: int,
    resume: bool,
) -> list[dict[str, Any]]:
    """Tries pieces one after another until so many have been, and notes each as soon as it is done."""
    from experiments.engine.explaining.gradients import IntegratedGradients
    from experiments.engine.explaining.trials import beginning, shuffled, try_piece

    settings = {"seed": seed, "seconds": seconds}
    done: dict[str, dict] = {}
    if resume and path.exists() and (before := records.read_json(path))["settings"] == settings:
        done = {row["piece"]: row for row in before["rows"]}
    ignorant = [IntegratedGradients(shuffled(saved.model, number)) for number in range(NUM_SHUFFLES)]
    rows: list[dict[str, Any]] = []
    with tqdm(total=min(num_pieces, len(dealt)), desc="Trying pieces", unit="piece") as progress:
        for number, piece in enumerate(dealt):
            if len(rows) == num_pieces:
                break
            row = done.get(piece.piece)
            if row is None:
                try:
                    notes = beginning(read_notes(read_events(piece.read())), seconds)
                    read = read_with(saved, notes)
                except InputError as error:
                    print(f"Left out: {piece.piece}: {error}", file=sys.stderr)
                    continue
                row = {"piece": piece.piece, "composer": piece.label or piece.composer}
                tried, weights = try_piece(
                    read, ignorant[number % NUM_SHUFFLES], seed=1_000_003 * seed + number
                )
                row |= tried
                row["categories"] = sort_weights(read.notes.notes[read.is_heard], weights[GRADIENTS])
            rows.append(row)
            records.write_json(path, {"settings": settings, "rows": rows})
            progress.update()
    if not rows:
        raise InputError(
            "No piece could be tried: the model hears no note in any of them; name another corpus."
        )
    return rows


def sum_up(rows: Sequence[Mapping[str, Any]], *, seed: int) -> dict[str, Any]:
    """Returns means over pieces with 95 % intervals over draws of works, paired differences, and what they say.

    The ends of intervals are None where there are too few works for one.

    Args:
        rows: What `try_piece` found of each piece, with its `work`.
        seed: Of the draws.
    """
    times = draw_works([row["work"] for row in rows], DRAWS, seed=seed)
    num_works = len({row["work"] for row in rows})

    def mean(values: Sequence[float]) -> dict[str, float | None]:
        means = times @ np.asarray(values, float) / times.sum(axis=1)
        if num_works < FEWEST_WORKS:
            return {"mean": float(means[0]), "low": None, "high": None}
        low, high = np.quantile(means[1:], [0.025, 0.975])
        return {"mean": float(means[0]), "low": float(low), "high": float(high)}

    measured = [name for name, value in rows[0].items() if isinstance(value, float) and name != "probability"]
    means = {name: mean([row[name] for row in rows]) for name in measured}
    differences = {}
    for method in METHODS:
        for other in AGAINST:
            by = np.array([row[f"fall_{method}"] - row[f"fall_{other}"] for row in rows])
            differences[f"{method}_minus_{other}"] = mean(by) | {
                "more": int((by > 0).sum()),
                "less": int((by < 0).sum()),
            }
    found = {
        "num_pieces": len(rows),
        "num_works": num_works,
        "means": means,
        "differences": differences,
        "is_faithful": all((differences[f"{method}_minus_random"]["low"] or 0) > 0 for method in METHODS),
        "is_learnt": all(
            end is not None and abs(end) < UNLIKE
            for end in (means["unlearnt"][side] for side in ("low", "high"))
        ),
        "agrees": means["rank_correlation"]["mean"] >= AGREE,
    }
    return found | {"sentences": sentences(found)}


def sentences(found: Mapping[str, Any]) -> list[str]:
    """Returns what a check has found, in words."""
    means, said, share = found["means"], [], percent(TOP)
    for method in METHODS:
        by = found["differences"][f"{method}_minus_random"]
        said.append(
            f"Without the {share} of the notes that decided, as {WAYS[method]} have it, the probability of the answer "
            f"falls by {means[f'fall_{method}']['mean']:.3f}; without a random {share} by "
            f"{means['fall_random']['mean']:.3f}, and without as many that last as long by "
            f"{means['fall_similar']['mean']:.3f}. Paired over {counted(found['num_pieces'], 'piece')}, the notes that "
            f"decided cost {by['mean']:.3f} more than random ones ({interval(by, 3)}): "
            f"more on {by['more']}, less on {by['less']}."
        )
    said.append(
        "The answer is another without the notes that decided in "
        + ", ".join(f"{percent(means[f'changed_{method}']['mean'])} ({WAYS[method]})" for method in METHODS)
        + f" of the pieces, without random ones in {percent(means['changed_random']['mean'])}."
    )
    said.append(
        ("The two ways agree" if found["agrees"] else "The two ways do not agree well")
        + f": rank correlation {_with_interval(means['rank_correlation'])}, and "
        f"{percent(means['top_overlap']['mean'])} of the notes that decided are the same ({share} by chance)."
    )
    said.append(
        "A model that has learnt nothing, its weights shuffled, gives "
        + ("another picture" if found["is_learnt"] else "a picture that is not clearly another")
        + f": rank correlation {_with_interval(means['unlearnt'])}. Of how much notes weigh, whatever they speak "
        f"for, it is {_with_interval(means['unlearnt_sizes'])}: long notes weigh much for any model."
    )
    return said


def percent(share: float) -> str:
    """Returns a share in words.

    Example:
        >>> percent(0.1)
        '10 %'
    """
    return f"{100 * share:.0f} %"


WAYS = {"gradients": "gradients", "deletion": "deletions"}


def interval(mean: Mapping[str, float | None], digits: int) -> str:
    """Returns an interval in words.

    Example:
        >>> interval({"low": 0.25, "high": 0.5}, 2), interval({"low": None, "high": None}, 2)
        ('95 % interval 0.25 to 0.50', 'too few works for an interval')
    """
    if mean["low"] is None:
        return "too few works for an interval"
    return f"95 % interval {mean['low']:.{digits}f} to {mean['high']:.{digits}f}"


def _with_interval(mean: Mapping[str, float | None]) -> str:
    return f"{mean['mean']:.2f} ({interval(mean, 2)})"


def checked_on(found: Mapping[str, Any]) -> str:
    """Returns over how much music a model was checked."""
    return f"{counted(found['num_pieces'], 'piece')} of {counted(found['num_works'], 'work')}"


def is_enough(found: Mapping[str, Any]) -> bool:
    """Whether a check has tried so much that it may say whether explanations can be believed."""
    return found["num_pieces"] >= ENOUGH_PIECES and found["num_works"] >= ENOUGH_WORKS


def passed(found: Mapping[str, Any]) -> bool:
    """Whether explanations of the model passed both checks, over enough music."""
    return is_enough(found) and found["is_faithful"] and found["is_learnt"]


def verdict(found: Mapping[str, Any]) -> str:
    """Returns in one sentence whether explanations of the model can be believed."""
    if not is_enough(found):
        return (
            f"Not enough to say whether explanations of this model can be believed: it was checked on "
            f"{checked_on(found)}, and {ENOUGH_PIECES} pieces of {ENOUGH_WORKS} works are needed."
        )
    if passed(found):
        return "Explanations of this model passed both checks."
    reasons = [
        *(
            []
            if found["is_faithful"]
            else ["taking away the notes that decided does not cost more than random ones"]
        ),
        *([] if found["is_learnt"] else ["a model that has learnt nothing gives a picture too much like it"]),
    ]
    return f"Explanations of this model should not be believed: {' and '.join(reasons)}."
