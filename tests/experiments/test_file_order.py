"""What the order of a list is worth is printed, explained and written down."""

import csv
import json

import pytest

from experiments.engine.file_lists import WAYS
from experiments.file_order import main


def test_a_rehearsal_scores_every_way_and_writes_the_list(cache_dir, tmp_path, capsys):
    main(["--smoke", "--cache-dir", str(cache_dir), "--output", str(tmp_path / "out")])
    printed = capsys.readouterr().out
    assert all(name in printed for name in WAYS)
    assert "it reads nothing and learns nothing" in printed
    written = json.loads((tmp_path / "out" / "file_order.json").read_text(encoding="utf-8"))
    assert list(written["windows"]) == list(WAYS)
    assert written["corpus"] == "synthetic" and written["command"] and written["device"]
    for row in written["windows"].values():
        assert row["what"] and 0 <= row["lstm_accuracy"] <= 1 and len(row["lstm_macro_f1_by_seed"]) == 1
    ordered = written["windows"]["as the notebook"]
    assert ordered["before_accuracy"] > 0.8 > written["windows"]["list shuffled"]["before_accuracy"]
    with open(tmp_path / "out" / "files.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == ordered["num_trained"] + ordered["num_tested"] + 10
    assert rows[0]["composer"] == "Ada" and float(rows[0]["length_s"]) > 10
    assert not (tmp_path / "out" / "metrics.json").exists()  # by which the leaderboard knows a run


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--corpus", "songs"], "There is no corpus named 'songs'"),
        (["--corpus", "synthetic", "--composers", "Ada"], "Found 20 files by Ada; to cut windows of 10"),
        (["--corpus", "synthetic", "--composers", "Zoe"], "No pieces by Zoe in this corpus"),
        (["--corpus", "midi_classics", "--data-home", "/no/such/path"], "/no/such/path"),
        (["--seeds", "0"], "Expected seeds to be 1 or more"),
    ],
)
def test_what_cannot_be_listed_ends_in_one_sentence(cache_dir, capsys, arguments, sentence):
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, "--cache-dir", str(cache_dir)])
    assert stopped.value.code == 2
    assert sentence in capsys.readouterr().err
