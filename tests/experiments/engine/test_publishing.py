"""What is published, and what a run folder without its model is told."""

import pytest

from experiments.engine.publishing import check_model_file, publish
from experiments.engine.saved_models import load_saved_model
from experiments.engine.teachers import teacher_name
from features.errors import InputError


@pytest.fixture
def run(tmp_path):
    """The folder of a run that has begun."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    return folder


@pytest.mark.parametrize("ask", [load_saved_model, lambda run: teacher_name(str(run))])
def test_published_runs_hold_no_weights_and_say_so(run, ask):
    (run / "metrics.json").write_text("{}")
    with pytest.raises(
        InputError, match="run holds no weights, .* run its command again .* models/pretrained"
    ):
        ask(run)


def test_a_folder_that_is_not_there_is_no_unfinished_run(tmp_path):
    with pytest.raises(InputError, match="There is no folder .*nope; check the path"):
        publish(tmp_path / "nope", tmp_path)


def test_a_run_that_is_not_finished_says_so(run):
    with pytest.raises(InputError, match="run is not finished"):
        load_saved_model(run)


def test_a_study_over_all_folds_names_a_fold(run):
    fold = run / "folds" / "four_composers" / "fold-0"
    fold.mkdir(parents=True)
    (fold / "model.h5").touch()
    with pytest.raises(InputError, match="such as .*fold-0"):
        load_saved_model(run)
    check_model_file(fold / "model.h5")


def test_what_is_no_run_folder_is_left_to_others(tmp_path):
    check_model_file(tmp_path / "model.h5")
    check_model_file(tmp_path / "other.h5")
