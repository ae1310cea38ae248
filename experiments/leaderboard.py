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
from experiments.engine.publishing import (
    AUDIT,
    BUILDERS,
    MADE_FOR,
    RENDERINGS,
    RUN,
    SEARCH,
    kind_of,
    publish,
)
from features.errors import InputError

BEGIN, END = "<!-- leaderboard: begin -->", "<!-- leaderboard: end -->"


@dataclass(frozen=True)
class Arguments:
    """What to publish first."""

    publish: tuple[Path, ...] = ()
    """Folders to copy there first: finished runs, searches, audits, ..., or studies with finished folds."""
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
    from experiments.engine.boards import audits, builders, renderings, runs, searches
    from experiments.engine.boards.overviews import read_overview
    from experiments.engine.boards.seeds import read_run

    for folder in arguments.publish:
        print(f"Published {publish(folder, arguments.published)}")
    found = {kind: [] for kind in (RUN, *MADE_FOR)}
    for path in sorted(arguments.published.glob("*/*/metrics.json")):
        kind = kind_of(path.parent)
        found[kind].append(read_run(path.parent) if kind == RUN else read_overview(path.parent))
    table = arguments.published.parent / "leaderboard.csv"
    records.write_csv(table, runs.COLUMNS, map(runs.row, found[RUN]))
    page = table.with_name("README.md")
    boards = {RUN: runs, BUILDERS: builders, RENDERINGS: renderings, SEARCH: searches, AUDIT: audits}
    tables = filter(None, (board.markdown(found[kind], page.parent) for kind, board in boards.items()))
    if not page.exists():
        records.write_text(page, f"{BEGIN}\n{END}\n")
    update_tables(page, "\n\n".join(tables))
    update_tables(arguments.readme, runs.headline(found[RUN], arguments.readme.parent))
    for kind in MADE_FOR:
        for overview in found[kind]:
            write_page(kind, overview.folder)
    others = ", ".join(f"{kind} {len(found[kind])}" for kind in MADE_FOR)
    print(f"Published runs: {len(found[RUN])}, in {table}; other tables ({others}) in {page}.")


def write_page(kind: str, folder: Path) -> None:
    """Writes the page of what is published, if it has one; pages are not tracked: they can be made whenever wanted."""
    if kind == SEARCH:
        from experiments.engine.search.watching.report import write_search_report

        write_search_report(folder, phase="finished")
    elif kind == AUDIT:
        from experiments.engine.auditing.page import write_audit_page

        write_audit_page(folder)
    elif kind == BUILDERS:
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
