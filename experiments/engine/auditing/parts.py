"""The parts of an audit that stay at home: ladder, stacks and ablations, from answers to rows."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from experiments.engine.auditing.findings import ablation_finding, rung_finding, stack_finding
from experiments.engine.auditing.rows import Answers, Row, measure
from experiments.engine.auditing.variants import Variant
from experiments.engine.baselines import STACKED


@dataclass(frozen=True)
class Outcome:
    """What a model answered under one variant of the study.

    Attributes:
        answers: For the test part, by level.
        folds: Which folds were tested: `"all"`, or their numbers.
        runs: Names of the run folders they come from; empty where the audit itself asked.
    """

    answers: Answers
    folds: str
    runs: str = ""


@dataclass(frozen=True)
class Missing:
    """Why a model has not answered, and the command by which it would."""

    problem: str
    command: str = ""


Found = Mapping[str, Mapping[str, Outcome | Missing]]
"""By place of a variant, what there is by model."""


def stacked_name(reader: str) -> str:
    """Returns what a model stacked with the fingerprint is called.

    Example:
        >>> stacked_name("frame_cnn")
        'frame_cnn + fingerprint'
    """
    return f"{reader} + {STACKED}"


def ladder_rows(rungs: Sequence[Variant], found: Found) -> list[Row]:
    """Returns the ladder, model by model, each rung compared with the last one below that was tested."""
    rows = []
    for model in _models(rungs, found):
        below: tuple[str, Answers] | None = None
        for rung in rungs:
            tested = found[rung.place].get(model)
            row, answers = _measure(rung, model, tested, below)
            if row is not None:
                rows.append(row if row.problem else _with(row, rung_finding(row, below[0] if below else "")))
            if answers is not None:
                below = (rung.name, answers)
    return rows


def ablation_rows(whole: Variant, ablations: Sequence[Variant], found: Found) -> list[Row]:
    """Returns the ablations, model by model, each compared with the same model that reads everything."""
    rows = []
    for model in _models(ablations, found):
        base = found[whole.place].get(model)
        compared = ("nothing taken away", base.answers) if isinstance(base, Outcome) else None
        for ablation in ablations:
            row, _ = _measure(ablation, model, found[ablation.place].get(model), compared)
            if row is not None:
                rows.append(row if row.problem else _with(row, ablation_finding(row)))
    return rows


def stack_rows(whole: Variant, found: Found, readers: Sequence[str]) -> list[Row]:
    """Returns the fingerprint alone, each reader alone, and both stacked, compared by piece with the fingerprint.

    Args:
        whole: The study itself.
        found: What was answered.
        readers: Models that read the notes and have been stacked with the fingerprint.
    """
    tested = {model: of for model, of in found[whole.place].items() if isinstance(of, Outcome)}
    if STACKED not in tested:
        return []
    alone = tested[STACKED].answers
    rows = [
        _with(
            first := measure("stack", STACKED, STACKED, alone, folds=tested[STACKED].folds),
            stack_finding(first, ""),
        )
    ]
    for reader in readers:
        for model in (reader, stacked_name(reader)):
            if model in tested:
                row = measure(
                    "stack",
                    model,
                    model,
                    {"piece": tested[model].answers["piece"]},
                    folds=tested[model].folds,
                    runs=tested[model].runs,
                    against=STACKED,
                    compared_with=alone,
                )
                rows.append(_with(row, stack_finding(row, reader)))
    return rows


def _measure(
    variant: Variant, model: str, tested: Outcome | Missing | None, below: tuple[str, Answers] | None
) -> tuple[Row | None, Answers | None]:
    """Returns the row of a model under a variant, if there is one, and the answers, if there are any."""
    if tested is None:
        return None, None
    if isinstance(tested, Missing):
        return Row(variant.part, variant.name, model, problem=tested.problem, command=tested.command), None
    against, answers = below or ("", None)
    row = measure(
        variant.part,
        variant.name,
        model,
        tested.answers,
        folds=tested.folds,
        runs=tested.runs,
        against=against,
        compared_with=answers,
    )
    return row, tested.answers


def _models(variants: Sequence[Variant], found: Found) -> list[str]:
    return list(dict.fromkeys(model for variant in variants for model in found[variant.place]))


def _with(row: Row, finding: str) -> Row:
    return dataclasses.replace(row, finding=finding)
