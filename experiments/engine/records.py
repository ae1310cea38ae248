"""Run folders: what a run leaves on disk, and what it was made with."""

import csv
import gzip
import hashlib
import io
import json
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from filelock import FileLock, Timeout

from experiments.engine.config import REPOSITORY, Config, Places
from features.errors import InputError
from features.whole import appears_whole

LIBRARIES = (
    "tensorflow",
    "keras",
    "keras-tuner",
    "numpy",
    "scikit-learn",
    "scipy",
    "numba",
    "pretty_midi",
    "music21",
)

START_ANEW = "run without --resume to start anew"
"""What to do if a run cannot be gone on with."""

OWN_FOLDERS = (
    *("--data-home", "--cache-dir", "--results-dir", "--output", "--published"),
    *("--external", "--transfer-model", "--unknown"),
)
"""Flags whose values name folders of one machine."""


def prepare_output(folder: Path | None, *, flag: str = "--output") -> Path | None:
    """Makes the folder that a flag names and tries to write there, before what takes minutes begins.

    Args:
        folder: The folder; `~` is the user's own. None if nothing is to be written.
        flag: The flag.

    Returns:
        The same without `~`.

    Raises:
        InputError: It cannot be made, or nothing can be written there.
    """
    if folder is None:
        return None
    folder = folder.expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"Expected {flag} to name a folder to write to, but {folder} cannot be used: {error.strerror}."
        ) from error
    return folder


def prepare_file(path: Path, *, flag: str) -> Path:
    """Makes the folder of the file that a flag names and tries to write there, before what takes minutes begins.

    Args:
        path: The file; `~` is the user's own.
        flag: The flag.

    Returns:
        The same without `~`.

    Raises:
        InputError: It is something else than a file, or nothing can be written there.
    """
    path = path.expanduser()
    if path.exists() and not path.is_file():
        raise InputError(f"Expected {flag} to name a file to write, but {path} is none; give another name.")
    try:
        prepare_output(path.parent, flag=flag)
    except InputError as error:
        raise InputError(
            f"Expected {flag} to name a file to write, but {path} cannot be written: {error.__cause__.strerror}."
        ) from error
    return path


def write_text(path: Path, text: str) -> None:
    """Writes a file that is either the old one or the whole new one, whenever the machine stops.

    A name that ends in `.gz` is compressed, and the same text gives the same bytes.
    """
    content = text.encode("utf-8")
    with appears_whole(path) as unfinished:
        unfinished.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Writes values as indented JSON, atomically."""
    write_text(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes rows under the named columns, atomically; other keys are an error."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def read_json(path: Path) -> dict[str, Any]:
    """Reads a JSON file of a run folder.

    Raises:
        InputError: There is no such file, it is not JSON, or something else than an object.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"Expected a file of a run folder at {path}, but it cannot be read: {error}."
        ) from error
    if not isinstance(values, dict):
        raise InputError(f"Expected an object of names and values in {path}, but it holds something else.")
    return values


def read_csv(path: Path) -> list[dict[str, str]]:
    """Reads the rows of a CSV file of a run folder."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def is_finished(folder: Path) -> bool:
    """Whether a run came to its end: `metrics.json` is written last."""
    return (folder / "metrics.json").exists()


@contextmanager
def run_folder(config: Config, places: Places, *, suffix: str = "") -> Iterator[Path]:
    """Opens the folder of a run, locked against a second process.

    With `places.resume` it is the latest folder of the same configuration if there is one,
    otherwise a new one, named after the configuration and numbered when that name is taken.

    Args:
        config: Of the run.
        places: Where things lie.
        suffix: Of the name, if one configuration has folders of several kinds.

    Raises:
        InputError: Another process is at work in the folder, or no folder can be made there.
    """
    folder = folder_to_resume(config, places, suffix=suffix)
    if folder is None:
        folder = new_folder(places.results_dir / config.experiment / f"{run_name(config)}{suffix}")
        write_json(folder / "config.json", config.to_dict())
    with open_folder(folder):
        yield folder


@contextmanager
def open_folder(folder: Path) -> Iterator[None]:
    """Locks a folder against a second process and notes what works in it, unless it is finished.

    Raises:
        InputError: Another process is at work in the folder.
    """
    lock = FileLock(folder / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise InputError(
            f"Another process is at work in {folder}; wait for it, or start without --resume for a run of its own."
        ) from error
    with lock:
        if not is_finished(folder):
            _note_environment(folder / "environment.json")
        yield


def run_name(config: Config) -> str:
    """Returns the name of a configuration's run folder.

    Example:
        >>> run_name(Config("example"))[:-9]
        'music21_scores-frame_cnn-work-0-seed0'
    """
    parts = (config.corpus.corpus, config.model.model, config.split.protocol, str(config.split.fold))
    return "-".join((*parts, f"seed{config.training.seed}", config.digest()))


def folds_suffix(folds: Sequence[int], *, usual: Sequence[int]) -> str:
    """Returns what the folder of a comparison has at the end of its name if it is on other folds than the usual ones.

    Example:
        >>> folds_suffix((0, 1), usual=(0,)), folds_suffix((0,), usual=(0,))
        ('-folds0+1', '')
    """
    return "" if tuple(folds) == tuple(usual) else f"-folds{'+'.join(map(str, folds))}"


def folder_to_resume(config: Config, places: Places, *, suffix: str = "") -> Path | None:
    """Returns the folder that `run_folder` would go on with, if any."""
    if not places.resume:
        return None
    wanted, parent = config.to_dict(), places.results_dir / config.experiment
    name = f"{run_name(config)}{suffix}"
    numbered = re.compile(re.escape(name) + r"(-\d+)?")
    same = [
        path.parent
        for path in parent.glob(f"{name}*/config.json")
        if numbered.fullmatch(path.parent.name) and read_json(path) == wanted
    ]
    return max(same, key=lambda folder: (folder / "config.json").stat().st_mtime_ns, default=None)


def new_folder(wanted: Path) -> Path:
    """Makes a folder, numbered when its name is taken, and returns it.

    Raises:
        InputError: No folder can be made there.
    """
    parent = wanted.parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as error:  # as in /proc, or on a drive that is not there
        raise InputError(
            f"Expected --results-dir to name a folder to write to, but {parent} cannot be made: {error.strerror}."
        ) from error
    number = 1
    while True:
        folder = wanted.with_name(f"{wanted.name}-{number}") if number > 1 else wanted
        try:
            folder.mkdir()
            return folder
        except FileExistsError:
            number += 1


def _note_environment(path: Path) -> None:
    """Notes what a run is made with; of one that goes on, also with which commit."""
    if path.exists():
        first = read_json(path)
        write_json(path, first | {"resumed_with": [*first.get("resumed_with", ()), commit()]})
    else:
        write_json(path, environment() | {"resumed_with": []})


def environment() -> dict[str, Any]:
    """Returns what a run was made with: versions, commit, device, command."""
    from experiments.engine.device import describe_device  # imports Keras

    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command_line(),
        "commit": commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "device": describe_device(),
    }


def command_line() -> str:
    """Returns the command of this process as anybody would type it, own folders replaced by `PATH`.

    Of a run, a model or a piece that lies elsewhere, such as a teacher, the last name is left.
    """
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    shown = ["python", "-m", spec.name] if spec else [Path(sys.argv[0]).name]
    for argument in sys.argv[1:]:
        flag, equals, _ = argument.replace("_", "-").partition("=")
        if flag in OWN_FOLDERS and equals:
            argument = f"{flag}=PATH"
        elif shown[-1].replace("_", "-") in OWN_FOLDERS:
            argument = "PATH"
        elif Path(argument).is_absolute():
            argument = f"PATH/{Path(argument).name}"
        shown.append(argument)
    return shlex.join(shown)


def commit() -> str:
    """Returns the commit of the code, with `+` if files have changed since; empty outside git."""
    git = ["git", "-C", str(REPOSITORY)]
    try:
        name = subprocess.run(
            [*git, "rev-parse", "--short=10", "HEAD"], capture_output=True, text=True, check=True
        )
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--", "features", "models", "experiments"],
            capture_output=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return name.stdout.strip() + ("+" if changed.stdout.strip() else "")


def check_contents(folder: Path, contents: str, *, of: str = "contents", advice: str = START_ANEW) -> None:
    """Refuses to go on with a run, or to take one, that read other files than there are now.

    Args:
        folder: The run folder; runs older than this check have nothing to compare.
        contents: What `contents_digest` says of the files now.
        of: Under what they were noted.
        advice: What to do if the old files are gone.

    Raises:
        InputError: The run read other files.
    """
    if read_json(folder / "environment.json").get(of, contents) != contents:
        raise InputError(
            f"Some files of the corpus hold other music than those that {folder} began with, under the same names; "
            f"put the old files back, or {advice}."
        )


def note_contents(folder: Path, contents: str, *, of: str = "contents") -> None:
    """Notes in `environment.json` what the files of the corpus hold; see `contents_digest` and `check_contents`."""
    write_json(folder / "environment.json", read_json(folder / "environment.json") | {of: contents})


def contents_digest(pieces: Sequence[str], contents: Sequence[str]) -> str:
    """Returns a digest of what the files of some pieces hold, whatever order they come in.

    Example:
        >>> contents_digest(["a", "b"], ["0f", "3c"]) == contents_digest(["b", "a"], ["3c", "0f"])
        True
    """
    text = json.dumps(sorted(zip(pieces, contents, strict=True)))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
