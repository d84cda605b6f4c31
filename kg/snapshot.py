"""The commit of a workspace: one small file that names one version of every table, replaced atomically."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kg.errors import UnknownVersion, WorkspaceDamaged, WorkspaceLocked
from kg.lock import Held, acquire, released

SNAPSHOT, HISTORY, LOCK = "snapshot", "snapshots", "lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One version of a workspace: the Delta version and the rows of each table, and what each source was read from."""

    version: int
    tables: Mapping[str, int]
    rows: Mapping[str, int]
    sources: Mapping[str, Mapping[str, Any]]
    committed_at: str

    def next(self, tables: Mapping[str, int], rows: Mapping[str, int], sources: Mapping[str, Any]) -> Snapshot:
        """The snapshot that follows this one."""
        return Snapshot(
            version=self.version + 1, tables=dict(tables), rows=dict(rows), sources=dict(sources), committed_at=_now()
        )


def first(tables: Mapping[str, int]) -> Snapshot:
    """The snapshot of an empty workspace."""
    return Snapshot(version=0, tables=dict(tables), rows=dict.fromkeys(tables, 0), sources={}, committed_at=_now())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def write_atomically(path: Path, text: str) -> None:
    """Replace `path` by `text` so that a reader, or a crash, sees the old file or the new one and nothing between."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError:  # a full disk
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def commit(workspace: Path, snapshot: Snapshot) -> None:
    """Make `snapshot` the current one. The history is written first, so that every current snapshot is in it."""
    text = json.dumps(asdict(snapshot), indent=1)  # the sources stay in the order in which they came
    (workspace / HISTORY).mkdir(exist_ok=True)
    write_atomically(workspace / HISTORY / f"{snapshot.version:08d}.json", text)
    write_atomically(workspace / SNAPSHOT, text)


def read(workspace: Path, version: int | None = None) -> Snapshot:
    """The current snapshot, or the one of `version`. Raises :class:`UnknownVersion`, :class:`WorkspaceDamaged`."""
    current = _load(workspace / SNAPSHOT)
    if version is None or version == current.version:
        return current
    path = workspace / HISTORY / f"{version:08d}.json"
    # A history file newer than the current snapshot was never committed: its writer was killed in between.
    if version > current.version or not path.exists():
        raise UnknownVersion(workspace, version, [v for v in versions(workspace) if v <= current.version])
    return _load(path)


def versions(workspace: Path) -> list[int]:
    """The versions kept, oldest first."""
    return sorted(int(p.stem) for p in (workspace / HISTORY).glob("*.json"))


def _load(path: Path) -> Snapshot:
    try:
        return Snapshot(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise WorkspaceDamaged(path, str(error)) from error


@contextmanager
def writing(workspace: Path, *, timeout: float = 600.0) -> Iterator[None]:
    """Hold the workspace's write lock. The operating system drops it when its holder dies, however it dies.

    Raises :class:`WorkspaceLocked`, which names the holder, after `timeout` seconds.
    """
    try:
        lock = acquire(workspace / LOCK, timeout=timeout)
    except Held as held:
        raise WorkspaceLocked(workspace, held.holder, held.waited) from None
    with released(lock):
        yield
