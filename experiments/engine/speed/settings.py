"""What can be timed, and how: the flags of the benchmarks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import tyro

from experiments.engine.config import (
    REPOSITORY,
    CorpusConfig,
    EncoderConfig,
    ModelConfig,
    Places,
    SplitConfig,
    TrainingConfig,
)
from features.errors import InputError
from models.pretrained import DEFAULT


@dataclass(frozen=True)
class Builders:
    """A training step of every builder."""

    rounds: int = 10
    """How often each is timed, in turn; one more round goes first and is not counted."""
    batch_size: int = 32
    """Chunks a step."""
    num_channels: int = 2
    """Channels of a chunk."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Precision of training; auto: bfloat16 on processors that compute in it, else float32."""
    output: Path | None = None
    """Write the table to this folder too, as benchmark.json."""

    def __post_init__(self) -> None:
        """Refuses numbers with which nothing can be timed."""
        _refuse_less(self, rounds=1, batch_size=1, num_channels=1)


@dataclass(frozen=True)
class Corpus:
    """From MIDI files to the closed store of chunks, on one core, beside pretty_midi and the bare bytes."""

    corpus: CorpusConfig = CorpusConfig()
    data_home: Path | None = None
    """Where the corpus lies: a zip file, a folder, or a CSV file."""
    download: bool = False
    """Fetch the corpus from the network if the corpus can be fetched."""
    cache_dir: Path = REPOSITORY / ".cache"
    """Where all is written, and deleted again; a corpus may keep there what it has converted."""
    repeats: int = 3
    """How often each route is taken, in turn."""
    every: int = 1
    """Take every so-many-th file only, for a quick look."""
    output: Path | None = None
    """Write the table to this folder too, as benchmark.json."""

    def __post_init__(self) -> None:
        """Refuses numbers with which nothing can be timed."""
        _refuse_less(self, repeats=1, every=1)


@dataclass(frozen=True)
class Predicting(Corpus):
    """From a MIDI file to a calibrated answer, warm and cold, beside pretty_midi and Keras' `predict`."""

    model: tyro.conf.Positional[str] = DEFAULT
    """A shipped model by its name, or a run folder, or an .h5 file with its .json beside it."""
    every: int = 20
    """Take every so-many-th file of the corpus only."""
    starts: int = 5
    """How often each command is started, in turn; one more round goes first and is not counted; 0: none is."""

    def __post_init__(self) -> None:
        """Refuses numbers with which nothing can be timed."""
        super().__post_init__()
        _refuse_less(self, starts=0)


@dataclass(frozen=True)
class Searches:
    """The reference's random search beside ours, in one space, counted in chunk-epochs. Started again, it goes on."""

    corpus: CorpusConfig = CorpusConfig()
    encoder: EncoderConfig = EncoderConfig(channels=("velocity",))
    places: Places = Places()
    seeds: int = 3
    """How often, with other proposals and other trainings."""
    output: Path | None = None
    """Write the table to this folder too, as benchmark.json."""

    def __post_init__(self) -> None:
        """Refuses numbers with which nothing can be compared."""
        _refuse_less(self, seeds=1)


@dataclass(frozen=True)
class Trainings:
    """Until the reference CNN's best validation score: the network asked for, beside the reference CNN."""

    corpus: CorpusConfig = CorpusConfig()
    encoder: EncoderConfig = EncoderConfig()
    split: SplitConfig = SplitConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    places: Places = Places()
    reference_epochs: int = 10
    """Passes over the training chunks by the reference CNN."""
    seeds: int = 1
    """How often, in turn, with other weights and another order, beginning with --seed."""
    output: Path | None = None
    """Write the table to this folder too, as benchmark.json."""

    def __post_init__(self) -> None:
        """Refuses numbers with which nothing can be compared."""
        if self.split.fold == "all":
            raise InputError(
                "Expected fold to be one fold, whose validation part tells when the score is reached."
            )
        _refuse_others(self.training)
        _refuse_less(self, seeds=1, reference_epochs=1)


@dataclass(frozen=True)
class Scaling:
    """Chunks a second in training and in answering, and memory, of every builder on more and more of a corpus."""

    corpus: CorpusConfig = CorpusConfig()
    encoder: EncoderConfig = EncoderConfig()
    training: TrainingConfig = TrainingConfig()
    places: Places = Places()
    builders: tuple[str, ...] = ()
    """Which builders, and which of bilstm and gru; all that can read the chunks if it is left out."""
    samples: tuple[float, ...] = (0.1, 0.33, 1.0)
    """Shares of the works of each composer."""
    steps: int = 30
    """Batches that are timed, of training and of answers."""
    output: Path | None = None
    """Write the table to this folder too, as benchmark.json."""

    def __post_init__(self) -> None:
        """Refuses numbers with which nothing can be timed."""
        _refuse_less(self, steps=1)
        if not self.samples or not all(0 < share <= 1 for share in self.samples):
            raise InputError(
                f"Expected samples to be shares above 0, at most 1, but received {self.samples}."
            )
        _refuse_others(self.training)


@dataclass(frozen=True)
class Ways:
    """Training steps of one network in other precisions, batches, pitches and strides, compiled, and sparsely fed."""

    corpus: CorpusConfig = CorpusConfig()
    encoder: EncoderConfig = EncoderConfig()
    model: ModelConfig = ModelConfig()
    places: Places = Places()
    batch_sizes: tuple[int, ...] = (16, 32, 128, 256)
    """Chunks a step, beside those of the plain way."""
    chunks: int = 2048
    """Chunks that are trained on in a turn; batches that they do not fill are left out."""
    rounds: int = 5
    """How often each has its turn; one more round goes first and is not counted."""
    output: Path | None = None
    """Write the table to this folder too, as benchmark.json."""

    def __post_init__(self) -> None:
        """Refuses numbers with which nothing can be timed."""
        _refuse_less(self, rounds=1, chunks=max((TrainingConfig.batch_size, *self.batch_sizes)))
        if min(self.batch_sizes, default=1) < 1:
            raise InputError(f"Expected batch_sizes to be 1 or more, but received {self.batch_sizes}.")


def _refuse_less(settings: Any, **least: int) -> None:
    for name, fewest in least.items():
        if getattr(settings, name) < fewest:
            raise InputError(
                f"Expected {name} to be {fewest} or more, but received {getattr(settings, name)}."
            )


def _refuse_others(training: TrainingConfig) -> None:
    if training.teacher:
        raise InputError("What teachers cost is not timed, so times would not compare; leave --teacher out.")
    if training.auxiliary:
        raise InputError(
            "What is timed is the music that is asked about, without that by others; leave --auxiliary out."
        )
