"""The linear baseline is scikit-learn's where there are few classes, and ends in time where there are many."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from models.baselines import histogram_linear
from models.brief_regression import BriefRegression, most_steps


def examples(num_classes, count=300):
    rng = np.random.default_rng(num_classes)
    labels = np.concatenate([np.arange(num_classes), rng.integers(0, num_classes, count)])
    return rng.normal(size=(len(labels), 6)) + 0.5 * rng.normal(size=(num_classes, 6))[labels], labels


@pytest.mark.parametrize("num_classes", [2, 4, 12])
def test_few_classes_are_fitted_as_ever(num_classes):
    x, y = examples(num_classes)
    expected = LogisticRegression(class_weight="balanced", max_iter=1000).fit(x, y)
    np.testing.assert_array_equal(BriefRegression().fit(x, y).coef_, expected.coef_)


@pytest.mark.parametrize("num_classes", [68, 145])
def test_many_classes_end_after_fewer_steps_and_are_still_told_apart(num_classes):
    x, y = examples(num_classes, count=3000)
    model = histogram_linear()
    model.fit(x, y)
    assert model[-1].n_iter_.max() <= most_steps(num_classes)
    assert model.classes_.tolist() == list(range(num_classes))
    assert (model.predict(x) == y).mean() > 5 / num_classes
