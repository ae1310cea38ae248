"""The studies of an audit differ from the study in one thing each, and say so where there is nothing to take away."""

import pytest

from experiments.engine.auditing.variants import ABLATED, ablations, ladder
from experiments.engine.boards.seeds import LADDER
from experiments.engine.changes import changes
from experiments.engine.config import Config
from experiments.engine.runner import make_encoder
from features.ablations import ABLATIONS
from features.splits.protocols import PROTOCOLS

CONFIG = Config("example")


def problems_of(**encoder):
    config = CONFIG.replace(encoder=encoder)
    return {
        variant.name: variant.problem
        for variant in ablations(config, tuple(ABLATED), make_encoder(config.encoder))
    }


def test_every_protocol_that_any_study_has_is_a_rung_and_the_leakiest_comes_first():
    assert set(LADDER) == set(PROTOCOLS) - {"composer", "given"}
    of_eras = CONFIG.replace(corpus={"label": "era"}, split={"protocol": "composer"})
    assert [rung.name for rung in ladder(of_eras, ("source", "work"))] == ["work", "composer", "source"]
    assert [rung.name for rung in ladder(CONFIG, ("work", "chunk"))] == ["chunk", "work"]


def test_the_rung_of_the_study_is_always_there():
    assert [rung.name for rung in ladder(CONFIG, ())] == ["work"]
    assert [rung.name for rung in ladder(CONFIG.replace(split={"protocol": "file"}), ("source",))] == [
        "file",
        "source",
    ]


@pytest.mark.parametrize("rung", ladder(CONFIG, LADDER), ids=lambda rung: rung.name)
def test_a_rung_changes_the_split_and_under_chunk_what_would_leak(rung):
    changed = {phrase.split(" ")[0] for phrase in changes(rung.config.to_dict(), CONFIG.to_dict())}
    if rung.name == "chunk":
        assert changed == {"split.protocol", "training.move"}
    else:
        assert changed <= {"split.protocol", "split.fold"} and rung.config.split.fold == "all"


def test_under_chunk_no_rendering_brings_frames_of_test_chunks_into_training():
    (rung, *_) = ladder(CONFIG.replace(training={"renderings": 2, "humanise": 2.0, "tempo": 0.1}), ("chunk",))
    changed = {phrase.split(" ")[0] for phrase in changes(rung.config.to_dict(), CONFIG.to_dict())}
    assert changed == {"split.protocol", "training.move"}


@pytest.mark.parametrize(
    ("name", "left"),
    [("without_velocity", {"note_dropout", "jitter"}), ("onsets_only", set()), ("random_key", None)],
)
def test_what_is_taken_away_is_not_varied_in_training(name, left):
    varied = {"velocity_dropout": 0.5, "note_dropout": 0.1, "jitter": 0.1}
    (variant,) = ablations(CONFIG.replace(training=varied), (name,), make_encoder(CONFIG.encoder))
    found = {setting for setting in varied if getattr(variant.config.training, setting)}
    assert found == (set(varied) if left is None else left)


@pytest.mark.parametrize("name", ABLATED)
def test_an_ablation_changes_the_encoder_only(name):
    (variant,) = ablations(CONFIG, (name,), make_encoder(CONFIG.encoder))
    assert not variant.problem
    changed = {phrase.split(" ")[0] for phrase in changes(variant.config.to_dict(), CONFIG.to_dict())}
    assert changed == {"split.fold", *(f"encoder.{setting}" for setting in ABLATED[name].encoder)}
    make_encoder(variant.config.encoder)


def test_every_function_that_takes_something_away_is_audited():
    assert set(ABLATIONS) <= set(ABLATED)


def test_what_is_not_there_cannot_be_taken_away():
    assert not any(problems_of().values())
    assert {name for name, problem in problems_of(channels=("binary",)).items() if problem} == {
        "without_velocity",
        "constant_velocity",
    }
    assert "already like that" in problems_of(channels=("onset",))["onsets_only"]
    assert all("random_key" in problem for problem in problems_of(ablation="random_key").values())


def test_an_encoder_without_the_setting_says_so():
    class Other:
        channels = ("density",)

        def settings(self):
            return {"channels": ["density"]}

    (variant,) = ablations(CONFIG, ("random_key",), Other())
    assert "has no setting ablation" in variant.problem
