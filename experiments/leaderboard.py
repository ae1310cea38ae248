"""Which published run is best? Publishes runs, and makes the leaderboard and the tables of the pages from them.

    python -m experiments.leaderboard
    python -m experiments.leaderboard --publish results/runs/four_composers/RUN

The first makes `results/leaderboard.csv`, the tables in `results/README.md` and the short ones in the README anew from
the runs in `results/published/`; none is ever edited. Runs of which a comparison of builders was made stand in its
table alone. It also writes the pages of published searches, audits and comparisons of builders.
The second first copies what is small of finished runs, searches and audits there; of a study over all folds that is not
finished, the folds that are: on any machine `--resume` goes on from them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.engine import records
from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.config import REPOSITORY
from experiments.engine.publishing import (
    AUDIT,
    BUILDERS,
    IMBALANCE,
    MADE_FOR,
    RECIPE,
    RENDERINGS,
    RUN,
    SEARCH,
    YEAR,
    kind_of,
    publish,
)
from features.errors import InputError

README, PUBLISHED = REPOSITORY / "README.md", REPOSITORY / "results" / "published"

ALL_TABLES = "leaderboard"
"""Name of the place of a page that holds all tables."""


@dataclass(frozen=True)
class Arguments:
    """What to publish first."""

    publish: tuple[Path, ...] = ()
    """Folders to copy there first: finished runs, searches, audits, ..., or studies with finished folds."""
    published: Path = PUBLISHED
    """Where published runs lie; `leaderboard.csv` and a `README.md` with all tables are written beside this folder."""
    readme: Path | None = None
    """The page whose short tables are made anew; None for the README, if the published runs are those of the clone."""


@as_sentences(
    interrupted="Interrupted; start it again, and the leaderboard and the tables are made anew.",
    advice="Make room, or choose other places with --published and --readme.",
)
def main(argv: Sequence[str] | None = None) -> None:
    """Publishes the runs named, then makes the leaderboard and the tables anew."""
    arguments = read_arguments(Arguments, argv, description=__doc__, name="leaderboard")
    from experiments.engine.boards import (
        audits,
        builders,
        imbalance,
        recipes,
        renderings,
        runs,
        searches,
        years,
    )
    from experiments.engine.boards.overviews import read_overview
    from experiments.engine.boards.readme import IN_README, told_alone
    from experiments.engine.boards.seeds import read_run

    for folder in arguments.publish:
        print(f"Published {publish(folder, arguments.published)}")
    found = {kind: [] for kind in (RUN, *MADE_FOR)}
    for path in sorted(arguments.published.glob("*/*/metrics.json")):
        kind = kind_of(path.parent)
        found[kind].append(read_run(path.parent) if kind == RUN else read_overview(path.parent))
    table = arguments.published.parent / "leaderboard.csv"
    records.write_csv(table, runs.COLUMNS, map(runs.row, found[RUN]))
    num_runs, found[RUN] = len(found[RUN]), told_alone(found)
    page = table.with_name("README.md")
    boards = {RUN: runs, IMBALANCE: imbalance, RECIPE: recipes, BUILDERS: builders, RENDERINGS: renderings}
    boards |= {SEARCH: searches, AUDIT: audits, YEAR: years}
    tables = filter(None, (board.markdown(found[kind], page.parent) for kind, board in boards.items()))
    if not page.exists():
        records.write_text(page, empty_places(ALL_TABLES))
    update_tables(page, {ALL_TABLES: "\n\n".join(tables)})
    readme = arguments.readme or (README if arguments.published.resolve() == PUBLISHED.resolve() else None)
    if readme is not None:
        root = readme.parent
        update_tables(readme, {name: make(found[kind], root) for name, (kind, make) in IN_README.items()})
    for kind in MADE_FOR:
        for overview in found[kind]:
            write_page(kind, overview.folder)
    others = ", ".join(f"{kind} {len(found[kind])}" for kind in MADE_FOR)
    print(f"Published runs: {num_runs}, in {table}; other tables ({others}) in {page}.")


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


def empty_places(*names: str) -> str:
    """Returns a page with places for tables and nothing else."""
    return "\n".join(f"{_mark(name, 'begin')}\n{_mark(name, 'end')}\n" for name in names)


def update_tables(page: Path, tables: Mapping[str, str]) -> None:
    """Puts tables of the published runs into their places in a page.

    Args:
        page: The page.
        tables: What goes between the two marks of each place, by its name.

    Raises:
        InputError: The page lacks marks.
    """
    text = page.read_text(encoding="utf-8")
    for name, table in tables.items():
        begin, end = (_mark(name, which) for which in ("begin", "end"))
        if begin not in text or end not in text:
            raise InputError(
                f"{page} lacks the lines {begin} and {end}, between which tables go; put them back."
            )
        before, rest = text.split(begin, 1)
        text = f"{before}{begin}\n{table}\n{end}{rest.split(end, 1)[1]}"
    records.write_text(page, text)


def _mark(name: str, which: str) -> str:
    return f"<!-- {name}: {which} -->"


if __name__ == "__main__":
    main()
