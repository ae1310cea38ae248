"""The models that come with the clone: they answer, and their cards say what the published studies found."""

import csv
import io

import pytest

from experiments import load, predict
from experiments.engine import records
from experiments.engine.comparing.hearing import split_tables
from experiments.engine.config import REPOSITORY
from features.corpora.synthetic import compose
from models.pretrained import DEFAULT, PRETRAINED


@pytest.mark.parametrize("name", PRETRAINED)
def test_a_shipped_model_has_heard_all_and_its_card_has_the_scores_of_its_study(name):
    saved = load(name)
    study = saved.description["calibration"]["fitted_on"]["study"]
    (path,) = (REPOSITORY / "results" / "published").glob(f"*/{study}/metrics.json")
    metrics = records.read_json(path)
    assert saved.classes == tuple(metrics["classes"])
    card = saved.path.with_suffix(".md").read_text(encoding="utf-8")
    piece = metrics["test"]["piece"]
    assert f"| {piece['accuracy']:.3f} | {piece['macro_f1']:.3f} (" in card and study in card
    heard = {piece["work"] for piece in saved.description["trained_on"]}
    assert heard == {row["work"] for row in split_tables(path.parent)[0]} and not saved.validated_on.contents


def test_the_default_model_answers_where_none_is_named(tmp_path, capsys):
    (tmp_path / "piece.mid").write_bytes(compose("Ada", 1, movement=1))
    predict.main([str(tmp_path / "piece.mid"), "--csv", "-"])
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    shares = [float(row[f"p_{name}"]) for name in load(DEFAULT).classes]
    assert sum(shares) == pytest.approx(1, abs=1e-4)
