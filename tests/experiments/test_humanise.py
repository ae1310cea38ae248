"""A model is scored on renderings of the works of its test part, and told how far they are from these."""

import json

import pytest

from experiments.engine import humanising, records
from experiments.engine.boards.overviews import read_overview
from experiments.engine.boards.renderings import markdown
from experiments.engine.config import Config
from experiments.engine.publishing import RENDERINGS, kind_of
from experiments.humanise import main


def test_renderings_stand_beside_their_pieces(uninterrupted, cache_dir, tmp_path, capsys, read_rows):
    places = ["--cache-dir", str(cache_dir), "--results-dir", str(tmp_path)]
    main([str(uninterrupted), "--strengths", "1", "3", *places])
    (folder,) = (tmp_path / "four_composers").iterdir()
    rows = read_rows(folder / "renderings.csv")
    assert [row["name"] for row in rows] == ["as it stands", "strength 1", "strength 3"]
    test = json.loads((uninterrupted / "metrics.json").read_text())["test"]["piece"]
    assert float(rows[0]["piece_macro_f1"]) == pytest.approx(test["macro_f1"], abs=1e-5)
    assert {row["pieces"] for row in rows} == {str(test["count"])}
    assert all(row["piece_difference"] and row["against"] == "as it stands" for row in rows[1:])
    for name in ("onset_frames", "tempo_percent", "velocities"):
        assert 0 == float(rows[0][name]) < float(rows[1][name]) < float(rows[2][name])
    said = capsys.readouterr().out
    assert "strength 3" in said and str(folder) in said
    found = read_overview(folder)
    lines = [line for line in markdown([found], tmp_path).splitlines() if "| strength" in line]
    assert f"{float(rows[1]['piece_macro_f1']):.3f}" in lines[0] and "binary" in lines[0]
    assert kind_of(folder) == RENDERINGS


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ("synthetic", ("Ada", "Cleo"))),
        (["--composers", "Ada", "Bela"], ("synthetic", ("Ada", "Bela"))),
        (["--corpus", "music21_scores"], ("music21_scores", ())),
    ],
)
def test_flags_change_values_of_the_corpus_of_the_run(tmp_path, monkeypatch, words, expected):
    asked = []
    monkeypatch.setattr(humanising, "compare_renderings", lambda _, corpus, *__, **___: asked.append(corpus))
    monkeypatch.setattr(humanising, "print_renderings", lambda folder: None)
    run = tmp_path / "run"
    run.mkdir()
    config = Config("example").replace(corpus={"corpus": "synthetic", "composers": ("Ada", "Cleo")})
    records.write_json(run / "config.json", config.to_dict())
    main([str(run), *words, "--results-dir", str(tmp_path)])
    assert [(corpus.corpus, corpus.composers) for corpus in asked] == [expected]


def test_a_configuration_that_cannot_be_used_is_named_with_its_file(tmp_path, capsys):
    records.write_json(tmp_path / "config.json", {})
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--results-dir", str(tmp_path)])
    said = capsys.readouterr().err
    assert f"{tmp_path / 'config.json'} cannot be used: " in said and "experiment" in said


def test_nobody_plays_backwards(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["model", "--strengths", "-1"])
    assert stopped.value.code == 2
    assert "strengths above 0" in capsys.readouterr().err
