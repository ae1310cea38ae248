"""A saved model asked about one file at a time: who may have composed it, chunk by chunk and in all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.engine.predicting.calibration import Calibration, TurnedAway
from experiments.engine.priors import flat_prior, with_prior
from experiments.engine.saved_models import SavedModel
from features.corpora.composers import match_composer
from features.datasets import Dataset
from features.errors import InputError
from features.in_memory import dataset_of_file

CALIBRATION = "calibration"
"""Under which key `model.json` holds what `experiments.calibrate` found."""

COMPOSER = "composer"
"""What a model tells apart that does not say otherwise."""

FLAT, TRAINING, AS_IT_IS = "flat", "training", "as the network has it"


@dataclass(frozen=True)
class Answer:
    """What a model says of a piece.

    Attributes:
        name: What the piece is called.
        classes: The composers, in the order of the probabilities.
        probabilities: Shape `(classes,)`.
        timeline: Probabilities of each chunk by itself, shape `(chunks, classes)`.
        spans: When each chunk begins and ends, in seconds, shape `(chunks, 2)`.
        is_none: Whether it is by none of these; None if the model has no threshold for it.
        was_heard: Whether the model was trained on this music, in this file or in another.
        named_work: Of which work its name tells, if that is by the composer who is answered and the model was trained
            on it: perhaps on another edition of this very piece. Otherwise empty.
        label: What the classes are: composers, unless a study asked for something else.
    """

    name: str
    classes: tuple[str, ...]
    probabilities: np.ndarray
    timeline: np.ndarray
    spans: np.ndarray
    is_none: bool | None
    was_heard: bool
    named_work: str = ""
    label: str = COMPOSER

    @property
    def ranking(self) -> list[tuple[str, float]]:
        """Returns composers and their probabilities, the likeliest first."""
        return ranked(self.classes, self.probabilities)


def ranked(classes: Sequence[str], probabilities: np.ndarray) -> list[tuple[str, float]]:
    """Returns classes and their probabilities, the likeliest first.

    Example:
        >>> ranked(("Bach", "Chopin"), np.array([0.25, 0.75]))
        [('Chopin', 0.75), ('Bach', 0.25)]
    """
    order = np.argsort(-probabilities, kind="stable")
    return [(classes[index], float(probabilities[index])) for index in order]


class Asker:
    """Asks a model about files, each read in memory and kept nowhere.

    Args:
        saved: The model.
        prior: `"training"`, `"flat"`, or shares such as `"Bach=0.5,Chopin=0.2"`, others sharing what is left; None for
            that of training, or, of a model that is not calibrated, for whatever is in the network's answers.

    Attributes:
        label: What its classes are.
        calibration: How its answers become probabilities; None if that was never fitted.
        turned_away: How often it says "none of these"; None if that is not known.
        prior: How likely each class is before anything is heard, shape `(classes,)`; None if that is not known.
        prior_name: What that prior is, in words.

    Raises:
        InputError: The prior cannot be used.
    """

    def __init__(self, saved: SavedModel, *, prior: str | None = None):
        self.saved, self.label = saved, saved.description.get("label", COMPOSER)
        found = saved.description.get(CALIBRATION)
        self.calibration = Calibration.from_dict(found) if found else None
        self.turned_away = TurnedAway.from_dict(found) if found else None
        if self.calibration is not None:
            self.prior_name = TRAINING if prior is None else prior
            self.prior = read_prior(self.prior_name, saved.classes, self.calibration.training_prior)
        elif prior is not None:
            raise InputError(
                f"Which prior is in the answers of {saved.path} is not known, so that no other can take its place; "
                "leave --prior out, or calibrate the model: python -m experiments.calibrate RUN."
            )
        else:
            self.prior_name, self.prior = AS_IT_IS, None

    def ask(self, name: str, data: bytes) -> Answer:
        """Returns what the model says of a MIDI file.

        Args:
            name: What to call it.
            data: Its bytes.

        Raises:
            InputError: It cannot be read, or there is nothing to hear in it.
        """
        return self.answer(dataset_of_file(name, data, self.saved.encoder))

    def answer(self, dataset: Dataset) -> Answer:
        """Returns what the model says of a data set of one piece."""
        return self.conclude(dataset, self.listen(dataset))

    def listen(self, dataset: Dataset) -> dict[str, np.ndarray]:
        """Returns what the network says of a data set of one piece, by `"chunk"` and by `"piece"`."""
        return {level: found.probabilities for level, found in self.saved.answer(dataset).items()}

    def conclude(self, dataset: Dataset, answers: Mapping[str, np.ndarray]) -> Answer:
        """Returns what is to be said of a data set of one piece, for which `listen` returned these answers."""
        (name,), num_chunks = dataset.pieces, len(answers["chunk"])
        probabilities = self._probabilities(answers["piece"], num_chunks)[0]
        composer = self.saved.classes[probabilities.argmax()] if self.label == COMPOSER else ""
        return Answer(
            name=name,
            classes=self.saved.classes,
            probabilities=probabilities,
            timeline=self._probabilities(answers["chunk"], 1),
            spans=spans_of(dataset),
            is_none=self.calibration and self.calibration.is_none(answers["piece"][0], answers["chunk"]),
            was_heard=bool(self.saved.trained_on.reason(dataset.contents[0], dataset.outlines[0])),
            named_work=self.saved.trained_on.named_work(name, composer),
            label=self.label,
        )

    def _probabilities(self, answers: np.ndarray, num_chunks: int) -> np.ndarray:
        if self.calibration is None:
            return answers
        calibrated = self.calibration.probabilities(answers, num_chunks)
        return with_prior(calibrated, np.array(self.calibration.training_prior), self.prior)


def read_prior(text: str, classes: Sequence[str], training: Sequence[float]) -> np.ndarray:
    """Returns the prior that a text asks for, shape `(classes,)`.

    Args:
        text: `"training"`, `"flat"`, or shares.
        classes: The composers.
        training: Share of each in the training pieces; who has none is never answered.

    Raises:
        InputError: It names somebody whom the model does not know, or its shares are none.

    Example:
        >>> read_prior("Bach=0.5", ["Bach", "Chopin", "Mozart"], [0.6, 0.2, 0.2]).tolist()
        [0.5, 0.25, 0.25]
    """
    training = np.asarray(training, dtype=float)
    if text == TRAINING:
        return training
    if text == FLAT:
        return flat_prior(training)
    given = {}
    for part in text.split(","):
        label, _, share = part.partition("=")
        name = match_composer(label.strip(), classes)
        if name in given:
            raise InputError(f"--prior names {name} twice; leave one of them out.")
        try:
            given[name] = float(share)
        except ValueError:
            name = None
        if name is None or not 0 <= given[name] <= 1:
            raise InputError(
                f"Expected --prior to be {TRAINING}, {FLAT} or shares from 0 to 1 such as {classes[0]}=0.5, but "
                f"received {part.strip()!r}; the model knows {', '.join(classes)}."
            )
    others = (training > 0) & ~np.isin(classes, list(given))
    left = 1 - sum(given.values())
    if left < -1e-9 or (left > 1e-9 and not others.any()):
        raise InputError(
            f"Expected the shares of --prior to add up to {'1' if left > 0 else '1 or less'}, but they come to "
            f"{1 - left:g}; change them."
        )
    spread = max(left, 0) / max(others.sum(), 1)
    return np.array(
        [given.get(name, spread * is_other) for name, is_other in zip(classes, others, strict=True)]
    )


def spans_of(dataset: Dataset) -> np.ndarray:
    """Returns when the chunks of a piece begin and end, in seconds, shape `(chunks, 2)`."""
    encoder, num_frames = dataset.encoder, int(dataset.num_frames[0])
    starts = encoder.chunk_starts(num_frames)
    spans = np.stack([starts, np.minimum(starts + encoder.chunk_frames, num_frames)], axis=1)
    if dataset.times_s is not None:
        return np.array([_longest_stretch(dataset.times_s[start:end]) for start, end in spans])
    return spans * (encoder.step_s if hasattr(encoder, "step_s") else 1 / encoder.frames_per_second)


def _longest_stretch(times_s: np.ndarray) -> tuple[float, float]:
    """Returns when most rows of a chunk begin and end: within it one track may end and the next begin anew."""
    stretches = np.split(times_s, np.flatnonzero(np.diff(times_s) < 0) + 1)
    longest = max(stretches, key=len)
    return longest[0], longest[-1]
