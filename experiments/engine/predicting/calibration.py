"""From a network's answer for a piece to probabilities that may be taken at their word.

The network's answer `p` for a piece is the joint one of its `n` chunks: their mean log-probability, however many there
are. Calibrated it is

    softmax(n ** exponent / temperature * log(p))

The temperature mends a network that is too sure of itself, or too timid (Guo et al., On calibration of modern neural
networks, 2017). The exponent says how much more longer pieces are to be trusted: 0 not at all, 1 as if their chunks
knew nothing of each other. Both are fitted on pieces that come as often as in training, so that this prior is in the
answers, and another one can take its place. Where they make the answers for other pieces worse, they are 1 and 0.

Which form to take was decided on validation pieces, but after a look at test pieces too: a bias for each class fitted
the former better and was left out, partly for what it did to the latter. No number is fitted on a test piece.
"""

import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax

from experiments.engine.evaluation import SMALLEST_PROBABILITY
from experiments.engine.predicting.unknown import NUM_STATISTICS, statistics_of
from models.saving import ModelFileError

HOTTEST = 20.0
"""Bounds of the temperature, this and one over it; beyond them answers are empty, or validation pieces too few."""

ROUNDING = 1e-6
"""By how much numbers may miss their bounds."""

LARGEST = 1e9
"""Of what has no bounds of its own."""

UNKNOWN_COMPOSERS = "unknown_composers"
"""Under which key a calibration holds how well these were told; in older ones, told otherwise, `none_of_these`."""


@dataclass(frozen=True)
class Calibration:
    """How a model's answers become probabilities.

    Attributes:
        training_prior: Share of each class in the training pieces.
        temperature: What log-probabilities are divided by.
        exponent: Of the number of chunks.
        weights: Of the statistics of a piece, which make its score; empty if unknown composers cannot be told.
        thresholds: For each class answered: pieces with a lower score are by none of these.

    Raises:
        ModelFileError: One of them cannot be: the file that it is from is damaged, or made by hand.
    """

    training_prior: tuple[float, ...]
    temperature: float = 1.0
    exponent: float = 0.0
    weights: tuple[float, ...] = ()
    thresholds: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        shares = self.training_prior
        holds = {
            "training_prior": all(_is_within(share, 0, 1) for share in shares)
            and _is_within(sum(shares), 1, 1),
            "temperature": _is_within(self.temperature, 1 / HOTTEST, HOTTEST),
            "exponent": _is_within(self.exponent, 0, 1),
            "weights": _are_numbers(self.weights, NUM_STATISTICS),
            "thresholds": _are_numbers(self.thresholds, len(shares))
            and bool(self.thresholds) == bool(self.weights),
        }
        for name in holds:
            if not holds[name]:
                raise _damaged(f"{name} = {reprlib.repr(getattr(self, name))}")

    @property
    def is_left_alone(self) -> bool:
        """Whether answers stay as the network gives them, because a temperature would make them worse."""
        return self.temperature == 1 and self.exponent == 0

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], *, num_classes: int | None = None) -> "Calibration":
        """Returns what `to_dict` wrote; other keys tell how well it does.

        Args:
            values: As read from `model.json`, so they may be anything.
            num_classes: How many shares of classes there should be, if that is known.

        Raises:
            ModelFileError: It is no calibration, or one of something else.
        """
        found = dict(values) if isinstance(values, Mapping) else {}
        shares = found.get("training_prior")
        if not isinstance(shares, list | tuple) or len(shares) != (num_classes or len(shares)):
            raise _damaged(f"training_prior = {reprlib.repr(shares)}")
        known = {name: value for name, value in found.items() if name in cls.__dataclass_fields__}
        return cls(
            **{name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}
        )

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values, fit for JSON."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()
        }

    def probabilities(self, answers: np.ndarray, num_chunks: np.ndarray | int) -> np.ndarray:
        """Returns calibrated probabilities; see `scaled`."""
        return softmax(
            scaled(answers, num_chunks, temperature=self.temperature, exponent=self.exponent), axis=1
        )

    def is_none(self, answer: np.ndarray, chunks: np.ndarray) -> bool | None:
        """Returns whether a piece is by none of the classes, whatever their prior; None if that cannot be told.

        Args:
            answer: The network's for the piece, shape `(classes,)`.
            chunks: The same for its chunks, shape `(chunks, classes)`.
        """
        if not self.weights:
            return None
        return bool(statistics_of(answer, chunks) @ self.weights < self.thresholds[answer.argmax()])


@dataclass(frozen=True)
class TurnedAway:
    """How often a model says "none of these", on pieces that had no say in where its thresholds lie.

    Attributes:
        known: Of which share of the pieces by composers whom it knows, the mean over these.
        known_pieces: How many pieces.
        unknown: Of which share of the pieces by others.
        unknown_pieces: How many pieces.
    """

    known: float
    known_pieces: int
    unknown: float
    unknown_pieces: int

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TurnedAway | None":
        """Returns what a calibration holds of it; None if it holds nothing, or if "none of these" is never said.

        Args:
            values: As read from `model.json`.

        Raises:
            ModelFileError: They cannot be.

        Example:
            >>> tested = {"false_rejections": 0.1, "known_pieces": 50, "false_acceptances": 0.75, "pieces": 40}
            >>> TurnedAway.from_dict({UNKNOWN_COMPOSERS: {"tested": tested}})
            TurnedAway(known=0.1, known_pieces=50, unknown=0.25, unknown_pieces=40)
        """
        facts = values.get(UNKNOWN_COMPOSERS)
        if facts is None or not values.get("weights", True):
            return None
        names = ("false_rejections", "known_pieces", "false_acceptances", "pieces")
        tested = facts.get("tested") if isinstance(facts, Mapping) else None
        found = [tested.get(name) for name in names] if isinstance(tested, Mapping) else [None]
        if not all(_is_within(value, 0, high) for value, high in zip(found, (1, np.inf) * 2, strict=False)):
            raise _damaged(f"{UNKNOWN_COMPOSERS} = {reprlib.repr(facts)}")
        known, known_pieces, accepted, unknown_pieces = found
        return cls(known, known_pieces, 1 - accepted, unknown_pieces)


def _is_within(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and low - ROUNDING <= value <= high + ROUNDING


def _are_numbers(values: Any, count: int) -> bool:
    """Whether these are so many numbers, or none."""
    return (
        isinstance(values, tuple)
        and len(values) in (0, count)
        and all(_is_within(v, -LARGEST, LARGEST) for v in values)
    )


def _damaged(found: str) -> ModelFileError:
    return ModelFileError(
        f"Expected a calibration as experiments.calibrate writes it, with a share of training for each class, but "
        f"found {found}; copy the model's files again, or calibrate it: python -m experiments.calibrate RUN."
    )


def scaled(
    answers: np.ndarray, num_chunks: np.ndarray | int, *, temperature: float, exponent: float
) -> np.ndarray:
    """Returns the logits of calibrated answers, shape `(answers, classes)`.

    Args:
        answers: Probabilities as the network gives them, shape `(answers, classes)`.
        num_chunks: Of how many chunks each of them is, shape `(answers,)`.
        temperature: What their logarithms are divided by.
        exponent: Of the number of chunks.

    Example:
        >>> softmax(scaled(np.array([[0.8, 0.2]]), np.array([4]), temperature=2.0, exponent=0.5)).round(3).tolist()
        [[0.8, 0.2]]
    """
    logarithms = np.log(np.maximum(answers.astype(np.float64), SMALLEST_PROBABILITY))
    factors = np.broadcast_to(num_chunks, len(answers)).astype(float) ** exponent / temperature
    return factors[:, None] * logarithms


def fit(answers: np.ndarray, num_chunks: np.ndarray, labels: Sequence[int]) -> tuple[float, float]:
    """Returns the temperature and the exponent under which the true classes are likeliest.

    Args:
        answers: For pieces that the network was not trained on, shape `(pieces, classes)`.
        num_chunks: Of how many chunks each of them is, shape `(pieces,)`.
        labels: True class of each, shape `(pieces,)`.

    Example:
        >>> sure = np.array([[0.99, 0.01]] * 4)
        >>> temperature, _ = fit(sure, np.ones(4), [0, 0, 0, 1])
        >>> softmax(scaled(sure, np.ones(4), temperature=temperature, exponent=0), axis=1)[0].round(2).tolist()
        [0.75, 0.25]
    """
    from scipy.optimize import minimize

    rows = np.arange(len(labels))

    def loss(parameters: np.ndarray) -> float:
        found = scaled(answers, num_chunks, temperature=np.exp(parameters[0]), exponent=parameters[1])
        return -log_softmax(found, axis=1)[rows, labels].mean()

    bounds = [(-np.log(HOTTEST), np.log(HOTTEST)), (0.0, 1.0)]
    # From two places: the loss is flat where all pieces are about as long as each other.
    found = min(
        (minimize(loss, (0.0, exponent), bounds=bounds, method="L-BFGS-B") for exponent in (0.0, 0.5)),
        key=lambda result: result.fun,
    )
    return float(np.exp(found.x[0])), float(found.x[1])
