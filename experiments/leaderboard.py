"""Which published run is best? Publishes runs, and makes the leaderboard and the tables of the pages from them.

    python -m experiments.leaderboard
    python -m experiments.leaderboard --publish results/runs/four_composers/RUN

The first makes `results/leaderboard.csv`, the tables in `results/README.md` and the first of them, in the README, anew
from the runs in `results/published/`; none is ever edited. It also writes the pages of published searches, audits and
comparisons of builders.
The second first copies what is small of finished runs, searches and audits there; of a study over all folds that is not
finished, the folds that are: on any machine `--resume` goes on from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.engine import records
from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.config import REPOSITORY
from experiments.engine.publishing import is_audit, is_search, is_zoo, publish
from features.errors import InputError

BEGIN, END = "<!-- leaderboard: begin -->", "<!-- leaderboard: end -->"


@dataclass(frozen=True)
class Arguments:
    """What to publish first."""

    publish: tuple[Path, ...] = ()
    """Folders to copy there first: finished runs, searches, audits, builders, or studies with finished folds."""
    published: Path = REPOSITORY / "results" / "published"
    """Where published runs lie; `leaderboard.csv` and a `README.md` with all tables are written beside this folder."""
    readme: Path = REPOSITORY / "README.md"
    """The page whose table of whole studies is made anew."""


@as_sentences(
    interrupted="Interrupted; start it again, and the leaderboard and the tables are made anew.",
    advice="Make room, or choose other places with --published and --readme.",
)
def main(argv: Sequence[str] | None = None) -> None:
    """Publishes the runs named, then makes the leaderboard and the tables anew."""
    arguments = read_arguments(Arguments, argv, description=__doc__, name="leaderboard")
    from experiments.engine import audit_board, board, builders_board, search_board, seeds

    for folder in arguments.publish:
        print(f"Published {publish(folder, arguments.published)}")
    folders = sorted(path.parent for path in arguments.published.glob("*/*/metrics.json"))
    kinds = (is_search, is_audit, is_zoo)
    runs = [seeds.read_run(folder) for folder in folders if not any(kind(folder) for kind in kinds)]
    searches = [search_board.read_search_row(folder) for folder in folders if is_search(folder)]
    audits = [audit_board.read_audit(folder) for folder in folders if is_audit(folder)]
    zoos = [builders_board.read_zoo(folder) for folder in folders if is_zoo(folder)]
    table = arguments.published.parent / "leaderboard.csv"
    records.write_csv(table, board.COLUMNS, map(board.row, runs))
    page = table.with_name("README.md")
    boards = ((board, runs), (builders_board, zoos), (search_board, searches), (audit_board, audits))
    tables = filter(None, (kind.markdown(found, page.parent) for kind, found in boards))
    if not page.exists():
        records.write_text(page, f"{BEGIN}\n{END}\n")
    update_tables(page, "\n\n".join(tables))
    update_tables(arguments.readme, board.headline(runs, arguments.readme.parent))
    write_pages(*([shown.folder for shown in found] for found in (searches, audits, zoos)))
    print(
        f"Published runs: {len(runs)}, in {table}; with {len(searches)} searches, {len(audits)} audits and "
        f"{len(zoos)} comparisons of builders, in {page}."
    )


def write_pages(searches: Sequence[Path], audits: Sequence[Path], zoos: Sequence[Path]) -> None:
    """Writes the pages of what is published, which are not tracked: they can be made whenever wanted."""
    for folder in searches:
        from experiments.engine.search.watching.report import write_search_report

        write_search_report(folder, phase="finished")
    for folder in audits:
        from experiments.engine.auditing.page import write_audit_page

        write_audit_page(folder)
    for folder in zoos:
        from experiments.engine.zoo.page import write_zoo_page

        write_zoo_page(folder)


def update_tables(page: Path, tables: str) -> None:
    """Puts the tables of the published runs between their two marks in a page.

    Raises:
        InputError: The page lacks the marks.
    """
    text = page.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise InputError(
            f"{page} lacks the lines {BEGIN} and {END}, between which the tables go; put them back."
        )
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    records.write_text(page, f"{before}{BEGIN}\n{tables}\n{END}{after}")


if __name__ == "__main__":
    main()
