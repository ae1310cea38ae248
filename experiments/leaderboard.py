"""Which published run is best? Publishes runs, and makes the leaderboard and the README's table from them.

    python -m experiments.leaderboard
    python -m experiments.leaderboard --publish results/runs/four_composers/RUN

The first makes `results/leaderboard.csv` and the table in the README anew from the runs in
`results/published/`; neither is ever edited. The second first copies what is small of finished runs there.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.engine import records
from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.config import REPOSITORY
from features.errors import InputError

SMALL = ("*.json", "*.csv", "*.csv.gz", "figures/*.png")
"""What is published of a run; weights and their description are not."""

LARGEST_BYTES = 1_000_000
"""A larger file is left out: a split by chunk, say, which its seed gives again."""

BEGIN, END = "<!-- leaderboard: begin -->", "<!-- leaderboard: end -->"


@dataclass(frozen=True)
class Arguments:
    """What to publish first."""

    publish: tuple[Path, ...] = ()
    """Finished run folders to copy to the published ones."""
    published: Path = REPOSITORY / "results" / "published"
    """Where published runs lie; `leaderboard.csv` is written beside this folder."""
    readme: Path = REPOSITORY / "README.md"
    """The page whose table is made anew."""


@as_sentences
def main(argv: Sequence[str] | None = None) -> None:
    """Publishes the runs named, then makes the leaderboard and the README's table anew."""
    arguments = read_arguments(Arguments, argv, description=__doc__, name="leaderboard")
    for folder in arguments.publish:
        print(f"Published {publish(folder, arguments.published)}")
    folders = sorted(path.parent for path in arguments.published.glob("*/*/metrics.json"))
    board = arguments.published.parent / "leaderboard.csv"
    rows = [records.leaderboard_row(folder) for folder in folders]
    records.write_csv(board, records.LEADERBOARD_COLUMNS, rows)
    update_readme(arguments.readme, folders)
    print(f"{len(rows)} published runs in {board} and {arguments.readme}.")


def publish(folder: Path, published: Path) -> Path:
    """Copies what is small of a finished run; of a study, also of its folds.

    Args:
        folder: The run folder.
        published: Where published runs lie, by experiment.

    Returns:
        The published folder.

    Raises:
        InputError: The run is not finished, or was made with code that is in no commit.
    """
    if not records.is_finished(folder):
        raise InputError(f"{folder} holds no finished run (metrics.json is missing); run it to its end first.")
    made_with = records.read_json(folder / "environment.json")
    for commit in (made_with["commit"], *made_with.get("resumed_with", ())):
        if not commit or commit.endswith("+"):
            raise InputError(
                f"{folder} was made with code that is in no commit ({commit or 'no git'}), so that nobody could "
                "make it again; commit the code and run it again."
            )
    folder = folder.resolve()
    target = published / records.read_json(folder / "metrics.json")["experiment"] / folder.name
    if target.resolve() == folder:
        return target
    shutil.rmtree(target, ignore_errors=True)
    for pattern in SMALL:
        for path in folder.rglob(pattern):
            if path.name != "model.json" and path.stat().st_size <= LARGEST_BYTES:
                copy = target / path.relative_to(folder)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
    return target


def update_readme(readme: Path, folders: Sequence[Path]) -> None:
    """Puts the table of the published runs between its two marks in the README.

    Raises:
        InputError: The README lacks the marks.
    """
    text = readme.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise InputError(f"{readme} lacks the lines {BEGIN} and {END}, between which the table goes; put them back.")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    table = published_table(folders, readme.parent)
    records.write_text(readme, f"{before}{BEGIN}\n{table}\n{END}{after}")


def published_table(folders: Sequence[Path], root: Path) -> str:
    """Returns the published runs as a Markdown table, each row with its run folder and its command."""
    runs = [
        (records.read_json(folder / "metrics.json"), records.read_json(folder / "environment.json"), folder)
        for folder in folders
    ]
    if not runs:
        return "No run has been published yet."
    runs.sort(key=lambda run: _place(run[0]))
    baselines = list(runs[0][0]["test"]["baselines"])
    head = ["run", "corpus", "split", "model", "channels", "piece macro-F1 (95 %)", "piece accuracy", "chunk macro-F1"]
    head += [*(name.replace("_", " ") for name in baselines), "training"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    commands = []
    for number, (metrics, made_with, folder) in enumerate(runs, 1):
        link = f"[{number}]({folder.relative_to(root).as_posix()})"
        lines.append("| " + " | ".join([link, *_cells(metrics, baselines)]) + " |")
        commands.append(f"{made_with['command']}  # {number}")
    return "\n".join([*lines, "", "```", *commands, "```"])


def _place(metrics: dict[str, Any]) -> tuple:
    ladder = {"chunk": 0, "file": 1, "work": 2}
    return metrics["corpus"], ladder.get(metrics["protocol"], 3), metrics["model"], metrics["encoder"], metrics["seed"]


def _cells(metrics: dict[str, Any], baselines: Sequence[str]) -> list[str]:
    test = metrics["test"]
    piece = test["piece"]
    return [
        metrics["corpus"],
        f"{metrics['protocol']} {metrics['fold']}",
        metrics["model"],
        metrics["encoder"].removeprefix("piano_roll:"),
        f"**{piece['macro_f1']:.3f}** ({piece['macro_f1_low']:.3f}–{piece['macro_f1_high']:.3f})",
        f"{piece['accuracy']:.3f}",
        f"{test['chunk']['macro_f1']:.3f}",
        *(f"{test['baselines'][name]['macro_f1']:.3f}" for name in baselines),
        f"{metrics['num_epochs']} epochs, {metrics['train_seconds'] / 60:.0f} min",
    ]


if __name__ == "__main__":
    main()
