"""Timing in turn: what is printed, never how fast."""

import json

import pytest
from keras.backend import backend

from experiments import benchmark
from experiments.engine.speed.routes import Outcome
from experiments.engine.speed.starts import commands
from experiments.engine.speed.timing import Measurement
from experiments.engine.speed.ways import ONE_CORE, PLAIN, Way, ways
from experiments.engine.zoo.candidates import ZooSettings, candidates_for
from features.corpora.synthetic import compose


def test_builders_are_timed_beside_the_reference(capsys, tmp_path, monkeypatch):
    all_of_them = candidates_for(ZooSettings(), "piano_roll")  # which take long
    few = ["cnn_reference", "gru", "bag_attention"]
    chosen = {name: all_of_them[name] for name in few}
    monkeypatch.setattr("experiments.engine.speed.steps.candidates_for", lambda *_: chosen)
    flags = ["--rounds", "1", "--batch-size", "2", "--precision", "float32"]
    benchmark.main(["builders", *flags, "--output", str(tmp_path / "out")])
    printed = capsys.readouterr().out
    assert "1.00" in printed and all(name in printed for name in few)
    written = json.loads((tmp_path / "out" / "benchmark.json").read_text(encoding="utf-8"))
    assert [row["builder"] for row in written["rows"]] == few and written["device"]


@pytest.mark.parametrize("what", ["builders", "corpus"])
def test_an_output_that_cannot_be_used_is_refused_before_anything_is_timed(capsys, tmp_path, what):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as stopped:
        benchmark.main([what, "--output", str(tmp_path / "file")])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith("Expected --output to name a folder to write to, but ")


def rows(printed):
    """The rows of a printed table by their first cell."""
    cells = [
        [cell.strip() for cell in line.strip("│").split("│")] for line in printed.splitlines() if "│" in line
    ]
    return {name: rest for name, *rest in cells}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two composers, and what pretty_midi, or nobody, can read: data above 127, and zeros."""
    home = tmp_path_factory.mktemp("home")
    for composer in ("Ada", "Bela"):
        (home / composer).mkdir()
        for number in (1, 2):
            (home / composer / f"{number}.mid").write_bytes(compose(composer, number, movement=1))
    loud = bytearray(compose("Ada", 3, movement=1))
    loud[loud.index(b"\x90") + 2] = 200
    (home / "Ada" / "loud.mid").write_bytes(loud)
    (home / "Bela" / "zeros.mid").write_bytes(bytes(100))
    return home


def test_a_corpus_is_timed_by_every_route_on_the_files_that_all_can_use(folders, tmp_path, capfd):
    benchmark.main(
        ["corpus", "--corpus", "composer_folders", "--data-home", str(folders), "--repeats", "1"]
        + ["--cache-dir", str(tmp_path)]
    )
    printed = capfd.readouterr()
    assert "4 files" in printed.out and "of 6" in printed.out
    assert "quick look" not in printed.out
    table = rows(printed.out)
    assert table["rollcall"][2] == "1"
    assert table["rollcall"][-1] == table["pretty_midi"][-1] == table["dataset"][-1] != ""
    assert all(float(table[route][0]) > 0 for route in ("rollcall", "dataset", "pretty_midi", "plain"))
    assert table["plain"][4] == table["rollcall"][4]
    assert "Left out: Bela/zeros.mid: it has no MIDI header" in printed.err
    assert "Left out: Ada/loud.mid: OSError" in printed.err
    assert "Round 1 of 1: plain" in printed.err
    assert not list(tmp_path.iterdir()), "What was written has to go."


def test_a_quick_look_says_that_it_is_one_and_routes_take_turns(tmp_path, capfd, monkeypatch):
    def measure(route, pieces, folder):
        folder.mkdir()
        return Measurement(Outcome(num_chunks=len(pieces)), 100.0, 100.0, 10, None)

    monkeypatch.setattr("experiments.engine.speed.routes.measure_alone", measure)
    benchmark.main(
        ["corpus", "--corpus", "synthetic", "--repeats", "2", "--every", "20", "--cache-dir", str(tmp_path)]
    )
    printed = capfd.readouterr()
    assert "every 20th file, for a quick look" in " ".join(printed.out.split())
    assert rows(printed.out)["dataset"] == ["100", "100-100", "1", "100", "0.0", "?", "4"]
    rounds = [line.partition(";") for line in printed.err.splitlines() if line.startswith("Round")]
    routes = ("pretty_midi", "rollcall", "dataset", "plain")
    assert [line for line, _, _ in rounds] == [f"Round {n} of 2: {route}" for n in (1, 2) for route in routes]
    assert [left for _, _, left in rounds[-3:]] == [f" about {n} min left" for n in (5, 3, 2)]


@pytest.mark.parametrize("what", [("corpus", "--repeats"), ("corpus", "--every"), ("builders", "--rounds")])
def test_numbers_with_which_nothing_can_be_timed_are_refused(what, capsys):
    with pytest.raises(SystemExit) as stopped:
        benchmark.main([*what, "0"])
    assert stopped.value.code == 2
    assert "to be 1 or more, but received 0" in capsys.readouterr().err


def test_training_is_timed_to_the_score_of_the_reference(cache_dir, tmp_path, capsys):
    flags = ["--corpus", "synthetic", "--epochs", "2", "--reference-epochs", "1", "--precision", "float32"]
    flags += ["--hyperparameters", "width", "16", "num_blocks", "3", "--channels", "binary"]
    benchmark.main(["training", *flags, "--cache-dir", str(cache_dir), "--output", str(tmp_path)])
    assert "The test part is not touched" in capsys.readouterr().out
    reference, ours = json.loads((tmp_path / "benchmark.json").read_text(encoding="utf-8"))["rows"]
    assert (reference["network"], reference["epochs"], reference["times less"]) == (
        "cnn_reference",
        "1",
        "1.0",
    )
    assert (ours["network"], ours["epochs"]) == ("frame_cnn", "2")
    assert (ours["s to the score"] == "not reached") == (ours["times less"] == "-")
    assert not list(cache_dir.glob("benchmark-*")), "What was trained has to go."


def test_all_folds_at_once_have_no_one_score_to_reach(capsys):
    with pytest.raises(SystemExit, match="2"):
        benchmark.main(["training", "--fold", "all"])
    assert "Expected fold to be one fold" in capsys.readouterr().err


def test_growth_is_measured_in_a_process_for_each_part_of_a_corpus(cache_dir, tmp_path, capfd):
    flags = ["--corpus", "synthetic", "--builders", "bag_attention", "--samples", "1", "0.5", "--steps", "2"]
    flags += ["--batch-size", "16", "--precision", "float32", "--channels", "binary", "--mixup", "0.2"]
    benchmark.main(["scaling", *flags, "--cache-dir", str(cache_dir), "--output", str(tmp_path)])
    printed = capfd.readouterr()
    assert "bag_attention, 0.5 of the works" in printed.err and "libraries included" in printed.out
    half, whole = json.loads((tmp_path / "benchmark.json").read_text(encoding="utf-8"))["rows"]
    assert (half["sample"], whole["sample"], half["to the first"]) == ("0.5", "1", "1.00")
    assert int(half["chunks"]) < int(whole["chunks"])
    assert all(
        float(row[rate].replace(",", "")) > 0
        for row in (half, whole)
        for rate in ("trained a s", "answered a s")
    )


def test_what_cannot_be_measured_is_refused_before_anything_is(capsys):
    for flags, reason in {
        ("--samples", "2"): "Expected samples to be shares",
        ("--steps", "0"): "Expected steps to be 1 or more",
        ("--builders", "nobody"): "There is no builder named 'nobody'",
        ("--builders", "lstm", "message_lstm"): "cannot be read by message_lstm",
        ("--teacher", "RUN"): "leave --teacher out",
        ("--auxiliary", "0.5"): "leave --auxiliary out",
    }.items():
        with pytest.raises(SystemExit, match="2"):
            benchmark.main(["scaling", *flags])
        assert reason in capsys.readouterr().err


def test_ways_of_training_are_timed_beside_the_plain_one(cache_dir, tmp_path, monkeypatch, capfd):
    strided = ways([])["strided"].layers
    few = {
        PLAIN: Way(),
        "at once": Way("bfloat16", 32, xla=True, layers=strided),
        "cells": Way(cells=True),
        "of no network": Way(layers={"nothing": {}}),
    }
    monkeypatch.setattr("experiments.engine.speed.ways.ways", lambda batch_sizes: few)
    flags = ["--corpus", "synthetic", "--channels", "binary", "--hyperparameters", "width", "8"]
    flags += ["num_blocks", "1", "--rounds", "1", "--chunks", "64", "--batch-sizes", "32"]
    benchmark.main(["ways", *flags, "--cache-dir", str(cache_dir), "--output", str(tmp_path)])
    assert "costs in score is not measured" in capfd.readouterr().out
    written = json.loads((tmp_path / "benchmark.json").read_text(encoding="utf-8"))
    timed = {row["way"]: row for row in written["rows"]}
    assert list(timed) == [PLAIN, "at once", "cells", ONE_CORE]
    assert timed[PLAIN]["ratio"] == "1.00" and all(float(row["first s"]) > 0 for row in timed.values())
    assert "synthetic: training frame_cnn, 64 chunks a turn, 1 round" in written["title"]


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (
            ["--batch-sizes", "100000", "--chunks", "100000"],
            "Expected 100000 chunks or more, but the corpus has",
        ),
        (["--batch-sizes", "0"], "Expected batch_sizes to be 1 or more"),
        (["--chunks", "255"], "Expected chunks to be 256 or more"),
        (["--chunks", "63", "--batch-sizes"], "Expected chunks to be 64 or more"),
        (["--model", "bag_attention"], "does not read single chunks of piano rolls"),
    ],
)
def test_ways_with_which_nothing_can_be_timed_are_refused(flags, reason, cache_dir, capsys):
    with pytest.raises(SystemExit, match="2"):
        benchmark.main(["ways", "--corpus", "synthetic", "--cache-dir", str(cache_dir), *flags])
    assert reason in capsys.readouterr().err


@pytest.fixture(scope="module")
def timed(calibrated, folders, tmp_path_factory):
    """Returns a function that times predictions, and returns the rows that it wrote."""

    def run(*flags):
        output = tmp_path_factory.mktemp("timed")
        where = [
            "--corpus",
            "composer_folders",
            "--data-home",
            str(folders),
            "--cache-dir",
            str(output / "cache"),
        ]
        flags = [*where, "--every", "1", "--repeats", "1", "--output", str(output), *flags]
        benchmark.main(["prediction", str(calibrated), *flags])
        assert not list((output / "cache").iterdir()), "What was written has to go."
        return json.loads((output / "benchmark.json").read_text(encoding="utf-8"))

    return run


def test_an_answer_is_timed_by_stages_and_the_command_line_beside_its_imports(timed, capsys, monkeypatch):
    monkeypatch.setattr(
        "experiments.engine.speed.predictions.commands",
        lambda piece, model: {name: ["-c", "pass"] for name in commands(piece, model)},
    )
    written = timed("--starts", "1")
    printed = capsys.readouterr()
    assert "4 files, of 6" in written["title"] and "the same answer for 100.0% of" in printed.out
    assert "Left out: Ada/loud.mid: " in printed.err and "Left out: Bela/zeros.mid: it has no" in printed.err
    ratios = {(row["route"], row["stage"]): float(row["ratio"]) for row in written["rows"]}
    routes = {route: [stage for name, stage in ratios if name == route] for route, _ in ratios}
    stages = ["all", "read", "encode", "network", "rest"]
    assert routes["rollcall"] == routes["pretty_midi"] == stages
    assert routes["command line"] == ["predict FILE", "import keras", f"import {backend()}", "nothing"]
    assert ratios["rollcall", "all"] == ratios["command line", "predict FILE"] == 1
    assert all(float(row["median ms"].replace(",", "")) >= 0 for row in written["rows"])


@pytest.mark.slow
def test_the_commands_that_are_timed_can_be_started(timed):
    rows = {row["stage"]: row for row in timed("--starts", "1")["rows"]}
    assert float(rows["import keras"]["ratio"]) > 0.1 > float(rows["nothing"]["ratio"])
