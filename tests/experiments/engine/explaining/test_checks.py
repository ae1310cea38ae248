"""Which checks speak for a model: its own, those published, and else those of models that were made alike."""

from types import SimpleNamespace

import pytest

from experiments.engine import records
from experiments.engine.explaining.checks import check_sentences, checks_of

FEW = {"num_pieces": 5, "num_works": 2, "corpus": "synthetic"}


def write(path, values):
    path.parent.mkdir(parents=True)
    records.write_json(path, values)


@pytest.fixture
def published(tmp_path):
    """A published study of two folds, and a check of the model of one of them."""
    for fold in ("fold-0", "fold-1"):
        write(tmp_path / "made_up" / "study" / "folds" / "made_up" / fold / "config.json", {})
    write(tmp_path / "explain" / "one" / "explain_check.json", FEW | {"model": "fold-1-0a1b2c3d"})
    return tmp_path


def model_of(study):
    return SimpleNamespace(description={"calibration": {"fitted_on": {"study": study}}} if study else {})


def test_a_published_check_of_the_model_itself_is_found(published, tmp_path):
    (check,) = checks_of(model_of(None), tmp_path / "fold-1-0a1b2c3d", published)
    assert "alike" not in check
    assert check_sentences([check])[0].startswith("Not enough to say")


def test_a_model_that_a_study_calibrated_is_spoken_for_by_the_models_of_its_folds(published, tmp_path):
    (check,) = checks_of(model_of("study"), tmp_path / "shipped-01234567", published)
    assert check["alike"] == "fold-1"
    assert check_sentences([check])[0].startswith(
        "Of a model made alike, which has not heard all works (fold-1): "
    )


def test_a_network_that_was_asked_otherwise_is_spoken_for_by_its_own_check(published, tmp_path):
    (check,) = checks_of(model_of(None), tmp_path / "asked-otherwise-0a1b2c3d", published)
    assert "alike" not in check
    fold = published / "made_up" / "asked" / "folds" / "made_up" / "fold-1-asked"
    write(fold / "environment.json", {"trained_by": {"run": "fold-1"}})
    (check,) = checks_of(model_of("asked"), tmp_path / "shipped-01234567", published)
    assert check["alike"] == "fold-1"


def test_the_models_own_check_comes_first(published, tmp_path):
    home = tmp_path / "shipped-01234567"
    write(home / "check-synthetic" / "explain_check.json", FEW | {"model": home.name})
    (check,) = checks_of(model_of("study"), home, published)
    assert check["model"] == home.name


@pytest.mark.parametrize("study", [None, "another"])
def test_checks_of_other_models_say_nothing(published, tmp_path, study):
    assert checks_of(model_of(study), tmp_path / "shipped-01234567", published) == []
