"""What each part of a recipe is worth, from the command line: on validation works, and nothing trained twice."""

import dataclasses
import shutil

import numpy as np
import pytest

from experiments import leaderboard, recipe
from experiments.engine import evaluation, networks, records
from experiments.engine.auditing.rows import SCORES
from experiments.engine.boards.readme import IN_README
from experiments.engine.config import Config, Places
from experiments.engine.predictions import Predictions
from experiments.engine.publishing import publish
from experiments.engine.recipes import comparing, prepared
from experiments.engine.recipes.variants import WHOLE, Variant, variants_of
from experiments.engine.runner import Study, prepare
from features.datasets import Dataset
from features.errors import InputError

RECIPE = ("--smoke", "--average", "0.9", "--answer-overlap", "2", "--also", "mixup 0.2")
NAMES = ["as it is", "without --average 0.9", "without --answer-overlap 2", "with --mixup 0.2"]


@pytest.fixture(scope="module")
def compared(cache_dir, tmp_path_factory):
    """Returns a function that compares, and returns its folder."""
    results = tmp_path_factory.mktemp("results")
    small = ("--channels", "binary", "--cache-dir", str(cache_dir))

    def run(*arguments, results=results):
        recipe.main([*arguments, *small, "--results-dir", str(results)])
        return max(results.glob("recipe/*/metrics.json"), key=lambda path: path.stat().st_mtime_ns).parent

    return run


@pytest.fixture(scope="module")
def folder(compared):
    return compared(*RECIPE)


def test_every_part_has_a_row_on_validation_works(folder, read_rows):
    rows = read_rows(folder / "recipe.csv")
    assert [row["name"] for row in rows] == [
        *(NAMES[0], "without --channels binary", *NAMES[1:]),
    ]
    assert [bool(row["piece_difference"]) for row in rows] == [False, *[True] * 4]
    for row in rows:
        low, score, high = (float(row[f"piece_macro_f1{end}"]) for end in ("_low", "", "_high"))
        assert 0 <= low <= score <= high <= 1
    asked = read_rows(next(folder.glob("answers/*/predictions-validation.csv")))
    assert len(asked) == int(rows[0]["pieces"])
    heard = next(folder.glob("trainings/*/config.json"))
    assert records.read_json(heard)["training"]["patience"] is None


def test_losses_are_told_without_drawing_works_for_them(monkeypatch):
    labels = np.arange(12) % 2
    names = {"pieces": "piece", "works": "work"}
    part = Predictions(
        **{key: tuple(f"{name} {number}" for number in range(12)) for key, name in names.items()},
        composers=tuple("ab"[label] for label in labels),
        probabilities=0.2 + 0.6 * np.eye(2)[labels],
        classes=("a", "b"),
    )
    answers, expected = {"piece": part, "chunk": part}, part.scores()["log_loss"]
    drawn, over_draws = [], evaluation.over_draws
    monkeypatch.setattr(
        evaluation, "over_draws", lambda *args, **how: drawn.append(how) or over_draws(*args, **how)
    )
    row = comparing._row(Variant(WHOLE, Config("four_composers")), answers, answers, (0,))
    assert len(drawn) == len(SCORES)
    assert row["piece_log_loss"] == row["chunk_log_loss"] == round(expected, 6)


def test_ways_of_asking_are_not_trained_for(folder):
    assert len(list(folder.glob("trainings/*"))) == 4
    assert len(list(folder.glob("answers/*"))) == 5


def test_it_goes_on_with_other_parts_and_trains_none_again(folder, compared, monkeypatch, capsys):
    trained, train = [], networks.train

    def note(*args, **how):
        trained.append(how["folder"].name)
        return train(*args, **how)

    monkeypatch.setattr(networks, "train", note)
    monkeypatch.setattr(prepared, "prepare", lambda *_: pytest.fail("It hears the same as the recipe."))
    assert compared(*RECIPE, "transpose 5", "--resume") == folder
    assert len(trained) == 1
    assert [row["name"] for row in records.read_json(folder / "metrics.json")["rows"]][
        -1
    ] == "with --transpose 5"
    printed = capsys.readouterr().out
    assert "validation works" in printed and "with --transpose 5" in printed and "\u2026" not in printed


def test_other_folds_have_a_folder_of_their_own(folder, compared):
    before = (folder / "recipe.csv").read_bytes()
    parts = ("--smoke", "--average", "0.9", "--answer-overlap", "2", "--no-leave-out", "--also", "mixup 0.2")
    others = compared(*parts, "--folds", "1", "--resume")
    assert others == folder.with_name(f"{folder.name}-folds1")
    assert records.read_json(others / "metrics.json")["folds"] == [1]
    assert (folder / "recipe.csv").read_bytes() == before


def test_it_goes_on_with_the_same_works_on_the_same_sides_alone(folder, compared, tmp_path, capsys):
    copy = shutil.copytree(folder, tmp_path / "recipe" / folder.name)
    shutil.rmtree(copy / "data")
    assert compared(*RECIPE, "--resume", results=tmp_path) == copy  # as older ones were begun
    (path,) = copy.glob("data/*/0/splits.csv")
    rows = records.read_csv(path)
    for row in rows:
        row["split"] = {"train": "validation", "validation": "train"}.get(row["split"], row["split"])
    records.write_csv(path, list(rows[0]), rows)
    with pytest.raises(SystemExit, match="2"):
        compared(*RECIPE, "--resume", results=tmp_path)
    assert "The split has changed since" in capsys.readouterr().err


def test_data_is_prepared_once_for_all_that_hear_the_same(cache_dir, tmp_path, monkeypatch):
    made, places = [], Places(cache_dir=cache_dir)
    monkeypatch.setattr(prepared, "prepare", lambda config, _: made.append(config) or prepare(config, places))
    recipe = Config("four_composers").replace(
        corpus={"corpus": "synthetic"}, encoder={"channels": ("binary",)}
    )
    sides = dict.fromkeys((0, 1), {})
    data = prepared.PreparedData(tmp_path, Study(recipe, places, prepare(recipe, places)), sides)
    plain, other = data.of(recipe), recipe.replace(encoder={"channels": ("velocity",)})
    for fold in sides:
        assert data.of(recipe.replace(training={"mixup": 0.2}, split={"fold": fold})) is plain
        assert data.of(other.replace(split={"fold": fold})) is data.of(other) is not plain
    assert data.of(recipe.replace(training={"renderings": 1})).renderings and data.of(recipe) is plain
    assert [config.training.renderings for config in made] == [0, 1]


def test_others_who_are_learnt_from_are_the_same_for_every_part(cache_dir, tmp_path, monkeypatch):
    places, two = Places(cache_dir=cache_dir), {"corpus": "synthetic", "composers": ("Ada", "Bela")}
    recipe = Config("four_composers").replace(corpus=two)
    among_others = recipe.replace(training={"auxiliary": 0.5})
    study = Study(recipe, places, prepare(recipe, places))
    prepared.PreparedData(tmp_path, study, {0: {}}).of(among_others)

    def changed(config, places):
        found = prepare(config, places)
        contents = ("changed", *found.auxiliary.contents[1:])
        return dataclasses.replace(found, auxiliary=dataclasses.replace(found.auxiliary, contents=contents))

    monkeypatch.setattr(prepared, "prepare", changed)
    with pytest.raises(InputError, match="hold other music"):
        prepared.PreparedData(tmp_path, study, {0: {}}).of(among_others)


def test_a_part_that_cannot_be_trained_is_named_and_the_others_stand(compared, capsys):
    found = compared("--smoke", "--average", "0.9", "--also", "velocity-dropout 0.5", "--resume")
    (row,) = [row for row in records.read_json(found / "metrics.json")["rows"] if row["problem"]]
    assert (
        row["name"] == "with --velocity-dropout 0.5" and "--velocity-dropout; leave it out" in row["problem"]
    )
    assert row["problem"] in capsys.readouterr().out


def test_drawing_writers_is_refused_where_each_composer_is_one(compared, monkeypatch, capsys):
    monkeypatch.setattr(Dataset, "writers", property(lambda dataset: dataset.composers))
    found = compared("--smoke", "--average", "0.9", "--also", "sampling writer", "--resume")
    (row,) = [row for row in records.read_json(found / "metrics.json")["rows"] if row["problem"]]
    assert row["name"] == "with --sampling writer" and "take --sampling composer" in row["problem"]
    folders = set(found.parent.iterdir())
    with pytest.raises(SystemExit, match="2"):
        compared("--smoke", "--sampling", "writer")
    assert "take --sampling composer" in capsys.readouterr().err and set(found.parent.iterdir()) == folders


def test_a_recipe_is_published_with_a_table_of_its_own(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "recipe-example")
    path = copy / "environment.json"
    records.write_json(path, records.read_json(path) | {"commit": "0123456789", "resumed_with": []})
    published, readme = tmp_path / "results" / "published", tmp_path / "README.md"
    readme.write_text(leaderboard.empty_places(*IN_README), encoding="utf-8")
    leaderboard.main(["--publish", str(copy), "--published", str(published), "--readme", str(readme)])
    assert {path.name for path in (published / "recipe" / copy.name).iterdir()} == {
        *("config.json", "environment.json", "recipe.csv", "recipe.json", "metrics.json"),
    }
    lines = (tmp_path / "results" / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [line.split(" | ") for line in lines if line.startswith("| [R1](published/recipe/")]
    assert [row[5] for row in rows][:3] == ["as it is", "without --channels binary", "without --average 0.9"]
    made_for = records.read_json(copy / "recipe.json")
    records.write_json(copy / "recipe.json", made_for | {"variants": [*made_for["variants"], "another"]})
    publish(copy, published)  # it has gone on
    records.write_json(copy / "recipe.json", made_for | {"folds": [1]})
    with pytest.raises(InputError, match="is another one of this name"):
        publish(copy, published)


def test_each_hyperparameter_is_a_part_and_a_model_takes_its_own_with_it():
    study = Config("four_composers")
    hyperparameters = {"width": 64, "dropout": 0.2}
    wide = study.replace(model={"hyperparameters": hyperparameters})
    found = {
        variant.name: variant.config for variant in variants_of(wide, study, ["hyperparameters width 32"])
    }
    assert found["without --hyperparameters width 64"].model.hyperparameters == {"dropout": 0.2}
    assert found["without --hyperparameters dropout 0.2"].model.hyperparameters == {"width": 64}
    assert found["with --hyperparameters width 32"].model.hyperparameters == {"width": 32, "dropout": 0.2}
    bags = study.replace(
        model={"model": "bag_attention", "hyperparameters": hyperparameters}, answering={"bag": 3}
    )
    found = {variant.name: variant.config for variant in variants_of(bags, study, [])}
    without = found["without --model bag_attention"]
    assert (without.model, without.answering) == (study.model, study.answering)
    narrow = found["without --hyperparameters width 64"].model
    assert (narrow.model, narrow.hyperparameters) == ("bag_attention", {"dropout": 0.2})
    assert "without --hyperparameters dropout 0.2" in found


def test_what_is_added_can_be_all_that_is_compared():
    recipe = Config("four_composers").replace(training={"average": 0.9})
    found = variants_of(recipe, Config("four_composers"), ["mixup 0.2"], leave_out=False)
    assert [variant.name for variant in found] == ["as it is", "with --mixup 0.2"]


def test_composers_held_out_are_what_intervals_draw(cache_dir, tmp_path, read_rows):
    flags = ("--smoke", "--average", "0.9", "--protocol", "composer", "--rare", "train")
    recipe.main(["era", *flags, "--cache-dir", str(cache_dir), "--results-dir", str(tmp_path)])
    for path in tmp_path.glob("recipe/*/answers/*/predictions-validation.csv"):
        assert "writer" in read_rows(path)[0]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((), "There is nothing to compare"),
        (("--average", "0.9", "--no-leave-out"), "There is nothing to compare"),
        (("--also", "mixup '0.2"), "has a quotation mark that nothing closes"),
        (("--fold", "1"), "--fold has no say here; give --folds"),
        (("--patience", "3"), "--patience has no say here; give --epochs"),
        (("--average", "0.9", "--folds", "0", "0"), "numbers of different folds"),
        (("--average", "0.9", "--also", "epochs 3"), "changes the epochs, which all variants have in common"),
        (("--average", "0.9", "--also", "protocol file"), "changes the split"),
        (("--average", "0.9", "--also", "average 0.9"), "changes nothing"),
        (("--average", "0.9", "--protocol", "chunk", "--no-move"), "take another protocol than chunk"),
        (("--average", "0.9", "--model", "oracle"), "There is no model named 'oracle'"),
        (("--average", "0.9", "--folds", "9"), "There is no fold 9"),
        (("--jitter", "0.9", "--encoder", "descriptors"), "descriptors"),
        (("--average", "0.9", "--schedule", "plateau"), "by the very works on which recipes are scored"),
        (("--average", "0.9", "--also", "teacher four_composers"), "leave --teacher out"),
    ],
)
def test_what_cannot_be_compared_ends_in_one_sentence_and_leaves_nothing_behind(
    asked, said, tmp_path, cache_dir, capsys
):
    with pytest.raises(SystemExit) as stopped:
        recipe.main(["--smoke", *asked, "--cache-dir", str(cache_dir), "--results-dir", str(tmp_path)])
    assert stopped.value.code == 2
    printed = " ".join(capsys.readouterr().err.replace("\u2502", " ").split())
    assert said in printed and not list(tmp_path.iterdir())
