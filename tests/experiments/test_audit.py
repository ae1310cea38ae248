"""The audit, from the command line to its table and page; killed, gone on with, and for every study."""

import shutil
import sys

import pytest

from experiments import STUDIES, audit, leaderboard
from experiments.engine import records, runner
from experiments.engine.auditing import cheap
from experiments.engine.auditing.rows import COLUMNS
from experiments.engine.boards.readme import IN_README
from experiments.engine.boards.seeds import LADDER
from features.corpora import synthetic

ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such folder")

CHEAP = ("histogram_forest", "histogram_linear", "fingerprint", "majority")
STACK = "histogram_forest + fingerprint"

QUICK = (
    "--smoke",
    "--rungs",
    "file",
    "--ablations",
    "random_key",
    "--cheap-models",
    "histogram_linear",
    "fingerprint",
)
"""Two rungs and an ablation, and of the cheap models the quickest."""


@pytest.fixture(scope="session")
def run_audit(cache_dir):
    """Returns a function that audits in this process and returns the only audit folder."""

    def run(results_dir, *arguments, study="four_composers"):
        places = ["--cache-dir", str(cache_dir), "--results-dir", str(results_dir)]
        audit.main([study, *arguments, *places, "--published", str(results_dir / "published")])
        (folder,) = (results_dir / study).glob("audit-*")
        return folder

    return run


@pytest.fixture(scope="session")
def other_music(tmp_path_factory):
    """A folder with music that was heard, music that was not, and music by somebody unknown."""
    home = tmp_path_factory.mktemp("other music")
    for composer in ("Ada", "Bela", "Cleo"):
        for opus in (1, *range(51, 55)):
            path = home / composer / f"opus {opus}.mid"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(synthetic.compose(composer, opus, movement=1))
    (home / "Zoe").mkdir()
    shutil.copyfile(home / "Ada" / "opus 51.mid", home / "Zoe" / "opus 1.mid")
    (home / "Ada" / "broken.mid").write_bytes(b"no music")
    return home


@pytest.fixture(scope="module")
def finished(run_audit, other_music, tmp_path_factory):
    """The audit as it is rehearsed, with other music."""
    return run_audit(tmp_path_factory.mktemp("results"), "--smoke", "--external", str(other_music))


@pytest.fixture(scope="module")
def rows(finished):
    return {
        (row["part"], row["name"], row["model"]): row
        for row in records.read_json(finished / "metrics.json")["rows"]
    }


def fail(*arguments, **keywords):
    pytest.fail("It was made again.")


def test_it_leaves_a_table_a_page_figures_and_what_it_was_made_from(finished):
    files = {path.relative_to(finished).as_posix() for path in finished.rglob("*") if path.is_file()}
    answers = {name for name in files if name.startswith("answers/")}
    assert files - answers - {".lock"} == {
        *("audit.json", "environment.json", "audit.csv", "audit.html", "metrics.json", "transfer.json"),
        *(f"figures/{name}.png" for name in ("ladder", "ablations", "transfer")),
    }
    assert "answers/ladder-work/2/histogram_forest-test-chunk.csv.gz" in answers
    assert "answers/ablation-random_key/0/histogram_linear-test-piece.csv.gz" in answers
    assert not [name for name in answers if "ablation" in name and "fingerprint" in name]


def test_the_table_has_a_row_for_every_model_on_every_rung(rows, finished, read_rows):
    for model in (*CHEAP, STACK, "frame_cnn"):
        for rung in LADDER:
            if rung == "source":
                if model != STACK:  # of two that have no answers there is no stack
                    assert "3 folds need 3 sources" in rows["ladder", rung, model]["problem"]
                continue
            row = rows["ladder", rung, model]
            if model == "frame_cnn":
                assert row["problem"] == "Not run." and "experiments.four_composers" in row["command"]
            else:
                assert (
                    0 <= row["piece_macro_f1_low"] <= row["piece_macro_f1"] <= row["piece_macro_f1_high"] <= 1
                )
                assert (row["chunk_macro_f1"] != "") == (model.startswith("histogram") and model != STACK)
                assert row["against"] == {"chunk": "", "file": "chunk", "near_duplicate": "file"}.get(
                    rung, "near_duplicate"
                )
    for name in ("without_velocity", "random_key"):
        assert rows["ablation", name, "histogram_forest"]["against"] == "nothing taken away"
    table = read_rows(finished / "audit.csv")
    assert tuple(table[0]) == COLUMNS and len(table) == len(rows)


def test_the_fingerprint_of_a_file_that_was_heard_gives_it_away(rows):
    scores = {rung: rows["ladder", rung, "fingerprint"]["piece_macro_f1"] for rung in LADDER[:-1]}
    assert scores["chunk"] == 1 > scores["work"] + 0.3
    assert (
        rows["stack", STACK, STACK]["piece_macro_f1"]
        > rows["stack", "fingerprint", "fingerprint"]["piece_macro_f1"]
    )


def test_other_music_is_scored_apart_from_what_was_heard(finished, rows):
    facts = records.read_json(finished / "metrics.json")["transfer"]
    assert facts["composers"] == {"Ada": 5, "Bela": 5, "Cleo": 5}
    assert facts["unknown"] == {"Zoe": 1}
    assert [piece["piece"] for piece in facts["left_out"]] == ["Ada/broken.mid"]
    num_heard = sum(facts["heard"].values())
    assert set(facts["heard"]) == {"same file"} and num_heard <= 3
    row = rows["transfer", "unheard works, as it is", "histogram_forest"]
    assert row["pieces"] == 15 - num_heard and row["against"] == "fingerprint"
    assert row["piece_macro_f1"] == row["piece_accuracy"] == 1
    assert rows["transfer", "unheard works, estimated prior", "histogram_forest"]["against"] == "as it is"
    assert rows["transfer", "unheard works", "frame_cnn"]["problem"] == "Not run."
    prior = facts["estimated_priors"]["histogram_forest"]
    assert prior[3] < 0.1 < min(prior[:3])  # nothing by Dov is there


def test_the_page_says_what_the_table_says_and_asks_nobody(finished, rows):
    page = (finished / "audit.html").read_text(encoding="utf-8")
    for part in ("ladder", "stack", "ablation", "transfer"):
        assert f'<h2 id="{part}">' in page
    for row in rows.values():
        assert (row["finding"].rpartition(": ")[2] or row["problem"]).split("'")[0][:40] in page
    assert "http" not in page.replace("http-equiv", "")
    assert 'src="figures/ladder.png"' in page


def test_gone_on_with_nothing_is_made_again(finished, run_audit, monkeypatch, capsys):
    before = (finished / "audit.csv").read_bytes()
    monkeypatch.setattr(cheap, "answer_baseline", fail)
    run_audit(finished.parents[1], "--smoke", "--resume")
    assert (finished / "audit.csv").read_bytes() == before
    printed = capsys.readouterr().out
    assert "The ladder" in printed and str(finished) in printed.replace("\n", "")


def test_renderings_are_made_for_the_study_and_not_for_cheap_models(run_audit, tmp_path, monkeypatch):
    made, make = [], runner.with_renderings
    monkeypatch.setattr(runner, "with_renderings", lambda *args, **how: made.append(1) or make(*args, **how))
    run_audit(tmp_path, *QUICK, "--renderings", "1")
    assert len(made) == 1


def test_an_audit_that_is_killed_goes_on(run_audit, tmp_path, monkeypatch):
    whole = run_audit(tmp_path / "whole", *QUICK)
    calls, answer = [], cheap.answer_baseline

    def interrupt_the_fifth(name, *arguments, **keywords):
        calls.append(name)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return answer(name, *arguments, **keywords)

    monkeypatch.setattr(cheap, "answer_baseline", interrupt_the_fifth)
    with pytest.raises(SystemExit, match="130"):
        run_audit(tmp_path / "killed", *QUICK)
    killed = run_audit(tmp_path / "killed", *QUICK, "--resume")
    # Two models on three folds of two rungs, and one of them in an ablation.
    assert len(calls) == 2 * 3 * 2 + 3 + 1
    assert (killed / "audit.csv").read_bytes() == (whole / "audit.csv").read_bytes()


def test_another_configuration_is_refused_with_the_difference(finished, run_audit, capsys):
    with pytest.raises(SystemExit, match="2"):
        run_audit(finished.parents[1], "--smoke", "--resume", "--channels", "binary")
    assert "is an audit of another study: encoder.channels is ['binary'], was None" in capsys.readouterr().err


def test_other_files_under_the_same_names_are_refused(finished, run_audit, tmp_path, capsys):
    shutil.copytree(finished.parents[1], tmp_path / "results")
    path = tmp_path / "results" / "four_composers" / finished.name / "environment.json"
    records.write_json(path, records.read_json(path) | {"contents": "of another time"})
    with pytest.raises(SystemExit, match="2"):
        run_audit(tmp_path / "results", "--smoke", "--resume")
    assert "hold other music than those" in capsys.readouterr().err


def test_another_split_is_refused(finished, run_audit, tmp_path, capsys):
    """As there is one once works are told otherwise."""
    shutil.copytree(finished.parents[1], tmp_path / "results")
    folder = tmp_path / "results" / "four_composers" / finished.name
    records.write_json(folder / "answers" / "ladder-file" / "1" / "split.json", {"digest": "another"})
    with pytest.raises(SystemExit, match="2"):
        run_audit(tmp_path / "results", "--smoke", "--resume")
    assert "The split has changed since" in capsys.readouterr().err


def test_the_network_is_trained_where_it_is_asked_for_and_shown_from_then_on(
    run_audit, small, other_music, tmp_path, monkeypatch
):
    command = (*QUICK, *small, "--network-rungs", "work", "--network-ablations", "random_key")
    folder = run_audit(tmp_path, *command, "--train", "--external", str(other_music))
    metrics = records.read_json(folder / "metrics.json")
    rows = {(row["part"], row["name"], row["model"]): row for row in metrics["rows"]}
    for place in (("ladder", "work"), ("ablation", "random_key")):
        assert rows[*place, "frame_cnn"]["folds"] == "0" and rows[*place, "frame_cnn"]["chunk_macro_f1"] != ""
    assert rows["stack", "frame_cnn + fingerprint", "frame_cnn + fingerprint"]["against"] == "fingerprint"
    assert ("ladder", "file", "frame_cnn") not in rows
    there = rows["transfer", "unheard works, as it is", "frame_cnn"]
    assert there["piece_balanced_accuracy"] != "" and "at home" in there["finding"]
    assert len(list((tmp_path / "four_composers").glob("synthetic-*/model.h5"))) == 2
    monkeypatch.setattr("experiments.engine.auditing.at_home.run_study", fail)
    run_audit(tmp_path, *command, "--resume")
    again = records.read_json(folder / "metrics.json")
    assert again["rows"] == metrics["rows"]


def test_without_anybody_known_other_music_is_refused_before_anything_is_made(run_audit, tmp_path, capsys):
    (tmp_path / "music" / "Zoe").mkdir(parents=True)
    (tmp_path / "music" / "Zoe" / "a.mid").write_bytes(synthetic.compose("Ada", 77, movement=1))
    with pytest.raises(SystemExit, match="2"):
        run_audit(tmp_path / "results", *QUICK, "--external", str(tmp_path / "music"))
    assert "No composer of the other music is among Ada, Bela, Cleo, Dov" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--transfer-model", "model.h5"), "are for other music; say with --external where it lies"),
        (("--external", "music", "--external-corpus", "synthetic"), "synthetic is not read from a folder"),
        (("--external", "nowhere"), "no folder and no file nowhere; check that path."),
        pytest.param(
            ("--results-dir", "/proc/results"), "Expected --results-dir to name a folder", marks=ONLY_LINUX
        ),
    ],
)
def test_what_would_go_unheeded_or_nowhere_is_refused(cache_dir, tmp_path, capsys, monkeypatch, flags, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        audit.main([*QUICK, "--cache-dir", str(cache_dir), "--results-dir", "results", *flags])
    assert said in capsys.readouterr().err


@pytest.fixture
def committed(finished, tmp_path):
    """A copy of the audit, made as if all code were committed, and the places to publish it to."""
    folder = tmp_path / "runs" / finished.name
    shutil.copytree(finished, folder)
    path = folder / "environment.json"
    records.write_json(path, records.read_json(path) | {"commit": "0123456789", "resumed_with": []})
    (tmp_path / "README.md").write_text(leaderboard.empty_places(*IN_README), encoding="utf-8")
    published = tmp_path / "results" / "published"
    return folder, ["--published", str(published), "--readme", str(tmp_path / "README.md")]


def test_an_audit_is_published_without_its_answers_and_has_tables_of_its_own(committed, tmp_path, rows):
    folder, places = committed
    leaderboard.main(["--publish", str(folder), *places])
    published = tmp_path / "results" / "published" / "four_composers" / folder.name
    names = {path.relative_to(published).as_posix() for path in published.rglob("*") if path.is_file()}
    assert names == {
        *("audit.json", "environment.json", "audit.csv", "audit.html", "metrics.json", "transfer.json"),
        *(f"figures/{name}.png" for name in ("ladder", "ablations", "transfer")),
    }
    assert (published / "audit.csv").read_bytes() == (folder / "audit.csv").read_bytes()
    assert "at commit 0123456789" in (published / "audit.html").read_text(encoding="utf-8")  # it is made anew
    page = tmp_path / "results" / "README.md"
    text = page.read_text(encoding="utf-8")
    row = rows["ladder", "work", "histogram_linear"]
    assert f"{row['piece_macro_f1']:.3f} ({row['chunk_macro_f1']:.3f})" in text
    assert f"[A1](published/four_composers/{folder.name})" in text
    assert "| random key |" in text and "unheard works, as it is" in text
    leaderboard.main(places)
    assert page.read_text(encoding="utf-8") == text


def test_what_cannot_be_checked_is_not_published(committed, capsys):
    folder, places = committed
    metrics = records.read_json(folder / "metrics.json")
    metrics["rows"][0]["runs"] = "synthetic-frame_cnn-work-0-seed0-01234567"
    records.write_json(folder / "metrics.json", metrics)
    with pytest.raises(SystemExit, match="2"):
        leaderboard.main(["--publish", str(folder), *places])
    assert "runs that are not published; publish first: synthetic-frame_cnn" in capsys.readouterr().err
    (folder / "metrics.json").unlink()
    with pytest.raises(SystemExit, match="2"):
        leaderboard.main(["--publish", str(folder), *places])
    assert "is not finished; go on with it with --resume" in capsys.readouterr().err


@pytest.mark.parametrize("study", STUDIES)
def test_every_study_can_be_audited(run_audit, tmp_path, study):
    folder = run_audit(tmp_path, *QUICK, study=study)
    metrics = records.read_json(folder / "metrics.json")
    measured = {(row["part"], row["model"]) for row in metrics["rows"] if not row["problem"]}
    assert {("ladder", "fingerprint"), ("stack", "fingerprint")} <= measured
    counts_notes = ("ladder", "histogram_linear") in measured
    assert (("ablation", "histogram_linear") in measured) == counts_notes == (study != "descriptor_sequences")


def test_of_messages_other_things_are_taken_away(run_audit, tmp_path):
    arguments = ("--smoke", "--encoder", "messages", "--rungs", "file", "--cheap-models", "fingerprint")
    folder = run_audit(tmp_path, *arguments, study="era")
    metrics = records.read_json(folder / "metrics.json")
    commands = {row["name"]: row["command"] for row in metrics["rows"] if row["part"] == "ablation"}
    assert list(commands) == [
        f"without_{what}" for what in ("tempo", "channel", "control", "value", "traces")
    ]
    assert "--without tempo --" in commands["without_tempo"]
    assert "--beats True --merge-tracks True" in commands["without_traces"]
    page = (folder / "audit.html").read_text(encoding="utf-8")
    assert "of 2 eras" in page and "only their types say where it changes" in page
