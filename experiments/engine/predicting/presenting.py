"""Answers shown: a table on the terminal, rows for CSV, plain values for JSON."""

import csv
import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table

from experiments.engine.predicting.asking import Answer, Asker, ranked
from features.words import clock

NONE = "none of these"

NARROWEST = 80
"""Columns that the table has at least."""

FEW = 5
"""Composers whose prior is spelt out."""

BAR = 20
"""Characters of the longest bar of a timeline."""


def table_of(answers: Sequence[Answer], asker: Asker) -> Table:
    """Returns the answers as a table, a row a piece."""
    table = Table()
    table.add_column("file", overflow="fold", ratio=1)
    for heading in (asker.label, "", "runner-up", ""):
        table.add_column(heading, justify="left" if heading else "right", no_wrap=True)
    for answer in answers:
        (first, p_first), (second, p_second) = answer.ranking[:2]
        name = answer.name + training_remark(answer)
        if answer.is_none:
            second, p_second = f"if one, {first}", p_first
            table.add_row(name, NONE, "", second, f"{p_second:.0%}", style="dim")
        else:
            table.add_row(name, first, f"{p_first:.0%}", second, f"{p_second:.0%}")
    return table


def training_remark(answer: Answer) -> str:
    """Returns what has to be said of an answer that may be a memory; otherwise nothing."""
    if answer.was_heard:
        return " (in the model's training)"
    return f" (by its name of {answer.named_work}, in the model's training)" if answer.named_work else ""


def print_timeline(answer: Answer, terminal: Console) -> None:
    """Prints who each chunk of a piece sounds like, a line a chunk."""
    terminal.print(f"\n{answer.name}", style="bold", soft_wrap=True)
    width = max(map(len, answer.classes))
    for row in timeline_rows(answer):
        when = f"{clock(row['start_s'])}–{clock(row['end_s'])}"
        first, probability = next(iter(row["probabilities"].items()))
        terminal.print(f"  {when}  {first:<{width}}  {probability:>4.0%}  {'█' * round(BAR * probability)}")


def timeline_rows(answer: Answer) -> list[dict[str, Any]]:
    """Returns a row for each chunk: its number, its seconds, and its probabilities."""
    return [
        {"chunk": number, "start_s": round(float(start_s), 3), "end_s": round(float(end_s), 3)}
        | {"probabilities": _rounded(ranked(answer.classes, probabilities))}
        for number, ((start_s, end_s), probabilities) in enumerate(
            zip(answer.spans, answer.timeline, strict=True)
        )
    ]


def sentence_on(asker: Asker) -> str:
    """Returns how the probabilities are to be taken."""
    classes = asker.saved.classes
    if asker.calibration is None:
        return f"Not calibrated: how sure the model is says little, and it cannot say {NONE!r}."
    shares = ", ".join(f"{name} {share:.0%}" for name, share in zip(classes, asker.prior, strict=True))
    known = f" ({shares})" if len(classes) <= FEW else ""
    told, unknown = asker.turned_away, "" if asker.calibration.weights else f" It cannot say {NONE!r}."
    if told:
        unknown = (
            f" When tested, it said {NONE!r} of {told.unknown:.0%} of the pieces by composers whom it does not know, "
            f"and of {told.known:.0%} of those by the ones it knows."
        )
    made = "As the network says" if asker.calibration.is_left_alone else "Calibrated"
    return f"{made}; prior: {asker.prior_name}{known}.{unknown}"


def values_of(answer: Answer, *, timeline: bool) -> dict[str, Any]:
    """Returns an answer as plain values, fit for JSON."""
    (first, p_first), (second, p_second) = answer.ranking[:2]
    values = {
        "file": answer.name,
        "answer": NONE if answer.is_none else first,
        answer.label: first,
        "probability": round(p_first, 6),
        "runner_up": second,
        "runner_up_probability": round(p_second, 6),
        "none_of_these": answer.is_none,
        "in_training": answer.was_heard,
        "work_in_training": answer.named_work,
        "num_chunks": len(answer.timeline),
        "probabilities": _rounded(answer.ranking),
    }
    return values | ({"timeline": timeline_rows(answer)} if timeline else {})


def write_csv_to(file: TextIO, answers: Iterable[Answer], errors: Mapping[str, str], asker: Asker) -> None:
    """Writes a row a file, those that could not be answered for with the reason."""
    columns = (
        *("file", "answer", asker.label, "probability", "runner_up", "runner_up_probability"),
        *(
            "none_of_these",
            "in_training",
            "work_in_training",
            "num_chunks",
            *(f"p_{name}" for name in asker.saved.classes),
            "error",
        ),
    )
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    for answer in answers:
        values = values_of(answer, timeline=False)
        shares = values.pop("probabilities")
        writer.writerow(values | {f"p_{name}": share for name, share in shares.items()})
    writer.writerows({"file": name, "error": reason} for name, reason in errors.items())


def write_json_to(
    file: TextIO, answers: Iterable[Answer], errors: Mapping[str, str], asker: Asker, *, timeline: bool
) -> None:
    """Writes the answers, the errors, and how the probabilities are to be taken."""
    classes = asker.saved.classes
    values = {
        "model": str(asker.saved.path),
        "classes": list(classes),
        "calibrated": asker.calibration is not None,
        "prior": asker.prior
        if asker.prior is None
        else dict(zip(classes, asker.prior.tolist(), strict=True)),
        "says_none_of_these": asker.turned_away and dataclasses.asdict(asker.turned_away),
        "answers": [values_of(answer, timeline=timeline) for answer in answers],
        "errors": [{"file": name, "error": reason} for name, reason in errors.items()],
    }
    json.dump(values, file, indent=2, ensure_ascii=False)
    file.write("\n")


def say_errors(errors: Mapping[str, str]) -> None:
    """Says on standard error which files could not be answered for, and why."""
    for name, reason in errors.items():
        print(f"Not answered: {reason if name in reason else f'{name}: {reason}'}", file=sys.stderr)


def _rounded(ranking: Sequence[tuple[str, float]]) -> dict[str, float]:
    return {name: round(share, 6) for name, share in ranking}
