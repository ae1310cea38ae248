"""A configuration goes into plain dicts and comes back, or says what does not fit."""

import dataclasses
import json

import pytest

from experiments.engine.config import REPOSITORY, Config, EncoderConfig, ModelConfig, Places, smoke
from features.errors import InputError

FULL = Config(
    "example",
    encoder=EncoderConfig(channels=("binary",), frames_per_second=12.5, pedal=False),
    model=ModelConfig("lstm", {"units": 64, "dropout": 0.1, "init": "zeros"}),
).replace(
    corpus={"composers": ("Bach", "Dvořák")},
    split={"fold": "all"},
    training={"patience": None, "schedule": "constant"},
)


@pytest.mark.parametrize("config", [Config("example"), FULL])
def test_comes_back_from_a_dict_and_from_json(config):
    assert Config.from_dict(config.to_dict()) == config
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_what_is_left_out_keeps_its_default():
    assert Config.from_dict({"experiment": "example"}) == Config("example")


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"trainning": {}}, "trainning"),
        ({"training": {"epoch": 3}}, "epoch"),
        ({"training": {"epochs": "many"}}, "epochs"),
        ({"training": {"schedule": "steps"}}, "schedule"),
        ({"training": {"epochs": 0}}, "epochs to be 1 or more, but received 0"),
        ({"training": {"transpose": -1}}, "transpose to be 0 or more"),
        ({"training": {"tempo": -0.1}}, "tempo to be a share from 0 to 1, but received -0.1"),
        ({"training": {"tempo": 1.5}}, "tempo to be a share from 0 to 1"),
        ({"training": {"balance": 3}}, "balance to be from 0 to 2, but received 3"),
        ({"training": {"logit_adjustment": -1}}, "logit_adjustment to be from 0 to 2"),
        ({"corpus": {"pieces": "some"}}, "pieces"),
        ({"corpus": {"min_share": 1}}, "min_share to be a share from 0 to below 1 .*, but received 1"),
        ({"corpus": {"min_works": 0}}, "min_works to be 1 or more, but received 0"),
        ({"split": {"rare": "drop"}}, "rare"),
        ({"model": {"hyperparameters": 3}}, "hyperparameters"),
    ],
)
def test_refuses_what_does_not_fit_and_names_it(values, named):
    with pytest.raises(InputError, match=f"This configuration cannot be used: .*{named}"):
        Config.from_dict({"experiment": "example"} | values)


def test_refuses_a_configuration_without_a_name():
    with pytest.raises(InputError, match="experiment"):
        Config.from_dict({})


def test_names_everything_that_does_not_fit_at_once():
    with pytest.raises(InputError, match=r"(?s)(fold_count.*epoch|epoch.*fold_count)"):
        Config.from_dict({"experiment": "example", "split": {"fold_count": 5}, "training": {"epoch": 3}})


def test_equal_configurations_have_one_digest():
    assert FULL.digest() == Config.from_dict(FULL.to_dict()).digest()
    assert len(FULL.digest()) == 8
    one, other = ({"units": 64, "dropout": 0.1}, {"dropout": 0.1, "units": 64})
    digests = {FULL.replace(model={"hyperparameters": values}).digest() for values in (one, other)}
    assert len(digests) == 1


def test_a_digest_stays_what_it_was():
    """Run folders are found again by it, on other machines and by later code."""
    assert Config("example").digest() == "0e4e6fc0"
    published = list((REPOSITORY / "results" / "published").glob("*/*/config.json"))
    assert published, "nothing is published"
    for path in published:
        config = Config.from_dict(json.loads(path.read_text(encoding="utf-8")))
        assert config.digest() in path.parent.name.split("-")


def test_every_value_counts_for_the_digest():
    config = Config("example")
    changed = [
        dataclasses.replace(config, experiment="other"),
        config.replace(corpus={"composers": ("Bach",)}),
        config.replace(encoder={"hop": 75}),
        config.replace(split={"split_seed": 1}),
        config.replace(model={"hyperparameters": {"units": 64}}),
        config.replace(training={"seed": 1}),
    ]
    assert len({config.digest(), *(other.digest() for other in changed)}) == 1 + len(changed)


def test_a_value_cannot_be_changed_in_place():
    with pytest.raises(dataclasses.FrozenInstanceError):
        FULL.training.epochs = 3


def test_replace_refuses_unknown_names():
    with pytest.raises(TypeError, match="epoch"):
        FULL.replace(training={"epoch": 3})
    with pytest.raises(AttributeError, match="trainning"):
        FULL.replace(trainning={"epochs": 3})


@pytest.mark.parametrize("config", [Config("example"), FULL])
def test_a_rehearsal_only_changes_values(config):
    rehearsal = smoke(config)
    assert _shape(rehearsal.to_dict()) == _shape(config.to_dict())
    assert rehearsal.corpus.corpus == "synthetic"
    assert rehearsal.training.epochs == 1
    assert rehearsal.encoder == config.encoder
    assert rehearsal.model == config.model
    assert smoke(rehearsal) == rehearsal


def test_places_are_no_part_of_a_configuration():
    assert not {field.name for field in dataclasses.fields(Places)} & set(_names(FULL.to_dict()))


def _shape(values):
    return {
        name: _shape(value) if isinstance(value, dict) and name != "hyperparameters" else None
        for name, value in values.items()
    }


def _names(values):
    for name, value in values.items():
        yield name
        if isinstance(value, dict):
            yield from _names(value)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_split_refuses_seeds_that_no_generator_takes(seed):
    with pytest.raises(InputError, match="from 0 to 4294967295"):
        FULL.replace(split={"split_seed": seed})


def test_a_tempo_is_recorded_only_where_there_is_one():
    assert "tempo" not in Config("example").to_dict()["training"]
    varied = Config("example").replace(training={"tempo": 0.1})
    assert Config.from_dict(varied.to_dict()) == varied


def test_a_field_added_later_does_not_change_the_name_of_older_runs():
    assert "sample" not in Config("example").to_dict()["corpus"]
    sampled = Config("example").replace(corpus={"sample": 0.5})
    assert sampled.to_dict()["corpus"]["sample"] == 0.5
    assert Config.from_dict(sampled.to_dict()) == sampled
    assert sampled.digest() != Config("example").digest()


def test_refuses_a_sample_of_nothing():
    with pytest.raises(InputError, match="sample to be a share above 0 and up to 1, but received 0"):
        Config("example").replace(corpus={"sample": 0})


def test_a_rehearsal_has_thresholds_that_its_music_passes():
    rehearsed = smoke(Config("example").replace(corpus={"min_share": 0.6, "min_works": 99})).corpus
    assert (rehearsed.min_share, rehearsed.min_works) == (0.1, 10)
    assert smoke(Config("example").replace(corpus={"min_share": 0.001})).corpus.min_share == 0.001
