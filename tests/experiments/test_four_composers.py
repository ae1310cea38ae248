"""The main study, from the command line to its run folder."""

import csv
import errno
import gzip
import io
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from filelock import FileLock

from experiments import four_composers
from experiments.engine import networks, runner
from experiments.engine.command import parse
from experiments.engine.predictions import read_predictions
from features.corpora import synthetic
from features.corpora.catalogue import Request
from models.baselines import BASELINES

METRICS = {
    *("experiment", "run_id", "corpus", "pieces", "protocol", "fold", "seed", "encoder", "model", "classes"),
    *("num_parameters", "train_seconds", "device", "validation", "test", "stacking", "differences"),
}
SCORES = {
    *("count", "accuracy", "balanced_accuracy", "macro_f1", "macro_f1_low", "macro_f1_high"),
    *("top_3_accuracy", "top_5_accuracy", "log_loss", "calibration_error", "per_class"),
}
CLASSES = ["Ada", "Bela", "Cleo", "Dov"]


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def run_and_fail(capfd, *arguments):
    """Runs the study in vain; returns its exit status and its last words."""
    with pytest.raises(SystemExit) as stopped:
        four_composers.main(list(arguments))
    return stopped.value.code, capfd.readouterr().err.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def folder(run_study, tmp_path_factory):
    """The run folder of the study as it is rehearsed."""
    return run_study(tmp_path_factory.mktemp("results"), "--smoke")


def test_a_run_leaves_what_the_contract_says_and_nothing_else(folder):
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {".lock"}
    assert files == {
        *(
            "config.json",
            "environment.json",
            "splits.csv",
            "left_out.csv",
            "history.csv",
            "metrics.json",
            "report.html",
        ),
        *("predictions.csv", "predictions-chunks.csv.gz", "model.h5", "model.json"),
        *("predictions-validation.csv", "predictions-fingerprint-validation.csv", "predictions-stacked.csv"),
        *("composers.csv", "thresholds.csv", "confusions.csv"),
        *(f"predictions-{name}.csv" for name in BASELINES),
        *(
            f"figures/{name}.png"
            for name in ("learning_curves", "confusion_chunk", "confusion_piece", "class_scores", "composers")
        ),
    }


def test_config_is_what_was_run(folder):
    config = read_json(folder / "config.json")
    assert (config["experiment"], config["corpus"]["corpus"]) == ("four_composers", "synthetic")
    assert config["training"]["epochs"] == 1


def test_environment_says_what_it_was_made_with(folder):
    made_with = read_json(folder / "environment.json")
    assert made_with["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"tensorflow", "keras", "keras-tuner", "numpy"} <= set(made_with["libraries"])
    assert {"commit", "command", "started"} <= set(made_with)


def test_splits_hold_out_whole_works(folder, read_rows):
    rows = read_rows(folder / "splits.csv")
    assert list(rows[0]) == ["piece", "work", "source", "composer", "split"]
    assert {row["piece"] for row in rows} == {piece.piece for piece in synthetic.load(Request())}
    sides = {}
    for row in rows:
        sides.setdefault(row["work"], set()).add(row["split"])
    assert all(len(side) == 1 for side in sides.values())
    assert set().union(*sides.values()) == {"train", "validation", "test"}


def test_history_knows_no_test_part(folder, read_rows):
    rows = read_rows(folder / "history.csv")
    assert [row["epoch"] for row in rows] == ["0"]
    assert {"loss", "accuracy", "val_loss", "val_macro_f1", "val_piece_macro_f1"} <= set(rows[0])
    assert not any("test" in name for name in rows[0])


def test_predictions_are_those_of_the_test_part(folder, read_rows):
    test_pieces = {row["piece"] for row in read_rows(folder / "splits.csv") if row["split"] == "test"}
    rows = read_rows(folder / "predictions.csv")
    assert list(rows[0]) == ["piece", "work", "composer", *(f"p_{name}" for name in CLASSES)]
    assert sorted(row["piece"] for row in rows) == sorted(test_pieces)
    for name in ("predictions.csv", "predictions-chunks.csv.gz", "predictions-fingerprint.csv"):
        answers = read_predictions(folder / name)
        assert set(answers.pieces) == test_pieces
        np.testing.assert_allclose(answers.probabilities.sum(axis=1), 1, atol=1e-4)


def test_metrics_have_the_schema_and_repeat_the_predictions(folder):
    metrics = read_json(folder / "metrics.json")
    assert METRICS <= set(metrics)
    assert metrics["run_id"] == folder.name
    assert (metrics["protocol"], metrics["fold"], metrics["seed"]) == ("work", 0, 0)
    assert (metrics["corpus"], metrics["pieces"], metrics["classes"]) == ("synthetic", "reference", CLASSES)
    assert (metrics["model"], metrics["encoder"]) == ("frame_cnn", "piano_roll:binary+velocity")
    test = metrics["test"]
    assert set(test) == {"chunk", "piece", "stacked", "baselines"}
    assert set(metrics["validation"]) == {"chunk", "piece"}
    assert {"majority", "fingerprint"} <= set(test["baselines"])
    for scores in (
        *metrics["validation"].values(),
        test["chunk"],
        test["piece"],
        test["stacked"],
        *test["baselines"].values(),
    ):
        assert set(scores) == SCORES
        assert list(scores["per_class"]) == CLASSES
        assert all(set(of) == {"precision", "recall", "f1", "support"} for of in scores["per_class"].values())
    files = {
        "piece": "predictions.csv",
        "chunk": "predictions-chunks.csv.gz",
        "stacked": "predictions-stacked.csv",
    }
    for level, name in files.items():
        again = read_predictions(folder / name).scores()
        assert test[level]["per_class"] == again["per_class"]
        assert test[level]["macro_f1"] == again["macro_f1"]
        assert test[level]["log_loss"] == pytest.approx(again["log_loss"], rel=1e-3)


def test_the_stack_can_be_made_again_from_what_is_on_disk(folder, read_rows):
    from experiments.engine.stacking import stack

    metrics = read_json(folder / "metrics.json")
    names = {
        "frame_cnn": ("predictions-validation.csv", "predictions.csv"),
        "fingerprint": ("predictions-fingerprint-validation.csv", "predictions-fingerprint.csv"),
    }
    models = {
        name: dict(
            zip(("validation", "test"), map(read_predictions, (folder / file for file in files)), strict=True)
        )
        for name, files in names.items()
    }
    answers, learnt = stack(models)
    assert learnt == metrics["stacking"]
    expected = read_predictions(folder / "predictions-stacked.csv")
    np.testing.assert_allclose(answers.probabilities, expected.probabilities, rtol=1e-4)
    validated = {row["piece"] for row in read_rows(folder / "splits.csv") if row["split"] == "validation"}
    assert set(models["fingerprint"]["validation"].pieces) == validated


def test_says_in_words_what_the_notes_add(folder, run_study, capsys):
    run_study(folder.parent.parent, "--smoke", "--resume")
    printed = capsys.readouterr().out
    differences = read_json(folder / "metrics.json")["differences"]
    for name, words in (("network", "Network"), ("stacked", "Stacked")):
        difference = differences[f"{name}_minus_fingerprint"]
        assert difference["macro_f1_low"] <= difference["macro_f1"] <= difference["macro_f1_high"]
        said = f"{difference['macro_f1']:+.3f} macro-F1 by piece"
        assert re.search(f"{words} minus fingerprint.*: {re.escape(said)}", printed)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<td>stacked</td>" in page and "minus fingerprint" in page
    assert '<tr class="network"><td>frame_cnn</td>' in page


def test_the_saved_model_knows_its_encoder_and_answers_as_it_did(folder):
    from features.encoders.piano_roll import PianoRoll
    from features.midi import read_events, read_notes
    from models import saving

    model, description = saving.load(folder / "model.h5")
    assert set(description) == {
        *("run_id", "study", "label", "encoder", "classes", "builder", "hyperparameters", "answering"),
        *("trained_on", "validated_on", "num_auxiliary", "teachers", "logit_offsets"),
    }
    assert (description["builder"], description["classes"]) == ("frame_cnn", CLASSES)
    assert description["hyperparameters"]["kernel_size"] == 5
    assert model.count_params() == read_json(folder / "metrics.json")["num_parameters"]
    assert description["encoder"]["name"] == "piano_roll"
    encoder = PianoRoll(**description["encoder"]["settings"])
    answers = read_predictions(folder / "predictions-chunks.csv.gz")
    (piece,) = (piece for piece in synthetic.load(Request()) if piece.piece == answers.pieces[0])
    rows = encoder.encode(read_notes(read_events(piece.read())))
    starts = encoder.chunk_starts(rows.num_frames)
    chunks = encoder.decode(rows, starts, np.full(len(starts), rows.num_frames))
    expected = answers.probabilities[[name == piece.piece for name in answers.pieces]]
    np.testing.assert_allclose(model.predict(chunks, verbose=0), expected, atol=1e-4)


def test_the_saved_model_knows_what_it_has_heard(folder, read_rows):
    from hashlib import sha256

    heard = read_json(folder / "model.json")["trained_on"]
    rows = [row for row in read_rows(folder / "splits.csv") if row["split"] == "train"]
    assert {piece["work"] for piece in heard} == {row["work"] for row in rows}
    read = {piece.piece: piece.read for piece in synthetic.load(Request())}
    assert {piece["content"] for piece in heard} == {sha256(read[row["piece"]]()).hexdigest() for row in rows}


def test_a_finished_run_is_shown_again_without_training(folder, run_study, monkeypatch, capsys):
    monkeypatch.setattr(
        networks, "train_network", lambda *args, **kwargs: pytest.fail("It was trained again.")
    )
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != ".lock"}
    assert run_study(folder.parent.parent, "--smoke", "--resume") == folder
    assert {path: path.stat().st_mtime_ns for path in before} == before
    printed = capsys.readouterr().out
    assert str(folder) in printed
    assert "frame_cnn" in printed
    assert "\u2026" not in printed  # nothing is cut off


@pytest.mark.parametrize("protocol", ["file", "near_duplicate", "chunk"])
def test_every_protocol_runs(run_study, small, tmp_path, capsys, read_rows, protocol):
    folder = run_study(tmp_path, "--smoke", "--protocol", protocol, "--no-move", *small)
    assert read_json(folder / "metrics.json")["protocol"] == protocol
    rows = read_rows(folder / "splits.csv")
    sides = {}
    for row in rows:
        sides.setdefault(row["piece"], []).append(row["split"])
    assert ("leaky" in capsys.readouterr().out) == (protocol == "chunk")
    if protocol == "chunk":
        assert any(len(set(side)) > 1 for side in sides.values())
        assert sum(row["split"] == "test" for row in rows) == -(-len(rows) // 5)
    else:
        assert all(len(side) == 1 for side in sides.values())


def test_all_folds_predict_every_piece_once_and_go_on_after_an_interruption(
    run_study, small, tmp_path, capfd, monkeypatch, read_rows
):
    command = ("--smoke", "--fold", "all", *small)
    calls = []

    def interrupt_the_second(*args):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return scores(*args)

    scores = networks.validation_scores
    monkeypatch.setattr(networks, "validation_scores", interrupt_the_second)
    with pytest.raises(SystemExit) as stopped:
        run_study(tmp_path, *command)
    assert stopped.value.code == 130
    folder = run_study(tmp_path, *command, "--resume")
    assert len(calls) == 4  # the first fold, the second in vain, the second, the third

    folds = sorted(folder.glob("folds/*/*"))
    assert len(folds) == 3
    answers = read_predictions(folder / "predictions.csv")
    assert sorted(answers.pieces) == sorted(piece.piece for piece in synthetic.load(Request()))
    heard = {}
    for fold in folds:
        rows = read_rows(fold / "splits.csv")
        for piece in read_predictions(fold / "predictions.csv").pieces:
            heard[piece] = {row["work"] for row in rows if row["split"] != "test"}
    assert all(work not in heard[piece] for piece, work in zip(answers.pieces, answers.works, strict=True))
    metrics = read_json(folder / "metrics.json")
    assert set(metrics) >= METRICS
    assert metrics["fold"] == "all"
    assert metrics["test"]["piece"]["count"] == len(answers.pieces)
    assert metrics["test"]["piece"]["macro_f1"] == answers.scores()["macro_f1"]
    stacked = read_predictions(folder / "predictions-stacked.csv")
    assert stacked.pieces == answers.pieces
    assert metrics["test"]["stacked"]["macro_f1"] == stacked.scores()["macro_f1"]
    weights = [read_json(fold / "metrics.json")["stacking"]["weights"]["frame_cnn"] for fold in folds]
    assert metrics["stacking"]["weights"]["frame_cnn"] == pytest.approx(np.mean(weights))
    assert (folder / "figures" / "confusion_piece.png").exists()
    assert "figures/learning_curves_by_fold.png" in (folder / "report.html").read_text(encoding="utf-8")


def test_ones_own_files_are_read_and_what_is_unreadable_is_named(
    run_study, small, tmp_path, capsys, read_rows
):
    home = tmp_path / "music"
    for piece in synthetic.load(Request(composers=("Ada", "Bela"))):
        path = home / f"{piece.piece}.mid"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(piece.read())
    (home / "Ada" / "broken.mid").write_bytes(b"MThd, but no more")
    arguments = ("--corpus", "composer_folders", "--data-home", str(home), "--epochs", "1", *small)
    folder = run_study(tmp_path / "results", *arguments)
    assert read_json(folder / "metrics.json")["classes"] == ["Ada", "Bela"]
    (left_out,) = read_rows(folder / "left_out.csv")
    assert (left_out["piece"], left_out["composer"]) == ("Ada/broken.mid", "Ada")
    assert f"Left out: Ada/broken.mid: {left_out['reason']}" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run_study(tmp_path / "others", *arguments, "--sampling", "writer")
    assert "--sampling writer has no effect where everything in a class is by one" in capsys.readouterr().err
    assert not (tmp_path / "others").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--fold", "5"], "There is no fold 5; choose one of 0 to 4"),
        (["--num-folds", "2", "--fold", "all"], "need at least 3 folds, not 2"),
        (["--protocol", "composer"], "so who it was cannot be asked"),
    ],
)
def test_what_no_corpus_could_mend_is_said_before_one_is_read(capsys, monkeypatch, arguments, sentence):
    monkeypatch.setattr(runner, "prepare", None)
    with pytest.raises(SystemExit, match="2"):
        four_composers.main(arguments)
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--corpus", "symphonies"], "There is no corpus named 'symphonies'; known are .*synthetic"),
        (["--bag", "3"], "--bag has no effect with the model frame_cnn.*or take bag_attention"),
        (["--model", "oracle"], "There is no model named 'oracle'; known are .*frame_cnn"),
        (["--encoder", "wavelets"], "There is no encoder named 'wavelets'; known are .*piano_roll"),
        (["--protocol", "luck"], "There is no protocol named 'luck'; known are .*work"),
        (["--encoder", "messages"], "frame_cnn cannot read what the encoder messages makes; .* message_lstm"),
        (["--protocol", "chunk", "--no-move", "--fold", "all"], "The protocol chunk has one split, fold 0"),
        (["--protocol", "chunk"], "bring the very frames of test chunks into training; add --no-move"),
        (["--protocol", "chunk", "--no-move", "--hop", "75"], "the very frames of test chunks into training"),
        (["--protocol", "chunk", "--no-move", "--tempo", "0.1"], "leave --tempo and --hop out"),
        (["--num-folds", "40"], "40 folds need 40 works of every composer"),
        (["--composers", "Ada", "Zoe"], r"No pieces by Zoe in this corpus; it has Ada \(20\)"),
        (["--composers", "Ada"], "There is nothing to tell apart: all pieces are by Ada"),
        (["--channels", "smell"], "Channels are binary, velocity.*got smell"),
        (["--hyperparameters", "depth", "9"], "no hyper-parameter depth; it has width=192"),
        (["--hyperparameters", "width", "wide"], "hyper-parameter width cannot be 'wide'"),
        (["--chunk-frames", "2"], r"frame_cnn cannot be built for chunks of shape \(128, 2, 2\)"),
        (["--corpus", "midi_classics", "--data-home", "/no/such/path"], "/no/such/path"),
        (["--corpus", "composer_folders"], "composer_folders needs --data-home"),
        (
            ["--corpus", "composer_folders", "--data-home", "/no/such/path"],
            "no folder and no file /no/such/path",
        ),
    ],
)
def test_what_cannot_be_run_ends_in_one_sentence(
    capfd, cache_dir, tmp_path, monkeypatch, arguments, sentence
):
    monkeypatch.delenv("MIDI_CLASSICS_HOME", raising=False)
    places = ["--cache-dir", str(cache_dir), "--results-dir", str(tmp_path)]
    status, last_words = run_and_fail(capfd, "--corpus", "synthetic", *arguments, *places)
    assert status == 2
    assert re.search(sentence, last_words)
    assert not list(tmp_path.rglob("*"))  # nor is anything left behind


def test_a_corpus_from_one_program_has_no_sources_to_hold_out(cache_dir, tmp_path):
    code = (
        "import sys; from experiments.four_composers import main\n"
        "try: main(['--corpus', 'synthetic', '--protocol', 'source', '--fold', 'all', "
        f"'--cache-dir', {str(cache_dir)!r}, '--results-dir', {str(tmp_path)!r}])\n"
        "finally: assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert re.search(
        r"5 folds need 5 sources of every composer, but there are fewer by Ada \(1\), .* \(1\)\. "
        "All [0-9]+ files come from one program; take --protocol work instead.",
        done.stderr,
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [None, b"no music"])
def test_a_folder_without_music_ends_in_one_sentence(capfd, cache_dir, tmp_path, content):
    home = tmp_path / "music"
    (home / "Ada").mkdir(parents=True)
    if content is not None:
        (home / "Ada" / "x.mid").write_bytes(content)
    arguments = ("--corpus", "composer_folders", "--data-home", str(home), "--cache-dir", str(cache_dir))
    status, last_words = run_and_fail(capfd, *arguments, "--results-dir", str(tmp_path / "results"))
    assert status == 2
    expected = (
        "No MIDI files" if content is None else "No usable piece is left of Ada; 1 file cannot be used."
    )
    assert last_words.startswith(expected)


@pytest.mark.parametrize("flag", ["--cache-dir", "--results-dir"])
def test_a_file_where_a_folder_should_be_ends_in_one_sentence(capfd, cache_dir, tmp_path, flag):
    (tmp_path / "file").write_text("")
    places = {"--cache-dir": str(cache_dir), "--results-dir": str(tmp_path)} | {flag: str(tmp_path / "file")}
    status, last_words = run_and_fail(capfd, "--smoke", *(word for place in places.items() for word in place))
    assert status == 2
    assert last_words.startswith(
        ("A file could not be used: ", "Expected --cache-dir to name a folder to write to, but")
    )
    assert str(tmp_path / "file") in last_words


def test_an_unknown_flag_and_an_impossible_number_end_with_a_hint(capfd, tmp_path):
    for arguments in (["--colour", "red"], ["--epochs", "0"], ["--experiment", "../../elsewhere"]):
        with pytest.raises(SystemExit) as stopped:
            four_composers.main([*arguments, "--results-dir", str(tmp_path)])
        assert stopped.value.code == 2
        assert "--help" in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_run_at_work_is_left_alone(capfd, cache_dir, folder):
    with FileLock(folder / ".lock"):
        status, last_words = run_and_fail(
            capfd,
            "--smoke",
            "--resume",
            "--cache-dir",
            str(cache_dir),
            "--results-dir",
            str(folder.parent.parent),
        )
    assert status == 2
    assert last_words.startswith(f"Another process is at work in {folder}; wait for it")


def full_disk(*args, **kwargs):
    raise OSError(errno.ENOSPC, "No space left on device", "somewhere")


@pytest.mark.parametrize(
    ("module", "function"),
    [
        ("experiments.engine.training", "save_checkpoint"),
        ("experiments.engine.runner", "write_predictions"),
        ("models.saving", "save"),
    ],
)
def test_a_full_disk_loses_nothing(
    run_study, several_epochs, uninterrupted, assert_same_run, tmp_path, monkeypatch, capfd, module, function
):
    with monkeypatch.context() as patched, pytest.raises(SystemExit) as stopped:
        patched.setattr(f"{module}.{function}", full_disk)
        run_study(tmp_path, *several_epochs)
    assert stopped.value.code == 2
    last_words = capfd.readouterr().err.strip().splitlines()[-1]
    assert last_words.startswith("A file could not be used: No space left on device (somewhere). Make room")
    assert_same_run(run_study(tmp_path, *several_epochs, "--resume"), uninterrupted)


def test_ctrl_c_loses_nothing(
    run_study, several_epochs, uninterrupted, assert_same_run, tmp_path, monkeypatch, capfd
):
    scores, calls = networks.validation_scores, []

    def interrupt_the_third(*args):
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return scores(*args)

    with monkeypatch.context() as patched, pytest.raises(SystemExit) as stopped:
        patched.setattr(networks, "validation_scores", interrupt_the_third)
        run_study(tmp_path, *several_epochs)
    assert stopped.value.code == 130
    last_words = capfd.readouterr().err.strip().splitlines()[-1]
    assert (
        last_words
        == "Interrupted; a study goes on from the last epoch when it is started again with --resume."
    )
    assert_same_run(run_study(tmp_path, *several_epochs, "--resume"), uninterrupted)


def test_other_errors_are_bugs_and_keep_their_trace(run_study, small, tmp_path, monkeypatch):
    def broken(*args, **kwargs):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(runner, "run_baselines", broken)
    with pytest.raises(OSError, match="Input/output"):
        run_study(tmp_path, "--smoke", *small)


def test_the_compressed_predictions_are_a_table(folder):
    text = gzip.decompress((folder / "predictions-chunks.csv.gz").read_bytes()).decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert list(rows[0]) == ["piece", "work", "composer", *(f"p_{name}" for name in CLASSES)]
    assert len(rows) == read_json(folder / "metrics.json")["test"]["chunk"]["count"]


def test_a_run_does_not_go_on_with_other_music(
    run_study, several_epochs, tmp_path, monkeypatch, capfd, cache_dir
):
    def stop(*arguments, **keywords):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(networks, "train", stop)
        run_study(tmp_path, *several_epochs)
    monkeypatch.setattr(synthetic, "load", lambda request, load=synthetic.load: load(request)[:-1])
    places = ("--resume", "--cache-dir", str(cache_dir), "--results-dir", str(tmp_path))
    status, sentence = run_and_fail(capfd, *several_epochs, *places)
    assert status == 2
    assert "is a split of other data" in sentence


def test_a_run_does_not_go_on_with_a_file_replaced_under_its_name(
    run_study, several_epochs, tmp_path, monkeypatch, capfd, cache_dir
):
    def stop(*arguments, **keywords):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(networks, "train", stop)
        run_study(tmp_path, *several_epochs)
    (folder,) = (tmp_path / "four_composers").iterdir()
    made_with = read_json(folder / "environment.json")
    (folder / "environment.json").write_text(json.dumps(made_with | {"contents": "of other files"}))
    places = ("--resume", "--cache-dir", str(cache_dir), "--results-dir", str(tmp_path))
    status, sentence = run_and_fail(capfd, *several_epochs, *places)
    assert status == 2
    assert "hold other music than those that" in sentence


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--corpus", "midi_classics", "--fold", "3"], "--corpus, --fold"),
        (["--fold", "all", "--corpus", "synthetic", "--epochs", "1"], None),
    ],
)
def test_a_rehearsal_says_what_it_does_not_heed(capsys, arguments, named):
    config, _ = parse(four_composers.DEFAULT, ["--smoke", *arguments], description="")
    assert config.corpus.corpus == "synthetic"
    said = capsys.readouterr().err.strip()
    assert said == (f"A rehearsal has its own music and length; it does not heed {named}." if named else "")
