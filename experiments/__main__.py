"""Lists every experiment and tool, with the question it asks."""

import ast
from importlib.util import find_spec
from pathlib import Path

from experiments import EXPERIMENTS


def main() -> None:
    """Prints a line for each experiment, read from its docstring without importing it."""
    print("Run any of these with python -m experiments.NAME; --help shows its flags.\n")
    width = max(map(len, EXPERIMENTS))
    for name, module in EXPERIMENTS.items():
        source = Path(find_spec(module).origin).read_text(encoding="utf-8")
        print(f"  {name:<{width}}  {ast.get_docstring(ast.parse(source)).splitlines()[0]}")


if __name__ == "__main__":
    main()
