"""Every command that a page or a `--help` tells somebody to type can be typed: its flags and values exist."""

import importlib
import re
import shlex
from pathlib import Path

import pytest
import tyro

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = sorted(
    page.relative_to(REPOSITORY)
    for pattern in ("README.md", "results/*.md", "models/**/*.md", "experiments/*.py")
    for page in REPOSITORY.glob(pattern)
)
COMMAND = re.compile(r"^\s*(?:\S*/)?python3? -m experiments\.(\w+) ?(.*)$", re.MULTILINE)
REDIRECTED = re.compile(r"\s[>|]\s.*")


def commands_of(page: Path) -> list[tuple[str, str]]:
    """Returns the experiment or tool, and its arguments, of every line of a page that is a command."""
    text = re.sub(r"\\+\n", " ", (REPOSITORY / page).read_text(encoding="utf-8"))
    return list(dict.fromkeys(COMMAND.findall(text)))


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


@pytest.mark.parametrize("page", [page for page in PAGES if commands_of(page)], ids=str)
def test_commands_can_be_typed(page, only_read):
    for name, arguments in commands_of(page):
        words = shlex.split(REDIRECTED.sub("", arguments), comments=True)
        try:
            with pytest.raises(Understood):
                importlib.import_module(f"experiments.{name}").main(words)
        except SystemExit as stopped:
            assert stopped.code == 0, f"{page} says: python -m experiments.{name} {arguments}"


def test_commands_are_found():
    assert len(commands_of(Path("README.md"))) > 20
    assert all(commands_of(Path(f"experiments/{name}.py")) for name in ("four_composers", "audit", "compare"))
