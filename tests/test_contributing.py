"""What CONTRIBUTING.md says works: its own examples are added, one file and one line each, and run."""

import importlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import experiments
import features.corpora
import features.encoders
import models
from experiments.__main__ import main as list_experiments

TEXT = (Path(__file__).resolve().parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")

FILES = dict(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", TEXT, flags=re.DOTALL))

LINES = dict(re.findall(r"[Ii]n `(\S+\.py)`:\n\n```python\n(.*?)```", TEXT, flags=re.DOTALL))

TABLES = {
    "features/corpora": (features.corpora, features.corpora.CORPORA),
    "features/encoders": (features.encoders, features.encoders.ENCODERS),
    "models": (models, models.BUILDERS),
    "experiments": (experiments, experiments.EXPERIMENTS),
}


@pytest.fixture
def contributed(tmp_path, monkeypatch):
    """Puts each example where its room finds it, and its line into the table; returns the modules."""
    names = {}
    for room, (package, table) in TABLES.items():
        ((path, source),) = (
            (path, source) for path, source in FILES.items() if str(Path(path).parent) == room
        )
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source, encoding="utf-8")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(file.parent)])
        ((name, module),) = eval("{" + LINES[f"{room}/__init__.py"] + "}").items()
        monkeypatch.setitem(table, name, module)
        names[room] = module
    importlib.invalidate_caches()
    yield names
    for module in names.values():
        sys.modules.pop(module, None)


def test_there_is_one_file_and_one_line_for_each_table():
    assert sorted(str(Path(path).parent) for path in FILES) == sorted(TABLES)
    assert sorted(LINES) == sorted(f"{room}/__init__.py" for room in TABLES)
    assert all(line.strip().count("\n") == 0 for line in LINES.values())


def test_one_of_each_is_added_and_runs(contributed, tmp_path, capsys):
    list_experiments()
    assert "notes_alone" in capsys.readouterr().out

    places = ["--cache-dir", str(tmp_path / "cache"), "--results-dir", str(tmp_path / "results")]
    arguments = ["--corpus", "exercises", "--encoder", "pitch_classes", "--model", "time_average"]
    study = importlib.import_module("experiments.four_composers")
    study.main([*arguments, "--epochs", "2", "--precision", "float32", *places])
    (folder,) = (tmp_path / "results" / "four_composers").iterdir()
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["corpus"] == "exercises"
    assert metrics["classes"] == ["Arpeggios", "Scales"]
    assert metrics["model"] == "time_average"
    assert metrics["encoder"] == "pitch_classes"
    assert set(metrics["test"]["baselines"]) == {"majority", "fingerprint"}
    description = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    encoder = importlib.import_module(contributed["features/encoders"])
    assert encoder.make(**description["encoder"]["settings"]) == encoder.make()


def test_the_experiment_that_is_added_runs(contributed, tmp_path):
    experiment = importlib.import_module(contributed["experiments"])
    places = ["--cache-dir", str(tmp_path / "cache"), "--results-dir", str(tmp_path / "results")]
    experiment.main(["--smoke", "--model", "time_average", *places])
    (folder,) = (tmp_path / "results" / "notes_alone").iterdir()
    assert json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["encoder"] == "piano_roll:binary"


def test_the_encoder_that_is_added_keeps_the_laws_of_encoders(contributed):
    from features.midi import notes_to_midi, read_events, read_notes

    encoder = importlib.import_module(contributed["features/encoders"]).make(chunk_frames=4)
    rows = encoder.encode(
        read_notes(read_events(notes_to_midi([(0, 480, 61), (480, 960, 72), (960, 1440, 49)])))
    )
    starts = encoder.chunk_starts(rows.num_frames)
    chunks = encoder.decode(rows, starts, np.full(len(starts), rows.num_frames))
    frames = np.concatenate(chunks, axis=1)[:, : rows.num_frames, 0]
    assert frames.argmax(axis=0).tolist() == [1] * 5 + [0] * 5 + [1] * 5
    moved = encoder.decode(
        rows, starts, np.full(len(starts), rows.num_frames), shift=np.full(len(starts), -2)
    )
    np.testing.assert_array_equal(moved, np.roll(chunks, -2, axis=1))
