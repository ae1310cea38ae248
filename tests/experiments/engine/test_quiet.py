"""What libraries remark while they are imported is left out; what fails is not."""

import os
import subprocess
import sys

import pytest

from experiments.engine.quiet import STDERR, without_remarks

REMARKS = (
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    b"I0000 00:00:1795334913.132610   11060 port.cc:153] oneDNN custom operations are on.\n"
)
ERROR = (
    b"E0000 00:00:1795334913.132610   11060 cuda.cc:1] There is a graphics card, but it is not understood.\n"
)


def test_errors_are_written_in_the_end_and_remarks_are_not(capfd):
    with without_remarks():
        os.write(STDERR, REMARKS + ERROR)
    assert capfd.readouterr().err == ERROR.decode()


def test_what_was_written_before_a_failure_is_not_lost(capfd):
    with pytest.raises(ImportError), without_remarks():
        os.write(STDERR, ERROR)
        raise ImportError
    os.write(STDERR, b"afterwards\n")
    assert capfd.readouterr().err == f"{ERROR.decode()}afterwards\n"


def test_tensorflow_is_imported_without_a_word():
    code = "import experiments.engine, tensorflow; print(tensorflow.__spec__.name)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (found.stdout, found.stderr) == ("tensorflow\n", "")
