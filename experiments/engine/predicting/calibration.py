"""From a network's answers for chunks to probabilities of a piece that may be taken at their word.

Each chunk gives evidence: how much likelier it makes a composer than he was before, by the prior that is in the
network's answers. The evidence of a piece is the mean `e` of its `n` chunks, and the probabilities are

    softmax(n ** exponent / temperature * e + log(prior))

The temperature mends a network that is too sure of itself (Guo et al., On calibration of modern neural networks,
2017). The exponent says how much more longer pieces are to be trusted: 0 not at all, 1 as if chunks knew nothing of
each other. The prior stands apart from both, so that it can be another one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from experiments.engine.evaluation import SMALLEST_PROBABILITY

HOTTEST = 20.0
"""Bounds of the temperature, this and one over it; beyond them answers are empty, or validation pieces too few."""


@dataclass(frozen=True)
class Calibration:
    """How a model's answers become probabilities.

    Attributes:
        network_prior: How likely each class is before anything is heard in the network's answers, as the weights of
            training have it.
        training_prior: Share of each class in the training pieces.
        temperature: What evidence is divided by.
        exponent: Of the number of chunks.
        score: Name of the score that tells unknown composers, one of `unknown.SCORES`; empty if none was chosen.
        threshold: Pieces with a lower score are by none of these.
    """

    network_prior: tuple[float, ...]
    training_prior: tuple[float, ...]
    temperature: float = 1.0
    exponent: float = 0.0
    score: str = ""
    threshold: float = 0.0

    @classmethod
    def none(cls, num_classes: int) -> "Calibration":
        """Returns what leaves a network's answers as they are, of whose prior nothing is known."""
        flat = (1 / num_classes,) * num_classes
        return cls(network_prior=flat, training_prior=flat)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Calibration":
        """Returns what `to_dict` wrote."""
        names = cls.__dataclass_fields__
        found = {name: value for name, value in values.items() if name in names}
        return cls(**{name: tuple(v) if isinstance(v, list) else v for name, v in found.items()})

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values, fit for JSON."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}

    def evidence(self, probabilities: np.ndarray, groups: np.ndarray) -> "Evidence":
        """Returns the evidence of pieces; see `evidence_of`."""
        return evidence_of(probabilities, groups, self.network_prior)

    def probabilities(self, evidence: "Evidence", prior: Sequence[float]) -> np.ndarray:
        """Returns the probabilities of pieces under a prior, shape `(pieces, classes)`."""
        return softmax(logits(evidence, prior, temperature=self.temperature, exponent=self.exponent), axis=1)


@dataclass(frozen=True)
class Evidence:
    """What the chunks of some pieces say.

    Attributes:
        pieces: Numbers of the pieces, ascending, shape `(pieces,)`.
        mean: Mean over the chunks of `log(probability / prior)`, shape `(pieces, classes)`.
        num_chunks: Shape `(pieces,)`.
    """

    pieces: np.ndarray
    mean: np.ndarray
    num_chunks: np.ndarray


def evidence_of(probabilities: np.ndarray, groups: np.ndarray, network_prior: Sequence[float]) -> Evidence:
    """Returns the evidence of pieces.

    Args:
        probabilities: The network's answers for chunks, shape `(chunks, classes)`.
        groups: Piece of each chunk, shape `(chunks,)`.
        network_prior: The prior in these answers, shape `(classes,)`.

    Example:
        >>> found = evidence_of(np.array([[0.75, 0.25], [0.75, 0.25]]), np.array([3, 3]), [0.75, 0.25])
        >>> found.mean.tolist(), found.num_chunks.tolist()
        ([[0.0, 0.0]], [2])
    """
    pieces, positions = np.unique(groups, return_inverse=True)
    logarithms = np.log(np.maximum(probabilities.astype(np.float64), SMALLEST_PROBABILITY))
    sums = np.zeros((len(pieces), probabilities.shape[1]))
    np.add.at(sums, positions, logarithms - np.log(np.maximum(network_prior, SMALLEST_PROBABILITY)))
    num_chunks = np.bincount(positions)
    return Evidence(pieces, sums / num_chunks[:, None], num_chunks)


def logits(evidence: Evidence, prior: Sequence[float], *, temperature: float, exponent: float) -> np.ndarray:
    """Returns the logits of pieces, shape `(pieces, classes)`; a class without a prior has minus infinity."""
    with np.errstate(divide="ignore"):
        offsets = np.log(np.asarray(prior, dtype=float))
    return (evidence.num_chunks**exponent / temperature)[:, None] * evidence.mean + offsets


def fit(evidence: Evidence, labels: np.ndarray, prior: Sequence[float]) -> tuple[float, float]:
    """Returns the temperature and the exponent under which the true classes are likeliest.

    Args:
        evidence: Of pieces that the network was not trained on.
        labels: True class of each of them, shape `(pieces,)`.
        prior: How often the classes come among such pieces, shape `(classes,)`.

    Example:
        >>> sure = Evidence(np.arange(4), np.array([[5.0, 0], [5, 0], [5, 0], [5, 0]]), np.ones(4))
        >>> temperature, exponent = fit(sure, np.array([0, 0, 0, 1]), [0.5, 0.5])
        >>> round(temperature, 2)  # three of four are right: 5 / temperature = log 3
        4.55
    """
    rows = np.arange(len(labels))

    def loss(parameters: np.ndarray) -> float:
        found = logits(evidence, prior, temperature=np.exp(parameters[0]), exponent=parameters[1])
        return -log_softmax(found, axis=1)[rows, labels].mean()

    bounds = [(-np.log(HOTTEST), np.log(HOTTEST)), (0.0, 1.0)]
    # From several places: the loss is smooth, but flat where all pieces are about as long as each other.
    found = min(
        (minimize(loss, (0.0, start), bounds=bounds, method="L-BFGS-B") for start in (0.0, 0.5)),
        key=lambda result: result.fun,
    )
    return float(np.exp(found.x[0])), float(found.x[1])
