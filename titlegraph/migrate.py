"""An older workspace brought up to the present format, with a copy of what is changed."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from embeddings.release import CURRENT, list_releases, names, promotions
from kg import snapshot
from kg.errors import UnsupportedFormat, WorkspaceDamaged, WorkspaceNotFound
from kg.snapshot import write_atomically
from kg.workspace import FORMAT, GATE, SETTINGS


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """What was done: from which format to which, where the old files are, and which releases can't be opened.

    `backup` is None where the workspace had the present format already.
    """

    found: int
    now: int
    backup: Path | None
    unreadable: pd.DataFrame


def migrate(path: str | Path) -> Migration:
    """Bring a workspace to the present format.

    The settings file, whose format number says what a workspace is, is replaced last: a migration that is killed is
    done again from its beginning, and the workspace stays of its old format until then. Tables and releases stay as
    they are.

    Raises :class:`kg.errors.WorkspaceNotFound`, `WorkspaceDamaged`, `WorkspaceLocked`, and `UnsupportedFormat` where
    the workspace was written by a newer titlegraph.
    """
    workspace = Path(path)
    found = _format(workspace)
    backup = None
    if found != FORMAT:
        with snapshot.writing(workspace):
            backup = workspace / "backups" / f"format-{found}"
            backup.mkdir(parents=True, exist_ok=True)
            for name in (SETTINGS, snapshot.SNAPSHOT, CURRENT):
                if (workspace / name).exists() and not (backup / name).exists():
                    shutil.copy2(workspace / name, backup / name)
            for number in range(found, FORMAT):
                _STEPS[number](workspace)
    releases = list_releases(workspace)
    return Migration(found=found, now=FORMAT, backup=backup, unreadable=releases[releases["state"] != "ok"])


def _format(workspace: Path) -> int:
    file = workspace / SETTINGS
    if not file.exists():
        raise WorkspaceNotFound(workspace)
    try:
        number = tomllib.loads(file.read_text(encoding="utf-8")).get("format")
    except (OSError, ValueError) as error:
        raise WorkspaceDamaged(file, str(error)) from error
    if not isinstance(number, int) or (number != FORMAT and number not in _STEPS):
        raise UnsupportedFormat(workspace, number, FORMAT)
    return number


def _from_1(workspace: Path) -> None:
    """`current` remembers what was promoted before, for `rollback`; the settings name the gate's thresholds."""
    if len(promoted := promotions(workspace)) == 1:
        # Until now every release was promoted as soon as it was made.
        before = [name for name in names(workspace) if name < promoted[0]]
        write_atomically(workspace / CURRENT, "".join(f"{name}\n" for name in [*before, *promoted]))
    text = (workspace / SETTINGS).read_text(encoding="utf-8")
    text = re.sub(r"(?m)^(\s*format\s*=\s*)1\b", r"\g<1>2", text, count=1)
    write_atomically(workspace / SETTINGS, text if re.search(r"(?m)^\s*#?\s*\[gate\]", text) else text + GATE)


#: What brings a workspace from a format to the one after it.
_STEPS: Mapping[int, Callable[[Path], None]] = {1: _from_1}
