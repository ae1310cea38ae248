"""What a run came to: the table on the terminal, and the summary of several folds."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from experiments.engine import records
from experiments.engine.predictions import join, read_predictions, write_predictions

LEVELS = {"chunk": "predictions-chunks.csv.gz", "piece": "predictions.csv"}


def summarise_folds(folder: Path) -> None:
    """Sums up the folds of a study: every piece predicted once, by the fold that did not hear its work.

    Args:
        folder: The study's run folder, whose folds lie below `folds/`; gets predictions, figures
            and, last, `metrics.json` with `fold` = `"all"`.
    """
    from experiments.engine import pages, plots

    folds = sorted(path.parent for path in folder.glob("folds/*/*/metrics.json"))
    measured = [records.read_json(fold / "metrics.json") for fold in folds]
    test = {level: join([read_predictions(fold / name) for fold in folds]) for level, name in LEVELS.items()}
    baselines = {
        name: join([read_predictions(fold / f"predictions-{name}.csv") for fold in folds])
        for name in measured[0]["test"]["baselines"]
    }
    for level, name in LEVELS.items():
        write_predictions(folder / name, test[level])
    for name, predictions in baselines.items():
        write_predictions(folder / f"predictions-{name}.csv", predictions)
    metrics = measured[0] | {
        "run_id": folder.name,
        "fold": "all",
        "train_seconds": sum(part["train_seconds"] for part in measured),
        "num_epochs": sum(part["num_epochs"] for part in measured),
        "validation": _mean([part["validation"] for part in measured]),
        "test": {level: predictions.scores() for level, predictions in test.items()}
        | {"baselines": {name: predictions.scores() for name, predictions in baselines.items()}},
    }
    plots.save_run_figures(folder / "figures", metrics, history=(), test=test)
    pages.write_report(folder, metrics)
    records.write_json(folder / "metrics.json", metrics)


def _mean(values: list[Any]) -> Any:
    """The mean of numbers, or of nested dicts of numbers; counts become means too."""
    if isinstance(values[0], dict):
        return {name: _mean([value[name] for value in values]) for name in values[0]}
    return sum(values) / len(values)


def print_summary(folder: Path) -> None:
    """Prints the scores of a finished run beside its baselines, and where its files are."""
    metrics = records.read_json(folder / "metrics.json")
    test = metrics["test"]
    title = f"{metrics['experiment']}: {metrics['corpus']}, protocol {metrics['protocol']}, fold {metrics['fold']}"
    table = Table(title=title, caption="Test part; 95 % intervals by bootstrap over works.")
    table.add_column("model", no_wrap=True)
    for heading in ("by piece:\naccuracy", "\nmacro-F1 (95 %)", "by chunk:\naccuracy", "\nmacro-F1"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, scores in test["baselines"].items():
        table.add_row(name, *_cells(scores), "", "")
    chunk = (f"{test['chunk']['accuracy']:.3f}", f"{test['chunk']['macro_f1']:.3f}")
    table.add_row(metrics["model"], *_cells(test["piece"]), *chunk, style="bold")
    console = Console()
    console.print(table)
    console.print(f"Encoding: {metrics['encoder']}", soft_wrap=True)
    if metrics["protocol"] == "chunk":
        console.print(
            "Protocol chunk is leaky: other chunks of the test pieces were trained on.", style="yellow"
        )
    tested = f"{test['piece']['count']} pieces and {test['chunk']['count']} chunks tested"
    trained = f"{metrics['num_epochs']} epochs in {metrics['train_seconds']:.0f} s"
    console.print(f"{tested}; trained {trained} ({metrics['num_parameters']:,} parameters).")
    console.print(f"Run folder: {folder}", soft_wrap=True)


def _cells(scores: dict[str, Any]) -> tuple[str, str]:
    interval = f"({scores['macro_f1_low']:.2f}\u2013{scores['macro_f1_high']:.2f})"
    return f"{scores['accuracy']:.3f}", f"{scores['macro_f1']:.3f} {interval}"
