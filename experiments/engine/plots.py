"""The figures of a run, drawn without a screen."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

from experiments.engine.canvas import plt, save_figure
from experiments.engine.composers.figures import MANY, save_many_class_scores, save_many_confusions
from experiments.engine.predictions import Predictions
from experiments.engine.telling import taken

LETTERS_PER_INCH = 9
"""Of a title, on the average."""


def save_run_figures(
    folder: Path, metrics: Mapping, *, history: Sequence[Mapping[str, float]], test: Mapping[str, Predictions]
) -> None:
    """Draws every figure of a run.

    Args:
        folder: Where the PNG files go.
        metrics: What `metrics.json` holds.
        history: Rows of `history.csv`; empty where there is no one training to show.
        test: Answers for the test part by `"chunk"` and `"piece"`.
    """
    name = f"{metrics['model']}, {metrics['encoder']}, {metrics['corpus']}, {metrics['protocol']} {metrics['fold']}"
    label = metrics.get("label", "composer")  # older runs ask for composers
    if history:
        save_learning_curves(history, folder / "learning_curves.png")
    for level, answers in test.items():
        save_confusion_matrix(
            answers.labels,
            answers.probabilities.argmax(axis=1),
            classes=answers.classes,
            title=f"{taken(label)}, by {level}\n{name}",
            path=folder / f"confusion_{level}.png",
            label=label,
        )
    save_class_scores(metrics["test"], title=f"F1 by {label}\n{name}", path=folder / "class_scores.png")


def save_learning_curves(history: Sequence[Mapping[str, float]], path: Path) -> None:
    """Draws loss and scores over the epochs, for training and validation.

    Args:
        history: Rows of `history.csv`.
        path: The PNG file.
    """
    epochs = [int(row["epoch"]) + 1 for row in history]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for axes, curves in (
        (left, {"loss": "training loss", "val_loss": "validation loss"}),
        (
            right,
            {
                "accuracy": "training accuracy (chunks)",
                "val_accuracy": "validation accuracy (chunks)",
                "val_macro_f1": "validation macro-F1 (chunks)",
                "val_piece_macro_f1": "validation macro-F1 (pieces)",
            },
        ),
    ):
        for column, label in curves.items():
            axes.plot(epochs, [float(row[column]) for row in history], marker=".", label=label)
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    left.set_title("Loss")
    right.set_title("Scores")
    right.set_ylim(0, 1)
    save_figure(figure, path)


def save_fold_curves(histories: Sequence[Sequence[Mapping[str, float]]], path: Path) -> None:
    """Draws the learning curves of a study: scores and losses over the epochs, a line for each fold.

    Args:
        histories: Rows of the `history.csv` of each fold, in the order of the folds.
        path: The PNG file.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for number, history in enumerate(histories):
        epochs, colour = [int(row["epoch"]) + 1 for row in history], f"C{number % 10}"
        for axes, column, style in (
            (left, "val_loss", "-"),
            (left, "loss", ":"),
            (right, "val_macro_f1", "-"),
        ):
            label = f"fold {number}" if style == "-" else None
            values = [float(row[column]) for row in history]
            axes.plot(epochs, values, style, marker=".", color=colour, label=label)
    for axes, title in (
        (left, "Validation loss (dotted: training loss)"),
        (right, "Validation macro-F1 (chunks)"),
    ):
        axes.set(title=title, xlabel="epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    right.set_ylim(0, 1)
    save_figure(figure, path)


def save_confusion_matrix(
    labels: np.ndarray,
    answers: np.ndarray,
    *,
    classes: Sequence[str],
    title: str,
    path: Path,
    label: str = "composer",
) -> None:
    """Draws who is taken for whom, as shares of each true composer; many composers by similarity, few as they come.

    Args:
        labels: True class of each answer, shape `(answers,)`.
        answers: Class answered, shape `(answers,)`.
        classes: Names of the classes.
        title: Above the figure.
        path: The PNG file.
        label: What the classes are.
    """
    if len(classes) > MANY:
        counts = confusion_matrix(labels, answers, labels=np.arange(len(classes)))
        save_many_confusions(counts, classes=classes, title=title, path=path)
        return
    size = 3.2 + 0.7 * len(classes)
    figure, axes = plt.subplots(figsize=(size + 0.8, size), layout="constrained")
    ConfusionMatrixDisplay.from_predictions(
        labels, answers, labels=np.arange(len(classes)), display_labels=classes,
        normalize="true", values_format=".2f", cmap="Blues", xticks_rotation=30, ax=axes, im_kw={"vmin": 0, "vmax": 1},
    )  # fmt: skip
    axes.set(xlabel="answered", ylabel=f"true {label}")
    figure.suptitle(_fit(title, figure))
    save_figure(figure, path)


def save_class_scores(test: Mapping[str, Mapping], *, title: str, path: Path) -> None:
    """Draws F1 by composer: pieces and chunks of the network beside its baselines, and stacked with one.

    Args:
        test: The `test` part of `metrics.json`.
        title: Above the figure.
        path: The PNG file.
    """
    if len(test["piece"]["per_class"]) > MANY:
        save_many_class_scores(test, title=title, path=path)
        return
    series = {"network, pieces": test["piece"], "network, chunks": test["chunk"]}
    series |= {f"{name}, pieces": score for name, score in test["baselines"].items()}
    if "stacked" in test:
        series["network and fingerprint stacked, pieces"] = test["stacked"]
    classes = list(test["piece"]["per_class"])
    figure, axes = plt.subplots(figsize=(4 + 1.6 * len(classes), 4), layout="constrained")
    width = 0.84 / len(series)
    for number, (label, score) in enumerate(series.items()):
        places = np.arange(len(classes)) + (number - (len(series) - 1) / 2) * width
        axes.bar(places, [score["per_class"][name]["f1"] for name in classes], width, label=label)
    supports = [test["piece"]["per_class"][name]["support"] for name in classes]
    axes.set_xticks(
        np.arange(len(classes)),
        [f"{name}\n{count} pieces" for name, count in zip(classes, supports, strict=True)],
    )
    axes.set(ylabel="F1", ylim=(0, 1))
    axes.grid(axis="y", alpha=0.3)
    figure.suptitle(_fit(title, figure))
    figure.legend(loc="outside right center", fontsize="small")
    save_figure(figure, path)


def _fit(title: str, figure: plt.Figure) -> str:
    """Returns a title in lines no longer than its figure is wide."""
    most = int(LETTERS_PER_INCH * figure.get_figwidth())
    return "\n".join(textwrap.fill(line, most) for line in title.splitlines())
