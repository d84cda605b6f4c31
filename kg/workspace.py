"""A workspace is a folder: its settings file, and where things are in it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg import delta, snapshot
from kg.errors import UnsupportedFormat, WorkspaceDamaged, WorkspaceExists, WorkspaceNotFound
from kg.tables import SPECS

FORMAT = 2
#: Formats that can be worked with as they are. Before 2, `current` named the promoted release alone.
OPENS = frozenset({1, FORMAT})
SETTINGS = "workspace.toml"

_TEMPLATE = """\
# A titlegraph workspace. Entity and relation types of your own go into schema.ttl beside this file.
format = {format}
# Decides which facts are held out, and seeds every training.
seed = {seed}
# Files and folders that a refresh reads again.
sources = []

[holdout]
# Share of the facts of each relation that are held out to measure link prediction.
share = 0.02

# Settings of the graph embedding and of the release, where the defaults won't do:
# [graph]
# dim = 128
# epochs = 16
# [release]
# view_weights = {{ graph = 1.0, theme = 1.0, audience = 1.0 }}
"""
#: How much worse than the promoted release a refresh may be.
GATE = """
# A refresh promotes no release that is worse than the promoted one by more than this:
# [gate]
# mrr_fall = 0.03         # share by which the MRR of link prediction may fall, beyond its confidence interval
# usefulness_fall = 0.05  # the same of every figure of the usefulness report
# titles_fall = 0.05      # share of the titles, and of those in each view, that may go
# kept_of_ten = 7.0       # of an unchanged title's ten nearest, how many must stay on average
"""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Paths and settings of a workspace."""

    path: Path
    settings: dict[str, Any]

    @classmethod
    def create(cls, path: Path, *, seed: int = 0) -> Workspace:
        """Make an empty workspace. Raises :class:`WorkspaceExists` where the folder holds something already."""
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise WorkspaceExists(path)
        (path / "tables").mkdir(parents=True)
        versions = {name: delta.create(path / "tables" / name, spec) for name, spec in SPECS.items()}
        snapshot.commit(path, snapshot.first(versions))
        # Last: a folder without its settings file is no workspace, so a killed `create` leaves none behind.
        snapshot.write_atomically(path / SETTINGS, _TEMPLATE.format(format=FORMAT, seed=seed) + GATE)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> Workspace:
        """Read the settings. Raises :class:`WorkspaceNotFound`, `WorkspaceDamaged` or `UnsupportedFormat`."""
        file = path / SETTINGS
        if not file.exists():
            raise WorkspaceNotFound(path)
        try:
            settings = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise WorkspaceDamaged(file, str(error)) from error
        if settings.get("format") not in OPENS:
            raise UnsupportedFormat(path, settings.get("format"), FORMAT)
        return cls(path, settings)

    @property
    def seed(self) -> int:
        return int(self.settings.get("seed", 0))

    @property
    def schema_file(self) -> Path:
        return self.path / "schema.ttl"

    @property
    def releases(self) -> Path:
        return self.path / "releases"

    @property
    def cache(self) -> Path:
        return self.path / "cache"

    def table(self, name: str) -> Path:
        return self.path / "tables" / name
