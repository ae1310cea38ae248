"""How much music there is by each composer: a table, thresholds, and what guessing comes to."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from experiments.engine.records import write_csv
from experiments.engine.terminal import console
from features.census import ComposerCount, above, shares
from features.corpora.composers import describe_composer

THRESHOLDS = (0.0, 0.001, 0.01, 0.1)
"""Shares of all chunks at which the reference left composers out."""

COLUMNS = ("composer", "full_name", "born", "died", "era", "pieces", "works", "chunks", "percent", "kept")

THRESHOLD_COLUMNS = ("percent", "chunks", "above", "below", "percent_kept")


def count_rows(census: Sequence[ComposerCount], kept: Sequence[str]) -> list[dict[str, Any]]:
    """Returns a row for each composer of a corpus, the one with the most chunks first.

    Args:
        census: Of the whole corpus.
        kept: The composers that are told apart.
    """
    rows = []
    for count, share in sorted(
        zip(census, shares(census), strict=True), key=lambda pair: -pair[0].num_chunks
    ):
        one = describe_composer(count.composer)
        rows.append(
            {
                "composer": count.composer,
                "full_name": one.full_name,
                "born": one.born or "",
                "died": one.died or "",
                "era": one.era,
                "pieces": count.num_pieces,
                "works": count.num_works,
                "chunks": count.num_chunks,
                "percent": f"{100 * share:.4f}",
                "kept": "yes" if count.composer in kept else "no",
            }
        )
    return rows


def threshold_rows(census: Sequence[ComposerCount], *, also: Sequence[float] = ()) -> list[dict[str, Any]]:
    """Returns how many composers have as large a share of all chunks as each threshold asks for, and how many less.

    Args:
        census: Of the whole corpus.
        also: Thresholds beside the usual ones, as shares.

    Example:
        >>> [row["above"] for row in threshold_rows([ComposerCount("Bach", 9, 3, 99), ComposerCount("Cui", 1, 1, 1)])]
        [2, 2, 2, 1]
    """
    total = sum(count.num_chunks for count in census)
    rows = []
    for threshold in sorted({*THRESHOLDS, *also}):
        kept = above(census, min_share=threshold)
        num_chunks = sum(count.num_chunks for count in kept)
        values = (100 * threshold, num_chunks, len(kept), len(census) - len(kept), 100 * num_chunks / total)
        rows.append(dict(zip(THRESHOLD_COLUMNS, values, strict=True)))
    return rows


def show_thresholds(census: Sequence[ComposerCount], *, also: Sequence[float] = ()) -> None:
    """Prints how many composers each threshold keeps, and how many it leaves out."""
    table = Table(title="Composers by their share of all chunks")
    for heading in ("threshold", "composers kept", "left out", "chunks kept", "of all"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in threshold_rows(census, also=also):
        table.add_row(
            f"{row['percent']:g} %",
            str(row["above"]),
            str(row["below"]),
            f"{row['chunks']:,}",
            f"{row['percent_kept']:.1f} %",
        )
    console().print(table)


def write_counts(
    folder: Path, census: Sequence[ComposerCount], kept: Sequence[str], *, also: Sequence[float] = ()
) -> None:
    """Writes `composers.csv`, `thresholds.csv` and `figures/composers.png`.

    Args:
        folder: The run folder, or any other.
        census: Of the whole corpus.
        kept: The composers that are told apart.
        also: Thresholds beside the usual ones, as shares.
    """
    from experiments.engine.composers.figures import save_composer_counts

    write_csv(folder / "composers.csv", COLUMNS, count_rows(census, kept))
    write_csv(folder / "thresholds.csv", THRESHOLD_COLUMNS, threshold_rows(census, also=also))
    save_composer_counts(census, kept, path=folder / "figures" / "composers.png", also=also)


def chance_sentences(metrics: Mapping[str, Any]) -> list[str]:
    """Returns what guessing comes to on the test pieces; nothing for older runs, which do not know their priors.

    Args:
        metrics: What `metrics.json` holds.

    Example:
        >>> scores = {"count": 4, "per_class": {"Bach": {"support": 3}, "Cui": {"support": 1}}}
        >>> chance_sentences({"priors": {"Bach": 0.9, "Cui": 0.1}, "test": {"piece": scores}})
        ... # doctest: +NORMALIZE_WHITESPACE
        ['Chance: of 2 composers one at random is right for 50.0 % of the test pieces, one drawn as often as it was
        trained on for 70.0 %, always Bach (90.0 % of the training chunks) for 75.0 %.']
    """
    priors = metrics.get("priors")
    if not priors:
        return []
    piece = metrics["test"]["piece"]
    tested = {name: score["support"] / piece["count"] for name, score in piece["per_class"].items()}
    commonest = max(priors, key=priors.get)
    drawn = sum(share * tested[name] for name, share in priors.items())
    classes = f"{len(priors)} {metrics.get('label', 'composer')}s"
    return [
        f"Chance: of {classes} one at random is right for {1 / len(priors):.1%} of the test pieces, one "
        f"drawn as often as it was trained on for {drawn:.1%}, always {commonest} ({priors[commonest]:.1%} of the "
        f"training chunks) for {tested[commonest]:.1%}.".replace("%", " %")
    ]
