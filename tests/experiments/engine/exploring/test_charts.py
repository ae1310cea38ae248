"""Figures are drawn of whatever a corpus holds: odd names, one piece, nothing at all, many rows."""

import matplotlib.image
import numpy as np
import pytest

from experiments.engine.exploring import charts

ODD = {"A$B_^{ (1)": np.array([0]), "$x$ (2)": np.array([1, 2]), "<b>Ada</b> (1)": np.array([3])}


def height(path):
    return matplotlib.image.imread(path).shape[0]


@pytest.mark.parametrize("in_seconds", [False, True])
@pytest.mark.parametrize("may_be_logarithmic", [False, True])
@pytest.mark.parametrize(
    "values", [[0, 0, 0, 0], [5, 5, 5, 5], [0, 1, 1e3, 1e6]], ids=["zero", "same", "far"]
)
def test_boxes_of_any_numbers_and_names(tmp_path, may_be_logarithmic, in_seconds, values):
    settings = {"may_be_logarithmic": may_be_logarithmic, "in_seconds": in_seconds}
    charts.save_boxes(ODD, np.array(values, float), tmp_path / "boxes.png", label="x", **settings)
    assert height(tmp_path / "boxes.png") > 100


def test_tables_and_bars_of_nothing(tmp_path):
    charts.save_shares(np.zeros((3, 2)), list(ODD), ["3/4", "other"], tmp_path / "shares.png", label="x")
    charts.save_bars([0], {"a": [0], "b": [1]}, tmp_path / "bars.png", label="x")
    charts.save_paired_bars(list(ODD), ("n", [0, 0, 0]), ("share", [0, 0, 0]), tmp_path / "paired.png")
    assert {path.name for path in tmp_path.iterdir()} == {"shares.png", "bars.png", "paired.png"}


def test_figures_grow_with_their_rows(tmp_path):
    for count in (2, 40):
        groups = {f"composer {number}": np.array([number]) for number in range(count)}
        charts.save_boxes(groups, np.arange(40.0), tmp_path / f"{count}.png", label="x")
    assert height(tmp_path / "40.png") - height(tmp_path / "2.png") == pytest.approx(
        38 * charts.ROW * charts.DOTS_PER_INCH, abs=2
    )
