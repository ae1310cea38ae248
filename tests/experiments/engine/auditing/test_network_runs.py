"""Finished runs of the network are found wherever they lie; what is missing has a command."""

import gzip
import shlex
import shutil

import pytest

from experiments import four_composers
from experiments.engine import records
from experiments.engine.auditing.network_runs import command_of, find_model_file, find_network_run
from experiments.engine.command import parse
from experiments.engine.config import Config, Places
from experiments.engine.predictions import read_predictions
from experiments.engine.runner import prepare


@pytest.fixture(scope="module")
def config(uninterrupted):
    return Config.from_dict(records.read_json(uninterrupted / "config.json"))


@pytest.fixture(scope="module")
def places(uninterrupted, cache_dir, tmp_path_factory):
    empty = tmp_path_factory.mktemp("nothing")
    return Places(cache_dir=cache_dir, results_dir=uninterrupted.parent.parent, published=empty)


@pytest.fixture(scope="module")
def dataset(config, places):
    return prepare(config, places)


def test_a_run_of_one_fold_is_found_for_all_folds(config, places, dataset, uninterrupted):
    run = find_network_run(config.replace(split={"fold": "all"}), places, dataset)
    assert (run.folders, run.folds) == ((uninterrupted,), "0")
    answers = run.answers()
    assert set(answers) == {"piece", "chunk", "stacked"}
    assert answers["piece"].pieces == read_predictions(uninterrupted / "predictions.csv").pieces
    assert find_model_file(config, places) == uninterrupted / "model.h5"


def test_published_runs_count_too(config, places, dataset, uninterrupted):
    elsewhere = Places(results_dir=places.published, published=places.results_dir)
    assert find_network_run(config, elsewhere, dataset).folders == (uninterrupted,)


def test_a_published_run_counts_without_its_chunks_and_with_its_answers_compressed(
    config, places, dataset, uninterrupted, tmp_path
):
    copy = shutil.copytree(uninterrupted, tmp_path / config.experiment / uninterrupted.name)
    (copy / "predictions-chunks.csv.gz").unlink()
    plain = copy / "predictions.csv"
    plain.with_name("predictions.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    elsewhere = Places(results_dir=places.published, published=tmp_path)
    run = find_network_run(config, elsewhere, dataset)
    assert run.folders == (copy,) and set(run.answers()) == {"piece", "stacked"}


def test_runs_of_another_configuration_or_of_other_works_do_not_count(config, places, dataset):
    other = config.replace(training={"seed": 1}, split={"fold": "all"})
    assert find_network_run(other, places, dataset) is None
    assert find_model_file(config.replace(training={"seed": 1}), places) is None

    class Others:
        pieces, composers = dataset.pieces, dataset.composers
        works = ["one and the same"] * len(dataset.pieces)

    assert find_network_run(config, places, Others()) is None
    older = find_network_run(config, places, Others(), other_works=True)
    assert older.has_other_works and not find_network_run(config, places, dataset).has_other_works


@pytest.mark.parametrize(
    "flags",
    [
        [],
        ["--fold", "all", "--no-move", "--patience", "None"],
        ["--channels", "binary", "onset", "--ablation", "random_key", "--hyperparameters", "width", "16"],
        ["--encoder", "messages", "--without", "tempo", "value", "--beats", "True", "--pedal", "False"],
        ["--corpus", "midi_classics", "--composers", "Bach", "Mozart", "--pieces", "clean", "--seed", "3"],
        ["--data-home", "music.zip", "--results-dir", "elsewhere"],
    ],
)
def test_the_command_leads_to_the_configuration(flags):
    config, places = parse(four_composers.DEFAULT, flags, description="")
    command = command_of(config, four_composers.DEFAULT, places)
    assert command.startswith("python -m experiments.four_composers") and command.endswith("--resume")
    again, named = parse(four_composers.DEFAULT, shlex.split(command)[3:], description="")
    assert again == config
    assert all(
        (str(getattr(named, place)) == "PATH") == (getattr(places, place) != getattr(Places, place))
        for place in ("data_home", "cache_dir", "results_dir", "published")
    )


def test_files_are_held_out_alike_whatever_is_one_work(config, places, dataset, uninterrupted, tmp_path):
    class Others:
        pieces, composers = dataset.pieces, dataset.composers
        works = ["one and the same"] * len(dataset.pieces)

    by_file = config.replace(split={"protocol": "file"})
    folder = tmp_path / config.experiment / records.run_name(by_file)
    shutil.copytree(uninterrupted, folder)
    records.write_json(folder / "config.json", by_file.to_dict())
    here = Places(results_dir=tmp_path, published=places.published)
    assert find_network_run(by_file, here, Others()).folders == (folder,)
