"""The study of descriptors runs as any other; what reads notes and what reads descriptors is not mixed up."""

import importlib
import json

import numpy as np
import pytest

from experiments.descriptor_sequences import main
from features.encoders import ENCODERS
from models import saving


def run(results, cache_dir, *arguments):
    main([*arguments, "--cache-dir", str(cache_dir), "--results-dir", str(results)])
    (folder,) = (results / "descriptor_sequences").iterdir()
    return folder


def test_a_rehearsal_leaves_a_run_with_baselines_and_a_model_that_can_be_used(cache_dir, tmp_path):
    folder = run(tmp_path, cache_dir, "--smoke", "--velocity", "True", "--step-s", "2", "--tempo", "0.1")
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["encoder"] == "descriptors:step_s=2.0:velocity=True"
    assert metrics["protocol"] == "work" and metrics["model"] == "descriptor_lstm"
    assert set(metrics["test"]["baselines"]) == {"majority", "fingerprint"}  # histograms are of notes
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["training"]["tempo"] == 0.1

    model, description = saving.load(folder / "model.h5")
    encoder = importlib.import_module(ENCODERS["descriptors"]).make(**description["encoder"]["settings"])
    assert model.input_shape[1:] == encoder.chunk_shape == (10, 16)
    answers = model.predict(np.zeros((1, *encoder.chunk_shape), np.float32), verbose=0)
    assert answers.shape == (1, len(description["classes"]))


@pytest.mark.parametrize(
    ("arguments", "sentences"),
    [
        (["--encoder", "piano_roll"], ["descriptor_lstm cannot read what the encoder piano_roll makes"]),
        (["--model", "frame_cnn"], ["encoder descriptors makes; take --model descriptor_lstm"]),
        (["--channels", "binary"], ["The encoder descriptors has no setting channels; leave it out"]),
        (
            ["--encoder", "piano_roll", "--velocity", "True"],
            ["The encoder piano_roll has no setting velocity"],
        ),
        (["--ablation", "silence"], ["silence"]),
        (["--step-s", "0"], ["step_s must be at least 0.1 and at most 600"]),
    ],
)
def test_what_does_not_fit_together_ends_in_one_sentence(cache_dir, tmp_path, capsys, arguments, sentences):
    with pytest.raises(SystemExit) as stopped:
        run(tmp_path, cache_dir, "--corpus", "synthetic", *arguments)
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert all(sentence in error for sentence in sentences)
    assert not list(tmp_path.glob("*/*"))
