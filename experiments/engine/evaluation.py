"""Scores: what probabilities are worth, by chunk and by piece, with intervals by work."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.sparse import csr_array
from scipy.special import log_softmax, softmax

NUM_RESAMPLES = 2000
"""Draws of the bootstrap: the 2.5 % quantile then rests on 50 of them."""

FEWEST_WORKS = 5
"""Draws of fewer works, or composers, are too few different ones for an interval: of one they are all the same."""

Measured = tuple[float, float, float] | tuple[float, None, None]
"""A score, and the lower and the upper end of its 95 % interval; None for both where there are too few works."""

NUM_CALIBRATION_BINS = 15

SMALLEST_PROBABILITY = 1e-7
"""A float32 softmax cannot tell smaller ones from 0, whose logarithm would decide a vote alone."""


def vote(probabilities: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Joins the answers for the chunks of a piece: mean log-probability, normalised.

    Args:
        probabilities: Shape `(chunks, classes)`.
        groups: Piece of each chunk, shape `(chunks,)`.

    Returns:
        The pieces, ascending, shape `(pieces,)`, and their probabilities, shape `(pieces, classes)`.

    Example:
        >>> pieces, joined = vote(np.array([[0.8, 0.2], [0.8, 0.2], [0.3, 0.7]]), np.array([4, 4, 9]))
        >>> pieces.tolist(), joined.round(3).tolist()
        ([4, 9], [[0.8, 0.2], [0.3, 0.7]])
    """
    pieces, positions = np.unique(groups, return_inverse=True)
    logarithms = np.log(np.maximum(probabilities.astype(np.float64), SMALLEST_PROBABILITY))
    sums = np.zeros((len(pieces), probabilities.shape[1]))
    np.add.at(sums, positions, logarithms)
    return pieces, softmax(sums / np.bincount(positions)[:, None], axis=1)


def scores(
    labels: np.ndarray, probabilities: np.ndarray, *, works: Sequence[str], classes: Sequence[str]
) -> dict:
    """Returns every score of a set of answers, as `metrics.json` holds them.

    Args:
        labels: True class of each answer, shape `(answers,)`.
        probabilities: Shape `(answers, classes)`.
        works: Work of each answer: the interval draws whole works.
        classes: Names of the classes.

    Returns:
        Those of `point_scores`, and the ends of the 95 % interval of `macro_f1`, `macro_f1_low` and `macro_f1_high`;
        None where there are too few works.
    """
    low, high = macro_f1_interval(labels, probabilities.argmax(axis=1), works=works, num_classes=len(classes))
    return point_scores(labels, probabilities, classes=classes) | {"macro_f1_low": low, "macro_f1_high": high}


def point_scores(labels: np.ndarray, probabilities: np.ndarray, *, classes: Sequence[str]) -> dict:
    """Returns the scores of a set of answers without interval, which takes most of the time that `scores` takes.

    Args:
        labels: True class of each answer, shape `(answers,)`.
        probabilities: Shape `(answers, classes)`.
        classes: Names of the classes.

    Returns:
        `count`, `accuracy`, `balanced_accuracy`, `macro_f1`, `top_3_accuracy`, `log_loss`, `calibration_error`
        (expected, 15 bins), `per_class` (`precision`, `recall`, `f1`, `support`) and `top_5_accuracy`, which runs from
        before there were many composers lack.
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    every_class = np.arange(len(classes))
    answers = probabilities.argmax(axis=1)
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, answers, labels=every_class, zero_division=0
    )
    sums = addends(labels, probabilities).sum(axis=0)
    columns = zip(classes, precision, recall, f1, support, strict=True)
    return {
        "count": len(labels),
        "accuracy": float((answers == labels).mean()),
        "balanced_accuracy": float(recall[support > 0].mean()),
        "macro_f1": float(macro_f1(confusion_matrix(labels, answers, labels=every_class))),
        "top_3_accuracy": top_accuracy(labels, probabilities, 3),
        "log_loss": float(log_loss(sums)),
        "calibration_error": float(calibration_error(sums)),
        "per_class": {
            name: {"precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)}
            for name, p, r, f, s in columns
        },
        "top_5_accuracy": top_accuracy(labels, probabilities, 5),
    }


def top_accuracy(labels: np.ndarray, probabilities: np.ndarray, count: int) -> float:
    """Returns how often the truth is among the likeliest classes.

    Of classes that are equally likely, such as all those that no tree of a forest has named, it is left to chance
    which come first.

    Args:
        labels: True class of each answer, shape `(answers,)`.
        probabilities: Shape `(answers, classes)`.
        count: How many of the likeliest classes.

    Example:
        >>> answers = np.array([[0.6, 0.4, 0, 0], [0.6, 0.4, 0, 0]])
        >>> top_accuracy(np.array([1, 2]), answers, 3)
        0.75
    """
    of_truth = np.take_along_axis(probabilities, labels[:, None], axis=1)
    num_likelier, num_alike = (probabilities > of_truth).sum(axis=1), (probabilities == of_truth).sum(axis=1)
    return float(np.clip((count - num_likelier) / num_alike, 0, 1).mean())


def macro_f1(confusions: np.ndarray) -> np.ndarray:
    """Returns the mean F1 over the classes that are there to be found.

    Whoever is only named by mistake has no F1 of his own: he lowers that of whom he is taken for. So all models are
    scored over the same classes, and a draw of works over those it holds.

    Args:
        confusions: Counts by true and answered class, shape `(..., classes, classes)`.

    Example:
        >>> float(macro_f1(np.array([[3, 1], [0, 4]])).round(4))
        0.873
        >>> float(macro_f1(np.array([[3, 0, 1], [0, 4, 0], [0, 0, 0]])).round(4))
        0.9286
    """
    hits, support = np.diagonal(confusions, axis1=-2, axis2=-1), confusions.sum(axis=-1)
    either = support + confusions.sum(axis=-2)
    return np.nanmean(
        np.divide(2 * hits, either, out=np.full(hits.shape, np.nan), where=support > 0), axis=-1
    )


def accuracy(confusions: np.ndarray) -> np.ndarray:
    """Returns the share of right answers; `confusions` as for `macro_f1`.

    Example:
        >>> float(accuracy(np.array([[3, 1], [0, 4]])))
        0.875
    """
    return np.trace(confusions, axis1=-2, axis2=-1) / confusions.sum(axis=(-2, -1))


def balanced_accuracy(confusions: np.ndarray) -> np.ndarray:
    """Returns the mean recall over the classes that occur; `confusions` as for `macro_f1`.

    Example:
        >>> float(balanced_accuracy(np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]])))
        0.875
    """
    hits, support = np.diagonal(confusions, axis1=-2, axis2=-1), confusions.sum(axis=-1)
    return np.nanmean(np.divide(hits, support, out=np.full(hits.shape, np.nan), where=support > 0), axis=-1)


def macro_f1_interval(
    labels: np.ndarray, answers: np.ndarray, *, works: Sequence[str], num_classes: int
) -> tuple[float, float] | tuple[None, None]:
    """Returns the 95 % interval of macro-F1 over draws of works; see `combined_macro_f1`."""
    _, low, high = combined_macro_f1(
        labels, answers[None], weights=(1,), works=works, num_classes=num_classes
    )
    return low, high


def f1_over_draws(
    labels: np.ndarray, answers: np.ndarray, label: int, *, works: Sequence[str]
) -> tuple[float, float, float] | None:
    """Returns the F1 of one class with its 95 % interval over draws of works; None if it has too few works for one.

    Args:
        labels: True class of each answer, shape `(answers,)`.
        answers: Class that was answered, shape `(answers,)`.
        label: The class.
        works: Work of each answer.

    Example:
        >>> truth = np.arange(10) % 2
        >>> f1_over_draws(truth, truth, 1, works=[str(number) for number in range(10)])
        (1.0, 1.0, 1.0)
    """
    is_so, is_said = labels == label, answers == label
    _, positions = np.unique(np.asarray(works), return_inverse=True)
    if len(set(positions[is_so])) < FEWEST_WORKS:
        return None
    sums = np.stack([np.bincount(positions, is_so & is_said), np.bincount(positions, is_so * 1 + is_said)], 1)
    # A draw without the class, of which nobody speaks either, counts as 0: a few in a thousand, of five works.
    return over_draws(
        csr_array(sums), (2,), score=lambda sums: 2 * sums[..., 0] / np.maximum(sums[..., 1], 1)
    )


def combined_macro_f1(
    labels: np.ndarray,
    answers: np.ndarray,
    *,
    weights: Sequence[float],
    works: Sequence[str],
    num_classes: int,
    seed: int = 0,
) -> Measured:
    """Returns a weighted sum of the macro-F1 of several models, with its 95 % interval over draws of works.

    Weights `(1, -1)` give a difference, `(1/3, 1/3, 1/3)` the mean over three training seeds. Works are
    drawn with replacement: answers for one work stand or fall together, so that drawing chunks or pieces one
    by one would promise more certainty than there is. Every draw is scored for all models alike, so that
    differences are paired.

    Args:
        labels: True class of each answer, shape `(answers,)`.
        answers: Class that each model answered, shape `(models, answers)`.
        weights: Of the models, shape `(models,)`.
        works: Work of each answer.
        num_classes: Number of classes.
        seed: Of the draws.

    Returns:
        The sum and its interval.

    Example:
        >>> truth, right, wrong = np.array([0, 1]), np.array([0, 1]), np.array([1, 0])
        >>> combined_macro_f1(truth, np.stack([right, wrong]), weights=(1, -1), works=["a", "b"], num_classes=2)
        (1.0, None, None)
    """
    _, positions = np.unique(np.asarray(works), return_inverse=True)
    labels, positions = (np.tile(values, (len(answers), 1)) for values in (labels, positions))
    return score_over_draws(
        labels,
        answers,
        positions,
        score=lambda confusions: macro_f1(confusions) @ np.asarray(weights, dtype=float),
        num_classes=num_classes,
        seed=seed,
    )


def score_over_draws(
    labels: Sequence[np.ndarray],
    answers: Sequence[np.ndarray],
    works: Sequence[np.ndarray],
    *,
    score: Callable[[np.ndarray], np.ndarray],
    num_classes: int,
    seed: int = 0,
) -> Measured:
    """Returns any score of the confusions of several models, with its 95 % interval over draws of works.

    Args:
        labels: For each model the true class of each of its answers, shape `(answers,)`.
        answers: For each model the classes that it answered, shape `(answers,)`; models may have answered for
            different chunks of the same works.
        works: For each model the work of each of its answers, numbered from 0, the same numbers for all models.
        score: From confusions of shape `(..., models, classes, classes)` to numbers, shape `(...,)`.
        num_classes: Number of classes.
        seed: Of the draws.

    Returns:
        The score and its interval.
    """
    shape = (len(answers), num_classes, num_classes)
    cells = np.concatenate(
        [
            np.ravel_multi_index((np.full(len(of_model), number), truth, of_model), shape)
            for number, (truth, of_model) in enumerate(zip(labels, answers, strict=True))
        ]
    )
    positions = np.concatenate(works)
    num_works = int(positions.max()) + 1
    # Sparse: of 2000 works and 150 classes, the confusions of each would fill a gigabyte with zeros.
    confusions = csr_array((np.ones(len(cells)), (positions, cells)), (num_works, np.prod(shape)))
    return over_draws(confusions, shape, score=score, seed=seed)


def over_draws(
    sums: csr_array, shape: tuple[int, ...], *, score: Callable[[np.ndarray], np.ndarray], seed: int = 0
) -> Measured:
    """Returns any score made of sums over works, with its 95 % interval over draws of works.

    Args:
        sums: What each work adds, shape `(works, cells)`.
        shape: Of the cells, as the score takes them.
        score: From sums of shape `(...,) + shape` to numbers, shape `(...,)`.
        seed: Of the draws.

    Returns:
        The score and its interval; of fewer than `FEWEST_WORKS` works the score alone.
    """
    from scipy.stats import bootstrap

    value, num_works = float(score(sums.sum(axis=0).reshape(shape))), sums.shape[0]
    if num_works < FEWEST_WORKS:
        return value, None, None
    interval = bootstrap(
        (np.arange(num_works),),
        lambda draw, axis: score(_sum_of_drawn(sums, draw, shape)),
        n_resamples=NUM_RESAMPLES,
        batch=100,
        method="percentile",
        vectorized=True,
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return value, float(interval.low), float(interval.high)


def _sum_of_drawn(sums: csr_array, draw: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Returns the sums of the drawn works, shape `draw.shape[:-1] + shape`."""
    num_works = sums.shape[0]
    flat = draw.reshape(-1, num_works)
    counts = np.stack([np.bincount(row, minlength=num_works) for row in flat])
    return (counts @ sums).reshape(draw.shape[:-1] + shape)


def addends(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Returns what each answer adds to the sums that `log_loss` and `calibration_error` are made of.

    Args:
        labels: True class of each answer, shape `(answers,)`.
        probabilities: Shape `(answers, classes)`.

    Returns:
        One, the loss, and confidence minus rightness in the bin of the confidence, shape `(answers, 2 + bins)`.
    """
    rows, probabilities = np.arange(len(labels)), probabilities.astype(np.float64)
    logarithms = log_softmax(np.log(np.maximum(probabilities, SMALLEST_PROBABILITY)), axis=1)
    confidence = probabilities.max(axis=1)
    gaps = np.zeros((len(rows), NUM_CALIBRATION_BINS))
    gaps[rows, bins_of(confidence)] = confidence - (probabilities.argmax(axis=1) == labels)
    return np.column_stack([np.ones(len(rows)), -logarithms[rows, labels], gaps])


def bins_of(confidence: np.ndarray, num_bins: int = NUM_CALIBRATION_BINS) -> np.ndarray:
    """Returns the bin of each confidence, of equally wide ones from 0 to 1."""
    return np.minimum((confidence * num_bins).astype(int), num_bins - 1)


def log_loss(sums: np.ndarray) -> np.ndarray:
    """Returns the mean loss; `sums` of `addends` over answers, shape `(..., 2 + bins)`.

    Example:
        >>> answers = addends(np.array([0, 1]), np.array([[0.5, 0.5], [0.75, 0.25]]))
        >>> float(log_loss(answers.sum(axis=0)).round(4))
        1.0397
    """
    return sums[..., 1] / sums[..., 0]


def calibration_error(sums: np.ndarray) -> np.ndarray:
    """Returns the expected calibration error: mean of |confidence - accuracy| over 15 equal bins.

    Guo et al., On calibration of modern neural networks, 2017; `sums` as for `log_loss`.

    Example:
        >>> answers = addends(np.array([0, 1]), np.array([[0.9, 0.1], [0.9, 0.1]]))
        >>> float(calibration_error(answers.sum(axis=0)).round(3))
        0.4
    """
    return np.abs(sums[..., 2:]).sum(axis=-1) / sums[..., 0]
