"""What a run came to: the table on the terminal, and the summary of several folds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from experiments.engine import records
from experiments.engine.comparison import differences
from experiments.engine.composers.counts import chance_sentences
from experiments.engine.composers.untested import untested_sentences
from experiments.engine.intervals import interval_of, verdict
from experiments.engine.predictions import join, read_predictions, write_predictions
from experiments.engine.publishing import PREDICTIONS, prediction_files
from experiments.engine.stacking import describe_stacking
from experiments.engine.telling import drawn, what_is_read
from experiments.engine.terminal import console
from features.words import counted

FEW = 5
"""Up to so many composers the five likeliest are all there are."""

DIFFERENCES = {
    "network_minus_fingerprint": "Network minus fingerprint",
    "stacked_minus_fingerprint": "Stacked minus fingerprint, what reading the {reads} adds",
}
"""What the differences of `metrics.json` are called."""


def summarise_folds(folder: Path, folds: Sequence[Path]) -> None:
    """Sums up the folds of a study: every piece predicted once, by the fold that did not hear its work.

    Args:
        folder: The study's run folder; gets predictions, figures and, last, `metrics.json` with
            `fold` = `"all"`.
        folds: The run folders of its folds.
    """
    from experiments.engine import pages, plots
    from experiments.engine.composers.confusions import write_confusions

    measured = [records.read_json(fold / "metrics.json") for fold in folds]
    of_every_fold = set.intersection(*(set(prediction_files(metrics)) for metrics in measured))
    answers = {}
    for name, file in prediction_files(measured[0]).items():
        if name in of_every_fold:  # folds of older code have no stacked answers
            answers[name] = join([read_predictions(fold / file) for fold in folds])
            write_predictions(folder / file, answers[name])
    test = {level: answers.pop(level) for level in PREDICTIONS}
    write_confusions(folder / "confusions.csv", test)
    stacked = {"stacked": answers.pop("stacked")} if "stacked" in answers else {}
    means = ["validation", *(["stacking"] if stacked else [])]
    means += ["priors"] if all("priors" in part for part in measured) else []
    metrics = measured[0] | {
        "run_id": folder.name,
        "fold": "all",
        "train_seconds": sum(part["train_seconds"] for part in measured),
        "num_epochs": sum(part["num_epochs"] for part in measured),
        "device": _each_once(measured, "device"),
        "precision": _each_once(measured, "precision"),
        **{name: _mean([part[name] for part in measured]) for name in means},
        "test": {name: predictions.scores() for name, predictions in (test | stacked).items()}
        | {"baselines": {name: predictions.scores() for name, predictions in answers.items()}},
        "differences": differences([test["piece"]], [*stacked.values()], [answers["fingerprint"]]),
        "not_in_this_fold": [],
    }
    plots.save_run_figures(folder / "figures", metrics, history=(), test=test)
    paths = [fold / "history.csv" for fold in folds]
    histories = [records.read_csv(path) if path.exists() else [] for path in paths]
    plots.save_fold_curves(histories, folder / "figures" / "learning_curves_by_fold.png")
    pages.write_report(folder, metrics)
    records.write_json(folder / "metrics.json", metrics)


def _each_once(measured: Sequence[dict[str, Any]], name: str) -> str:
    """What the folds say, which may come from several machines."""
    return "; ".join(dict.fromkeys(part[name] for part in measured if name in part))


def _mean(values: list[Any]) -> Any:
    """The mean of numbers, or of nested dicts of what all of them have; counts become means too.

    There is none of the ends of intervals if a fold has too few works for one.
    """
    if isinstance(values[0], dict):
        names = [name for name in values[0] if all(name in value for value in values)]
        return {name: _mean([value[name] for value in values]) for name in names}
    return None if None in values else sum(values) / len(values)


def print_summary(folder: Path) -> None:
    """Prints the scores of a finished run beside its baselines, and where its files are."""
    metrics = records.read_json(folder / "metrics.json")
    test = metrics["test"]
    music = metrics["corpus"] + ("" if metrics["pieces"] == "reference" else f", {metrics['pieces']}")
    title = f"{metrics['experiment']}: {music}, protocol {metrics['protocol']}, fold {metrics['fold']}"
    table = Table(title=title, caption=f"Test part; 95 % intervals by bootstrap over {drawn(metrics)}.")
    table.add_column("model", no_wrap=True)
    for heading in ("by piece:\naccuracy", "\nmacro-F1 (95 %)", "by chunk:\naccuracy", "\nmacro-F1"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, scores in test["baselines"].items():
        table.add_row(name, *_cells(scores), "", "")
    chunk = (f"{test['chunk']['accuracy']:.3f}", f"{test['chunk']['macro_f1']:.3f}")
    table.add_row(metrics["model"], *_cells(test["piece"]), *chunk, style="bold")
    if "stacked" in test:
        table.add_row("stacked", *_cells(test["stacked"]), "", "")
    terminal = console()
    terminal.print(table)
    for sentence in (*many_class_sentences(metrics), *difference_sentences(metrics)):
        terminal.print(sentence, soft_wrap=True)
    if "stacked" in test:
        terminal.print(f"Stacked: {describe_stacking(metrics['stacking'])}.", soft_wrap=True)
    terminal.print(f"Encoding: {metrics['encoder']}", soft_wrap=True)
    if metrics["protocol"] == "chunk":
        terminal.print(
            "Protocol chunk is leaky: other chunks of the test pieces were trained on.", style="yellow"
        )
    tested = f"{test['piece']['count']} pieces and {test['chunk']['count']} chunks tested"
    trained = f"{counted(metrics['num_epochs'], 'epoch')} in {metrics['train_seconds']:.0f} s"
    terminal.print(f"{tested}; trained {trained} ({metrics['num_parameters']:,} parameters).")
    terminal.print(f"Run folder: {folder}", soft_wrap=True)


def many_class_sentences(metrics: dict[str, Any]) -> list[str]:
    """Returns what there is to say of many composers: other scores, what chance comes to, who is not tested."""
    piece, label, sentences = metrics["test"]["piece"], metrics.get("label", "composer"), []
    if len(piece["per_class"]) > FEW and "top_5_accuracy" in piece:
        sentences += [
            f"By {level}: balanced accuracy {scores['balanced_accuracy']:.3f}, the {label} among the three likeliest "
            f"{scores['top_3_accuracy']:.3f}, among the five likeliest {scores['top_5_accuracy']:.3f}."
            for level, scores in (("piece", piece), ("chunk", metrics["test"]["chunk"]))
        ]
        sentences += chance_sentences(metrics)
    return sentences + untested_sentences(metrics)


def difference_sentences(metrics: dict[str, Any]) -> list[str]:
    """Returns in words by how much a run is better than its fingerprint, and whether that is sure.

    Example:
        >>> found = {"macro_f1": 0.0421, "macro_f1_low": -0.01, "macro_f1_high": 0.09}
        >>> difference_sentences({"protocol": "work", "differences": {"network_minus_fingerprint": found}})
        ['Network minus fingerprint: +0.042 macro-F1 by piece (95 % -0.010 to +0.090): may be chance.']
    """
    sentences = []
    for name, found in metrics.get("differences", {}).items():
        sure = verdict(found["macro_f1_low"], found["macro_f1_high"], "+.3f", drawn=drawn(metrics))
        what = DIFFERENCES[name].format(reads=what_is_read(metrics))
        sentences.append(f"{what}: {found['macro_f1']:+.3f} macro-F1 by piece{sure}")
    return sentences


def _cells(scores: dict[str, Any]) -> tuple[str, str]:
    return f"{scores['accuracy']:.3f}", f"{scores['macro_f1']:.3f}{interval_of(scores, 'macro_f1', '.2f')}"
