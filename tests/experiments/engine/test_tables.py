"""A name that a table has becomes its module; any other is answered with those it has."""

import subprocess
import sys

import pytest

from experiments.engine.tables import check_name, module_of
from features.errors import InputError

TABLE = {"path": "os.path", "json": "json", "broken": "no_such_module_anywhere"}


def test_imports_what_is_asked_for():
    import json

    assert module_of(TABLE, "json", kind="example") is json


def test_lists_the_known_names():
    with pytest.raises(InputError, match="no example named 'jason'; known are broken, json, path"):
        module_of(TABLE, "jason", kind="example")


def test_checks_a_name_without_importing_its_module():
    check_name(TABLE, "broken", kind="example")
    with pytest.raises(InputError, match="no example"):
        check_name(TABLE, "os.path", kind="example")


def test_a_module_that_is_missing_is_a_bug_of_ours():
    with pytest.raises(ModuleNotFoundError, match="no_such_module_anywhere"):
        module_of(TABLE, "broken", kind="example")


def test_all_tables_are_read_without_what_is_slow_to_import():
    code = (
        "import sys, experiments, models, features.corpora, features.encoders;"
        "print([name for name in ('keras', 'numba', 'numpy', 'sklearn', 'music21') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
