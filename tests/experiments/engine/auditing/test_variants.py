"""The studies of an audit differ from the study in one thing each, and say so where there is nothing to take away."""

import pytest

from experiments.engine.auditing.variants import ABLATED, ablations, ladder
from experiments.engine.boards.seeds import LADDER
from experiments.engine.changes import changes
from experiments.engine.config import Config
from experiments.engine.runner import make_encoder
from features.ablations import ABLATIONS
from features.encoders.message_tables import ATTRIBUTES
from features.errors import InputError
from features.splits.protocols import PROTOCOLS

CONFIG = Config("example")
MESSAGES = CONFIG.replace(encoder={"encoder": "messages"})


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


@pytest.mark.parametrize(
    ("channels", "left"),
    [
        (("binary", "velocity"), ("binary",)),
        (("velocity",), ("binary",)),
        (("velocity", "onset"), ("binary", "onset")),
        (("binary", "onset", "velocity"), ("binary", "onset")),
    ],
)
def test_without_velocities_other_channels_stay(channels, left):
    config = CONFIG.replace(encoder={"channels": channels})
    (variant,) = ablations(config, ("without_velocity",), make_encoder(config.encoder))
    assert variant.config.encoder.channels == left


@pytest.mark.parametrize("config", [CONFIG, MESSAGES], ids=lambda config: config.encoder.encoder)
def test_an_ablation_changes_the_encoder_only(config):
    for variant in ablations(config, tuple(ABLATED), make_encoder(config.encoder)):
        assert not variant.problem
        changed = {phrase.split(" ")[0] for phrase in changes(variant.config.to_dict(), config.to_dict())}
        assert changed == {"split.fold", *(f"encoder.{name}" for name in ABLATED[variant.name].encoder)}
        make_encoder(variant.config.encoder)


def test_each_ablation_is_of_the_encoders_that_have_it():
    of_rolls, of_messages = (
        {variant.name for variant in ablations(config, tuple(ABLATED), make_encoder(config.encoder))}
        for config in (CONFIG, MESSAGES)
    )
    assert of_messages == {f"without_{what}" for what in ("tempo", "channel", "control", "value", "traces")}
    assert of_rolls == set(ABLATED) - of_messages


def test_without_traces_messages_tell_what_is_played_and_when():
    assert set(ATTRIBUTES) - set(ABLATED["without_traces"].encoder["without"]) == {"note", "time", "velocity"}


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
    assert all(
        "(tempo)" in problem for problem in problems_of(encoder="messages", without=("tempo",)).values()
    )


def test_what_the_encoder_has_nothing_of_is_refused():
    encoder = make_encoder(CONFIG.encoder)
    with pytest.raises(
        InputError, match="piano_roll has nothing like without_tempo; .* some of without_velocity,"
    ):
        ablations(CONFIG, ("without_tempo",), encoder)
    assert ablations(CONFIG, (), encoder) == []
