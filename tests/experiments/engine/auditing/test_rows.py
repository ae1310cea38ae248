"""Rows say what was scored, by how much it differs from the row compared with, and what that means."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.engine import records
from experiments.engine.auditing.findings import ablation_finding, transfer_finding
from experiments.engine.auditing.page import write_audit
from experiments.engine.auditing.parts import (
    Missing,
    Outcome,
    ablation_rows,
    ladder_rows,
    stack_rows,
    stacked_name,
)
from experiments.engine.auditing.rows import COLUMNS, NUMBERS, measure
from experiments.engine.auditing.variants import Variant, ladder
from experiments.engine.auditing.view import score_cells
from experiments.engine.boards.audits import NOTE, markdown
from experiments.engine.boards.overviews import Overview, difference
from experiments.engine.boards.seeds import LADDER
from experiments.engine.config import Config
from experiments.engine.predictions import Predictions

CLASSES = ("Ada", "Bela", "Cleo")
RUNGS = ladder(Config("example"), LADDER)


def answers(seed, certainty, count=90):
    """Answers for the same pieces, by piece and as two chunks of each."""
    labels = np.arange(count) % 3
    raw = np.random.default_rng(seed).dirichlet(np.ones(3), count) + certainty * np.eye(3)[labels]
    piece = Predictions(
        pieces=tuple(f"piece {number}" for number in range(count)),
        works=tuple(f"work {number // 3}" for number in range(count)),
        composers=tuple(CLASSES[label] for label in labels),
        probabilities=raw / raw.sum(axis=1, keepdims=True),
        classes=CLASSES,
    )
    twice = {name: getattr(piece, name) * 2 for name in ("pieces", "works", "composers")}
    chunk = dataclasses.replace(piece, probabilities=np.tile(piece.probabilities, (2, 1)), **twice)
    return {"piece": piece, "chunk": chunk}


@given(st.integers(0, 50))
def test_a_row_has_the_scores_of_its_answers(seed):
    found = answers(seed, 0.4)
    row, scores = measure("ladder", "work", "forest", found, folds="all").flat(), found["piece"].scores()
    assert tuple(row) == COLUMNS
    for name in ("macro_f1", "macro_f1_low", "macro_f1_high", "accuracy", "balanced_accuracy"):
        assert row[f"piece_{name}"] == pytest.approx(scores[name], abs=1e-4)
    assert row["pieces"] == 90
    assert not row["against"] and row["piece_difference"] == ""


def test_a_row_compared_with_itself_is_no_different():
    found = answers(0, 0.4)
    row = measure("ladder", "work", "forest", found, against="file", compared_with=found)
    assert [row.numbers[name].value for name in NUMBERS[-2:]] == [0, 0]
    assert row.flat()["compared_pieces"] == 90


def test_the_ladder_compares_with_the_last_rung_that_was_tested():
    scores = {"chunk": 3.0, "file": 0.6, "work": 0.5}
    found = {rung.place: {} for rung in RUNGS}
    for number, rung in enumerate(RUNGS):
        found[rung.place]["forest"] = (
            Outcome(answers(number, scores[rung.name]), "all")
            if rung.name in scores
            else Missing("Not run.", "python")
        )
    rows = {row.name: row for row in ladder_rows(RUNGS, found)}
    assert list(rows) == list(LADDER)
    assert [rows[name].against for name in LADDER] == ["", "chunk", "", "file", ""]
    assert rows["source"].problem == "Not run." and rows["source"].command == "python"
    assert "other chunks of every tested file in training" in rows["chunk"].finding
    assert "that much came from having heard other chunks of the very files" in rows["file"].finding
    assert "may be chance" in rows["work"].finding
    # What no rung between stands for is named too.
    assert "copies of the tested music" in rows["work"].finding
    assert "other movements" in rows["work"].finding


def test_ablations_are_compared_with_what_reads_everything():
    whole = RUNGS[LADDER.index("work")]
    taken = [Variant("ablation", name, whole.config) for name in ("random_key", "onsets_only")]
    found = {
        whole.place: {
            "forest": Outcome(answers(0, 2.0), "all"),
            "fingerprint": Outcome(answers(3, 0.3), "all"),
        },
        taken[0].place: {"forest": Outcome(answers(0, 2.0), "all")},
        taken[1].place: {"forest": Outcome(answers(0, 0.2), "all")},
    }
    rows = ablation_rows(whole, taken, found)
    assert [(row.name, row.model, row.against) for row in rows] == [
        ("random_key", "forest", "nothing taken away"),
        ("onsets_only", "forest", "nothing taken away"),
    ]
    assert "hardly needs the key" in rows[0].finding
    assert "it leans on how long and how loud notes are" in rows[1].finding


@pytest.mark.parametrize(("num_works", "is_told"), [(1, False), (4, False), (5, True)])
def test_too_few_works_tell_nothing(num_works, is_told):
    certain = answers(0, 9.0, 3 * num_works)
    wrong = {
        level: dataclasses.replace(part, probabilities=np.roll(part.probabilities, 1, axis=1))
        for level, part in certain.items()
    }
    how = {"against": "fingerprint", "compared_with": wrong}
    row = measure("transfer", "unheard works, as it is", "forest", certain, **how)
    finding = transfer_finding(row, "unheard works", None)
    assert ("carries over better" in finding, "too few works to tell" in finding) == (is_told, not is_told)
    assert ("95 %" in finding) == is_told
    ablated = measure("ablation", "random_key", "forest", wrong, against="whole", compared_with=certain)
    assert ("too few works to tell" in ablation_finding(ablated)) != is_told
    flat = row.flat() | {"finding": finding}
    assert (flat["piece_difference_low"] is None, flat["piece_macro_f1_high"] is None) == (not is_told,) * 2
    assert ["*" in cell for cell in score_cells(flat)] == [False, is_told, False, is_told]
    assert ("–" in score_cells(flat)[0]) == ("*" in difference(flat, "piece")) == is_told


def test_an_audit_of_too_few_works_has_its_table_figures_and_page(tmp_path):
    few, others = (answers(seed, 0.5, count=12) for seed in (0, 1))
    how = {"against": "fingerprint", "compared_with": others, "folds": "all"}
    parts = (("ladder", "work"), ("ablation", "random_key"), ("transfer", "unheard works, as it is"))
    rows = [measure(part, name, "forest", few, **how).flat() for part, name in parts]
    records.write_csv(tmp_path / "audit.csv", COLUMNS, rows)
    assert all(row["piece_difference_low"] == "" for row in records.read_csv(tmp_path / "audit.csv"))
    study = {"corpus": "midi_classics", "pieces": "clean", "classes": CLASSES, "encoder": "piano_roll:binary"}
    study |= {"transfer": {"corpus": "composer_folders"}, "rows": rows}
    tables, _, _ = markdown([Overview(tmp_path, study, "command")], tmp_path).rpartition(NOTE)
    assert f"| {rows[2]['piece_macro_f1']:.3f} |" in tables and "*" not in tables.replace("**Audits**", "")
    study |= {"experiment": "example", "model": "forest", "reader": "forest", "protocol": "work"}
    study |= dict.fromkeys(("num_pieces", "num_works", "num_near_duplicates", "num_sources", "num_chunks"), 4)
    records.write_json(tmp_path / "environment.json", {"command": "command", "commit": ""})
    write_audit(tmp_path, study | {"rows": rows[:2]})
    page = (tmp_path / "audit.html").read_text(encoding="utf-8")
    assert (
        page.count("too few for an interval") == 8
        and 'class="better"' not in page
        and 'class="sure"' not in page
    )
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {"ladder.png", "ablations.png"}


def test_stacks_are_compared_with_the_fingerprint_by_piece():
    whole = RUNGS[LADDER.index("work")]
    found = {
        whole.place: {
            "fingerprint": Outcome({"piece": answers(0, 0.3)["piece"]}, "all"),
            "forest": Outcome(answers(1, 0.3), "all"),
            stacked_name("forest"): Outcome({"piece": answers(2, 2.0)["piece"]}, "all"),
            "network": Missing("Not run."),
        }
    }
    rows = stack_rows(whole, found, ("forest", "network"))
    assert [row.model for row in rows] == ["fingerprint", "forest", "forest + fingerprint"]
    assert "without reading a note" in rows[0].finding
    assert "it may be chance which tells more" in rows[1].finding
    assert "reading the music adds that much" in rows[2].finding
    assert all("chunk_macro_f1" not in row.numbers for row in rows)


def test_a_difference_on_fewer_pieces_than_were_tested_says_so():
    fewer = answers(1, 0.5, count=60)
    found = {
        RUNGS[0].place: {"forest": Outcome(fewer, "all")},
        RUNGS[1].place: {"forest": Outcome(answers(2, 0.5), "all")},
    }
    _, row = ladder_rows(RUNGS[:2], found)
    assert row.finding.count("on the 60 pieces that both tested") == 2
    found[RUNGS[0].place]["forest"] = Outcome(answers(1, 0.5), "all")
    assert "that both tested" not in ladder_rows(RUNGS[:2], found)[1].finding


def test_published_ablations_of_other_works_are_marked(tmp_path):
    rows = [
        measure(
            "ablation",
            "random_key",
            model,
            answers(1, 0.5),
            folds=folds,
            against="whole",
            compared_with=answers(2, 0.5),
        ).flat()
        for model, folds in (("forest", "all"), ("frame_cnn", "all, other works"), ("lstm", "0"))
    ]
    study = {"corpus": "midi_classics", "pieces": "clean", "classes": CLASSES, "encoder": "piano_roll:binary"}
    audits = [Overview(tmp_path, study | {"rows": rows}, "command")]
    lines = {
        line.split(" | ")[1]: line for line in markdown(audits, tmp_path).splitlines() if "| A1 |" in line
    }
    assert "other works |" in lines["frame_cnn"] and "other works" not in lines["forest"]
    assert ", fold 0 |" in lines["lstm"]
