"""Published runs become rows: one a run, and one a configuration over its training seeds."""

import re

import numpy as np
import pytest

import experiments.all_composers
from experiments.engine import records
from experiments.engine.boards import runs as board
from experiments.engine.boards.all_composers import as_in_the_reference
from experiments.engine.boards.overviews import NOTHING_YET
from experiments.engine.boards.seeds import over_seeds, read_run
from experiments.engine.command import parse
from experiments.engine.config import Config
from experiments.engine.predictions import Predictions, write_predictions
from experiments.engine.publishing import prediction_files

CLASSES = ("Ada", "Bela", "Cleo")
CONFIG = Config("example").replace(corpus={"corpus": "midi_classics"}, split={"fold": "all"})


def predictions(seed, certainty, works=20):
    labels = np.arange(60) % 3
    raw = np.random.default_rng(seed).dirichlet(np.ones(3), 60) + certainty * np.eye(3)[labels]
    names = tuple(f"piece {number}" for number in range(60))
    composers = tuple(CLASSES[label] for label in labels)
    groups = tuple(f"work {number % works}" for number in range(60))
    return Predictions(names, groups, composers, raw / raw.sum(axis=1, keepdims=True), CLASSES)


@pytest.fixture
def publish_sketch(tmp_path):
    """Returns a function that makes up a published run; it has as much as the tables read."""
    folders = []

    def make(config=CONFIG, *, works=20, stacked=True):
        seed = config.training.seed
        folder = tmp_path / "published" / f"{len(folders)}-{records.run_name(config)}"
        folder.mkdir(parents=True)
        answers = {
            **{"chunk": predictions(seed, 0.3, works), "piece": predictions(seed + 10, 0.5, works)},
            **{"fingerprint": predictions(seed + 20, 0.2, works), "majority": predictions(0, 0, works)},
            **({"stacked": predictions(seed + 30, 0.9, works)} if stacked else {}),
        }
        scores = {name: part.scores() for name, part in answers.items()}
        baselines = {name: scores.pop(name) for name in ("fingerprint", "majority")}
        metrics = {
            "test": scores | {"baselines": baselines},
            **{"experiment": config.experiment, "run_id": folder.name, "corpus": config.corpus.corpus},
            **{"pieces": config.corpus.pieces, "protocol": config.split.protocol, "fold": config.split.fold},
            **{"seed": seed, "encoder": "piano_roll:binary", "classes": list(CLASSES)},
            "model": config.model.model,
            **{"num_parameters": 1, "train_seconds": 60.0, "num_epochs": 3, "device": "cpu"},
        }
        for name, file in prediction_files(metrics).items():
            write_predictions(folder / file, answers[name])
        records.write_json(folder / "metrics.json", metrics)
        records.write_json(folder / "config.json", config.to_dict())
        command = f"python -m experiments.example --seed {seed}"
        records.write_json(folder / "environment.json", {"command": command, "commit": "0123456789"})
        folders.append(folder)
        return read_run(folder)

    return make


def seeds(*numbers, **parts):
    return [CONFIG.replace(training={"seed": number}, **parts) for number in numbers]


def test_runs_that_differ_only_in_the_seed_are_joined(publish_sketch):
    runs = [
        publish_sketch(config) for config in (*seeds(2, 0, 1), *seeds(0, encoder={"channels": ("binary",)}))
    ]
    sizes = sorted(len(group.runs) for group in over_seeds(runs))
    assert sizes == [1, 3]
    (three,) = (group for group in over_seeds(runs) if len(group.runs) == 3)
    assert [run.metrics["seed"] for run in three.runs] == [0, 1, 2]


def test_a_seed_run_twice_and_runs_on_other_works_stand_for_themselves(publish_sketch):
    runs = [publish_sketch(config) for config in seeds(0, 1, 0)]
    runs.append(publish_sketch(seeds(2)[0], works=15))
    assert sorted(len(group.runs) for group in over_seeds(runs)) == [1, 1, 2]


def test_a_headline_is_the_mean_with_the_interval_of_the_mean(publish_sketch):
    runs = [publish_sketch(config) for config in seeds(0, 1, 2)]
    (group,) = over_seeds(runs)
    scores = [run.metrics["test"]["piece"] for run in runs]
    found = group.piece_macro_f1()
    assert found["macro_f1"] == pytest.approx(np.mean([score["macro_f1"] for score in scores]))
    width = found["macro_f1_high"] - found["macro_f1_low"]
    assert width < np.mean([score["macro_f1_high"] - score["macro_f1_low"] for score in scores])
    stacked = group.mean("test", "stacked", "macro_f1") - group.mean(
        "test", "baselines", "fingerprint", "macro_f1"
    )
    assert group.differences()["stacked_minus_fingerprint"]["macro_f1"] == pytest.approx(stacked)


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_tables_say_whole_studies_first_and_in_the_order_of_the_ladder(publish_sketch, tmp_path):
    splits = (("work", 0), ("source", "all"), ("work", "all"), ("chunk", 0), ("file", 0))
    runs = [
        publish_sketch(config)
        for protocol, fold in splits
        for config in seeds(0, 1, split={"protocol": protocol, "fold": fold})
    ]
    lines = board.markdown(runs, tmp_path).splitlines()
    rows = [cells(line) for line in lines if re.match(r"\| \d", line)]
    assert [row[0] for row in rows] == ["1", "2", "3", "4", "5"]
    assert [row[2] for row in rows] == ["work", "source", "chunk 0", "file 0", "work 0"]
    assert all(row[-1].startswith("2: [0](published/") for row in rows)
    assert sum(line.endswith("# 1") for line in lines) == 2
    heads = [cells(line) for line in lines if line.startswith("|  |")]
    assert len(heads) == 2
    assert {len(row) for row in rows[:2]} == {len(heads[0])}
    assert {len(row) for row in rows[2:]} == {len(heads[1])}
    assert "stacked − fingerprint (95 %)" in heads[0]


def test_the_main_study_comes_first(publish_sketch, tmp_path):
    named = {"descriptor_sequences": "descriptor_lstm", "four_composers": "frame_cnn"}
    for experiment, model in named.items():
        config = Config(experiment).replace(split={"fold": "all"}, model={"model": model})
        publish_sketch(config)
    runs = [read_run(folder) for folder in sorted((tmp_path / "published").iterdir())]
    rows = [cells(line) for line in board.headline(runs, tmp_path).splitlines() if line.startswith("| ")]
    assert [row[3] for row in rows[1:]] == ["frame_cnn", "descriptor_lstm"]


def test_a_list_of_pieces_of_our_own_is_named(publish_sketch, tmp_path):
    run = publish_sketch()
    run.metrics["pieces"] = "clean"
    assert "| midi_classics (clean) |" in board.markdown([run], tmp_path)


def test_two_studies_that_were_trained_otherwise_are_told_apart(publish_sketch, tmp_path):
    config = Config("all_composers").replace(split={"fold": "all"}, training={"logit_adjustment": 0.25})
    taught = {"teacher": ("large@0a1b2c3d",), "mixup": 0.2}
    runs = [publish_sketch(config), publish_sketch(config.replace(training=taught))]
    lines = board.markdown(runs, tmp_path).splitlines()
    models = sorted(cell for line in lines for cell in cells(line) if cell.startswith("frame_cnn"))
    assert models == ["frame_cnn", "frame_cnn (mixup 0.2, teacher large@0a1b2c3d)"]


def test_what_an_older_run_did_not_measure_stays_empty(publish_sketch, tmp_path):
    run = publish_sketch(stacked=False)
    assert tuple(board.row(run)) == board.COLUMNS
    assert board.row(run)["stacked_piece_macro_f1"] == ""
    (line,) = (line for line in board.markdown([run], tmp_path).splitlines() if line.startswith("| 1 |"))
    assert cells(line)[-4:-1] == ["", "", ""]


def test_of_too_few_works_scores_stand_without_interval(publish_sketch, tmp_path):
    runs = [publish_sketch(config, works=4) for config in (*seeds(0, 1), *seeds(0, split={"fold": 0}))]
    assert board.row(runs[0])["piece_macro_f1_low"] == board.row(runs[0])["piece_macro_f1_high"] == ""
    lines = board.markdown(runs, tmp_path).splitlines()
    whole, single = (cells(line) for line in lines if re.match(r"\| \d", line))
    assert re.fullmatch(r"\*\*0\.\d{3}\*\*", whole[5]) and re.fullmatch(r"\*\*0\.\d{3}\*\*", single[5])
    assert re.fullmatch(r"[+-]0\.\d{3}", whole[-2])


def all_composers(min_share, protocol="work", fold=0, model="frame_cnn"):
    config = Config("all_composers").replace(corpus={"corpus": "midi_classics", "min_share": min_share})
    return config.replace(split={"protocol": protocol, "fold": fold, "rare": "train"}, model={"model": model})


def test_all_composers_have_a_table_of_their_own_by_threshold(publish_sketch, tmp_path):
    asked = [(0.01, "work"), (0.001, "work", "all"), (0.001, "chunk", 0, "cnn_reference"), (0.0, "work")]
    configs = [all_composers(*one) for one in asked]
    configs[2] = as_in_the_reference(configs[2])
    runs = [publish_sketch(config) for config in [*configs, CONFIG]]
    lines = board.markdown(runs, tmp_path).splitlines()
    assert lines.index("**All composers**") > lines.index("**All folds: every piece predicted once**")
    assert "**Single splits**" not in lines
    table = lines[lines.index("**All composers**") :]
    rows = [cells(line) for line in table if re.match(r"\| \d", line)]
    assert [row[:2] for row in rows] == [["2", "0 %"], ["3", "0.1 %"], ["4", "0.1 %"], ["5", "1 %"]]
    assert [row[4] for row in rows] == ["work 0", "chunk 0", "work", "work 0"]
    heads = cells(table[2])
    assert {len(row) for row in rows} == {len(heads)}
    reference = [row[heads.index("reference")] for row in rows]
    assert reference == ["(0.4289)", "0.4953", "(0.4953)", "(0.5003)"]  # as it is where all is as there
    assert re.fullmatch(r"0\.\d{3} / 0\.\d{3}", rows[0][heads.index("majority")])
    assert sum(line.endswith("# 3") for line in lines) == 1
    assert any("counted as a composer" in line for line in table)


REFERENCE = as_in_the_reference(all_composers(0.001))


@pytest.mark.parametrize(
    ("config", "figure"),
    [
        (REFERENCE.replace(encoder={"frames_per_second": 15.5}, training={"seed": 3}), "0.4953"),
        (REFERENCE.replace(corpus={"min_share": 0.002}), ""),
        (REFERENCE.replace(corpus={"min_works": 5}), ""),
        (REFERENCE.replace(corpus={"corpus": "imslp_midi"}), ""),
        (REFERENCE.replace(corpus={"pieces": "clean"}), "(0.4953)"),
        (REFERENCE.replace(corpus={"sample": 0.3}), "(0.4953)"),
        (REFERENCE.replace(encoder={"channels": ("binary",)}), "(0.4953)"),
        (REFERENCE.replace(training={"epochs": 1}), "(0.4953)"),
    ],
)
def test_the_figure_of_the_reference_is_in_brackets_where_anything_is_not_as_there(
    publish_sketch, tmp_path, config, figure
):
    lines = board.markdown([publish_sketch(config)], tmp_path).splitlines()
    (head,), (row,) = (
        [cells(line) for line in lines if line.startswith(f"| {mark} |")] for mark in ("", "1")
    )
    assert row[head.index("reference")] == figure


def test_rows_of_less_music_or_fewer_folds_say_so_and_are_not_measured_by_the_targets(
    publish_sketch, tmp_path
):
    whole = all_composers(0.001, fold="all").replace(corpus={"pieces": "clean"})
    others = [whole.replace(split={"fold": 0}), whole.replace(corpus={"sample": 0.3})]
    runs = [publish_sketch(config) for config in (whole, *others)]
    piece = runs[0].metrics["test"]["piece"]
    for text in (board.markdown(runs, tmp_path), board.all_composers(runs, tmp_path)):
        rows = [cells(line) for line in text.splitlines() if re.match(r"\| \d", line)]
        assert sorted(row[3:5] for row in rows) == [
            ["midi_classics (clean)", "work"],
            ["midi_classics (clean)", "work 0"],
            ["midi_classics (clean, 0.3 of the works)", "work"],
        ]
        (number,) = (row[0] for row in rows if row[3:5] == ["midi_classics (clean)", "work"])
        (sentence,) = (line for line in text.splitlines() if line.startswith("Targets"))
        assert re.findall(r"Row (\d+) has accuracy (\S+) \((\w+)\) and macro-F1", sentence) == [
            (number, f"{piece['accuracy']:.3f}", "reached" if piece["accuracy"] > 0.65 else "missed")
        ]


def test_the_page_where_a_reader_begins_has_the_same_rows_with_fewer_columns(publish_sketch, tmp_path):
    runs = [publish_sketch(config) for config in (CONFIG, all_composers(0.0), all_composers(0.1))]
    rows = {
        name: [cells(line) for line in text.splitlines() if line.startswith("|")]
        for name, text in {
            "all": board.markdown(runs, tmp_path),
            "few": board.all_composers(runs, tmp_path),
        }.items()
    }
    head, _, *few = rows["few"]
    heads = next(row for row in rows["all"] if "threshold" in row)
    full = {row[0]: dict(zip(heads, row, strict=True)) for row in rows["all"] if row[1:2] and "%" in row[1]}
    assert [row[0] for row in few] == ["2", "3"]
    assert all(row == [full[row[0]][name] for name in head] for row in few)
    assert board.all_composers(runs[:1], tmp_path) == NOTHING_YET


def test_the_command_of_the_reference_is_its_configuration():
    text = experiments.all_composers.__doc__.replace("\\\n", " ")
    (command,) = (line for line in text.splitlines() if "cnn_reference" in line)
    config, _ = parse(experiments.all_composers.DEFAULT, command.split()[3:], description="")
    assert config == as_in_the_reference(config)


def test_the_leaderboard_knows_the_threshold_and_the_likeliest_five(publish_sketch):
    row = board.row(publish_sketch(all_composers(0.01)))
    assert row["min_share"] == 0.01
    assert row["piece_top_5_accuracy"] == 1.0
    older = publish_sketch()
    del older.metrics["test"]["piece"]["top_5_accuracy"]
    assert (board.row(older)["min_share"], board.row(older)["piece_top_5_accuracy"]) == (0.0, "")


def test_nothing_published_is_said(tmp_path):
    assert board.markdown([], tmp_path) == NOTHING_YET


def test_eras_have_a_table_of_their_own_with_all_protocols(publish_sketch, tmp_path):
    composers = publish_sketch()
    for protocol in ("composer", "file"):
        config = CONFIG.replace(split={"protocol": protocol}, corpus={"label": "era"})
        run = publish_sketch(config)
        if protocol == "composer":
            run.metrics["test"]["piece"]["per_class"]["Bela"]["writers"] = 3
        records.write_json(run.folder / "metrics.json", run.metrics | {"label": "era"})
    runs = [read_run(folder) for folder in sorted((tmp_path / "published").iterdir())]
    text = board.markdown(runs, tmp_path)
    lines = text[text.index("**Eras**") :].splitlines()
    rows = [line for line in lines if re.match(r"\| \d", line)]
    assert [row.split(" | ")[2] for row in rows] == ["file", "composer"]
    assert "Ada 0.80, Bela 0.85 (3 composers), Cleo 0.90" in rows[1]
    assert "Ada 0.80, Bela 0.85, Cleo 0.90" in rows[0] and "accuracy of 0.585" in text
    assert text.count(composers.folder.name) == 1 and board.headline(runs, tmp_path).count("| 1 |") == 1
