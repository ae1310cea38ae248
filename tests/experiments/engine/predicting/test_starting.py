"""Imports without what is not needed: in their block, and not after it."""

import gc
import subprocess
import sys

import pytest

from experiments.engine.predicting.starting import NOT_NEEDED, quick_imports

ASKS = """
import sys
from experiments.engine.predicting.asking import Asker
from experiments.engine.predicting.files import find_files
from experiments.engine.saved_models import load_saved_model
from experiments.engine.telling import report_known_by_name
late = ["keras", "matplotlib", "sklearn", "scipy.stats", "scipy.optimize", "music21", "experiments.engine.runner"]
print([name for name in late if name in sys.modules])
"""


def test_what_is_not_needed_is_kept_out_and_back_afterwards(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ImportError), quick_imports():
        assert not gc.isenabled()
        import matplotlib
    import matplotlib  # noqa: F811

    assert matplotlib.__version__ and gc.isenabled()


def test_what_has_been_imported_stays(monkeypatch):
    modules = {name: type(sys)(name) for name in NOT_NEEDED}
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    with quick_imports():
        pass
    assert all(sys.modules[name] is module for name, module in modules.items())


def test_who_asks_waits_for_no_import_that_is_not_needed():
    ran = subprocess.run([sys.executable, "-c", ASKS], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
