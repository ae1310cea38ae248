"""Counts by composer, thresholds and chance, as tables and in words."""

import pytest

from experiments.engine.composers.counts import (
    COLUMNS,
    chance_sentences,
    count_rows,
    show_thresholds,
    threshold_rows,
    write_counts,
)
from experiments.engine.records import read_csv
from features.census import ComposerCount

CENSUS = (
    ComposerCount("Alkan", 3, 2, 40),
    ComposerCount("Bach", 90, 40, 900),
    ComposerCount("Nobody", 1, 1, 1),
    ComposerCount("Satie", 9, 5, 59),
)


def test_the_most_frequent_composer_comes_first_with_years_and_era():
    rows = count_rows(CENSUS, ("Bach", "Satie"))
    assert [row["composer"] for row in rows] == ["Bach", "Satie", "Alkan", "Nobody"]
    assert all(tuple(row) == COLUMNS for row in rows)
    first = rows[0]
    assert (first["born"], first["died"], first["era"], first["percent"]) == (
        1685,
        1750,
        "Baroque",
        "90.0000",
    )
    assert [row["kept"] for row in rows] == ["yes", "yes", "no", "no"]


def test_thresholds_part_the_composers():
    rows = threshold_rows(CENSUS, also=[0.05, 0.001])
    assert [row["percent"] for row in rows] == pytest.approx([0, 0.1, 1, 5, 10])
    assert [(row["above"], row["below"]) for row in rows] == [(4, 0), (4, 0), (3, 1), (2, 2), (1, 3)]
    assert rows[-1]["percent_kept"] == pytest.approx(90)


def test_thresholds_are_printed(capsys):
    show_thresholds(CENSUS, also=[0.05])
    printed = capsys.readouterr().out
    assert "0.1 %" in printed and "5 %" in printed and "95.9 %" in printed


def test_all_of_it_is_written_and_drawn(tmp_path):
    write_counts(tmp_path, CENSUS, ("Bach", "Satie"), also=[0.05])
    assert [row["kept"] for row in read_csv(tmp_path / "composers.csv")] == ["yes", "yes", "no", "no"]
    assert len(read_csv(tmp_path / "thresholds.csv")) == 5
    assert (tmp_path / "figures" / "composers.png").read_bytes().startswith(b"\x89PNG")


def test_older_runs_do_not_know_their_chances():
    assert chance_sentences({"test": {}}) == []
