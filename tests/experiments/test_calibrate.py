"""A run calibrated from the command line."""

import json

import pytest

from experiments import calibrate
from experiments.engine.predicting.unknown import NUM_STATISTICS
from experiments.engine.saved_models import load_saved_model


@pytest.fixture(scope="module")
def found(calibrated):
    return json.loads((calibrated / "model.json").read_text(encoding="utf-8"))["calibration"]


def test_it_is_written_beside_the_weights_and_changes_nothing_else(calibrated, found):
    before = json.loads((calibrated / "uncalibrated.json").read_text(encoding="utf-8"))
    after = json.loads((calibrated / "model.json").read_text(encoding="utf-8"))
    assert after == before | {"calibration": found}
    assert load_saved_model(calibrated).description["calibration"] == found


def test_it_is_fitted_on_validation_and_measured_on_test_pieces(calibrated, found, read_rows):
    rows = read_rows(calibrated / "splits.csv")
    for side in ("validation", "test"):
        assert found[side]["pieces"] == sum(row["split"] == side for row in rows)
        for scores in (found[side]["before"], found[side]["after"]):
            assert set(scores) == {"accuracy", "log_loss", "calibration_error"}
    assert found["validation"]["after"]["log_loss"] <= found["validation"]["before"]["log_loss"]
    in_training = [row["composer"] for row in rows if row["split"] == "train"]
    assert found["training_prior"] == pytest.approx(
        [in_training.count(name) / len(in_training) for name in ("Ada", "Bela")]
    )


def test_unknown_composers_who_chose_the_threshold_are_not_those_who_test_it(found):
    facts = found["unknown_composers"]
    assert facts["chosen"]["composers"] == ["Cleo"] and facts["tested"]["composers"] == ["Dov"]
    assert (len(found["weights"]), len(found["thresholds"])) == (NUM_STATISTICS, 2)
    ((accepted, pieces),) = facts["tested"]["accepted_by_composer"].values()
    assert accepted / pieces == facts["tested"]["false_acceptances"] and pieces == facts["tested"]["pieces"]
    assert set(facts["tested"]["rejected_by_composer"]) == {"Ada", "Bela"}
    assert facts["tested"]["known_pieces"] == found["test"]["pieces"]


def test_it_says_what_it_found(calibrated, cache_dir, capsys, found):
    calibrate.main([str(calibrated), "--cache-dir", str(cache_dir)])
    said = capsys.readouterr().out
    assert "calibrated" in said and "…" not in said
    assert f"Temperature {found['temperature']:.2f}" in said
    assert "by 1 other composer:" in said and "are taken for somebody known" in said
    assert str(calibrated / "model.json") in said
    assert json.loads((calibrated / "model.json").read_text(encoding="utf-8"))["calibration"] == found


def test_without_unknown_composers_there_is_no_threshold(uninterrupted, cache_dir, tmp_path, capsys):
    import shutil

    for name in ("model.h5", "model.json", "config.json", "metrics.json"):
        shutil.copyfile(uninterrupted / name, tmp_path / name)
    calibrate.main([str(tmp_path), "--cache-dir", str(cache_dir)])
    assert "None of these: not said" in capsys.readouterr().out
    found = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))["calibration"]
    assert (found["weights"], "unknown_composers" in found) == ([], False)


def test_what_is_no_finished_run_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        calibrate.main([str(tmp_path)])
    assert stopped.value.code == 2
    assert "Expected a finished run folder with its model.h5" in capsys.readouterr().err
