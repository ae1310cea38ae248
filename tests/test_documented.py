"""What pages say is there: every command that they or a `--help` tell somebody to type, and every link."""

import importlib
import re
import shlex
from pathlib import Path

import pytest
import tyro

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = sorted(
    page.relative_to(REPOSITORY)
    for pattern in ("*.md", "*/README.md", "models/pretrained/*.md")
    for page in REPOSITORY.glob(pattern)
)
EXPERIMENTS = sorted(path.relative_to(REPOSITORY) for path in REPOSITORY.glob("experiments/*.py"))
COMMAND = re.compile(r"^\s*(?:\S*/)?python3? -m experiments\.(\w+) ?(.*)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
ABSENT = re.compile(r"[^\w\- ]")
"""What GitHub leaves out of a heading when it makes an anchor of it."""
REDIRECTED = re.compile(r"\s[>|]\s.*")


OF_EXAMPLES = Path("CONTRIBUTING.md")
"""Its commands run what it adds; `test_contributing.py` does so."""


def commands_of(page: Path) -> list[tuple[str, str]]:
    """Returns the experiment or tool, and its arguments, of every line of a page that is a command."""
    text = re.sub(r"\\+\n", " ", (REPOSITORY / page).read_text(encoding="utf-8"))
    lines = "\n".join(found.group().replace(" && ", "\n") for found in COMMAND.finditer(text))
    return list(dict.fromkeys(COMMAND.findall(lines)))


class Understood(Exception):
    """The command line was read to its end."""


@pytest.fixture
def only_read(monkeypatch):
    """Commands stop once their command line has been understood."""
    read = tyro.cli

    def stop(*args, **kwargs):
        read(*args, **kwargs)
        raise Understood

    monkeypatch.setattr(tyro, "cli", stop)


@pytest.mark.parametrize(
    "page", [page for page in (*PAGES, *EXPERIMENTS) if page != OF_EXAMPLES and commands_of(page)], ids=str
)
def test_commands_can_be_typed(page, only_read):
    for name, arguments in commands_of(page):
        words = shlex.split(REDIRECTED.sub("", arguments), comments=True)
        try:
            with pytest.raises(Understood):
                importlib.import_module(f"experiments.{name}").main(words)
        except SystemExit as stopped:
            assert stopped.code == 0, f"{page} says: python -m experiments.{name} {arguments}"


def anchors_of(page: Path) -> set[str]:
    """Returns the anchors of a page's headings, as GitHub makes them."""
    headings = HEADING.findall(page.read_text(encoding="utf-8"))
    return {ABSENT.sub("", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page):
    path = REPOSITORY / page
    for target, anchor in LINK.findall(path.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            linked = path.parent / target if target else path
            assert linked.exists(), f"{page} links to {target}"
            assert not anchor or anchor in anchors_of(linked), f"{page} links to {target}#{anchor}"


def test_commands_are_found():
    assert len(commands_of(Path("experiments/README.md"))) > 60
    assert all(commands_of(Path(f"experiments/{name}.py")) for name in ("four_composers", "audit", "compare"))
