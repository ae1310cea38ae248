"""Who is taken for whom: confusions in an order in which they can be read, and as a table with years and eras."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import pdist
from sklearn.metrics import confusion_matrix

from experiments.engine.predictions import Predictions
from experiments.engine.records import write_csv
from features.corpora.composers import describe_composer

COUNTED = ("pieces", "share_of_pieces", "chunks", "share_of_chunks")

COLUMNS = ("composer", "lived", "era", "taken_for", "taken_for_lived", "taken_for_era", *COUNTED)
"""Where something else than the composer is asked, the first column is called so, and nobody's lives are told."""


def confusions_of(answers: Predictions) -> np.ndarray:
    """Returns counts by true and answered composer, shape `(classes, classes)`."""
    return confusion_matrix(
        answers.labels, answers.probabilities.argmax(axis=1), labels=np.arange(len(answers.classes))
    )


def by_similarity(confusions: np.ndarray) -> np.ndarray:
    """Returns the classes in an order that puts those beside each other who are taken for the same composers.

    Tested classes come first, by hierarchical clustering of what they are answered with (average linkage; the
    similarity of two rows is `sum_k sqrt(p_k q_k)`, Bhattacharyya's coefficient), in the order of leaves in which
    neighbours are most alike (Bar-Joseph et al., 2001). Then come those who are only answered. Classes that do not
    occur are left out.

    Args:
        confusions: Counts by true and answered class, shape `(classes, classes)`.

    Example:
        >>> by_similarity(np.array([[5, 0, 4, 0], [0, 8, 1, 0], [4, 1, 5, 1], [0, 0, 0, 0]])).tolist()
        [0, 2, 1, 3]
    """
    support, answered = confusions.sum(axis=1), confusions.sum(axis=0)
    tested = np.flatnonzero(support)
    if len(tested) > 2:
        shares = confusions[tested] / support[tested, None]
        distances = np.maximum(pdist(np.sqrt(shares), "cosine"), 0)
        tested = tested[leaves_list(linkage(distances, "average", optimal_ordering=True))]
        tested = tested if tested[0] < tested[-1] else tested[::-1]  # both ways round are as good
    return np.concatenate([tested, np.flatnonzero((support == 0) & (answered > 0))])


def confusion_rows(test: Mapping[str, Predictions]) -> list[dict[str, Any]]:
    """Returns a row for each pair of classes of which one is taken for the other, the most frequent first.

    Args:
        test: Answers for the test part by `"piece"` and by `"chunk"`.
    """
    pieces, chunks = (confusions_of(test[level]) for level in ("piece", "chunk"))
    classes, label, rows = test["piece"].classes, test["piece"].label, []
    for true, answer in np.argwhere((pieces + chunks) * (1 - np.eye(len(classes), dtype=int))):
        rows.append(
            {label: classes[true], "taken_for": classes[answer]}
            | (_lives(classes[true], classes[answer]) if label == "composer" else {})
            | {
                "pieces": int(pieces[true, answer]),
                "share_of_pieces": round(float(pieces[true, answer] / max(pieces[true].sum(), 1)), 4),
                "chunks": int(chunks[true, answer]),
                "share_of_chunks": round(float(chunks[true, answer] / max(chunks[true].sum(), 1)), 4),
            }
        )
    return sorted(rows, key=lambda row: (-row["pieces"], -row["chunks"], row[label], row["taken_for"]))


def _lives(composer: str, taken_for: str) -> dict[str, str]:
    one, other = describe_composer(composer), describe_composer(taken_for)
    return {
        "lived": one.lived,
        "era": one.era,
        "taken_for_lived": other.lived,
        "taken_for_era": other.era,
    }


def write_confusions(path: Path, test: Mapping[str, Predictions]) -> None:
    """Writes `confusion_rows` as a CSV file."""
    label = test["piece"].label
    write_csv(path, COLUMNS if label == "composer" else (label, "taken_for", *COUNTED), confusion_rows(test))


def era_sentences(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns in words how often somebody is taken for a composer of the same era, beside what chance would do.

    Chance: the same wrong answers, dealt out at random among the same pieces, so that all stay wrong.

    Args:
        rows: Of `confusions.csv`, read back or not; those of composers whose era is not known do not count.
    """
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        if row["era"] and row["taken_for_era"] and int(row["pieces"]):
            counts[row["composer"], row["taken_for"]] = int(row["pieces"])
    total = sum(counts.values())
    if not total:
        return []
    era = {row["composer"]: row["era"] for row in rows} | {
        row["taken_for"]: row["taken_for_era"] for row in rows
    }
    same = sum(count for (one, other), count in counts.items() if era[one] == era[other])
    expected = _same_era_by_chance(counts, era)
    return [
        f"Of {total} pieces with a wrong answer {100 * same / total:.0f} % were taken for somebody of the same era; by "
        f"chance it would be {100 * expected:.0f} %."
    ]


def _same_era_by_chance(counts: Mapping[tuple[str, str], int], era: Mapping[str, str]) -> float:
    """The share of wrong answers within an era if they were dealt out at random."""
    wrong, answered = {}, {}
    for (one, other), count in counts.items():
        wrong[one] = wrong.get(one, 0) + count
        answered[other] = answered.get(other, 0) + count
    same = 0.0
    for one, count in wrong.items():
        others = {name: number for name, number in answered.items() if name != one}
        alike = sum(number for name, number in others.items() if era[name] == era[one])
        same += count * alike / max(sum(others.values()), 1)
    return same / sum(wrong.values())
