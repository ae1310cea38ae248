"""The studies of an audit: the rungs of the ladder, and the study with something taken away from the notes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from experiments.engine.config import Config, TrainingConfig
from features.errors import InputError
from features.splits import RUNGS

ALL = "all"

ONLY_FOLD = {"chunk": 0}
"""Protocols that have one split, not several folds."""

AS_THEY_STAND = {"move": False, "tempo": 0.0, "renderings": 0, "humanise": TrainingConfig.humanise}
"""How training chunks are left as they are; otherwise they would hold frames of others."""

WHAT_IS_HEARD = {
    "file": "other chunks of the very files that are tested",
    "near_duplicate": "copies of the tested music in other files",
    "work": "other movements and arrangements of the tested works",
    "composer": "other works of the very composers who are tested",
    "source": "other files by whoever made the tested ones",
}
"""What a model has heard on the rung below, and no more on this one; of `source` also fewer pieces to train on."""


@dataclass(frozen=True)
class Ablation:
    """A way to take something away.

    Attributes:
        encoder: Values of `EncoderConfig` that differ.
        what: What is taken away, to be read after "without".
        how: What exactly is done.
        needs: The channel without which nothing is taken away; empty if none is needed.
        training: Values of `TrainingConfig` that differ: what would vary what is not there.
    """

    encoder: Mapping[str, Any]
    what: str
    how: str
    needs: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)


ABLATED = {
    "without_velocity": Ablation(
        {"channels": ("binary",)},
        "velocities",
        "the channel of velocities says only whether a pitch sounds; others stay",
        needs="velocity",
        training={"velocity_dropout": 0.0},
    ),
    "constant_velocity": Ablation(
        {"ablation": "constant_velocity"},
        "differences in velocity",
        "every note as loud as any other, all channels kept",
        needs="velocity",
    ),
    "one_instrument": Ablation(
        {"ablation": "one_instrument"},
        "programs, tracks, drums and bends",
        "all notes on one keyboard with one pedal",
    ),
    "constant_speed": Ablation(
        {"ablation": "constant_speed"},
        "speed",
        "every piece stretched by one factor, so that all move at the same pace; rhythm and rubato stay",
    ),
    "random_key": Ablation(
        {"ablation": "random_key"},
        "the key",
        "every piece, in training and test, transposed by an interval drawn from a digest of its notes",
    ),
    "onsets_only": Ablation(
        {"channels": ("onset",)},
        "how long and how loud notes are",
        "one channel, which says where notes begin; each lasts one frame",
        training={"velocity_dropout": 0.0, "note_dropout": 0.0, "jitter": 0.0},
    ),
    "without_tempo": Ablation(
        {"without": ("tempo",)},
        "tempo",
        "messages do not tell it; only their types say where it changes",
    ),
    "without_channel": Ablation(
        {"without": ("channel",)},
        "channels",
        "messages do not tell theirs",
    ),
    "without_control": Ablation(
        {"without": ("control",)},
        "which controller is meant",
        "messages do not tell it; their values stay, and their types say that one is moved",
    ),
    "without_value": Ablation(
        {"without": ("value",)},
        "values of controllers and of pressure",
        "messages do not tell them; which controller is moved they do",
    ),
    "without_traces": Ablation(
        {
            "without": (
                *("tempo", "channel", "control", "value"),
                *("program", "pitch", "numerator", "denominator"),
            ),
            "beats": True,
            "merge_tracks": True,
        },
        "traces of how the file was made, beside types and velocities",
        "of messages only types, notes, velocities and times are left, in beats, and tracks are read together",
    ),
}

Rung = Literal[RUNGS]
AblationName = Literal[tuple(ABLATED)]


@dataclass(frozen=True)
class Variant:
    """A study of an audit.

    Attributes:
        part: `"ladder"` or `"ablation"`.
        name: The rung, or what is taken away.
        config: Over all folds that the protocol has.
        problem: Why there is nothing to run; empty if there is.
    """

    part: str
    name: str
    config: Config
    problem: str = ""

    @property
    def place(self) -> str:
        """Where its answers are kept within the audit."""
        return f"{self.part}-{self.name}"


def on_rung(config: Config, protocol: str) -> Config:
    """Returns a study under another protocol, over all its folds.

    Under `chunk` training chunks stay as they stand: moved or played otherwise they would hold frames of test chunks.
    """
    if protocol not in ONLY_FOLD:
        return config.replace(split={"protocol": protocol, "fold": ALL})
    return config.replace(split={"protocol": protocol, "fold": ONLY_FOLD[protocol]}, training=AS_THEY_STAND)


def ladder(config: Config, rungs: tuple[str, ...]) -> list[Variant]:
    """Returns the rungs asked for, and that of the study itself, the leakiest first."""
    wanted = {*rungs, config.split.protocol}
    return [Variant("ladder", rung, on_rung(config, rung)) for rung in RUNGS if rung in wanted]


def ablations(config: Config, names: tuple[str, ...], encoder: Any) -> list[Variant]:
    """Returns the study with each of these taken away that its encoder has.

    Args:
        config: The study.
        names: Of `ABLATED`.
        encoder: That of the study; from it what cannot be taken away is told.

    Raises:
        InputError: Something is to be taken away, but nothing that the encoder has.
    """
    whole, settings = on_rung(config, config.split.protocol), encoder.settings()
    suited = {name: each for name, each in ABLATED.items() if set(each.encoder) <= set(settings)}
    if names and not set(names) & set(suited):
        raise InputError(
            f"The encoder {config.encoder.encoder} has nothing like {', '.join(names)}; give --ablations some of "
            f"{', '.join(suited)}, or none."
        )
    return [
        Variant(
            "ablation",
            name,
            whole.replace(encoder=_values(encoder, each), training=each.training),
            _problem(config, encoder, each),
        )
        for name, each in suited.items()
        if name in names
    ]


def _values(encoder: Any, ablation: Ablation) -> Mapping[str, Any]:
    """Returns the values of the encoder that differ; of its channels none but the one that is taken away."""
    if "channels" not in ablation.encoder or not ablation.needs:
        return ablation.encoder
    (instead,) = ablation.encoder["channels"]
    kept = (instead if channel == ablation.needs else channel for channel in encoder.channels)
    return {"channels": tuple(dict.fromkeys(kept))}


def _problem(config: Config, encoder: Any, ablation: Ablation) -> str:
    channels, settings = getattr(encoder, "channels", ()), encoder.settings()
    taken = config.encoder.ablation or ", ".join(config.encoder.without or ())
    if taken:
        return f"The study itself is one without something ({taken})."
    if ablation.needs and ablation.needs not in channels:
        return f"The study does not read the channel {ablation.needs}, so there is nothing to take away."
    changed = {setting: list(to) if isinstance(to, tuple) else to for setting, to in ablation.encoder.items()}
    if settings | changed == settings:
        return "The study is already like that."
    return ""
