"""What a run is: one tree of frozen dataclasses, to and from plain dicts.

Everything that can change a result is here and is recorded with the run. Where things lie on
this machine (`Places`) can not change a result, and is not recorded.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import cattrs
import tyro
from cattrs.errors import ClassValidationError
from cattrs.v import format_exception

from features.errors import InputError

REPOSITORY = Path(__file__).resolve().parents[2]

ADDED_LATER = {"added_later": True}
"""Metadata of a field that is younger than published runs; it is recorded only where it is not at its default."""


SHARES = {
    **{"average": 0.99999, "mixup": 10.0, "sampling_power": 1.0},
    **{
        "velocity_dropout": 1.0,
        "note_dropout": 0.9,
        "jitter": 1.0,
        "humanise": 4.0,
        "distillation": 1.0,
        "auxiliary": 0.9,
    },
}
"""Settings of the training that are numbers from 0, and the most that leaves something to learn."""


@dataclass(frozen=True)
class CorpusConfig:
    """Which music."""

    corpus: str = "music21_scores"
    """Name of a corpus: music21_scores, midi_classics, imslp_midi, composer_folders, synthetic;
    several are one with + between them."""
    pieces: Literal["reference", "clean"] = "reference"
    """Which list of its pieces: reference, as they stand; clean, labels put right (midi_classics only)."""
    composers: tuple[str, ...] = ()
    """The composers to tell apart; none: those of the study."""
    sample: float = field(default=1.0, metadata=ADDED_LATER)
    """Share of every composer's works to take, the same sample each time (1: all)."""
    min_share: float = field(default=0.0, metadata=ADDED_LATER)
    """Leave out composers with less than this share of all chunks (0.001: those below 0.1 %)."""
    min_works: int = field(default=1, metadata=ADDED_LATER)
    """Leave out composers with fewer works."""
    label: Literal["composer", "era"] = field(default="composer", metadata=ADDED_LATER)
    """What is asked of a piece."""
    min_pieces: int = field(default=1, metadata=ADDED_LATER)
    """Labels with fewer pieces become one class, Other; composers do not."""

    def __post_init__(self) -> None:
        """Refuses shares that leave nothing, or more than there is."""
        if not 0 < self.sample <= 1:
            raise InputError(
                f"Expected sample to be a share above 0 and up to 1, but received {self.sample}."
            )
        if not 0 <= self.min_share < 1:
            raise InputError(
                f"Expected min_share to be a share from 0 to below 1 (0.001 is 0.1 %), but received {self.min_share}."
            )
        for name in ("min_works", "min_pieces"):
            if getattr(self, name) < 1:
                raise InputError(f"Expected {name} to be 1 or more, but received {getattr(self, name)}.")


@dataclass(frozen=True)
class EncoderConfig:
    """How notes become numbers; what is not given keeps the encoder's default."""

    encoder: str = "piano_roll"
    """Name of an encoder: piano_roll, descriptors, messages."""
    frames_per_second: float | None = None
    """Frames of the roll a second (10)."""
    chunk_frames: int | None = None
    """Frames of a chunk (150); of descriptors, steps (10); of messages, messages (24)."""
    hop: int | None = None
    """Frames from one chunk to the next (as many as a chunk has; of messages, 20)."""
    channels: tuple[str, ...] | None = None
    """Channels of a chunk (binary velocity); also onset, instrumentation, timing."""
    pedal: bool | None = None
    """Whether the sustain pedal prolongs notes (yes)."""
    bends: bool | None = None
    """Whether pitch bends move notes (yes)."""
    clip: bool | None = None
    """Whether velocities above 127 count as 127 (yes)."""
    ablation: str | None = field(default=None, metadata=ADDED_LATER)
    """What is taken away from the notes: constant_velocity, one_instrument, constant_speed, random_key (nothing)."""
    step_s: float | None = field(default=None, metadata=ADDED_LATER)
    """Seconds of a step of the descriptors (5)."""
    velocity: bool | None = field(default=None, metadata=ADDED_LATER)
    """Whether descriptors tell of velocities (no)."""
    beats: bool | None = field(default=None, metadata=ADDED_LATER)
    """Whether the time of messages is in beats (no: in ticks)."""
    merge_tracks: bool | None = field(default=None, metadata=ADDED_LATER)
    """Whether the messages of all tracks are read together, in order of time (no: track by track)."""
    without: tuple[str, ...] | None = field(default=None, metadata=ADDED_LATER)
    """What messages do not tell, such as tempo channel control value (nothing)."""

    def settings(self) -> dict[str, Any]:
        """Returns what was set, as keyword arguments of the encoder."""
        given = dataclasses.asdict(self)
        given.pop("encoder")
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class SplitConfig:
    """What is held out."""

    protocol: str = "work"
    """What is never on both sides: work, source, near_duplicate, file, chunk;
    composer, where the question is not who; given, the corpus' own sides."""
    fold: int | Literal["all"] = 0
    """Which fold is the test part, from 0; all: each in turn, and a summary."""
    num_folds: int = 5
    """Into how many folds works or files are dealt."""
    split_seed: int = 42
    """Seed of the split, the same for every model."""
    rare: Literal["refuse", "train"] = field(default="refuse", metadata=ADDED_LATER)
    """Composers with too few works for every side. refuse: name them and stop;
    train: test them as far as they go, but always keep one work for training."""

    def __post_init__(self):
        if not 0 <= self.split_seed < 2**32:
            raise InputError(f"The seed of a split is a number from 0 to 4294967295, not {self.split_seed}.")


@dataclass(frozen=True)
class ModelConfig:
    """Which network."""

    model: str = "frame_cnn"
    """Name of a builder: frame_cnn, cnn_reference, cnn, resnet, crnn, pitch_cnn, lstm, transformer, bag_attention;
    of descriptors: descriptor_lstm; of messages: message_lstm."""
    hyperparameters: Mapping[str, int | float | str] = field(default_factory=dict)
    """Hyper-parameters that differ from the builder's defaults, as NAME VALUE pairs."""


@dataclass(frozen=True)
class TrainingConfig:
    """How it is trained."""

    epochs: int = 20
    """Passes over the training chunks."""
    batch_size: int = 64
    """Chunks a step."""
    patience: int | None = 10
    """Stop after so many epochs without a better validation macro-F1, and keep the best epoch; None: keep the last."""
    schedule: Literal["cosine", "constant", "plateau"] = "cosine"
    """How the learning rate goes from the builder's value over the epochs;
    plateau: a tenth, whenever ten epochs have not lowered the validation loss."""
    transpose: int = 3
    """Largest number of semitones by which training chunks are transposed at random."""
    move: bool = True
    """Whether training chunks begin anywhere up to half a chunk earlier or later, anew each epoch."""
    class_weights: bool = True
    """Whether rare composers weigh more in the loss (inverse to their chunks, unless balance says otherwise)."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Precision of training; auto: bfloat16 on processors that compute in it, else float32."""
    seed: int = 0
    """Seed of weights, dropout, order, transposition and tempo."""
    tempo: float = field(default=0.0, metadata=ADDED_LATER)
    """By how much faster or slower training chunks are played at random, at most (0.1: from 1/1.1 to 1.1 times)."""
    balance: float = field(default=1.0, metadata=ADDED_LATER)
    """How strongly class weights favour rare composers: inverse to this power of their chunks (1: all weigh alike)."""
    logit_adjustment: float = field(default=0.0, metadata=ADDED_LATER)
    """How much of the log prior, as training has it, is taken off the answers (1: all; Menon et al., 2021)."""
    average: float = field(default=0.0, metadata=ADDED_LATER)
    """Keep a running average of the weights, of which each step leaves so much as it was (0.999; 0: the last ones)."""
    mixup: float = field(default=0.0, metadata=ADDED_LATER)
    """Train on mixtures of two chunks, with shares from a beta distribution of this parameter (0.2; 0: unmixed)."""
    sampling: tuple[Literal["composer", "writer", "source", "work", "piece"], ...] = field(
        default=(), metadata=ADDED_LATER
    )
    """Draw chunks so that each of these counts evenly, one within the other; none: every chunk once an epoch.
    If the question is not who wrote it, composer stands for the classes that are asked, writer for who wrote it."""
    sampling_power: float = field(default=1.0, metadata=ADDED_LATER)
    """How evenly (1: all alike; 0.5: by the root of their chunks; 0: by their chunks)."""
    velocity_dropout: float = field(default=0.0, metadata=ADDED_LATER)
    """Share of training chunks that are made equally loud throughout, at any level."""
    note_dropout: float = field(default=0.0, metadata=ADDED_LATER)
    """Share of notes that are left out of training chunks."""
    jitter: float = field(default=0.0, metadata=ADDED_LATER)
    """Share of beginnings and ends of notes that are moved by a frame in training chunks."""
    renderings: int = field(default=0, metadata=ADDED_LATER)
    """Training chunks are also taken from so many humanised renderings of the training pieces, each equally often."""
    humanise: float = field(default=1.0, metadata=ADDED_LATER)
    """How freely these are played (1: about as pianists play; 0: as it stands)."""
    teacher: tuple[str, ...] = field(default=(), metadata=ADDED_LATER)
    """Learn from the answers of these saved models too: run folders of the same split, or of a study over all folds;
    recorded by their names and digests of their weights."""
    distillation: float = field(default=0.5, metadata=ADDED_LATER)
    """How much the teachers' answers count; the labels count for the rest."""
    temperature: float = field(default=1.0, metadata=ADDED_LATER)
    """How far the teachers' answers are evened out (1: as they are; 3: their cube roots)."""
    auxiliary: float = field(default=0.0, metadata=ADDED_LATER)
    """Share of training chunks by other composers of the corpus, whom the network also learns to tell apart,
    though it is never asked about them (0: none)."""
    chunks_per_epoch: int | None = field(default=None, metadata=ADDED_LATER)
    """Draw no more than so many training chunks, anew each epoch; None: all of them."""

    def __post_init__(self) -> None:
        """Refuses numbers with which nothing can be trained."""
        least = dict.fromkeys(("epochs", "batch_size", "patience", "chunks_per_epoch"), 1)
        for name, fewest in (least | dict.fromkeys(("transpose", "seed", "renderings"), 0)).items():
            value = getattr(self, name)
            if value is not None and value < fewest:
                raise InputError(f"Expected {name} to be {fewest} or more, but received {value}.")
        for name in ("balance", "logit_adjustment"):
            if not 0 <= getattr(self, name) <= 2:
                raise InputError(f"Expected {name} to be from 0 to 2, but received {getattr(self, name)}.")
        for name, most in SHARES.items():
            if not 0 <= getattr(self, name) <= most:
                raise InputError(
                    f"Expected {name} to be from 0 to {most:g}, but received {getattr(self, name)}."
                )
        if not 0.1 <= self.temperature <= 100:
            raise InputError(f"Expected temperature to be from 0.1 to 100, but received {self.temperature}.")
        if not 0 <= self.tempo <= 1:  # at twice the tempo, every other frame is left out
            raise InputError(f"Expected tempo to be a share from 0 to 1, but received {self.tempo}.")

    def drawn_of(self, num_chunks: int) -> int:
        """Returns how many of the training chunks an epoch takes.

        Example:
            >>> TrainingConfig(chunks_per_epoch=100).drawn_of(1000), TrainingConfig().drawn_of(1000)
            (100, 1000)
        """
        return min(self.chunks_per_epoch or num_chunks, num_chunks)


@dataclass(frozen=True)
class AnswerConfig:
    """How a trained network is asked; recorded with it, so that it answers so ever after."""

    answer_overlap: int = field(default=1, metadata=ADDED_LATER)
    """Pieces are also read from so many places a chunk (2: also from the middle of each; 1: chunks as they stand)."""
    answer_transpose: int = field(default=0, metadata=ADDED_LATER)
    """Answers are the mean over so many semitones up and down (0: as it stands)."""
    bag: int = field(default=8, metadata=ADDED_LATER)
    """Chunks of a piece that are heard together, in training too, by networks that read bags."""

    def __post_init__(self) -> None:
        """Refuses numbers with which nothing can be answered."""
        for name, least, most in (("answer_overlap", 1, 16), ("answer_transpose", 0, 12), ("bag", 1, 256)):
            if not least <= getattr(self, name) <= most:
                raise InputError(
                    f"Expected {name} to be from {least} to {most}, but received {getattr(self, name)}."
                )


@dataclass(frozen=True)
class Config:
    """Everything that can change the result of a run."""

    experiment: str
    corpus: CorpusConfig = CorpusConfig()
    encoder: EncoderConfig = EncoderConfig()
    split: SplitConfig = SplitConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    answering: AnswerConfig = AnswerConfig()

    def to_dict(self) -> dict[str, Any]:
        """Returns plain dicts, lists and numbers, fit for JSON.

        A field added later is left out while it has its default, and so is a part of nothing but such fields, so that
        a configuration keeps its digest.
        """
        values = dataclasses.asdict(self)
        for name, part in vars(self).items():
            for added in dataclasses.fields(part) if dataclasses.is_dataclass(part) else ():
                if added.metadata == ADDED_LATER and values[name][added.name] == added.default:
                    del values[name][added.name]
            if not values[name]:
                del values[name]
        return json.loads(json.dumps(values))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], *, name: object = "This configuration") -> "Config":
        """Builds a configuration from what `to_dict` returned.

        Args:
            values: What it returned.
            name: What to call it if it cannot be used, such as the file that it was read from.

        Raises:
            InputError: A key is unknown or a value does not fit; all of them are named.
        """
        converter = cattrs.Converter(forbid_extra_keys=True)
        for union in (int | Literal["all"], int | float | str):
            converter.register_structure_hook(union, lambda value, _: value)
        try:
            return converter.structure(values, cls)
        except ClassValidationError as error:
            reasons = cattrs.transform_error(error, format_exception=_reason)
            raise InputError(f"{name} cannot be used: {'; '.join(reasons)}.") from error

    def digest(self) -> str:
        """Returns eight hexadecimal digits that tell configurations apart."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()

    def replace(self, **parts: Mapping[str, Any]) -> "Config":
        """Returns a copy with some values of some parts changed.

        Example:
            >>> Config("example").replace(split={"fold": 3}).split.fold
            3
        """
        changed = {name: dataclasses.replace(getattr(self, name), **values) for name, values in parts.items()}
        return dataclasses.replace(self, **changed)


def _reason(error: BaseException, kind: type | None) -> str:
    """What a value is refused for: our own words, or those of cattrs."""
    return str(error).removesuffix(".") if isinstance(error, InputError) else format_exception(error, kind)


@dataclass(frozen=True)
class Places:
    """Where things lie on this machine; never recorded."""

    data_home: Path | None = None
    """Where the corpus lies: a zip file, a folder, or a CSV file."""
    download: bool = False
    """Fetch the corpus from the network if the corpus can be fetched."""
    cache_dir: Path = REPOSITORY / ".cache"
    """Where prepared data is kept."""
    results_dir: Path = REPOSITORY / "results" / "runs"
    """Where run folders go."""
    published: Path = REPOSITORY / "results" / "published"
    """Where published runs lie: a study that goes on takes finished folds from there, too."""
    resume: bool = False
    """Go on with the latest run of the same configuration, or show it again if it is finished."""
    teachers: tyro.conf.Suppress[tuple[str, ...]] = ()
    """Where the models lie that the training names as teachers, in their order."""


def smoke(config: Config) -> Config:
    """Returns the configuration of a rehearsal: made-up music, one epoch, seconds on a CPU.

    Only values change, so a rehearsal goes through the very code of the run it rehearses.
    """
    return config.replace(
        corpus={"corpus": "synthetic", "composers": (), "pieces": "reference", "sample": 1.0}
        | {"min_share": min(config.corpus.min_share, 0.1), "min_works": min(config.corpus.min_works, 10)}
        | {"min_pieces": min(config.corpus.min_pieces, 10)},
        split={"fold": 0} if config.split.fold != "all" else {"num_folds": 3},
        training={"epochs": 1, "precision": "float32", "auxiliary": 0.0},
    )
