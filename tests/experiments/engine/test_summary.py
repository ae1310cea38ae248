"""What a run came to, in words, and over its folds."""

import pytest

from experiments.engine.summary import _mean, difference_sentences


@pytest.mark.parametrize(("protocol", "drawn"), [("work", "works"), ("composer", "composers")])
def test_too_few_works_do_not_tell_whether_a_difference_is_chance(protocol, drawn):
    found = {"macro_f1": 0.04, "macro_f1_low": None, "macro_f1_high": None}
    metrics = {"protocol": protocol, "differences": {"network_minus_fingerprint": found}}
    assert difference_sentences(metrics) == [
        f"Network minus fingerprint: +0.040 macro-F1 by piece: too few {drawn} to tell."
    ]


def test_a_mean_over_folds_has_no_interval_where_one_of_them_has_none():
    folds = [{"macro_f1": 0.25, "macro_f1_low": low} for low in (0.25, None, 0.5)]
    assert _mean([{"piece": fold} for fold in folds]) == {"piece": {"macro_f1": 0.25, "macro_f1_low": None}}
    assert _mean([folds[0], folds[2]])["macro_f1_low"] == 0.375
