"""Which published run is best? Publishes runs, and makes the leaderboard and the README's tables from them.

    python -m experiments.leaderboard
    python -m experiments.leaderboard --publish results/runs/four_composers/RUN

The first makes `results/leaderboard.csv` and the tables in the README anew from the runs in
`results/published/`; neither is ever edited. It also writes the pages of published searches. The second
first copies what is small of finished runs and searches there; of a study over all folds that is not
finished, the folds that are: on any machine `--resume` goes on from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.engine import records
from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.config import REPOSITORY
from experiments.engine.publishing import is_search, publish
from features.errors import InputError

BEGIN, END = "<!-- leaderboard: begin -->", "<!-- leaderboard: end -->"


@dataclass(frozen=True)
class Arguments:
    """What to publish first."""

    publish: tuple[Path, ...] = ()
    """Folders to copy to the published ones: finished runs or searches, or studies with finished folds."""
    published: Path = REPOSITORY / "results" / "published"
    """Where published runs lie; `leaderboard.csv` is written beside this folder."""
    readme: Path = REPOSITORY / "README.md"
    """The page whose tables are made anew."""


@as_sentences(
    interrupted="Interrupted; start it again, and the leaderboard and the tables are made anew.",
    advice="Make room, or choose other places with --published and --readme.",
)
def main(argv: Sequence[str] | None = None) -> None:
    """Publishes the runs named, then makes the leaderboard and the README's tables anew."""
    arguments = read_arguments(Arguments, argv, description=__doc__, name="leaderboard")
    from experiments.engine import board, search_board, seeds

    for folder in arguments.publish:
        print(f"Published {publish(folder, arguments.published)}")
    folders = sorted(path.parent for path in arguments.published.glob("*/*/metrics.json"))
    runs = [seeds.read_run(folder) for folder in folders if not is_search(folder)]
    searches = [search_board.read_search_row(folder) for folder in folders if is_search(folder)]
    table = arguments.published.parent / "leaderboard.csv"
    records.write_csv(table, board.COLUMNS, map(board.row, runs))
    root = arguments.readme.parent
    update_readme(
        arguments.readme,
        "\n\n".join(filter(None, (board.markdown(runs, root), search_board.markdown(searches, root)))),
    )
    for search in searches:
        from experiments.engine.search.watching.report import write_search_report

        write_search_report(
            search.folder, phase="finished"
        )  # not tracked: it can be made whenever it is wanted
    print(f"{len(runs)} published runs in {table} and, with {len(searches)} searches, in {arguments.readme}.")


def update_readme(readme: Path, tables: str) -> None:
    """Puts the tables of the published runs between their two marks in the README.

    Raises:
        InputError: The README lacks the marks.
    """
    text = readme.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise InputError(
            f"{readme} lacks the lines {BEGIN} and {END}, between which the tables go; put them back."
        )
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    records.write_text(readme, f"{before}{BEGIN}\n{tables}\n{END}{after}")


if __name__ == "__main__":
    main()
