"""Two trainings are compared by the seconds to one score, that of the reference."""

from experiments.engine.columns import WATCHED
from experiments.engine.speed.settings import Trainings
from experiments.engine.speed.trainings import HEADINGS, Outcome, configurations, rows


def outcome(seconds, scores):
    history = [{"seconds": seconds, WATCHED: score} for score in scores]
    return Outcome(history, num_parameters=7)


def test_the_score_to_reach_is_the_best_of_the_reference_with_the_same_seed():
    measured = {
        "reference": [outcome(30, [0.4, 0.6, 0.5]), outcome(30, [0.7, 0.1])],
        "ours": [outcome(5, [0.5, 0.5, 0.6]), outcome(5, [0.6, 0.69])],
    }
    table = rows(measured, first_seed=3)
    assert all(len(row) == len(HEADINGS) for row in table)
    assert [(row[0], row[1], row[-2], row[-1]) for row in table] == [
        ("reference", "3", "60.0", "1.0"),
        ("reference", "4", "30.0", "1.0"),
        ("ours", "3", "15.0", "4.0"),
        ("ours", "4", "not reached", "-"),
    ]


def test_both_train_on_the_same_works_and_the_reference_as_the_notebook():
    ours, reference = configurations(Trainings())
    assert (ours.corpus, ours.split) == (reference.corpus, reference.split)
    assert ours.model.model == "frame_cnn" and reference.model.model == "cnn_reference"
    training = reference.training
    assert (training.epochs, training.batch_size, training.patience, training.transpose) == (10, 32, None, 0)
    assert not training.move and not training.class_weights and training.schedule == "constant"
    assert reference.encoder.channels == ("velocity",)
