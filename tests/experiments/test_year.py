"""The year as a number: what each way of telling it errs by, over pieces that training never heard."""

import json
from pathlib import Path

import numpy as np
import pytest

from experiments import leaderboard
from experiments.engine import records
from experiments.engine.boards import years
from experiments.engine.boards.overviews import Overview
from experiments.engine.boards.readme import IN_README
from experiments.year import (
    ANSWERED,
    BOOSTED,
    COLUMNS,
    FINGERPRINT,
    NOTES,
    main,
    mean_over_draws,
    print_rows,
    ridge,
)


def run(results, cache_dir, *arguments):
    main(["--smoke", *arguments, "--cache-dir", str(cache_dir), "--results-dir", str(results)])
    (folder,) = (results / "year").iterdir()
    return folder


@pytest.mark.parametrize("protocol", ["work", "composer"])
def test_every_piece_is_dated_once_by_who_did_not_hear_it(protocol, cache_dir, tmp_path, read_rows, capsys):
    folder = run(tmp_path, cache_dir, "--protocol", protocol)
    rows = {row["model"]: row for row in read_rows(folder / "year.csv")}
    assert list(rows)[1:] == [ANSWERED, BOOSTED, NOTES, FINGERPRINT, "the true age"]
    errors = {name: float(row["error_years"]) for name, row in rows.items()}
    assert max(errors[NOTES], errors[BOOSTED]) < errors["the median, nothing heard"] / 2
    for row in rows.values():
        assert float(row["error_years_low"]) <= float(row["error_years"]) <= float(row["error_years_high"])
    answers = read_rows(folder / "estimates.csv")
    assert len({answer["piece"] for answer in answers}) == len(answers) == int(rows[NOTES]["pieces"]) == 80
    told = np.mean([abs(float(answer["year"]) - float(answer[NOTES])) for answer in answers])
    assert told == pytest.approx(errors[NOTES])
    assert json.loads((folder / "metrics.json").read_text())["protocol"] == protocol
    printed = capsys.readouterr().out
    assert (
        f"over {'composers' if protocol == 'composer' else 'works'}." in printed
        and f"{ANSWERED} minus that of {NOTES}: " in printed
    )


def test_errors_are_published_with_a_table_of_their_own(cache_dir, tmp_path):
    folder = run(tmp_path / "runs", cache_dir)
    path = folder / "environment.json"
    records.write_json(path, records.read_json(path) | {"commit": "0123456789"})
    readme, published = tmp_path / "README.md", tmp_path / "results" / "published"
    readme.write_text(leaderboard.empty_places(*IN_README), encoding="utf-8")
    leaderboard.main(["--publish", str(folder), "--published", str(published), "--readme", str(readme)])
    text = (tmp_path / "results" / "README.md").read_text(encoding="utf-8")
    rows = records.read_json(folder / "metrics.json")["rows"]
    assert text.count(f"[Y1](published/year/{folder.name})") == len(rows) == 6
    assert all(f"| {row['model']} | {row['error_years']:.1f} (" in text for row in rows)


def test_a_ridge_learns_from_training_and_says_no_year_beyond():
    rng = np.random.default_rng(0)
    table = np.append(rng.normal(size=(60, 1)), [[50.0]], axis=0)
    years = 1800 + 20 * table[:, 0]
    found = ridge(table, years, [np.arange(40), np.arange(40, 50), np.arange(50, 61)])
    np.testing.assert_allclose(found[:-1], np.clip(years[50:60], years[:40].min(), years[:40].max()), atol=1)
    assert found[-1] == years[:40].max()


def test_pieces_of_one_composer_are_one_sample():
    values = np.repeat([0.0, 10.0, 0.0, 10.0], 50)
    _, low, high = mean_over_draws(values, [str(number) for number in range(200)])
    value, lower, higher = mean_over_draws(values, [str(number // 25) for number in range(200)])
    assert value == 5 and higher - lower > 3 * (high - low)


def test_too_few_composers_do_not_tell_whether_a_year_says_more(capsys):
    few = mean_over_draws(np.arange(40.0), [str(number // 10) for number in range(40)])
    assert few == (19.5, None, None)
    row = dict(zip(COLUMNS, (NOTES, *few, 20.0, 40), strict=True))
    about = {"corpus": "synthetic", "pieces": "reference", "protocol": "composer", "fold": "all"}
    print_rows(about | {"rows": [row], "nearer_than_age": {NOTES: few}})
    printed = capsys.readouterr().out
    assert f"{NOTES}: +19.5: too few composers to tell." in printed and "None" not in printed
    (line,) = years._lines(Path(), "Y1", Overview(Path("year"), about | {"rows": [row]}, "command"))
    assert "19.5" in line


def test_another_question_is_refused(cache_dir, tmp_path, capsys):
    with pytest.raises(SystemExit):
        run(tmp_path, cache_dir, "--label", "composer")
    assert "leave --label out" in capsys.readouterr().err
