"""What a search is: the configuration of its study, and how settings are looked for."""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cattrs
from cattrs.errors import ClassValidationError

from experiments.engine import records
from experiments.engine.changes import changes
from experiments.engine.config import Config
from features.errors import InputError

SEARCH_FILE = "search.json"


@dataclass(frozen=True)
class SearchConfig:
    """How settings are looked for."""

    tuner: Literal["random", "bayesian", "hyperband", "grid"] = "random"
    """Which of keras-tuner's oracles proposes settings."""
    space: Literal["reference", "wide"] = "wide"
    """reference: optimizer, init, dropout, epochs (those of the study and half), batch size as the reference searched;
    wide: all that a builder and its training have."""
    max_trials: int | None = None
    """Most settings to try; None: 10 for random and bayesian, for hyperband and grid as many as they have."""
    folds: int = 3
    """Into how many folds the works outside the test part are dealt; 1: only the validation works of the split."""
    defaults_first: bool = True
    """Whether the first setting tried in the wide space is the default one, to show what the search won over it."""
    stop_losing: bool = True
    """Whether a trial ends after the fold by which it lies clearly behind the best one."""
    halve_folds: bool = True
    """Whether the early rounds of hyperband, which train for few epochs, also validate on some of the folds only."""
    max_failures: int = 3
    """End the search after so many failed trials in a row."""
    search_seed: int = 0
    """Seed of the proposals; the training has its own."""

    def __post_init__(self) -> None:
        """Refuses numbers with which nothing can be searched."""
        for name, least in (("max_trials", 1), ("folds", 1), ("max_failures", 1), ("search_seed", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise InputError(f"Expected {name} to be {least} or more, but received {value}.")


@dataclass(frozen=True)
class Search:
    """All that can change the result of a search.

    Attributes:
        config: Of the study; its test part is never touched, its hyper-parameters are not searched but kept.
        settings: How settings are looked for.
    """

    config: Config
    settings: SearchConfig = SearchConfig()

    def to_dict(self) -> dict[str, Any]:
        """Returns plain dicts, lists and numbers, fit for JSON."""
        return {"config": self.config.to_dict(), "search": dataclasses.asdict(self.settings)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Search":
        """Builds a search from what `to_dict` returned.

        Raises:
            InputError: It is not the dict of a search, or of one of a later version.
        """
        try:
            settings = cattrs.Converter(forbid_extra_keys=True).structure(values["search"], SearchConfig)
            return cls(Config.from_dict(values["config"]), settings)
        except (ClassValidationError, KeyError, TypeError) as error:
            raise InputError(
                f"{SEARCH_FILE} is not that of a search of this version; start a new one."
            ) from error

    @property
    def begins_with_defaults(self) -> bool:
        """Whether the first trial has the default settings; the reference's search has only draws."""
        return self.settings.defaults_first and self.settings.space == "wide"

    @property
    def name(self) -> str:
        """What the folder of a search is called, unless it is given a name.

        Example:
            >>> Search(Config("example")).name
            'music21_scores-frame_cnn-work-0-random-wide-seed0'
        """
        config, settings = self.config, self.settings
        parts = (config.corpus.corpus, config.model.model, config.split.protocol, str(config.split.fold))
        return "-".join((*parts, settings.tuner, settings.space, f"seed{settings.search_seed}"))

    def differences(self, other: "Search") -> list[str]:
        """Returns in words what another search has otherwise.

        Example:
            >>> Search(Config("example")).differences(Search(Config("example"), SearchConfig(folds=5)))
            ['search.folds is 3, was 5']
        """
        return [phrase.removeprefix("config.") for phrase in changes(self.to_dict(), other.to_dict())]


@dataclass(frozen=True)
class Hosts:
    """Who runs the trials."""

    workers: int = 1
    """Processes of this machine that run trials; each has its share of the cores, or a GPU."""
    listen: str = "127.0.0.1:0"
    """HOST:PORT at which workers of other machines find this search; by default only this machine may."""
    join: str | None = None
    """HOST:PORT of a running search to work for; the other flags are those it was started with."""

    @property
    def listens(self) -> bool:
        """Whether workers of others are expected."""
        return self.listen != Hosts.listen

    def __post_init__(self) -> None:
        """Refuses what cannot be an address."""
        if self.workers < (0 if self.listens else 1):
            raise InputError(
                f"Expected 1 worker or more, but received {self.workers}; 0 only with --listen, for others' workers."
            )
        for flag, address in (("--listen", self.listen), ("--join", self.join)):
            if address is not None and not address.rpartition(":")[2].isdigit():
                raise InputError(
                    f"Expected {flag} HOST:PORT, such as 127.0.0.1:7070, but received {address!r}."
                )


def check_search_name(name: str) -> None:
    """Refuses what cannot be a part of a folder's name on every system.

    Raises:
        InputError: It cannot.
    """
    if not re.fullmatch(r"[\w.-]{0,100}", name, flags=re.ASCII):
        raise InputError(
            f"Expected --name to be up to 100 letters, digits, dots, dashes or underscores, but received {name!r}."
        )


def load_search(folder: Path) -> Search:
    """Reads what a search folder was made for.

    Raises:
        InputError: It is not a search folder.
    """
    return Search.from_dict(records.read_json(folder / SEARCH_FILE))
