"""In which year was this written? A number instead of an age: regressions, beside what an age says of the year.

    python -m experiments.year --corpus midi_classics+music21_scores --pieces clean --data-home midi-classic-music.zip
    python -m experiments.year --corpus midi_classics+music21_scores --pieces clean --protocol composer

The year is what the corpus says of a piece (imslp_midi does). Elsewhere nobody knows, and **the middle of the
composer's life stands for it**, which may be twenty years off: then by work, who knows the composer knows the year, and
only `--protocol composer` asks for the music. Pieces of composers without dates are left out. Scores are mean absolute
errors in years, over all pieces and as the mean over the eras, which Bach does not outweigh.

It reads what the cheap models of the era study read: histograms of the notes of a piece, whatever its key, or the
fingerprint of its file. Some minutes on two cores, most of them for counting the histograms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments import era
from experiments.engine import records
from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.config import Config, CorpusConfig, Places, SplitConfig, smoke
from experiments.engine.publishing import MADE_FOR, YEAR
from features.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from experiments.engine.evaluation import Measured

STRENGTHS = (1.0, 10.0, 100.0, 1e3, 1e4)
"""Of the ridge, of which validation works choose one."""

NOTES, BOOSTED, FINGERPRINT = "ridge on the notes", "boosted trees on the notes", "ridge on the fingerprint"

ANSWERED = "the age answered"

COLUMNS = (
    "model",
    "error_years",
    "error_years_low",
    "error_years_high",
    "error_years_mean_over_eras",
    "pieces",
)


@dataclass(frozen=True)
class Arguments:
    """Whose years to tell, and what is held out."""

    corpus: CorpusConfig = era.DEFAULT.corpus
    split: SplitConfig = field(default_factory=lambda: SplitConfig(fold="all", rare="train"))
    places: Places = Places()
    smoke: bool = False
    """Rehearse: synthetic corpus, three folds, seconds."""


@as_sentences
def main(argv: Sequence[str] | None = None) -> None:
    """Measures what the command line asks for."""
    asked = read_arguments(Arguments, argv, description=__doc__, name="year")
    if asked.corpus.label != "era":
        raise InputError("Years are compared with what an era says; leave --label out.")
    config = Config("year", corpus=asked.corpus, split=asked.split).replace(model={"model": "ridge"})
    folder = measure(smoke(config) if asked.smoke else config, asked.places)
    print_rows(records.read_json(folder / "metrics.json"))
    print(f"Folder: {folder}")


def measure(config: Config, places: Places) -> Path:
    """Estimates the year of every tested piece in several ways; returns the folder with `year.csv`."""
    import numpy as np

    from experiments.engine.baselines import all_histograms
    from experiments.engine.runner import Study, folds_of, prepare, report_left_out, split_of
    from features.corpora.labels import year_of
    from features.selection import take_pieces
    from features.splits.protocols import TEST, TRAIN, VALIDATION
    from models.piece_histograms import piece_histograms

    dataset = prepare(config, places)
    dataset = take_pieces(dataset, np.array([year_of(facts) is not None for facts in dataset.facts]))
    report_left_out(dataset)
    years = np.array([year_of(facts) for facts in dataset.facts])
    splits = [split_of(fold) for fold in folds_of(Study(config, places, dataset))]
    with records.run_folder(config, places) as folder:
        if not records.is_finished(folder):
            tables = {
                NOTES: piece_histograms(all_histograms(dataset), dataset.chunk_pieces),
                FINGERPRINT: dataset.fingerprints,
            }
            estimates: dict[str, Any] = {}
            for split in splits:
                sides = [
                    np.unique(dataset.chunk_pieces[split.indices(side)]) for side in (TRAIN, VALIDATION, TEST)
                ]
                for name, found in estimate(tables, years, dataset.labels, sides).items():
                    estimates.setdefault(name, np.full(len(years), np.nan))[sides[-1]] = found
            _write(folder, config, dataset, years, estimates)
    return folder


def estimate(
    tables: Mapping[str, "np.ndarray"],
    years: "np.ndarray",
    labels: "np.ndarray",
    sides: Sequence["np.ndarray"],
) -> dict[str, "np.ndarray"]:
    """Returns the years that each model says of the tested pieces, learnt from the others.

    Args:
        tables: What the ridges read, a row a piece.
        years: Of each piece.
        labels: Era of each piece, as a number.
        sides: Pieces to train on, to validate on, and to test.
    """
    import numpy as np

    from models.baselines import BASELINES

    train, _, test = sides
    everyone = np.median(years[train])
    middle = np.array(
        [
            np.median(years[train][labels[train] == k]) if k in labels[train] else everyone
            for k in range(labels.max() + 1)
        ]
    )
    classifier = BASELINES["histogram_linear"].build(0, 1).fit(tables[NOTES][train], labels[train])
    return {
        "the median, nothing heard": np.full(len(test), everyone),
        ANSWERED: middle[classifier.predict(tables[NOTES][test])],
        BOOSTED: boosted(tables[NOTES], years, sides),
        **{name: ridge(table, years, sides) for name, table in tables.items()},
        "the true age": middle[labels[test]],
    }


def ridge(table: "np.ndarray", years: "np.ndarray", sides: Sequence["np.ndarray"]) -> "np.ndarray":
    """Returns the years that a ridge regression says of the tested pieces, none beyond those of training."""
    import numpy as np
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    train, validation, test = sides
    models = [make_pipeline(StandardScaler(), Ridge(strength)) for strength in STRENGTHS]
    for model in models:
        model.fit(table[train], years[train])
    best = min(models, key=lambda model: np.abs(model.predict(table[validation]) - years[validation]).mean())
    return np.clip(best.predict(table[test]), years[train].min(), years[train].max())


def boosted(table: "np.ndarray", years: "np.ndarray", sides: Sequence["np.ndarray"]) -> "np.ndarray":
    """Returns the years that gradient boosting for the absolute error says of the tested pieces."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    train, _, test = sides
    model = HistGradientBoostingRegressor(loss="absolute_error", early_stopping=False, random_state=0)
    return model.fit(table[train], years[train]).predict(table[test])


def mean_over_draws(values: "np.ndarray", units: Sequence[str]) -> "Measured":
    """Returns the mean of some values with its 95 % interval over draws of works, or of composers, if they are enough.

    Args:
        values: Of each piece.
        units: Work of each, or composer.
    """
    import numpy as np
    from scipy.sparse import csr_array

    from experiments.engine.evaluation import over_draws

    _, numbers = np.unique(np.asarray(units), return_inverse=True)
    sums = csr_array(np.stack([np.bincount(numbers, values), np.bincount(numbers)], axis=1))
    return over_draws(sums, (2,), score=lambda sums: sums[..., 0] / sums[..., 1])


def _write(
    folder: Path, config: Config, dataset: Any, years: "np.ndarray", estimates: dict[str, Any]
) -> None:
    import numpy as np

    tested = np.flatnonzero(~np.isnan(estimates[NOTES]))
    errors = {name: np.abs(found - years)[tested] for name, found in estimates.items()}
    units = np.array(dataset.writers if config.split.protocol == "composer" else dataset.works)[tested]
    labels, rows = dataset.labels[tested], []
    for name, of_model in errors.items():
        over_eras = float(np.mean([of_model[labels == label].mean() for label in np.unique(labels)]))
        found = (*mean_over_draws(of_model, units), over_eras)
        rows.append(dict(zip(COLUMNS, (name, *found, len(tested)), strict=True)))
    names = ("piece", "work", "writer", "era", "year", *estimates)
    columns = (dataset.pieces, dataset.works, dataset.writers, dataset.composers, years, *estimates.values())
    answers = [dict(zip(names, (column[piece] for column in columns), strict=True)) for piece in tested]
    records.write_csv(folder / "estimates.csv", names, answers)
    records.write_csv(folder / "year.csv", COLUMNS, rows)
    from experiments.engine.telling import pieces_name

    records.write_json(folder / MADE_FOR[YEAR], {"config": config.to_dict()})
    about = {
        **{"corpus": config.corpus.corpus, "pieces": pieces_name(config.corpus)},
        **{"protocol": config.split.protocol, "fold": config.split.fold},
    }
    nearer = {name: mean_over_draws(errors[ANSWERED] - errors[name], units) for name in (NOTES, BOOSTED)}
    records.write_json(folder / "metrics.json", about | {"rows": rows, "nearer_than_age": nearer})


def print_rows(found: Mapping[str, Any]) -> None:
    """Prints the error of each model, and whether a year says more than an age."""
    from rich.table import Table

    from experiments.engine.intervals import interval, verdict
    from experiments.engine.telling import drawn
    from experiments.engine.terminal import console

    title = (
        f"{found['corpus']}, protocol {found['protocol']}, fold {found['fold']}: mean absolute error in years"
    )
    table = Table(title=title, caption=f"95 % intervals by bootstrap over {drawn(found)}.")
    for heading in ("model", "all pieces (95 %)", "mean over eras"):
        table.add_column(heading, no_wrap=True)
    for name, error, low, high, over_eras, _ in map(dict.values, found["rows"]):
        table.add_row(name, f"{error:.1f}{interval(low, high, '.1f', ' to ')}", f"{over_eras:.1f}")
    console().print(table)
    for name, (value, low, high) in found["nearer_than_age"].items():
        sure = verdict(low, high, "+.1f", drawn=drawn(found))
        print(f"Error of {ANSWERED} minus that of {name}: {value:+.1f}{sure}")


if __name__ == "__main__":
    main()
