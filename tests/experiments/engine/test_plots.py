"""The figures of a run are pictures, and need no screen."""

import numpy as np
import pytest

from experiments.engine import plots
from experiments.engine.plots import save_confusion_matrix, save_fold_curves, save_run_figures
from experiments.engine.predictions import Predictions
from experiments.engine.training import HISTORY_COLUMNS

CLASSES = ("Bach", "Dvořák", "Palestrina", "The Viennese quartet")
HISTORY = [dict.fromkeys(HISTORY_COLUMNS, 0.5) | {"epoch": epoch} for epoch in range(3)]
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def answers():
    rng = np.random.default_rng(0)
    labels = np.concatenate([np.arange(4), rng.integers(0, 4, 20)])
    names = tuple(f"piece {number}" for number in range(24))
    composers = tuple(CLASSES[label] for label in labels)
    return Predictions(names, names, composers, rng.dirichlet(np.ones(4), 24), CLASSES)


@pytest.fixture
def metrics(answers):
    scores = answers.scores()
    return {
        **{
            "model": "frame_cnn",
            "encoder": "piano_roll:binary",
            "corpus": "example",
            "protocol": "work",
            "fold": 0,
        },
        "test": {"piece": scores, "chunk": scores, "baselines": {"majority": scores, "fingerprint": scores}},
    }


def test_draws_every_figure(tmp_path, answers, metrics):
    save_run_figures(
        tmp_path / "figures", metrics, history=HISTORY, test={"chunk": answers, "piece": answers}
    )
    figures = {path.name: path.read_bytes() for path in (tmp_path / "figures").iterdir()}
    assert set(figures) == {
        *("learning_curves.png", "class_scores.png"),
        *("confusion_chunk.png", "confusion_piece.png"),
    }
    assert all(content.startswith(PNG) and len(content) > 5000 for content in figures.values())


def test_no_title_is_wider_than_its_figure(tmp_path, answers, metrics, monkeypatch):
    titles = []

    def measure(figure, path):
        figure.canvas.draw()
        titles.extend((one.get_window_extent(), figure.bbox) for one in figure.texts if one.get_text())
        plots.plt.close(figure)

    monkeypatch.setattr(plots, "save_figure", measure)
    metrics["encoder"] = "messages:beats=True:merge_tracks=True:without=tempo+channel+control+value"
    save_run_figures(tmp_path, metrics, history=(), test={"chunk": answers, "piece": answers})
    assert len(titles) == 3
    assert all(whole.x0 <= title.x0 and title.x1 <= whole.x1 for title, whole in titles)


def test_without_a_history_there_are_no_learning_curves(tmp_path, answers, metrics):
    save_run_figures(tmp_path, metrics, history=(), test={"piece": answers})
    assert {path.name for path in tmp_path.iterdir()} == {"class_scores.png", "confusion_piece.png"}


def test_the_folds_of_a_study_have_one_figure_of_learning_curves(tmp_path):
    shorter = HISTORY[:1]
    save_fold_curves([HISTORY, shorter, HISTORY], tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(PNG)


def test_keeps_no_figure_open(tmp_path, answers, metrics):
    import matplotlib.pyplot as plt

    save_run_figures(tmp_path, metrics, history=HISTORY, test={"piece": answers})
    assert plt.get_fignums() == []


def test_a_composer_without_pieces_has_an_empty_row(tmp_path):
    save_confusion_matrix(
        np.array([0, 1, 1]), np.array([0, 1, 3]), classes=CLASSES, title="Three", path=tmp_path / "three.png"
    )
    assert (tmp_path / "three.png").read_bytes().startswith(PNG)


def test_is_drawn_without_a_screen():
    import matplotlib

    assert matplotlib.get_backend().lower() == "agg"
