"""Does reading the notes add anything to what the file reveals? The network and the fingerprint, stacked.

How far to believe either is learnt on the validation pieces. Neither of the two was trained on those,
so that both answer there as they answer on test pieces. (The network's epoch was chosen on them, which
makes it look slightly better there than it is. Under the protocol `chunk` both have heard other chunks
of the validation pieces, and the stack means as little as every score there.)
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from experiments.engine.predictions import Predictions
from features.splits.protocols import TEST, VALIDATION
from models.stacking import pool, pool_weights


def stack(models: Mapping[str, Mapping[str, Predictions]]) -> tuple[Predictions, dict[str, Any]]:
    """Joins the answers of models by piece, as learnt on the validation pieces.

    Args:
        models: By the name of a model its answers, `"validation"` and `"test"`, for the same pieces in
            the same order.

    Returns:
        The joint answers for the test pieces, and how they came about: `weights` by model, and
        `num_pieces`, on which they were learnt.
    """
    for side in (VALIDATION, TEST):
        if len({answers[side].pieces for answers in models.values()}) > 1:
            raise ValueError(f"The models answered for different {side} pieces.")
    validation, test = (
        [answers[side].probabilities for answers in models.values()] for side in (VALIDATION, TEST)
    )
    first = next(iter(models.values()))
    weights = pool_weights(validation, first[VALIDATION].labels)
    learnt = {"weights": dict(zip(models, weights.tolist(), strict=True)), "num_pieces": len(validation[0])}
    return dataclasses.replace(first[TEST], probabilities=pool(test, weights)), learnt


def describe_stacking(stacking: Mapping[str, Any]) -> str:
    """Returns in words how the joint answers came about.

    Example:
        >>> describe_stacking({"weights": {"frame_cnn": 0.8, "fingerprint": 0.31}, "num_pieces": 180})
        'frame_cnn weighs 0.80, fingerprint weighs 0.31, as learnt on 180 validation pieces'
    """
    weights = [f"{name} weighs {weight:.2f}" for name, weight in stacking["weights"].items()]
    return f"{', '.join(weights)}, as learnt on {stacking['num_pieces']:.0f} validation pieces"
