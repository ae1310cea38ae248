"""What teachers answer for the training chunks, for a student to learn from beside the labels (Hinton et al., 2015).

Teachers are asked once, for chunks as they stand, and a student that hears a chunk moved by up to half its length, or
in another key, is told the same: that costs as much as one epoch's answers, where asking anew for every varied chunk
would double the training. A network that is trained on bags is told what they answer for the whole piece.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from experiments.engine import records
from experiments.engine.batches import Targets
from experiments.engine.config import Config
from experiments.engine.imbalance import adjusted
from experiments.engine.saved_models import LOGIT_OFFSETS, SavedModel, load_saved_model
from experiments.engine.teachers import fold_runs
from features.datasets import Dataset
from features.errors import InputError
from features.splits.protocols import TEST, VALIDATION, Split


def load_teachers(
    config: Config, dataset: Dataset, split: Split, teachers: Sequence[str]
) -> tuple[SavedModel, ...]:
    """Returns the teachers of a run, if they are fit for it.

    Args:
        config: Of a fold; a teacher that is a study over all folds teaches with its run of the same fold.
        dataset: The student's chunks.
        split: The student's.
        teachers: Where those that the configuration names lie.

    Raises:
        InputError: A teacher has heard works that are held out, its chunks or composers are others, or it does not say
            what was taken off its answers.
    """
    loaded = []
    for _, place in zip(config.training.teacher, teachers, strict=True):
        run = fold_runs(Path(place).expanduser()).get(config.split.fold, place)
        loaded.append(teacher := load_saved_model(run))
        if teacher.encoder != dataset.encoder:
            raise InputError(
                f"Expected a teacher that reads the student's chunks, but {teacher.path} reads {teacher.encoder}, and "
                f"these are of {dataset.encoder}; give the student the same encoder."
            )
        if set(teacher.classes) != set(dataset.classes):
            raise InputError(
                f"Expected a teacher that tells {', '.join(dataset.classes)} apart, but {teacher.path} tells "
                f"{', '.join(teacher.classes)}."
            )
        _check_unheard(teacher, dataset, split)
        _check_adjustment(teacher)
    return tuple(loaded)


def _check_unheard(teacher: SavedModel, dataset: Dataset, split: Split) -> None:
    """Refuses a teacher by whom a student would come to know what it is to be tested on.

    What chose the teacher's epoch may choose the student's.
    """
    for side, heard in ((VALIDATION, teacher.trained_on), (TEST, teacher.heard)):
        reasons = heard.reasons(dataset)
        for piece in np.unique(dataset.chunk_pieces[split.indices(side)]):
            if reasons[piece]:
                raise InputError(
                    f"The teacher {teacher.path} has heard {dataset.pieces[piece]}, or another piece of that work, "
                    f"which is in the student's {side} part; take one that was trained on the same split."
                )


def _check_adjustment(teacher: SavedModel) -> None:
    """Refuses a teacher whose answers cannot be had as they were before the prior was taken off them."""
    config = teacher.path.with_name("config.json")
    if LOGIT_OFFSETS in teacher.description or not config.exists():
        return
    if Config.from_dict(records.read_json(config), name=config).training.logit_adjustment:
        raise InputError(
            f"The teacher {teacher.path} was saved before models noted what --logit-adjustment took off their answers, "
            "which has to be undone; train it again."
        )


def teach(
    teachers: Sequence[SavedModel],
    config: Config,
    dataset: Dataset,
    indices: np.ndarray,
    *,
    whole_pieces: bool,
) -> Targets | None:
    """Asks teachers about the training chunks; returns None without teachers.

    Args:
        teachers: As `load_teachers` returned them.
        config: How much they count, and how far their answers are evened out.
        dataset: The chunks.
        indices: Those that are trained on.
        whole_pieces: Whether each chunk has the answer for its piece.
    """
    if not teachers:
        return None
    answers = np.zeros((len(dataset.chunk_pieces), len(dataset.classes)))
    for teacher in teachers:
        columns = [teacher.classes.index(name) for name in dataset.classes]
        answers[indices] += _asked(teacher, dataset, indices, whole_pieces)[:, columns]
    answers[indices] **= 1 / config.training.temperature
    answers[indices] /= answers[indices].sum(axis=1, keepdims=True)
    return Targets(answers.astype(np.float32), config.training.distillation)


def _asked(teacher: SavedModel, dataset: Dataset, indices: np.ndarray, whole_pieces: bool) -> np.ndarray:
    """Returns a teacher's probabilities for chunks, or for their pieces, in the order of its classes.

    They are those from before anything was taken off its logits: the student has its own logits adjusted.
    """
    if whole_pieces:
        found = teacher.answer(dataset, indices)["piece"]
        rows = {piece: row for row, piece in enumerate(found.pieces)}
        answers = found.probabilities[
            [rows[dataset.pieces[piece]] for piece in dataset.chunk_pieces[indices]]
        ]
    else:
        answers = teacher.predict(dataset, indices)
    return adjusted(answers, -np.array(teacher.description.get(LOGIT_OFFSETS, [0.0])))
