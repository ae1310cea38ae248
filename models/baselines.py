"""Models that any network has to beat: scikit-learn's, on tables of numbers.

Each reads one of three tables, a row an example, which the runner makes:

- `"fingerprint"`: what a *piece*'s file reveals without its notes (format, tracks, velocities);
- `"histograms"`: what `models.histograms.chunk_histograms` counts in a *chunk*;
- `"piece_histograms"`: what `models.piece_histograms` makes of these for a *piece*, whatever its key.

A network that reads only notes is worth its trouble if it beats the histograms, and its score
says something about music only beside the fingerprint's.
"""

import dataclasses
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Baseline:
    """A baseline, by name in `BASELINES`.

    Attributes:
        reads: `"fingerprint"`, `"histograms"` or `"piece_histograms"`.
        build: `build(seed, num_jobs)` gives an untrained model with `fit(x, y)` and
            `predict_proba(x)`, for `x` of shape `(example, feature)` and integer labels `y`;
            the columns of the probabilities are the labels seen in `fit`, in rising order.
    """

    reads: str
    build: Callable


def majority(seed: int = 0, num_jobs: int = 1):
    """Knows only how often each class occurs, whatever it reads."""
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="prior")


def fingerprint_forest(seed: int = 0, num_jobs: int = 1):
    """A forest of 500 trees, each on its own sample of the pieces."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        n_estimators=500, class_weight="balanced_subsample", n_jobs=num_jobs, random_state=seed
    )


def histogram_linear(seed: int = 0, num_jobs: int = 1):
    """Logistic regression on standardised features; of many classes one that does not take all day."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from models.brief_regression import BriefRegression

    return make_pipeline(StandardScaler(), BriefRegression())


def histogram_forest(seed: int = 0, num_jobs: int = 1):
    """A forest of 300 extremely randomised trees, in bounded memory however many classes there are."""
    from models.passing_forest import PassingForest

    return PassingForest(num_trees=300, seed=seed, num_jobs=num_jobs)


def histogram_boosting(seed: int = 0, num_jobs: int = 1):
    """Gradient boosting of up to 100 rounds; of many classes fewer, so that it does not take all day."""
    from models.brief_boosting import BriefBoosting

    return BriefBoosting(seed=seed)


BASELINES = {
    "majority": Baseline("fingerprint", majority),
    "fingerprint": Baseline("fingerprint", fingerprint_forest),
    "histogram_linear": Baseline("histograms", histogram_linear),
    "histogram_forest": Baseline("histograms", histogram_forest),
    "histogram_boosting": Baseline("piece_histograms", histogram_boosting),
}
